"""The examples of docs/javascript.md run, and print what the page says; the module's types hold."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.docs.code_blocks import Block, blocks_in
from zklink.explorer.static_files import FOLDER
from zklink.prover.tools import node_binary, run_npm

BLOCKS: Final = [block for block in blocks_in("js") if block.page == "docs/javascript.md"]
SERVED: Final = '"/static/'
TYPESCRIPT: Final = "typescript@5.9.3"


def test_page__has_examples() -> None:
    assert len(BLOCKS) == 3 and all(SERVED in block.text for block in BLOCKS)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_example__of_the_page__prints_what_it_says(block: Block, tmp_path: Path) -> None:
    program = tmp_path / "example.mjs"
    program.write_text(block.text.replace(SERVED, f'"{FOLDER.as_uri()}/'))
    done = subprocess.run([str(node_binary()), str(program)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, block.output), done.stderr


@pytest.mark.slow
def test_module__with_typescript__has_no_mistake(tmp_path: Path) -> None:
    run_npm(["install", "--silent", "--no-audit", "--no-fund", "--prefix", str(tmp_path), TYPESCRIPT], cwd=tmp_path)
    options = [
        "--allowJs",
        "--checkJs",
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "--target",
        "es2022",
        "--module",
        "es2022",
    ]
    options += ["--moduleResolution", "bundler", "--lib", "es2023,dom,dom.iterable"]
    program = tmp_path / "node_modules" / "typescript" / "bin" / "tsc"
    entries = [str(path) for path in sorted((FOLDER / "js").rglob("*.js"))]
    command = [str(node_binary()), str(program), *options, *entries]
    found = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300).stdout
    # Of what others have written only the types are used; its own are elsewhere.
    mistakes = [line for line in found.splitlines() if "error TS" in line and not line.startswith("vendor/")]
    assert mistakes == []
    assert "vendor/noble" in found, "nothing was checked"
