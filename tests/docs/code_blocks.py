"""The fenced blocks of all pages: where they stand, in which language, and what they say."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zklink.prover.cache import project_root

ROOT: Final = project_root()
PAGES: Final = (*sorted(ROOT.glob("*.md")), ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
FENCE: Final = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
TITLE: Final = re.compile(r'title="([^"]+)"')
OUTPUT: Final = "\n\nIt prints:\n\n"
"""Between a block and the block that shows what it prints."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `title` is the file that a reader saves it as; `output` what the page says that it prints."""

    page: str
    line: int
    language: str
    title: str
    text: str
    output: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def read_blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    text, blocks = page.read_text(), []
    found = list(FENCE.finditer(text))
    for index, fence in enumerate(found):
        follower = found[index + 1] if index + 1 < len(found) else None
        is_shown = follower is not None and text[fence.end() : follower.start()] == OUTPUT
        language, _, rest = fence["info"].partition(" ")
        title = TITLE.search(rest)
        blocks.append(
            Block(
                page=str(page.relative_to(ROOT)),
                line=text.count("\n", 0, fence.start()) + 1,
                language=language,
                title=title[1] if title else "",
                text=fence["text"],
                output=follower["text"] if follower is not None and is_shown else None,
            )
        )
    return blocks


BLOCKS: Final = [block for page in PAGES for block in read_blocks(page)]


def blocks_in(*languages: str) -> list[Block]:
    """All blocks in one of these languages."""
    return [block for block in BLOCKS if block.language in languages]


LIKE: Final = "\n\nIt prints something like:\n\n"
VARIES: Final = re.compile(r"0x[0-9a-f]{64}|\b0\.\d+")
"""Hashes, and amounts of bitcoin: they depend on the pools."""


def read_program(page: Path) -> tuple[str, str]:
    """(a page's Python blocks as one program, what the page says that it prints)."""
    blocks, text = read_blocks(page), page.read_text()
    programs = [block.text for block in blocks if block.language == "python"]
    shown = [block.text for block in blocks if block.language == "text"]
    assert len(programs) == len(shown) == text.count(LIKE)
    return "\n".join(programs), "".join(shown)
