"""All provers behind the port pass the same suite, with a development key and with one of a ceremony.

The law: what a prover returns verifies here, in snarkjs and in the other prover's key; otherwise it raises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import pytest

from tests.support.foreign_circuit import chain_source, ensure_other_circuit, run_ceremony
from tests.support.upholds import upholds
from zklink.primitives.field import Q, R
from zklink.protocol.errors import FilesMixed, ProofMalformed, ProofRejected, ToolFailed, WitnessInputInvalid
from zklink.prover.circuit_artifacts import CircuitArtifacts, ensure_artifacts
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.native.backend import NativeProver
from zklink.prover.port import Prover
from zklink.prover.proof import Proof, verify
from zklink.prover.snarkjs_backend import SnarkjsProver, verify_with_snarkjs
from zklink.prover.tools import ensure_tools
from zklink.prover.witness_calculator import Witness

INPUTS = {"seed": 3, "factor": 5, "secret": 7}


@lru_cache(maxsize=2)
def artifacts(kind: str) -> CircuitArtifacts:
    return ensure_artifacts(chain_source(20)) if kind == "development" else run_ceremony().artifacts


def open_prover(backend: str, circuit: CircuitArtifacts) -> Prover:
    makers: dict[str, Callable[[CircuitArtifacts], Prover]] = {
        "groth16py": Groth16pyProver,
        "native": NativeProver,
        "snarkjs": SnarkjsProver,
    }
    return makers[backend](circuit)


@lru_cache(maxsize=6)
def make(backend: str, kind: str) -> Prover:
    return open_prover(backend, artifacts(kind))


@pytest.fixture(params=["groth16py", "native", "snarkjs"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["development", "ceremony"])
def prover(backend: str, request: pytest.FixtureRequest) -> Prover:
    return make(backend, request.param)


class TestEveryProver:
    def test_prove__good_inputs__verifies_here_and_in_snarkjs(self, prover: Prover) -> None:
        witness = prover.compute_witness(INPUTS)
        proof = prover.prove(INPUTS)
        publics = witness.publics(3)
        assert verify(prover.artifacts.vk, proof, publics)
        assert verify_with_snarkjs(ensure_tools(), prover.artifacts.vk_path, proof, list(publics))

    def test_prove__twice__different_proofs(self, prover: Prover) -> None:
        witness = prover.compute_witness(INPUTS)
        assert prover.prove_witness(witness) != prover.prove_witness(witness)

    def test_prove__bad_inputs__typed_error(self, prover: Prover) -> None:
        with pytest.raises(WitnessInputInvalid):
            prover.prove({**INPUTS, "secret": R})

    @upholds("VER-4")
    @pytest.mark.parametrize("wire", [1, 2, 3, 10])
    def test_prove_witness__tampered_wire__no_proof_leaves(self, prover: Prover, wire: int) -> None:
        data = prover.compute_witness(INPUTS).data
        tampered = Witness(data[: 32 * wire] + (12345).to_bytes(32, "little") + data[32 * (wire + 1) :])
        with pytest.raises((ProofRejected, ToolFailed)):
            prover.prove_witness(tampered)

    @pytest.mark.parametrize("parts", ["vk", "zkey", "zkey and vk", "circuit"])
    def test_open__files_of_two_circuits__both_files_are_named(self, backend: str, parts: str) -> None:
        other, own = ensure_other_circuit(21), artifacts("development")
        mixed = {
            "vk": replace(own, vk=other.vk, vk_path=other.vk_path),
            "zkey": replace(own, zkey=other.zkey),
            "zkey and vk": replace(own, zkey=other.zkey, vk=other.vk, vk_path=other.vk_path),
            "circuit": replace(own, circuit=other.circuit),
        }[parts]
        with pytest.raises(FilesMixed) as error:
            open_prover(backend, mixed)
        assert {error.value.path, error.value.other} <= {str(mixed.zkey), str(mixed.r1cs), str(mixed.vk_path)}
        assert "zklink setup" in str(error.value)

    def test_prove_witness__verified_under_another_key__no_proof_leaves(
        self, backend: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        prover = open_prover(backend, artifacts("development"))
        monkeypatch.setattr(prover, "_artifacts", replace(prover.artifacts, vk=ensure_other_circuit(21).vk))
        with pytest.raises(ProofRejected):
            prover.prove(INPUTS)


class TestVerify:
    @upholds("VER-1", "VER-4")
    def test_verify__input_changed_aliased_missing_or_surplus__false(self) -> None:
        statement = run_ceremony().statements[0]
        key, publics = run_ceremony().artifacts.vk, statement.publics
        assert verify(key, statement.proof, publics)
        for index in range(3):
            for value in (publics[index] + 1, publics[index] + R):
                changed = [*publics[:index], value, *publics[index + 1 :]]
                assert not verify(key, statement.proof, changed)
        assert not verify(key, statement.proof, publics[:2])
        assert not verify(key, statement.proof, (*publics, 0))

    @upholds("VER-2")
    def test_verify__point_off_the_curve__false(self) -> None:
        statement = run_ceremony().statements[0]
        words = statement.proof.evm()
        for index in range(8):
            moved = Proof.from_evm([*words[:index], (words[index] + 1) % Q, *words[index + 1 :]])
            assert not verify(run_ceremony().artifacts.vk, moved, statement.publics)


class TestSpellings:
    def test_proof__evm_and_snarkjs__round_trip(self) -> None:
        proof = run_ceremony().statements[0].proof
        assert Proof.from_evm(proof.evm()) == proof
        assert Proof.from_snarkjs(proof.to_snarkjs()) == proof

    def test_evm__limbs_of_b__imaginary_part_first(self) -> None:
        assert Proof((1, 2), ((3, 4), (5, 6)), (7, 8)).evm() == [1, 2, 4, 3, 6, 5, 7, 8]

    @pytest.mark.parametrize("words", [[], [1] * 7, [1] * 9, [Q] + [1] * 7, [1] * 7 + [-1]])
    def test_from_evm__malformed__refused(self, words: list[int]) -> None:
        with pytest.raises(ProofMalformed):
            Proof.from_evm(words)

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"pi_a": ["1", "2", "1"], "pi_b": [], "pi_c": []}'])
    def test_from_snarkjs__malformed__refused(self, text: str) -> None:
        with pytest.raises(ProofMalformed):
            Proof.from_snarkjs(text)

    def test_from_snarkjs__not_affine__refused(self) -> None:
        text = run_ceremony().statements[0].proof.to_snarkjs().replace('"1"]', '"0"]', 1)
        with pytest.raises(ProofMalformed, match="not affine"):
            Proof.from_snarkjs(text)
