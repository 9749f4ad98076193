"""A circuit that is not ours, with keys and proofs made by snarkjs alone: what the verifier generator must cope with.

Takes nothing, gives the result of a whole (tiny) ceremony, cached by content.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from zklink.prover.build import CompiledCircuit, ensure_compiled
from zklink.prover.cache import compute_content_hash, ensure_entry
from zklink.prover.circuit_artifacts import CircuitArtifacts, ensure_artifacts, load_artifacts
from zklink.prover.proof import Proof
from zklink.prover.source import CircuitSource
from zklink.prover.tools import Tools, ensure_tools, run_snarkjs
from zklink.prover.witness_calculator import WitnessCalculator

FIXTURES = Path(__file__).resolve().parents[1] / "circuits" / "fixtures"
POWER = 6
INPUTS = (
    {"seed": 3, "factor": 5, "secret": 7},
    {"seed": 11, "factor": 0, "secret": 2},
    {"seed": 1, "factor": 9, "secret": 4},
)


@dataclass(frozen=True, slots=True)
class ProvenStatement:
    """A proof of snarkjs with the public inputs snarkjs printed beside it."""

    proof: Proof
    publics: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What snarkjs made. `unfinished_vk` is the key before the second phase: gamma equals delta in it."""

    artifacts: CircuitArtifacts
    unfinished_vk: Path
    solidity: str
    statements: tuple[ProvenStatement, ...]


def chain_source(links: int) -> CircuitSource:
    """Multiplications in a row: one public output `last`, two public inputs, a secret."""
    return CircuitSource(f"chain_{links}", FIXTURES, "chain.circom", "Chain", (links,), ("seed", "factor"))


@lru_cache(maxsize=1)
def run_ceremony() -> Ceremony:
    """The ceremony and three proofs of `chain_source(20)`, all by snarkjs."""
    tools = ensure_tools()
    circuit = ensure_compiled(chain_source(20))
    key = compute_content_hash(circuit.key, json.dumps(INPUTS), str(POWER), tools.root.name)
    directory = ensure_entry("ceremonies", key, lambda scratch: _run(tools, circuit, scratch))
    statements = tuple(_load_statement(directory, index) for index in range(len(INPUTS)))
    return Ceremony(
        load_artifacts(circuit, directory / "circuit.zkey", directory / "verification_key.json"),
        directory / "unfinished.json",
        (directory / "verifier.sol").read_text(),
        statements,
    )


@lru_cache(maxsize=4)
def ensure_other_circuit(links: int) -> CircuitArtifacts:
    """A different circuit with as many public inputs, under a development key."""
    return ensure_artifacts(chain_source(links))


def _run(tools: Tools, circuit: CompiledCircuit, directory: Path) -> None:
    def snarkjs(*arguments: str) -> None:
        run_snarkjs(tools, list(arguments), cwd=directory)

    snarkjs("powersoftau", "new", "bn128", str(POWER), "new.ptau")
    snarkjs("powersoftau", "contribute", "new.ptau", "given.ptau", "--name=one", "-e=a test's entropy")
    snarkjs("powersoftau", "prepare", "phase2", "given.ptau", "final.ptau")
    snarkjs("groth16", "setup", str(circuit.r1cs), "final.ptau", "unfinished.zkey")
    snarkjs("zkey", "contribute", "unfinished.zkey", "circuit.zkey", "--name=two", "-e=more of a test's entropy")
    snarkjs("zkey", "export", "verificationkey", "unfinished.zkey", "unfinished.json")
    snarkjs("zkey", "export", "verificationkey", "circuit.zkey", "verification_key.json")
    snarkjs("zkey", "export", "solidityverifier", "circuit.zkey", "verifier.sol")
    calculator = WitnessCalculator(circuit)
    for index, inputs in enumerate(INPUTS):
        calculator.compute(inputs).write_wtns(directory / "witness.wtns")
        outputs = (f"proof{index}.json", f"public{index}.json")
        snarkjs("groth16", "prove", "circuit.zkey", "witness.wtns", *outputs)


def _load_statement(directory: Path, index: int) -> ProvenStatement:
    proof = Proof.from_snarkjs((directory / f"proof{index}.json").read_text())
    publics = json.loads((directory / f"public{index}.json").read_text())
    return ProvenStatement(proof, tuple(int(value) for value in publics))
