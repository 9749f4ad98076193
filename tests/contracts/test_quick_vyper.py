"""The quick way of compiling mutants gives what the compiler gives, byte for byte."""

import pytest
from vyper.ast import parse_to_ast
from vyper.codegen.ir_node import IRnode
from vyper.ir import compile_ir

from tests.support.compile_vyper import compile_replaced, without_optimizer
from tests.support.quick_vyper import quickly
from zklink.l1.contract_artifacts import compile_source, find_source


@pytest.mark.parametrize("name", ["Registry", "PrimaryEnd"])
def test_quickly__a_contract_twice__gives_the_compilers_own_bytecode_and_abi(name: str) -> None:
    source = find_source(name)
    text = without_optimizer(source.read_text())
    plain = compile_source(name, text, source)
    for _ in range(2):  # the second time from memory
        quick = compile_replaced(source, {source: text})
        assert (quick.bytecode, quick.abi) == (plain.bytecode, plain.abi)


def test_quickly__left__the_compiler_is_as_it_was() -> None:
    before = parse_to_ast, IRnode._optimized, compile_ir.compile_to_assembly, compile_ir._compile_to_assembly
    with pytest.raises(KeyError), quickly():
        raise KeyError
    import vyper.ast

    after = vyper.ast.parse_to_ast, IRnode._optimized, compile_ir.compile_to_assembly, compile_ir._compile_to_assembly
    assert before == after
