"""The generated verifier on a circuit that is not ours, with keys and proofs that only snarkjs made.

The law: a call passes iff every proof in it holds for exactly its inputs; every refusal has its reason.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import pytest

from tests.support.evm import EvmChain
from tests.support.foreign_circuit import ensure_other_circuit, run_ceremony
from tests.support.upholds import upholds
from tests.support.verifiers import (
    DEPLOYER,
    Statement,
    VyperVerifier,
    add_points,
    find_g2_outside_subgroup,
    negate_point,
    replace_once,
)
from zklink.l1.contract_artifacts import ContractArtifact
from zklink.primitives.field import Q, R
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.verifier_codegen import generate_verifier

INVALID = "verifier: invalid proof"
FAILED = "verifier: pairing failed"
COORDINATE = "verifier: coordinate >= q"
INPUT = "verifier: input >= r"
SIZE = "verifier: wrong calldata size"
GAS_OF_ONE = 213_000
"""Three inputs: four pairings 181,000, three multiplications and additions 18,450, about 12,000 for the rest."""
GAS_OF_ANOTHER = 56_000


@lru_cache(maxsize=1)
def verifier() -> VyperVerifier:
    key = run_ceremony().artifacts.vk
    return VyperVerifier(generate_verifier(key), key.input_count)


@lru_cache(maxsize=1)
def valid() -> tuple[Statement, ...]:
    return tuple(Statement.of(proven) for proven in run_ceremony().statements)


@upholds("VER-7")
class TestKey:
    def test_vk_hash__of_a_foreign_key__is_the_keys_hash(self) -> None:
        assert verifier().contract.vk_hash() == run_ceremony().artifacts.vk_hash

    def test_is_development__ceremony_key__false(self) -> None:
        assert verifier().contract.is_development() is False

    def test_is_development__development_key__true(self) -> None:
        key = ensure_other_circuit(21).vk
        assert VyperVerifier(generate_verifier(key), key.input_count).contract.is_development() is True

    def test_verifier__any_key__fits_the_contract_size_limit(self) -> None:
        assert len(verifier().artifact.runtime_bytecode) < 24_576


class TestOneProof:
    @pytest.mark.parametrize("index", range(3))
    def test_check_proofs__proof_of_snarkjs__accepted(self, index: int) -> None:
        assert verifier().verdict([valid()[index]]) is None

    @upholds("VER-4")
    @pytest.mark.parametrize("index", range(3))
    def test_check_proofs__one_input_changed__refused(self, index: int) -> None:
        statement = valid()[0]
        assert verifier().verdict([statement.with_input(index, statement.inputs[index] ^ 1)]) == INVALID

    @upholds("VER-1")
    @pytest.mark.parametrize("index", range(3))
    def test_check_proofs__input_plus_r__refused(self, index: int) -> None:
        statement = valid()[0]
        assert verifier().verdict([statement.with_input(index, statement.inputs[index] + R)]) == INPUT

    @upholds("VER-1")
    def test_check_proofs__largest_input__reaches_the_pairing(self) -> None:
        assert verifier().verdict([valid()[0].with_input(0, R - 1)]) == INVALID
        assert verifier().verdict([valid()[0].with_input(0, R)]) == INPUT

    @upholds("VER-2")
    @pytest.mark.parametrize("index", range(8))
    def test_check_proofs__coordinate_plus_q__refused(self, index: int) -> None:
        statement = valid()[0]
        assert verifier().verdict([statement.with_coordinate(index, statement.proof[index] + Q)]) == COORDINATE

    @upholds("VER-2", "VER-3")
    @pytest.mark.parametrize("index", range(8))
    def test_check_proofs__point_off_the_curve__refused(self, index: int) -> None:
        statement = valid()[0]
        assert verifier().verdict([statement.with_coordinate(index, (statement.proof[index] + 1) % Q)]) == FAILED

    @upholds("VER-2")
    def test_check_proofs__b_outside_its_subgroup__refused(self) -> None:
        (x0, x1), (y0, y1) = find_g2_outside_subgroup()
        statement = valid()[0]
        changed = Statement((*statement.proof[:2], x1, x0, y1, y0, *statement.proof[6:]), statement.inputs)
        assert verifier().verdict([changed]) == FAILED

    @upholds("VER-2")
    def test_check_proofs__limbs_of_b_swapped__refused(self) -> None:
        ax, ay, x1, x0, y1, y0, cx, cy = valid()[0].proof
        assert verifier().verdict([Statement((ax, ay, x0, x1, y0, y1, cx, cy), valid()[0].inputs)]) == FAILED

    @pytest.mark.parametrize("place", [slice(0, 2), slice(2, 6), slice(6, 8), slice(0, 8)], ids=["a", "b", "c", "all"])
    def test_check_proofs__point_at_infinity__refused(self, place: slice) -> None:
        words = list(valid()[0].proof)
        words[place] = [0] * len(words[place])
        assert verifier().verdict([Statement(tuple(words), valid()[0].inputs)]) == INVALID

    def test_check_proofs__another_valid_point__refused(self) -> None:
        statement = valid()[0]
        assert verifier().verdict([statement.with_c(add_points(statement.c, (1, 2)))]) == INVALID

    def test_check_proofs__proof_of_another_statement__refused(self) -> None:
        first, second = valid()[:2]
        assert verifier().verdict([Statement(first.proof, second.inputs)]) == INVALID

    @upholds("VER-6")
    def test_check_proofs__proof_of_another_circuit__refused(self) -> None:
        prover = Groth16pyProver(ensure_other_circuit(21))
        witness = prover.compute_witness({"seed": 3, "factor": 5, "secret": 7})
        foreign = Statement(tuple(prover.prove_witness(witness).evm()), witness.publics(3))
        assert verifier().verdict([foreign]) == INVALID

    @upholds("VER-5")
    def test_check_proofs__a_and_b_negated__accepted_so_nothing_may_key_on_bytes(self) -> None:
        ax, ay, x1, x0, y1, y0, cx, cy = valid()[0].proof
        twin = Statement((ax, Q - ay, x1, x0, Q - y1, Q - y0, cx, cy), valid()[0].inputs)
        assert twin.proof != valid()[0].proof
        assert verifier().verdict([twin]) is None


class TestCount:
    """VER-3: exactly as many inputs as the circuit has, exactly as many lists as proofs."""

    def test_check_proofs__no_proof__refused(self) -> None:
        assert verifier().verdict([]) == "verifier: no proof"

    @upholds("VER-3")
    def test_check_proofs__fewer_inputs_than_proofs__refused(self) -> None:
        both = verifier().encode(valid()[:2])
        shortened = bytearray(both[:-96])
        count_at = 4 + 64 + 32 + 2 * 256
        shortened[count_at : count_at + 32] = (1).to_bytes(32, "big")
        assert verifier().verdict_on_calldata(bytes(shortened)) == "verifier: lengths differ"

    @upholds("VER-3")
    @pytest.mark.parametrize("words", [1, 2])
    def test_check_proofs__too_few_inputs__refused(self, words: int) -> None:
        statement = Statement(valid()[1].proof, valid()[1].inputs[:words])
        assert verifier().verdict_on_calldata(verifier().encode([statement], input_words=words)) == SIZE

    @upholds("VER-3")
    @pytest.mark.parametrize("extra", [0, 1, R])
    def test_check_proofs__too_many_inputs__refused(self, extra: int) -> None:
        statement = Statement(valid()[1].proof, (*valid()[1].inputs, extra))
        assert verifier().verdict_on_calldata(verifier().encode([statement], input_words=4)) == SIZE

    @upholds("VER-3")
    def test_check_proofs__seventeen_proofs__refused(self) -> None:
        assert verifier().verdict([valid()[0]] * 16) is None
        assert verifier().verdict([valid()[0]] * 17) is not None


class TestBatch:
    def test_check_proofs__all_valid__accepted(self) -> None:
        for count in range(1, 17):
            assert verifier().verdict([valid()[i % 3] for i in range(count)]) is None

    @pytest.mark.parametrize("position", range(4))
    def test_check_proofs__one_bad_among_good__refused_in_every_position(self, position: int) -> None:
        batch = [valid()[i % 3] for i in range(4)]
        good = batch[position]
        bad = {
            INVALID: good.with_c(add_points(good.c, (1, 2))),
            INPUT: good.with_input(2, good.inputs[2] + R),
            COORDINATE: good.with_coordinate(3, good.proof[3] + Q),
            FAILED: good.with_coordinate(4, good.proof[4] ^ 1),
        }
        for reason, statement in bad.items():
            batch[position] = statement
            assert verifier().verdict(batch) == reason

    @pytest.mark.parametrize("position", range(1, 4))
    def test_check_proofs__a_or_c_off_the_curve_in_a_batch__refused(self, position: int) -> None:
        batch = [valid()[i % 3] for i in range(4)]
        for coordinate in (0, 7):
            batch[position] = valid()[0].with_coordinate(coordinate, valid()[0].proof[coordinate] ^ 1)
            assert verifier().verdict(batch) == "verifier: multiplication failed"

    def test_check_proofs__first_c_off_the_curve_in_a_batch__refused(self) -> None:
        first = valid()[0].with_coordinate(7, valid()[0].proof[7] ^ 1)
        assert verifier().verdict([first, valid()[1]]) == "verifier: addition failed"

    def test_check_proofs__errors_that_cancel_each_other__refused(self) -> None:
        first, second = valid()[:2]
        forged = [first.with_c(add_points(first.c, (1, 2))), second.with_c(add_points(second.c, negate_point((1, 2))))]
        assert verifier().verdict(forged) == INVALID
        assert verifier().verdict(forged[::-1]) == INVALID
        assert verifier().verdict([valid()[2], *forged]) == INVALID

    def test_check_proofs__inputs_swapped_between_two_proofs__refused(self) -> None:
        first, second = valid()[:2]
        assert (
            verifier().verdict([Statement(first.proof, second.inputs), Statement(second.proof, first.inputs)])
            == INVALID
        )


class TestGas:
    def test_check_proofs__one_proof__costs_little_more_than_the_precompiles(self) -> None:
        assert verifier().measure_gas(valid()[:1]) < GAS_OF_ONE

    def test_check_proofs__each_further_proof__costs_one_pairing_and_two_multiplications(self) -> None:
        costs = [verifier().measure_gas([valid()[i % 3] for i in range(count)]) for count in (2, 3, 8, 16)]
        further = [(costs[1] - costs[0]), (costs[2] - costs[1]) / 5, (costs[3] - costs[2]) / 8]
        assert max(further) < GAS_OF_ANOTHER


@upholds("VER-3")
class TestPrecompiles:
    """A machine whose precompile fails, answers too briefly or does not exist."""

    RUNTIME: ClassVar = {"is missing": "00", "returns 31 bytes": "601f5ff3", "fails": "5f5ffd"}

    @pytest.mark.parametrize("runtime", RUNTIME.values(), ids=RUNTIME)
    @pytest.mark.parametrize(
        ("name", "address", "reason"),
        [
            ("ECADD", 6, "verifier: addition failed"),
            ("ECMUL", 7, "verifier: multiplication failed"),
            ("PAIRING", 8, "verifier: pairing failed"),
        ],
    )
    def test_check_proofs__precompile_does_not_answer__refused(
        self, runtime: str, name: str, address: int, reason: str
    ) -> None:
        chain = EvmChain(evm_chain_id=31337, time=1_700_000_000)
        code = bytes.fromhex(runtime)
        creation = bytes.fromhex(f"60{len(code):02x}600a5f3960{len(code):02x}5ff3") + code
        stub = chain.deploy(DEPLOYER, ContractArtifact("Stub", (), creation, code))
        key = run_ceremony().artifacts.vk
        source = replace_once(
            generate_verifier(key),
            f"{name}: constant(address) = 0x{address:040x}",
            f"{name}: constant(address) = {stub.address}",
        )
        assert VyperVerifier(source, key.input_count, chain).verdict([valid()[0]]) == reason
