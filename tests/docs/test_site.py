"""The site: built strictly, so that no link and no anchor is broken, and served without any other host."""

import re
import shutil
from pathlib import Path
from typing import Final

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from zklink.prover.cache import project_root

ROOT: Final = project_root()
SOURCES: Final = ("mkdocs.yml", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
FETCHED: Final = re.compile(
    r"""<(?:script|img|iframe|source|link(?=[^>]*rel="?(?:stylesheet|preload|preconnect|icon)))[^>]*?"""
    r"""(?:src|href)="?(https?:)?//""",
)
"""What a browser fetches by itself from another host."""


def build_site(root: Path, out: Path) -> Path:
    """The site of a checkout, as `make docs` builds it. Raises Abort for any warning."""
    config = load_config(str(root / "mkdocs.yml"), site_dir=str(out), strict=True)
    config.plugins.on_startup(command="build", dirty=False)
    build(config)
    return out


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    return build_site(ROOT, tmp_path_factory.mktemp("site"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the site is made of, to break."""
    for path in ROOT.iterdir():
        if path.name == "docs":
            shutil.copytree(path, tmp_path / "docs")
        elif path.name in SOURCES:
            shutil.copy(path, tmp_path)
        elif not path.name.startswith("."):
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


def test_site__built_strictly__has_every_page(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    built = {path.relative_to(site) for path in site.rglob("*.html")}
    assert {page.with_name("index.html") if page.stem == "README" else page for page in pages} <= built
    assert {Path(name) for name in ("index.html", "contributing.html", "security.html", "changelog.html")} <= built


def test_site__its_pages__fetch_nothing_from_other_hosts(site: Path) -> None:
    assert [page.name for page in site.rglob("*.html") if FETCHED.search(page.read_text())] == []
    assert [
        sheet.name
        for sheet in site.rglob("*.css")
        if re.search(r"(@import|url\()\s*[\"']?(https?:)?//", sheet.read_text())
    ] == []


def test_fetched__what_browsers_fetch__is_recognised() -> None:
    assert FETCHED.search('<link rel="stylesheet" href="https://fonts.example/css">')
    assert FETCHED.search("<script async src=//example.org/a.js>")
    assert not FETCHED.search('<a href="https://example.org">out</a>')


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("docs/architecture.md", "[x](nowhere.md)"),
        ("docs/architecture.md", "[x](protocol.md#no-such-section)"),
        ("docs/architecture.md", "[x](../tests/no_such_file.py)"),
        ("README.md", "[x](docs/nowhere.md)"),
        ("README.md", "[x](docs/protocol.md#no-such-section)"),
        ("CONTRIBUTING.md", "[x](docs/protocol.md#no-such-section)"),
    ],
)
def test_site__broken_link__fails(checkout: Path, page: str, link: str, tmp_path: Path) -> None:
    (checkout / page).write_text((checkout / page).read_text() + f"\n{link}\n")
    with pytest.raises(Abort):
        build_site(checkout, tmp_path / "site")


def test_site__page_outside_the_navigation__fails(checkout: Path, tmp_path: Path) -> None:
    (checkout / "docs" / "forgotten.md").write_text("# Forgotten\n")
    with pytest.raises(Abort):
        build_site(checkout, tmp_path / "site")


def test_site__unbroken_copy__is_built(checkout: Path, tmp_path: Path) -> None:
    (checkout / "README.md").write_text((checkout / "README.md").read_text() + "\n[x](docs/protocol.md#4-words)\n")
    assert (build_site(checkout, tmp_path / "site") / "index.html").is_file()
