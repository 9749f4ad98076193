"""The quick way of compiling mutants gives what the compiler gives, byte for byte."""

from pathlib import Path

import pytest
from vyper.ast import parse_to_ast
from vyper.codegen.ir_node import IRnode
from vyper.exceptions import VyperException
from vyper.ir import compile_ir

from tests.support.compile_vyper import compile_replaced, compile_whole, without_optimizer
from tests.support.quick_vyper import quickly
from zklink.l1.contract_artifacts import CONTRACTS, compile_source, find_source
from zklink.lab.mutation.planting import strip

GROUPS = CONTRACTS / "Groups.vy"
SEEDED: dict[str, tuple[str, str]] = {
    "Groups.vy": ("began_in, constants.GROUP_DELAY_SECONDS)", "began_in, constants.DAY)"),
    "modules/windows.vy": ("block.timestamp >= began_at + seconds", "block.timestamp > began_at + seconds"),
    "modules/constants.vy": ("constant(uint256) = 4752000", "constant(uint256) = 3456000"),
}
"""A text in a file that Groups is made of, and what stands in its place; the last one is in no function."""


@pytest.mark.parametrize("name", ["Registry", "PrimaryEnd"])
def test_quickly__a_contract_twice__gives_the_compilers_own_bytecode_and_abi(name: str) -> None:
    source = find_source(name)
    text = without_optimizer(source.read_text())
    plain = compile_source(name, text, source)
    for _ in range(2):  # the second time from memory
        quick = compile_whole(source, {source: text})
        assert (quick.bytecode, quick.abi) == (plain.bytecode, plain.abi)


def plant(file: str) -> dict[Path, str]:
    """Groups with a bug in this file."""
    path, plain = CONTRACTS / file, {GROUPS: without_optimizer(GROUPS.read_text())}
    return {**plain, path: plain.get(path, path.read_text()).replace(*SEEDED[file])}


def test_compile_replaced__any_file_differs__has_the_code_of_a_whole_compilation() -> None:
    """In any order: what one mutant leaves behind is in no other."""
    seen = set()
    for file in (*SEEDED, *SEEDED):
        mutant, whole = compile_replaced(GROUPS, plant(file)), compile_whole(GROUPS, plant(file))
        assert (strip(mutant.bytecode), mutant.abi) == (strip(whole.bytecode), whole.abi)
        seen.add(strip(mutant.bytecode))
    assert len(seen) == len(SEEDED)


def test_compile_replaced__as_small_as_the_product__is_optimized() -> None:
    bug = {GROUPS: GROUPS.read_text().replace(*SEEDED["Groups.vy"])}
    small = compile_replaced(GROUPS, bug)
    assert strip(small.bytecode) == strip(compile_whole(GROUPS, bug).bytecode)
    assert len(small.bytecode) < len(compile_replaced(GROUPS, plant("Groups.vy")).bytecode)


def test_compile_replaced__text_is_no_contract__raises_the_compilers_own_error() -> None:
    text = without_optimizer(GROUPS.read_text()).replace("windows.is_over(", "windows.is_nowhere(")
    with pytest.raises(VyperException, match="is_nowhere"):
        compile_replaced(GROUPS, {GROUPS: text})


def test_quickly__left__the_compiler_is_as_it_was() -> None:
    before = parse_to_ast, IRnode._optimized, compile_ir.compile_to_assembly, compile_ir._compile_to_assembly
    with pytest.raises(KeyError), quickly():
        raise KeyError
    import vyper.ast

    after = vyper.ast.parse_to_ast, IRnode._optimized, compile_ir.compile_to_assembly, compile_ir._compile_to_assembly
    assert before == after
