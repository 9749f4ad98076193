"""A layer-2 key from one signature: what is signed is EIP-712's, and nothing but the signature decides the key."""

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from hypothesis import given
from hypothesis import strategies as st
from solders.keypair import Keypair

from tests.support.tries import tries
from zklink.primitives.eddsa import PrivateKey
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import WrongSignature
from zklink.protocol.layer2_key import (
    ED25519_ORDER,
    ORDER,
    build_layer2_key_data,
    build_layer2_key_text,
    compute_layer2_key_digest,
    derive_layer2_seed,
    derive_layer2_seed_of_text,
)

DEPLOYMENT, OTHER = bytes(range(32)), bytes(range(1, 33))
OWNER: LocalAccount = Account.from_key(b"\x01" * 32)
ADDRESS = bytes.fromhex(OWNER.address[2:])


def sign(deployment: bytes = DEPLOYMENT, index: int = 0) -> bytes:
    return bytes(OWNER.sign_typed_data(full_message=build_layer2_key_data(deployment, ADDRESS, index)).signature)


def with_s(signature: bytes, s: int) -> bytes:
    return signature[:32] + s.to_bytes(32, "big") + signature[64:]


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=20, max_size=20), st.integers(0, 2**32 - 1))
@tries(50)
def test_digest__any_owner__is_the_one_of_eip_712(deployment: bytes, owner: bytes, index: int) -> None:
    typed = encode_typed_data(full_message=build_layer2_key_data(deployment, owner, index))
    digest = keccak256(b"\x19" + typed.version + typed.header + typed.body)
    assert digest == compute_layer2_key_digest(deployment, owner, index)


def test_digest__signed_as_typed_data_or_as_a_hash__is_one_signature() -> None:
    signed = OWNER.unsafe_sign_hash(Hash32(compute_layer2_key_digest(DEPLOYMENT, ADDRESS)))
    assert bytes(signed.signature) == sign()


def test_seed__other_deployment_or_index__is_another_key() -> None:
    seeds = [derive_layer2_seed(sign(*place)) for place in ((DEPLOYMENT, 0), (DEPLOYMENT, 1), (OTHER, 0))]
    assert len({PrivateKey.from_seed(seed).public_key for seed in seeds}) == 3


def test_seed__any_form_of_s_and_v__is_the_same_key() -> None:
    signature = sign()
    s = int.from_bytes(signature[32:64], "big")
    forms = [with_s(signature, form)[:64] + bytes([v]) for form in (s, ORDER - s) for v in (0, 1, 27, 28)]
    assert {derive_layer2_seed(form) for form in forms} == {derive_layer2_seed(signature)}


def test_seed__no_plain_accounts_signature__is_refused() -> None:
    signature = sign()
    wrong = [b"", signature[:64], signature + b"\0", b"\0" * 32 + signature[32:], signature[:64] + b"\x02"]
    wrong += [with_s(signature, s) for s in (0, ORDER, 2**256 - 1)] + [ORDER.to_bytes(32, "big") + signature[32:]]
    for bad in wrong:
        with pytest.raises(WrongSignature):
            derive_layer2_seed(bad)


@pytest.mark.parametrize(
    ("deployment", "owner", "index"), [(b"", ADDRESS, 0), (DEPLOYMENT, b"", 0), (DEPLOYMENT, ADDRESS, 2**32)]
)
def test_data__of_no_key__is_refused(deployment: bytes, owner: bytes, index: int) -> None:
    with pytest.raises(ValueError, match="a key is of"):
        build_layer2_key_data(deployment, owner, index)
    with pytest.raises(ValueError, match="a key is of"):
        compute_layer2_key_digest(deployment, owner, index)


# -- an owner on Solana: a text, and Ed25519 ---------------------------------------------------------------------------

TEXT = """zkLink account

This signature is the key of your zkLink account. Give it only to a page or program that may spend all of it.

deployment 0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
owner AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9
key 0"""


def sign_text(deployment: bytes = DEPLOYMENT, index: int = 0) -> bytes:
    """The signature of the keypair whose seed is 1, .., 1; as any implementation of RFC 8032 makes it."""
    keypair = Keypair.from_seed(b"\x01" * 32)
    return bytes(keypair.sign_message(build_layer2_key_text(deployment, bytes(keypair.pubkey()), index)))


def test_text__known_owner__is_the_one_of_the_protocol() -> None:
    assert build_layer2_key_text(DEPLOYMENT, bytes(Keypair.from_seed(b"\x01" * 32).pubkey())).decode() == TEXT
    seed = derive_layer2_seed_of_text(sign_text())
    assert seed == keccak256(keccak256(b"zklink.layer2.key.ed25519.1") + sign_text())
    assert seed.hex() == "760ac1b5d2df635c1dab1ec85bc8c6271ec0e2461c9907aa24d70578ac53aa57"


def test_seed_of_text__other_deployment_or_index__is_another_key() -> None:
    seeds = [derive_layer2_seed_of_text(sign_text(*place)) for place in ((DEPLOYMENT, 0), (DEPLOYMENT, 1), (OTHER, 0))]
    assert len({PrivateKey.from_seed(seed).public_key for seed in seeds}) == 3


def test_seed_of_text__no_ed25519_signature__is_refused() -> None:
    signature = sign_text()
    s = int.from_bytes(signature[32:], "little")
    again = signature[:32] + (s + ED25519_ORDER).to_bytes(32, "little")
    for bad in (b"", signature[:63], signature + b"\0", again, signature[:32] + ED25519_ORDER.to_bytes(32, "little")):
        with pytest.raises(WrongSignature):
            derive_layer2_seed_of_text(bad)


@pytest.mark.parametrize(("deployment", "owner", "index"), [(b"", bytes(32), 0), (bytes(32), bytes(20), 0)])
def test_text__other_lengths__refused(deployment: bytes, owner: bytes, index: int) -> None:
    with pytest.raises(ValueError):
        build_layer2_key_text(deployment, owner, index)
