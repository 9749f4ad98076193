"""A contract compiled again after one function changed has the code of a whole compilation, to the last byte."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from zklink.lab.errors import ContractUnusable
from zklink.lab.gates.compiling import open_compiler
from zklink.lab.gates.project import read_settings
from zklink.lab.mutation import generate_mutants
from zklink.lab.mutation.planting import strip
from zklink.lab.mutation.recompile import Recompiler

BOX = """# pragma version 0.4.3
# pragma optimize {level}
from contracts import shelf

initializes: shelf

MOST: constant(uint256) = 10 ** 3
owner: address

@deploy
def __init__():
    self.owner = msg.sender

@external
def put(all_given: DynArray[uint256, 4]) -> uint256:
    for given: uint256 in all_given:
        self._check(given, msg.sender)
        shelf.put(given)
    return shelf.total

@internal
def _check(given: uint256, who: address):
    assert given < MOST and who == self.owner, "box: refused"
    if given == shelf.FIRST:
        shelf.clear()
"""
SHELF = """# pragma version 0.4.3
FIRST: constant(uint256) = 7
total: uint256

@internal
def put(given: uint256):
    self.total += self._scale(given, 2)

@internal
def clear():
    self.total = 0

@internal
@pure
def _scale(given: uint256, by: uint256) -> uint256:
    return given * by
"""
WIDER = "    wide: uint256[3] = [given, by, given]\n    return wide[0] * wide[1]\n"


def write(folder: Path, level: str = "none") -> Path:
    (folder / "contracts").mkdir()
    (folder / "contracts" / "Box.vy").write_text(BOX.format(level=level))
    (folder / "contracts" / "shelf.vy").write_text(SHELF)
    return folder


class Compiling:
    """Compiles the box of a folder, and counts how often as a whole. `runtime` is what it leaves on a chain."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.whole, self.runtime = folder, 0, b""

    @contextmanager
    def open(self, contract: Path) -> Iterator[Any]:
        self.whole += 1
        with open_compiler(read_settings(self.folder), contract, contract.read_text()) as data:
            yield data

    def compile_whole(self) -> bytes | None:
        """None for what the compiler refuses."""
        try:
            with self.open(self.folder / "contracts" / "Box.vy") as data:
                self.runtime = data.bytecode_runtime
                return strip(data.bytecode)
        except ContractUnusable:
            return None

    def compile_again(self, file: str, text: str) -> bytes | None:
        """After another text was written in a file."""
        recompiler, contract = Recompiler(self.open, Path.read_text), self.folder / "contracts" / "Box.vy"
        recompiler.compile(contract)
        (self.folder / file).write_text(text)
        self.whole = 0
        try:
            code = strip(recompiler.compile(contract))
            self.runtime = recompiler.runtimes[contract][1]
            return code
        except Exception:  # the compiler raises classes of its own and of Python
            return None


@pytest.mark.parametrize(("level", "step"), [("none", 3), ("codesize", 8)])
def test_compile__each_mutant__has_the_code_of_a_whole_compilation(tmp_path: Path, level: str, step: int) -> None:
    compiling, seen = Compiling(write(tmp_path, level)), {"again": 0, "whole": 0, "refused": 0}
    for mutant in generate_mutants(tmp_path, ["contracts/Box.vy", "contracts/shelf.vy"])[::step]:
        file = mutant.changes[0].file
        before = (tmp_path / file).read_text()
        code = compiling.compile_again(file, mutant.texts(tmp_path)[file])
        seen["refused" if code is None else "whole" if compiling.whole else "again"] += 1
        runtime, is_whole = compiling.runtime, compiling.whole
        assert code == compiling.compile_whole(), mutant.name
        assert code is None or runtime == (b"" if is_whole else compiling.runtime), mutant.name
        (tmp_path / file).write_text(before)
    assert seen["again"] > 1 and seen["whole"]


TWO_CALLERS = """# pragma version 0.4.3
# pragma optimize none
@external
def first(given: uint256) -> uint256:
    return self._double(given)

@external
def second(given: uint256) -> uint256:
    return self._double(given) + 1

@internal
def _double(given: uint256) -> uint256:
    return given * 2
"""


def test_compile__after_a_contract_with_fewer_calls__each_returns_to_its_own_caller(tmp_path: Path) -> None:
    compiling = Compiling(write(tmp_path))
    box, other = (tmp_path / "contracts" / name for name in ("Box.vy", "Other.vy"))
    box.write_text(TWO_CALLERS)
    other.write_text("# pragma version 0.4.3\n")
    recompiler = Recompiler(compiling.open, Path.read_text)
    recompiler.compile(box)
    recompiler.compile(other)
    box.write_text(TWO_CALLERS.replace("+ 1", "+ 2"))
    compiling.whole = 0
    code = strip(recompiler.compile(box))
    assert compiling.whole == 0
    assert code == compiling.compile_whole()


def test_compile__other_types__are_refused_without_a_whole_compilation(tmp_path: Path) -> None:
    compiling = Compiling(write(tmp_path))
    assert compiling.compile_again("contracts/shelf.vy", SHELF.replace("given * by", "given * True")) is None
    assert compiling.whole == 0 and compiling.compile_whole() is None


def test_compile__constant_or_constructor__is_compiled_whole(tmp_path: Path) -> None:
    compiling = Compiling(write(tmp_path))
    text = (tmp_path / "contracts" / "Box.vy").read_text()
    for old, new in (("10 ** 3", "10 ** 4"), ("self.owner = msg.sender", "pass")):
        code = compiling.compile_again("contracts/Box.vy", text.replace(old, new))
        assert compiling.whole == 1 and code == compiling.compile_whole()
        (tmp_path / "contracts" / "Box.vy").write_text(text)


def test_compile__memory_is_laid_out_otherwise__callers_are_generated_again(tmp_path: Path) -> None:
    compiling = Compiling(write(tmp_path))
    code = compiling.compile_again("contracts/shelf.vy", SHELF.replace("    return given * by\n", WIDER))
    assert not compiling.whole and code == compiling.compile_whole()


def test_compile__module_is_used_no_more__is_refused_as_a_whole(tmp_path: Path) -> None:
    compiling = Compiling(write(tmp_path))
    user = SHELF.replace("total: uint256", "from contracts import drawer\nuses: drawer\ntotal: uint256")
    user = user.replace("self.total = 0", "self.total = drawer.kept")
    (tmp_path / "contracts" / "drawer.vy").write_text("# pragma version 0.4.3\nkept: uint256\n")
    (tmp_path / "contracts" / "shelf.vy").write_text(user)
    box = BOX.format(level="none").replace("initializes: shelf", "initializes: shelf[drawer := drawer]")
    box = box.replace("from contracts import shelf\n", "from contracts import drawer, shelf\ninitializes: drawer\n")
    box = box.replace("import drawer, shelf", "import drawer\nfrom contracts import shelf")
    (tmp_path / "contracts" / "Box.vy").write_text(box)
    assert compiling.compile_whole() is not None
    assert compiling.compile_again("contracts/shelf.vy", user.replace("drawer.kept", "0")) is None
    assert compiling.whole == 1
