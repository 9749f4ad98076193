"""Our Vyper verifier, snarkjs' Solidity verifier and the off-chain check, asked the same: always the same verdict."""

from __future__ import annotations

from functools import lru_cache

from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.test_verifier import valid, verifier
from tests.support.foreign_circuit import run_ceremony
from tests.support.tries import tries
from tests.support.upholds import upholds
from tests.support.verifiers import SolidityVerifier, Statement, find_g2_outside_subgroup
from zklink.primitives.field import Q, R
from zklink.prover.proof import Proof, verify

WORD = 1 << 256


@lru_cache(maxsize=1)
def solidity() -> SolidityVerifier:
    return SolidityVerifier(run_ceremony().solidity)


def is_accepted_off_chain(statement: Statement) -> bool:
    if max(statement.proof) >= Q:
        return False
    return verify(run_ceremony().artifacts.vk, Proof.from_evm(statement.proof), statement.inputs)


def check_agreement(statement: Statement, is_valid: bool) -> None:
    assert solidity().is_accepted(statement) is is_valid
    assert (verifier().verdict([statement]) is None) is is_valid
    assert is_accepted_off_chain(statement) is is_valid


def statements() -> st.SearchStrategy[Statement]:
    return st.sampled_from(range(3)).map(lambda index: valid()[index])


@upholds("VER-1", "VER-2", "VER-4")
class TestAgreement:
    def test_verifiers__valid__both_accept(self) -> None:
        for statement in valid():
            check_agreement(statement, is_valid=True)

    @tries(60)
    @given(statements(), st.integers(0, 2), st.one_of(st.integers(0, R - 1), st.integers(0, WORD - 1)))
    def test_verifiers__any_word_as_input__agree(self, statement: Statement, index: int, value: int) -> None:
        check_agreement(statement.with_input(index, value), is_valid=value == statement.inputs[index])

    @tries(30)
    @given(statements(), st.integers(0, 2), st.integers(1, (WORD - 1) // R))
    def test_verifiers__input_plus_multiple_of_r__both_refuse(
        self, statement: Statement, index: int, times: int
    ) -> None:
        value = (statement.inputs[index] + times * R) % WORD
        check_agreement(statement.with_input(index, value), is_valid=False)

    @tries(60)
    @given(statements(), st.integers(0, 7), st.integers(0, WORD - 1))
    def test_verifiers__any_word_as_coordinate__both_refuse(self, statement: Statement, index: int, value: int) -> None:
        check_agreement(statement.with_coordinate(index, value), is_valid=value == statement.proof[index])

    def test_verifiers__coordinate_plus_q__both_refuse(self) -> None:
        for index in range(8):
            statement = valid()[0]
            check_agreement(statement.with_coordinate(index, statement.proof[index] + Q), is_valid=False)

    @tries(40)
    @given(statements(), st.permutations(range(8)))
    def test_verifiers__coordinates_permuted__agree(self, statement: Statement, order: list[int]) -> None:
        permuted = Statement(tuple(statement.proof[index] for index in order), statement.inputs)
        check_agreement(permuted, is_valid=order == sorted(order))

    def test_verifiers__infinity_in_any_place__both_refuse(self) -> None:
        for start, stop in ((0, 2), (2, 6), (6, 8), (0, 8)):
            words = list(valid()[0].proof)
            words[start:stop] = [0] * (stop - start)
            check_agreement(Statement(tuple(words), valid()[0].inputs), is_valid=False)

    def test_verifiers__b_outside_its_subgroup__both_refuse(self) -> None:
        (x0, x1), (y0, y1) = find_g2_outside_subgroup()
        proof = (*valid()[0].proof[:2], x1, x0, y1, y0, *valid()[0].proof[6:])
        check_agreement(Statement(proof, valid()[0].inputs), is_valid=False)

    @upholds("VER-5")
    def test_verifiers__a_and_b_negated__both_accept(self) -> None:
        ax, ay, x1, x0, y1, y0, cx, cy = valid()[0].proof
        check_agreement(Statement((ax, Q - ay, x1, x0, Q - y1, Q - y0, cx, cy), valid()[0].inputs), is_valid=True)
