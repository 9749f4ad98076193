"""Keys of gnark and arkworks: public ones that are not ours, with what their owners say of them; and what is refused.

The gnark key, proof and inputs are of garaga's examples (keep-starknet-strange/garaga @ 8e87299), as numbers; gnark's
binary files are written here from the same numbers, by the format's description alone. The arkworks key and the values
beside it are of Sui's own tests (MystenLabs/sui @ 4abde97, groth16_tests.move).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from tests.support.verifiers import Statement, VyperVerifier, find_g2_outside_subgroup
from zklink.cli.main import main
from zklink.primitives.field import Q
from zklink.protocol.errors import VerificationKeyInvalid
from zklink.prover.compressed_points import complete_g2
from zklink.prover.curve import PointG1, PointG2
from zklink.prover.foreign_keys import read_verification_key
from zklink.prover.verification_key import VerificationKey
from zklink.prover.verifier_codegen import generate_verifier

VECTORS: Final[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "groth16_foreign.json").read_text()
)
GNARK: Final = VECTORS["gnark"]
ARKWORKS: Final = bytes.fromhex(VECTORS["arkworks"]["key"])
COMMITTED: Final = "the circuit uses gnark's commitments, which a plain Groth16 verifier cannot check"


def g1(numbers: Sequence[str]) -> PointG1:
    return int(numbers[0]), int(numbers[1])


def g2(numbers: Sequence[str]) -> PointG2:
    return (int(numbers[0]), int(numbers[1])), (int(numbers[2]), int(numbers[3]))


def build_gnark_json(**others: Any) -> bytes:
    """What Go's encoding/json makes of gnark's struct."""

    def one(point: PointG1) -> dict[str, str]:
        return {"X": str(point[0]), "Y": str(point[1])}

    def two(point: PointG2) -> dict[str, dict[str, str]]:
        return {axis: {"A0": str(pair[0]), "A1": str(pair[1])} for axis, pair in zip("XY", point, strict=True)}

    names = {"Alpha": "alpha", "Beta": "beta_g1", "Delta": "delta_g1"}
    first = {name: one(g1(GNARK[key])) for name, key in names.items()}
    second = {name: two(g2(GNARK[name.lower()])) for name in ("Beta", "Gamma", "Delta")}
    data = {"G1": {**first, "K": [one(g1(point)) for point in GNARK["k"]]}, "G2": second}
    return json.dumps({**data, "PublicAndCommitmentCommitted": [], **others}).encode()


def is_larger(y: int) -> bool:
    return y > Q - y


def gnark_g1(point: PointG1, is_raw: bool) -> bytes:
    x, y = point
    if is_raw:
        return x.to_bytes(32, "big") + y.to_bytes(32, "big")
    return (x | (3 if is_larger(y) else 2) << 254).to_bytes(32, "big")


def gnark_g2(point: PointG2, is_raw: bool) -> bytes:
    (x0, x1), (y0, y1) = point
    if is_raw:
        return b"".join(each.to_bytes(32, "big") for each in (x1, x0, y1, y0))
    return ((x1 << 256 | x0) | (3 if is_larger(y1 or y0) else 2) << 510).to_bytes(64, "big")


def write_gnark(is_raw: bool, tail: bytes = b"", delta: PointG2 | None = None) -> bytes:
    one, two = gnark_g1, gnark_g2
    parts = [one(g1(GNARK["alpha"]), is_raw), one(g1(GNARK["beta_g1"]), is_raw)]
    parts += [two(g2(GNARK["beta"]), is_raw), two(g2(GNARK["gamma"]), is_raw)]
    parts += [one(g1(GNARK["delta_g1"]), is_raw), two(delta or g2(GNARK["delta"]), is_raw)]
    points = b"".join(one(g1(point), is_raw) for point in GNARK["k"])
    return b"".join(parts) + len(GNARK["k"]).to_bytes(4, "big") + points + tail


def write_arkworks_uncompressed(key: VerificationKey) -> bytes:
    """x and y, little endian; the highest bit of y says that it is the larger one."""

    def flagged(numbers: Sequence[int], y: int) -> bytes:
        *first, last = numbers
        words = [*first, last | is_larger(y) << 255]
        return b"".join(word.to_bytes(32, "little") for word in words)

    def two(point: PointG2) -> bytes:
        return flagged((*point[0], *point[1]), point[1][1] or point[1][0])

    points = b"".join(flagged(point, point[1]) for point in key.ic)
    second = b"".join(map(two, (key.beta, key.gamma, key.delta)))
    return flagged(key.alpha, key.alpha[1]) + second + len(key.ic).to_bytes(8, "little") + points


def test_gnark_json__key_and_proof_that_are_not_ours__the_contract_accepts_the_proof_and_no_other() -> None:
    key = read_verification_key(build_gnark_json())
    assert key.input_count == 2
    a, b, c = g1(GNARK["proof"]["a"]), g2(GNARK["proof"]["b"]), g1(GNARK["proof"]["c"])
    (x0, x1), (y0, y1) = b
    proven = Statement((*a, x1, x0, y1, y0, *c), tuple(GNARK["inputs"]))
    verifier = VyperVerifier(generate_verifier(key), 2)
    assert verifier.verdict([proven]) is None
    assert verifier.verdict([proven.with_input(0, GNARK["inputs"][0] + 1)]) == "verifier: invalid proof"


@pytest.mark.parametrize("version", ["0.8", "no wires", "0.11", "0.9"])
@pytest.mark.parametrize("is_raw", [False, True])
def test_gnark_bytes__compressed_or_raw_of_any_version__are_the_same_key(is_raw: bool, version: str) -> None:
    unused = gnark_g2(g2(GNARK["beta"]), is_raw) * 2
    tails = {"0.8": b"", "no wires": bytes(4), "0.11": bytes(8), "0.9": bytes(4) + unused}
    expected = read_verification_key(build_gnark_json())
    data = write_gnark(is_raw, tails[version])
    assert read_verification_key(data) == expected
    assert read_verification_key(f"0x{data.hex()}\n".encode()) == expected


def test_arkworks__key_of_sui__is_as_its_owners_say() -> None:
    """Sui keeps -gamma and -delta beside the key, and e(alpha, beta), which fixes the sign of the two."""
    key = read_verification_key(ARKWORKS)
    assert key.input_count == 1

    def negated(point: PointG2) -> PointG2:
        (y0, y1) = point[1]
        return point[0], (-y0 % Q, -y1 % Q)

    for name, point in (("gamma", key.gamma), ("delta", key.delta)):
        data = bytes.fromhex(VECTORS["arkworks"][f"minus_{name}"])
        x1 = int.from_bytes(data[32:], "little") & (1 << 254) - 1
        x = int.from_bytes(data[:32], "little"), x1
        assert negated(point) == complete_g2(x, is_larger=bool(data[-1] >> 7))
    assert compute_gt(key.alpha, key.beta) == VECTORS["arkworks"]["e_alpha_beta"]
    assert read_verification_key(write_arkworks_uncompressed(key)) == key


def compute_gt(p: PointG1, q: PointG2) -> str:
    """The pairing as arkworks writes it: of its tower of fields, after its own final exponent."""
    from py_ecc.fields import optimized_bn128_FQ as Fq
    from py_ecc.fields import optimized_bn128_FQ2 as Fq2
    from py_ecc.optimized_bn128 import pairing

    x = 4965661367192848881
    value = pairing((*map(Fq2, q), Fq2([1, 0])), (*map(Fq, p), Fq(1))) ** (2 * x * (6 * x * x + 3 * x + 1))
    coefficients = [int(each) for each in value.coeffs]
    out = b""
    for j in range(2):
        for k in range(3):
            low, high = coefficients[2 * k + j], coefficients[2 * k + j + 6]
            out += ((low + 9 * high) % Q).to_bytes(32, "little") + high.to_bytes(32, "little")
    return out.hex()


OUTSIDE: Final = find_g2_outside_subgroup()


BAD: Final = [
    (build_gnark_json(PublicAndCommitmentCommitted=[[1]]), COMMITTED),
    (build_gnark_json(CommitmentKeys=[{}]), COMMITTED),
    (write_gnark(False, (1).to_bytes(4, "big") + bytes(12)), COMMITTED),
    (write_gnark(True, bytes(4) + (1).to_bytes(4, "big")), COMMITTED),
    (write_gnark(False, bytes(5)), "gnark: it has 5 bytes after its points"),
    (write_gnark(False, delta=OUTSIDE), "delta is not a point of G2"),
    (write_gnark(True, delta=OUTSIDE), "delta is not a point of G2"),
    (write_gnark(True, delta=((1, 2), (3, 4))), "delta is not a point of G2"),
    (write_gnark(False, delta=g2(GNARK["gamma"])), "gamma equals delta"),
    (b"\x40" + write_gnark(False)[1:], "a point of the key is infinity"),
    (write_gnark(False)[:-1], "gnark: the file ends too early"),
    (write_gnark(False)[:40], "gnark: the file ends too early"),
    (ARKWORKS[:-1], "arkworks: its length is not that of its points"),
    (ARKWORKS[:31] + b"\x40" + ARKWORKS[32:], "a point of the key is infinity"),
    (bytes([ARKWORKS[0] ^ 1]) + ARKWORKS[1:], "a compressed point is not on the curve"),
    (b"", "no key of snarkjs, gnark or arkworks on BN254"),
    (b'{"G1": 1}', "neither snarkjs' nor gnark's JSON of a Groth16 key"),
    (b"{}", "not a groth16 verification key: it has no protocol"),
    (b"\xff{", "no key of snarkjs, gnark or arkworks on BN254"),
]


@pytest.mark.parametrize(("data", "words"), BAD, ids=range(len(BAD)))
def test_read__key_that_no_contract_may_trust__is_refused_with_a_reason(data: bytes, words: str) -> None:
    with pytest.raises(VerificationKeyInvalid) as caught:
        read_verification_key(data)
    assert words in str(caught.value)


def test_command__key_of_arkworks__writes_the_contract(tmp_path: Path) -> None:
    (tmp_path / "vk.bin").write_bytes(ARKWORKS)
    result = CliRunner().invoke(main, ["verifier", str(tmp_path / "vk.bin"), "--name", "Foreign"])
    assert result.exit_code == 0, result.output
    assert result.output == generate_verifier(read_verification_key(ARKWORKS), "Foreign")
