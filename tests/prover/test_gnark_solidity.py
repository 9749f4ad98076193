"""gnark's Solidity export as a source of keys: the constants of a deployed verifier that is not ours, and refusals.

The constants, the proof and its inputs are of SP1's verifier v3.0.0-rc4 and its test (succinctlabs/sp1-contracts @
1694126), as numbers; the text around them is written here by the format's description alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.verifiers import Statement, VyperVerifier
from zklink.primitives.field import Q, R
from zklink.protocol.errors import VerificationKeyInvalid
from zklink.prover.foreign_keys import read_verification_key
from zklink.prover.verifier_codegen import generate_verifier

EXPORT: Final[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "groth16_foreign.json").read_text()
)["gnark_solidity"]
CONSTANTS: Final[dict[str, str]] = EXPORT["constants"]
MATHS: Final = {"PRECOMPILE_ADD": "0x06", "EXP_INVERSE_FP": "P /* not R */ - 2", "P": hex(Q), "R": str(R)}
MSM: Final = "function publicInputMSM(uint256[2] calldata input)\n    internal view returns (uint256 x, uint256 y) {}"


def write(msm: str = MSM, extra: str = "", **changed: str | None) -> bytes:
    """gnark's file with some constants changed, added, or left out by None."""
    constants = {**MATHS, **CONSTANTS, **changed}
    lines = [f"    uint256 constant {name} =\n        {value};" for name, value in constants.items() if value]
    head = "// An export\npragma solidity ^0.8.0;\n/// uint256 constant ALPHA_X = 1;\ncontract Verifier {"
    return "\n".join((head, *lines, extra, msm, "}", "")).encode()


def test_read__verifier_and_proof_that_are_not_ours__the_contract_accepts_the_proof_and_no_other() -> None:
    key = read_verification_key(write())
    assert key.input_count == 2
    words = bytes.fromhex(EXPORT["proof"])
    proof = tuple(int.from_bytes(words[at : at + 32], "big") for at in range(0, 256, 32))
    proven = Statement(proof, tuple(int(value, 16) for value in EXPORT["inputs"]))
    verifier = VyperVerifier(generate_verifier(key), 2)
    assert verifier.verdict([proven]) is None
    assert verifier.verdict([proven.with_input(1, proven.inputs[1] + 1)]) == "verifier: invalid proof"


def test_read__constants_in_hex_on_one_line__are_the_same_key() -> None:
    in_hex = {name: hex(int(value)) for name, value in CONSTANTS.items()}
    head, code = write(**in_hex).split(b"contract", 1)
    assert read_verification_key(head + b" ".join(code.split())) == read_verification_key(write())


WITHOUT_INPUT: Final = MSM.replace("[2]", "[1]")
SNARKJS: Final = b"pragma solidity >=0.7.0;\ncontract Groth16Verifier { uint256 constant alphax = 1; }"
BAD: Final = [
    (write(PEDERSEN_G_X_0="1"), "the circuit uses gnark's commitments"),
    (write(P=str(R)), "P is not its modulus"),
    (write(R=None), "R is not its modulus"),
    (SNARKJS, "P is not its modulus"),
    (write(DELTA_NEG_Y_1=None), "there is no constant DELTA_NEG_Y_1"),
    (write(PUB_1_Y=None), "there is no constant PUB_1_Y"),
    (write(msm=WITHOUT_INPUT), "has no constant PUB_1_X, or not so many inputs"),
    (write(PUB_2_X="1", PUB_2_Y="2"), "has no constant PUB_2_X, or not so many inputs"),
    (write(SALT="1"), "has no constant SALT, or not so many inputs"),
    (write(msm=""), "no single publicInputMSM(uint256[n])"),
    (write(msm=MSM + MSM), "no single publicInputMSM(uint256[n])"),
    (write(msm=MSM.replace("input)", "input, uint256[1] memory publicCommitments)")), "no single publicInputMSM"),
    (write(ALPHA_X="-3"), "the Solidity constant ALPHA_X is no number: -3"),
    (write(ALPHA_X="uint256(1) + 1"), "the Solidity constant ALPHA_X is no number"),
    (write(extra="uint256 constant ALPHA_X = 1;"), "has the constant ALPHA_X twice"),
    (write(ALPHA_X="1"), "alpha is not a point of G1"),
    (write(CONSTANT_X=str(int(CONSTANTS["CONSTANT_X"]) + Q)), "IC 0 is not a point of G1"),
    (write(BETA_NEG_Y_0=str(int(CONSTANTS["BETA_NEG_Y_0"]) + Q)), "beta is not a point of G2"),
    (write(**{f"DELTA_{rest}": CONSTANTS[f"GAMMA_{rest}"] for rest in ("NEG_X_0", "NEG_X_1", "NEG_Y_0", "NEG_Y_1")}),
     "gamma equals delta"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "words"), BAD, ids=range(len(BAD)))
def test_read__file_that_is_not_gnarks__is_refused_with_a_reason(data: bytes, words: str) -> None:
    with pytest.raises(VerificationKeyInvalid) as caught:
        read_verification_key(data)
    assert words in str(caught.value)
