"""Every code block of the documentation runs: Python, with what it prints; contracts compile; commands exist."""

import contextlib
import importlib.util
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import click
import pytest
from vyper import compile_code

from tests.docs.code_blocks import BLOCKS, ROOT, Block, blocks_in
from zklink.cli.command_page import list_commands
from zklink.cli.main import main
from zklink.prover.tools import ensure_tools, node_binary

LANGUAGES: Final = {"python", "sh", "vyper", "json", "js", "text"}
"""Those that are checked here, `js`, which tests/javascript runs, and `text` for what is shown only."""

COMMANDS: Final = list_commands(main)
TOOLS: Final = {"pre-commit", "mkdocs"}
"""Programs of others: their words are not checked, only that set-up brings them."""

TARGETS: Final = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
ELSEWHERE: Final = {"docs/quickstart.md", "docs/integrate.md", "docs/solana.md"}
"""Their programs need a devnet: tests/client and tests/solana run them."""
PYTHON_PAGES: Final = {
    page: list(blocks)
    for page, blocks in groupby(blocks_in("python", "vyper"), lambda block: block.page)
    if page not in ELSEWHERE
}


def test_blocks__all__are_found() -> None:
    assert {"README.md", "docs/integrate.md", "docs/keys.md"} <= {block.page for block in BLOCKS}
    assert all(blocks_in(language) for language in LANGUAGES)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_block__any__says_its_language(block: Block) -> None:
    assert block.language in LANGUAGES


@pytest.mark.parametrize("block", blocks_in("json"), ids=str)
def test_json__any__can_be_read(block: Block) -> None:
    json.loads(block.text)


# -- programs --------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty working directory."""
    with contextlib.chdir(tmp_path):
        yield tmp_path


@pytest.mark.parametrize("page", PYTHON_PAGES)
def test_python__blocks_of_a_page_in_order__run_and_print_what_the_page_shows(page: str, folder: Path) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    try:
        for block in PYTHON_PAGES[page]:
            if block.language == "vyper":
                compile_code(block.text)
                (folder / (block.title or "contract.vy")).write_text(block.text)
                continue
            said = io.StringIO()
            # Lines of the page in a traceback.
            code = compile("\n" * block.line + block.text, str(ROOT / block.page), "exec")
            with contextlib.redirect_stdout(said):
                exec(code, names)
            assert said.getvalue() == (block.output or ""), str(block)
    finally:
        for value in list(names.values()):
            if hasattr(value, "isolated") and not isinstance(value, type):
                value.close()


# -- commands --------------------------------------------------------------------------------------------------------


def list_calls(text: str) -> Iterator[list[str]]:
    """The words of each command of a block, without comments."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        for is_joint, call in groupby(words, lambda word: word in ("&&", "|")):
            if not is_joint:
                yield list(call)


def check_call(words: list[str]) -> None:
    """AssertionError or click's UsageError for a call that could not be made."""
    match words:
        case [".", path] | ["source", path]:
            assert path == ".venv/bin/activate"
        case ["cd", *_]:
            pass
        case ["make", *rest]:
            assert [word for word in rest if "=" not in word and word not in TARGETS] == []
        case ["python", "-m", module, *_]:
            assert importlib.util.find_spec(module) is not None
        case ["ape", "test", *rest] | ["pytest", *rest]:
            assert [word for word in rest if "/" in word and not (ROOT / word.split("::")[0]).exists()] == []
        case ["ape", "run", *_] | ["zklink", *_]:
            name = next(name for name in COMMANDS if f"{' '.join(words)} ".startswith(f"{name} "))
            parse(COMMANDS[name], words[len(name.split()) :])
        case ["ape", name, *rest]:
            from ape._cli import cli

            command = cli.get_command(click.Context(cli), name)
            assert command is not None
            parse(command, rest)
        case ["snarkjs", area, verb, *_]:
            assert re.search(rf"^{area} {verb}\s", read_snarkjs_help(), re.MULTILINE)
        case [tool, *_]:
            assert tool in TOOLS
            assert shutil.which(tool, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


@lru_cache(maxsize=1)
def read_snarkjs_help() -> str:
    """Everything that snarkjs says it can do."""
    command = [str(node_binary()), str(ensure_tools().snarkjs), "--help"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout


def parse(command: click.Command, words: list[str]) -> None:
    """click's own parser: unknown options, missing values and wrong choices are refused; files need not exist."""
    context = click.Context(command)
    values, _, order = command.make_parser(context).parse_args(list(words))
    for parameter in order:
        if isinstance(parameter.type, click.Choice):
            given = values[parameter.name or ""]
            for value in given if isinstance(given, (list, tuple)) else [given]:
                if isinstance(value, str):  # an option whose value may be left out has click's own mark then
                    parameter.type.convert(value, parameter, context)


@pytest.mark.parametrize("block", blocks_in("sh"), ids=str)
def test_sh__every_command__exists_with_these_options(block: Block) -> None:
    calls = list(list_calls(block.text))
    assert calls
    for words in calls:
        check_call(words)


@pytest.mark.parametrize(
    "line",
    [
        "make nothing",
        "ape run demo --stories accounts",
        "ape run demo --story nothing",
        "ape run exit --deployment",
        "zklink recover --from-chain",
        "zklink genesis check --fast FILE",
        "pytest tests/no_such_folder -q",
        "python -m tests.no_such_module",
        "frobnicate",
    ],
)
def test_check_call__call_that_cannot_be_made__is_refused(line: str) -> None:
    with pytest.raises((AssertionError, click.UsageError, KeyError, ModuleNotFoundError)):
        for words in list_calls(line):
            check_call(words)
