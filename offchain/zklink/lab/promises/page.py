"""The page of a project's promises: sections that people write, and in each the lists that the code gives.

Takes the page's text and the tags of the code; gives the page with its lists as they should be.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from zklink.lab.promises.tags import Tag, Tags

BEGIN: Final = "<!-- lists -->"
END: Final = "<!-- end of lists -->"
UNTESTED: Final = "Promises without a test of their own"
"""The area of the page whose promises no test shows."""

WIDTH: Final = 150


@dataclass(frozen=True, slots=True)
class Section:
    """One promise on the page; `text` is everything between its heading, in line `line`, and the next."""

    promise: str
    area: str
    text: str
    line: int

    @property
    def is_untested(self) -> bool:
        """Whether the page says that no test shows it."""
        return self.area == UNTESTED

    @property
    def sentence(self) -> str:
        """What is promised."""
        return self.text.strip().partition("\n\n")[0]

    @property
    def how(self) -> str:
        """How it is upheld."""
        found = re.search(r"^\*\*How\.\*\* (.*)$", self.text, re.MULTILINE)
        return found[1] if found else ""

    @property
    def where(self) -> list[str]:
        """The functions that uphold it, as the page names them."""
        found = re.search(r"^\*\*Where\.\*\* (.*)$", self.text, re.MULTILINE)
        return re.findall(r"`([^`]+)`", found[1]) if found else []


def read_sections(page: str) -> list[Section]:
    """Every promise of the page, in its order: headings of the third level, below those of areas."""
    found: list[Section] = []
    area, heads = "", list(re.finditer(r"^(##|###) (.+)$", page, re.MULTILINE))
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        if head[1] == "##":
            area = head[2]
            continue
        text = page[head.end() + 1 : after.start() if after else len(page)]
        found.append(Section(head[2], area, text, page.count("\n", 0, head.start()) + 1))
    return found


def render(page: str, tags: Tags) -> str:
    """The page with its lists as the code has them."""
    for section in read_sections(page):
        head, _, rest = section.text.partition(BEGIN)
        _, _, tail = rest.partition(END)
        lists = [*_list("actions", tags.actions, section.promise)]
        if not section.is_untested:
            lists += [
                *_list("tests", tags.tests, section.promise),
                *_list("seeded bugs", tags.bugs, section.promise),
            ]
        text = "\n".join([f"{head}{BEGIN}", "", *lists, "", f"{END}{tail}"])
        page = page.replace(f"### {section.promise}\n{section.text}", f"### {section.promise}\n{text}")
    return page


def list_places(tags: Iterable[Tag], promise: str) -> list[str]:
    """The places of one promise; a file of which several are meant is named once."""
    by_file: dict[str, list[str]] = {}
    for place in sorted(place for place, tag in tags if tag == promise):
        by_file.setdefault(place.partition("::")[0], []).append(place)
    return [name for file, named in by_file.items() for name in (named if len(named) < 3 else [file])]


def _list(name: str, tags: frozenset[Tag], promise: str) -> Iterator[str]:
    places = ", ".join(f"`{place}`" for place in list_places(tags, promise))
    if places:
        yield textwrap.fill(
            f"- {name}: {places}", WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
