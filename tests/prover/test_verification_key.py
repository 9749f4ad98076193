"""Verification keys: read from snarkjs, refused when malformed or unsafe, before any contract is made from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.foreign_circuit import run_ceremony
from tests.support.upholds import upholds
from tests.support.verifiers import find_g2_outside_subgroup
from zklink.primitives.field import Q
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import VerificationKeyInvalid
from zklink.prover.verification_key import VerificationKey
from zklink.prover.verifier_codegen import generate_verifier

Key = dict[str, Any]


def load() -> Key:
    data: Key = json.loads(run_ceremony().artifacts.vk_path.read_text())
    return data


def change(path: list[str | int], value: object) -> Callable[[Key], None]:
    def apply(key: Key) -> None:
        place: Any = key
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return apply


def test_from_json__key_of_snarkjs__round_trips() -> None:
    key = VerificationKey.from_json(run_ceremony().artifacts.vk_path.read_text())
    assert VerificationKey.from_json(key.to_json()) == key
    assert key.input_count == 3 and not key.is_development


def test_hash__key__is_keccak_of_its_words_in_precompile_order() -> None:
    data = load()
    words = [int(value) for value in data["vk_alpha_1"][:2]]
    for name in ("vk_beta_2", "vk_gamma_2", "vk_delta_2"):
        (x0, x1), (y0, y1), _ = data[name]
        words += [int(x1), int(x0), int(y1), int(y0)]
    for x, y, _ in data["IC"]:
        words += [int(x), int(y)]
    expected = keccak256(b"".join(word.to_bytes(32, "big") for word in words))
    assert VerificationKey.from_json(json.dumps(data)).hash() == expected


def test_hash__any_coordinate_changed__differs() -> None:
    key = run_ceremony().artifacts.vk
    words = list(key.words())
    assert len(words) == 2 + 12 + 2 * 4 and len(set(words)) == len(words)


@upholds("VER-7")
class TestRefused:
    def test_from_json__key_without_second_phase__refused(self) -> None:
        with pytest.raises(VerificationKeyInvalid, match="gamma equals delta"):
            VerificationKey.from_json(run_ceremony().unfinished_vk.read_text())

    @pytest.mark.parametrize(
        ("apply", "reason"),
        [
            (change(["protocol"], "plonk"), "plonk on bn128"),
            (change(["curve"], "bls12381"), "groth16 on bls12381"),
            (change(["nPublic"], 4), "4 public inputs declared"),
            (change(["vk_alpha_1", 0], "1"), "alpha is not a point of G1"),
            (change(["vk_alpha_1"], ["0", "0", "1"]), "alpha is not a point of G1"),
            (change(["vk_alpha_1"], [str(1 + Q), "2", "1"]), "alpha is not a point of G1"),
            (change(["vk_beta_2", 0, 0], "1"), "beta is not a point of G2"),
            (change(["vk_gamma_2"], [["0", "0"], ["0", "0"], ["1", "0"]]), "gamma is not a point of G2"),
            (change(["vk_delta_2", 2], ["0", "0"]), "not affine"),
            (change(["IC", 3, 1], "5"), "IC 3 is not a point of G1"),
            (change(["IC", 0, 2], "0"), "not affine"),
            (change(["IC"], []), "public inputs declared"),
            (change(["IC"], None), "not a groth16 verification key"),
            (change(["vk_beta_2"], "text"), "not a groth16 verification key"),
        ],
    )
    def test_from_json__malformed__refused(self, apply: Callable[[Key], None], reason: str) -> None:
        data = load()
        apply(data)
        with pytest.raises(VerificationKeyInvalid, match=reason):
            VerificationKey.from_json(json.dumps(data))

    def test_from_json__point_outside_the_subgroup__refused(self) -> None:
        x, y = find_g2_outside_subgroup()
        data = load()
        data["vk_beta_2"] = [[str(v) for v in x], [str(v) for v in y], ["1", "0"]]
        with pytest.raises(VerificationKeyInvalid, match="beta is not a point of G2"):
            VerificationKey.from_json(json.dumps(data))

    def test_from_json__no_public_input__refused(self) -> None:
        data = load() | {"nPublic": 0}
        data["IC"] = data["IC"][:1]
        with pytest.raises(VerificationKeyInvalid, match="no public input"):
            VerificationKey.from_json(json.dumps(data))

    @pytest.mark.parametrize("text", ["", "no json", "[]", "null", "{}"])
    def test_from_json__not_a_key__refused(self, text: str) -> None:
        with pytest.raises(VerificationKeyInvalid):
            VerificationKey.from_json(text)

    @pytest.mark.parametrize("name", ["lower", "With space", "", "A\nimport os"])
    def test_generate_verifier__bad_name__refused(self, name: str) -> None:
        with pytest.raises(VerificationKeyInvalid, match="not a contract's name"):
            generate_verifier(run_ceremony().artifacts.vk, name)

    def test_generate_verifier__more_inputs_than_a_contract_holds__refused(self) -> None:
        data = load() | {"nPublic": 121}
        data["IC"] = [data["IC"][0]] * 122
        with pytest.raises(VerificationKeyInvalid, match="121 public inputs"):
            generate_verifier(VerificationKey.from_json(json.dumps(data)))
