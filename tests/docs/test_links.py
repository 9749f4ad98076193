"""Links of pages lead somewhere in the repository itself, where most readers follow them, not only on the site."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.docs.code_blocks import FENCE, PAGES, ROOT

LINK: Final = re.compile(r"\[[^]]*\]\(([^()\s]+)\)")
CODE: Final = re.compile(r"`[^`\n]*`")
HEADING: Final = re.compile(r"^#+ (.*)$", re.MULTILINE)
FIRST_LINE: Final = (
    "Before anything on this page: `make setup && . .venv/bin/activate`, in the repository's folder "
    "([quick start](../README.md#quick-start))."
)
GUIDES: Final = ("audit", "integrate", "leave", "local-chains", "run-a-node", "your-own-contracts")


def list_links(text: str) -> list[str]:
    """The targets of all links outside code that lead to files."""
    links: list[str] = LINK.findall(CODE.sub("code", FENCE.sub("", text)))
    return [link for link in links if "://" not in link and not link.startswith("mailto:")]


def read_anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", page.read_text()))
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", text.strip())).lower().replace(" ", "-") for text in headings
    }


def find_dead(page: Path, text: str) -> list[str]:
    """The links of a page's text to files that do not exist, or to headings that they do not have."""
    dead = []
    for link in list_links(text):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in read_anchors(target)):
            dead.append(link)
    return dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links__any_page__lead_to_files_and_headings(page: Path) -> None:
    assert find_dead(page, page.read_text()) == []


@pytest.mark.parametrize("link", ["security.md", "protocol.md#no-such-section", "../README.md#nowhere", "#nowhere"])
def test_find_dead__link_that_leads_nowhere__is_found(link: str) -> None:
    assert find_dead(ROOT / "docs" / "audit.md", f"See [this]({link}), not `[that](nowhere)`.") == [link]


@pytest.mark.parametrize("name", GUIDES)
def test_guide__any__begins_with_the_set_up(name: str) -> None:
    assert (ROOT / "docs" / f"{name}.md").read_text().split("\n\n")[1] == FIRST_LINE


def test_readme__quick_start__says_the_same() -> None:
    assert "`make setup && . .venv/bin/activate`" in (ROOT / "README.md").read_text()
