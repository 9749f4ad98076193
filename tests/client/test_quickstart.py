"""The quick start, followed: its blocks in their order are one program, and it prints what the page shows."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.api.scene import Scene
from tests.client.served import serve_scene
from tests.docs.code_blocks import ROOT, read_blocks

PAGE = ROOT / "docs" / "quickstart.md"
OUTPUT = "\n\nIt prints something like:\n\n"
VARIES = re.compile(r"0x[0-9a-f]{64}|\b0\.\d+")
"""Hashes, and amounts of bitcoin: they depend on the pools."""


def read_program() -> tuple[str, str]:
    """(the page's blocks as a program, what the page says that it prints)."""
    blocks, text = read_blocks(PAGE), PAGE.read_text()
    programs = [block.text for block in blocks if block.language == "python"]
    shown = [block.text for block in blocks if block.language == "text"]
    assert len(programs) == len(shown) == text.count(OUTPUT)
    return "\n".join(programs), "".join(shown)


@pytest.mark.slow
def test_quickstart__its_blocks_in_order__print_what_the_page_shows(scene: Scene, tmp_path: Path) -> None:
    program, shown = read_program()
    (tmp_path / "first_swap.py").write_text(program)
    with serve_scene(scene) as served:
        (tmp_path / "devnet.json").write_text(json.dumps(served.described))
        code, out, errors = served.run_beside((sys.executable, "first_swap.py"), tmp_path)
    assert code == 0, errors
    assert VARIES.sub("..", out) == VARIES.sub("..", shown)
    assert len(VARIES.findall(out)) == len(VARIES.findall(shown))
