"""Verifiers on a chain of their own, asked for verdicts; and curve points that a verifier must refuse.

Takes contract source, gives `verdict`: None for accepted, else the reason. A statement is the eight coordinates and the
inputs as they go on chain, so that a test can put anything there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from eth_abi import encode
from eth_utils import keccak
from zksnake._algebra import ec_bn254

from tests.support.evm import EvmChain, EvmContract, Reverted
from tests.support.foreign_circuit import ProvenStatement
from tests.support.solidity import compile_solidity
from zklink.l1.contract_artifacts import EVM_VERSION, ContractArtifact, compile_source
from zklink.primitives.field import Q
from zklink.prover.cache import compute_content_hash, ensure_entry
from zklink.prover.curve import PointG1, PointG2, is_on_g2

DEPLOYER = "0x" + "11" * 20
CALLER = "0x" + "22" * 20
CALL_GAS = 5_000_000
TRANSACTION_GAS = 21_000


@dataclass(frozen=True, slots=True)
class Statement:
    """A proof and its inputs as words."""

    proof: tuple[int, ...]
    inputs: tuple[int, ...]

    @classmethod
    def of(cls, proven: ProvenStatement) -> Statement:
        return cls(tuple(proven.proof.evm()), proven.publics)

    def with_coordinate(self, index: int, value: int) -> Statement:
        return replace(self, proof=(*self.proof[:index], value, *self.proof[index + 1 :]))

    def with_input(self, index: int, value: int) -> Statement:
        return replace(self, inputs=(*self.inputs[:index], value, *self.inputs[index + 1 :]))

    def with_c(self, point: PointG1) -> Statement:
        return replace(self, proof=(*self.proof[:6], *point))

    @property
    def c(self) -> PointG1:
        return self.proof[6], self.proof[7]


class VyperVerifier:
    """A generated verifier for `input_count` inputs."""

    def __init__(self, source: str, input_count: int, chain: EvmChain | None = None) -> None:
        self.chain = chain or EvmChain(evm_chain_id=31337, time=1_700_000_000)
        self.artifact = _compile(source)
        self.contract: EvmContract = self.chain.deploy(DEPLOYER, self.artifact)
        self.input_count = input_count

    def encode(self, statements: Sequence[Statement], input_words: int | None = None) -> bytes:
        """Calldata of check_proofs; `input_words` encodes the inputs as if there were so many of them each."""
        words = self.input_count if input_words is None else input_words
        selector = keccak(text=f"check_proofs(uint256[8][],uint256[{self.input_count}][])")[:4]
        proofs = [statement.proof for statement in statements]
        inputs = [statement.inputs for statement in statements]
        return selector + encode(["uint256[8][]", f"uint256[{words}][]"], [proofs, inputs])

    def verdict(self, statements: Sequence[Statement]) -> str | None:
        """None if the contract accepts them together, else its reason."""
        return self.verdict_on_calldata(self.encode(statements))

    def verdict_on_calldata(self, data: bytes) -> str | None:
        try:
            self.chain.send(CALLER, self.contract.address, data, gas=CALL_GAS)
        except Reverted as error:
            return error.reason
        return None

    def measure_gas(self, statements: Sequence[Statement]) -> int:
        """Gas of the check alone: without the transaction's own cost and its calldata."""
        data = self.encode(statements)
        assert self.verdict_on_calldata(data) is None
        calldata_gas = sum(16 if byte else 4 for byte in data)
        result = self.chain.evm.result
        assert result is not None
        return int(result.gas_used) - TRANSACTION_GAS - calldata_gas


class SolidityVerifier:
    """snarkjs' own verifier contract: false, never a revert, for a bad proof."""

    def __init__(self, source: str) -> None:
        self.chain = EvmChain(evm_chain_id=31337, time=1_700_000_000)
        self.contract = self.chain.deploy(DEPLOYER, compile_solidity("Groth16Verifier", source))

    def is_accepted(self, statement: Statement) -> bool:
        ax, ay, x1, x0, y1, y0, cx, cy = statement.proof
        b = [[x1, x0], [y1, y0]]
        return bool(self.contract.verifyProof([ax, ay], b, [cx, cy], list(statement.inputs), gas=CALL_GAS))


def _compile(source: str) -> ContractArtifact:
    """Compiled by the product's own code, kept by content: a verifier imports nothing."""

    def make(directory: Path) -> None:
        artifact = compile_source("Verifier", source)
        code = [artifact.bytecode.hex(), artifact.runtime_bytecode.hex()]
        (directory / "artifact.json").write_text(json.dumps([artifact.abi_list(), *code]))

    entry = ensure_entry("verifiers", compute_content_hash(source, EVM_VERSION, version("vyper")), make)
    abi, creation, runtime = json.loads((entry / "artifact.json").read_text())
    return ContractArtifact("Verifier", tuple(abi), bytes.fromhex(creation), bytes.fromhex(runtime))


def replace_once(source: str, old: str, new: str) -> str:
    """The source with its one occurrence of `old` replaced: how mutants are made."""
    assert source.count(old) == 1, old
    return source.replace(old, new)


def add_points(p: PointG1, q: PointG1) -> PointG1:
    total = ec_bn254.PointG1(*p) + ec_bn254.PointG1(*q)
    return int(total.x), int(total.y)


def multiply_point(p: PointG1, scalar: int) -> PointG1:
    product = ec_bn254.PointG1(*p) * scalar
    return int(product.x), int(product.y)


def negate_point(p: PointG1) -> PointG1:
    return p[0], Q - p[1]


def find_g2_outside_subgroup() -> PointG2:
    """A point of the twist that is not in the subgroup of order r; nearly every point of the twist is such."""
    for real in range(1, 100):
        x = (real, 1)
        y = _square_root(_add(_multiply(_multiply(x, x), x), _TWIST_B))
        if y is not None and not is_on_g2((x, y)):
            return x, y
    raise AssertionError("unreachable: about half of all x have a y")


_Fq2 = tuple[int, int]
_TWIST_B: _Fq2 = (
    19485874751759354771024239261021720505790618469301721065564631296452457478373,
    266929791119991161246907387137283842545076965332900288569378510910307636690,
)


def _add(a: _Fq2, b: _Fq2) -> _Fq2:
    return (a[0] + b[0]) % Q, (a[1] + b[1]) % Q


def _multiply(a: _Fq2, b: _Fq2) -> _Fq2:
    return (a[0] * b[0] - a[1] * b[1]) % Q, (a[0] * b[1] + a[1] * b[0]) % Q


def _square_root(a: _Fq2) -> _Fq2 | None:
    """Complex method: a + bi = (c + di)^2 with c^2 = (a + |a + bi|) / 2 for one sign of the root; q = 3 mod 4."""
    norm = pow(a[0] * a[0] + a[1] * a[1], (Q + 1) // 4, Q)
    half = pow(2, -1, Q)
    for sign in (norm, -norm):
        real = pow((a[0] + sign) * half % Q, (Q + 1) // 4, Q)
        if real:
            root = real, a[1] * half * pow(real, -1, Q) % Q
            if _multiply(root, root) == a:
                return root
    return None
