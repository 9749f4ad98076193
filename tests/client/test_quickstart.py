"""The quick start, followed: its blocks in their order are one program, and it prints what the page shows."""

import json
import sys
from pathlib import Path

import pytest

from tests.api.scene import Scene
from tests.client.served import serve_scene
from tests.docs.code_blocks import ROOT, VARIES, read_program

PAGE = ROOT / "docs" / "quickstart.md"


@pytest.mark.slow
def test_quickstart__its_blocks_in_order__print_what_the_page_shows(scene: Scene, tmp_path: Path) -> None:
    program, shown = read_program(PAGE)
    (tmp_path / "first_swap.py").write_text(program)
    with serve_scene(scene) as served:
        (tmp_path / "devnet.json").write_text(json.dumps(served.described))
        code, out, errors = served.run_beside((sys.executable, "first_swap.py"), tmp_path)
    assert code == 0, errors
    assert VARIES.sub("..", out) == VARIES.sub("..", shown)
    assert len(VARIES.findall(out)) == len(VARIES.findall(shown))
