"""What the site adds to mkdocs: pages from the repository's root, and links that are checked beyond `docs/`.

Takes pages as they stand in the repository, where their links work too; gives them with links that work on the site.
A link to a file outside the site becomes its text, if the file exists; any other link is left to mkdocs, which refuses
it. Never fetches anything.
"""

import os
import posixpath
import re
from pathlib import Path
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT_PAGES: Final = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
}
"""Pages of the repository's root, and where the site has them."""

CODE_OR_LINK: Final = re.compile(
    r"^```.*?^```$|(?P<image>!?)\[(?P<text>[^]]*)\]\((?P<target>[^()\s]+)\)|`[^`\n]+`", re.DOTALL | re.MULTILINE
)
"""Whichever begins first: a link may have code as its text, and code may look like a link."""


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add the pages of the root."""
    for name, place in ROOT_PAGES.items():
        files.append(File.generated(config, place, content=(find_root(config) / name).read_text()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Links as the site needs them."""
    return rewrite_links(markdown, page.file.src_uri, find_root(config))


def find_root(config: MkDocsConfig) -> Path:
    """The repository."""
    return Path(config.docs_dir).resolve().parent


def rewrite_links(markdown: str, place: str, root: Path) -> str:
    """A page's text, for its place on the site, without touching code."""
    source = next((name for name, site in ROOT_PAGES.items() if site == place), f"docs/{place}")

    def replace(found: re.Match[str]) -> str:
        target, _, anchor = (found["target"] or "").partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return found.group()
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if path.startswith("docs/") or path in ROOT_PAGES:
            site = ROOT_PAGES.get(path, path.removeprefix("docs/"))
            relative = os.path.relpath(site, posixpath.dirname(place) or ".")
            return f"{found['image']}[{found['text']}]({relative}{'#' + anchor if anchor else ''})"
        return found["text"] if (root / path).exists() else found.group()

    return CODE_OR_LINK.sub(replace, markdown)
