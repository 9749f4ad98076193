"""The registry of consents: who can consent how, and to exactly what."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.datatypes import PrivateKey

from tests.support.committee import KnownCommittee
from tests.support.desk import DEPLOYMENT_HASH, SENDER, Desk, open_desk
from tests.support.evm import EvmContract, reverts
from zklink.l1.contract_artifacts import load_contract
from zklink.operations.change_pub_key import KeyChange
from zklink.primitives.field import R
from zklink.protocol.ids import AccountId, ChainId, Nonce
from zklink.protocol.messages import compute_key_change_digest

OWNER_KEY = PrivateKey(b"\x07" * 32)
OWNER = OWNER_KEY.public_key.to_address()
CHANGE = KeyChange(ChainId(1), AccountId(3), Nonce(4), bytes(12) + bytes.fromhex(OWNER[2:]), R - 1, 1_800_000_000)
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
ORDER = 2 * HALF_ORDER + 1
OTHERS = [
    replace(CHANGE, account=AccountId(2)),
    replace(CHANGE, nonce=Nonce(5)),
    replace(CHANGE, public_key_hash=7),
    replace(CHANGE, owner=bytes(12) + b"\x11" * 20),
]


@pytest.fixture(scope="module")
def module_desk() -> Desk:
    return open_desk()


@pytest.fixture
def desk(module_desk: Desk) -> Iterator[Desk]:
    """A registry without consents."""
    with module_desk.rollback():
        yield module_desk


def check(desk: Desk, change: KeyChange, signature: bytes = b"", deployment_hash: bytes = DEPLOYMENT_HASH) -> None:
    """Ask as a reader does. Raises Reverted."""
    arguments = (change.owner, change.account, change.nonce, change.public_key_hash, signature)
    desk.keys.check(deployment_hash, *arguments)


def sign(change: KeyChange, key: PrivateKey = OWNER_KEY) -> bytes:
    """The owner's signature."""
    what = change.account, change.nonce, change.public_key_hash, change.valid_until
    digest = compute_key_change_digest(DEPLOYMENT_HASH, *what)
    return KnownCommittee.sign(digest, key)


def test_compute_digest__any_change__is_what_python_signs(desk: Desk) -> None:
    for change in (CHANGE, *OTHERS):
        arguments = (DEPLOYMENT_HASH, change.account, change.nonce, change.public_key_hash, change.valid_until)
        assert desk.keys.compute_digest(*arguments) == compute_key_change_digest(*arguments)


def test_compute_digest__is_what_a_wallet_signs(desk: Desk) -> None:
    data = {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "salt", "type": "bytes32"},
            ],
            "ChangePubKey": [
                {"name": "account", "type": "uint32"},
                {"name": "nonce", "type": "uint32"},
                {"name": "publicKeyHash", "type": "bytes32"},
            ],
        },
        "primaryType": "ChangePubKey",
        "domain": {"name": "zkLink account", "version": "1", "salt": DEPLOYMENT_HASH},
        "message": {"account": 3, "nonce": 4, "publicKeyHash": CHANGE.public_key_hash.to_bytes(32, "big")},
    }
    signed = Account.sign_message(encode_typed_data(full_message=data), OWNER_KEY.to_bytes())
    check(desk, CHANGE, bytes(signed.signature))


# --- by transaction ---


def test_authorise__owner__counts_for_exactly_that(desk: Desk) -> None:
    with reverts("keys: no consent"):
        check(desk, CHANGE)
    desk.consent(CHANGE)
    check(desk, CHANGE)
    assert desk.evm.event("KeyAuthorised") == {
        "deployment_hash": DEPLOYMENT_HASH,
        "owner": OWNER,
        "account": 3,
        "nonce": 4,
        "public_key_hash": R - 1,
    }
    assert desk.keys.is_authorised(DEPLOYMENT_HASH, OWNER, 3, 4, R - 1)
    for other in OTHERS:
        with reverts("keys: no consent"):
            check(desk, other)
    with reverts("keys: no consent"):
        check(desk, CHANGE, deployment_hash=bytes(32))


@pytest.mark.parametrize("key_hash", [0, R, R + 1, 2**256 - 1])
def test_authorise__no_key_hash__is_refused(desk: Desk, key_hash: int) -> None:
    with reverts("keys: not a key hash"):
        desk.consent(replace(CHANGE, public_key_hash=key_hash))


# --- by signature ---


def test_check__signature__counts_for_exactly_that(desk: Desk) -> None:
    check(desk, CHANGE, sign(CHANGE))
    for other in OTHERS:
        with reverts("keys: not the owner's signature"):
            check(desk, other, sign(CHANGE))
    with reverts("keys: not the owner's signature"):
        check(desk, CHANGE, sign(CHANGE), deployment_hash=bytes(32))
    with reverts("keys: not the owner's signature"):
        check(desk, CHANGE, sign(CHANGE, PrivateKey(b"\x08" * 32)))


def test_check__second_form_of_a_signature__is_refused(desk: Desk) -> None:
    signature = sign(CHANGE)
    s, v = int.from_bytes(signature[32:64], "big"), signature[64]
    other = signature[:32] + (ORDER - s).to_bytes(32, "big") + bytes([55 - v])
    with reverts("keys: large s"):
        check(desk, CHANGE, other)


def test_check__not_65_bytes__is_refused(desk: Desk) -> None:
    for length in (1, 32, 64):
        with reverts("keys: signature length"):
            check(desk, CHANGE, sign(CHANGE)[:length])


@pytest.mark.parametrize("owner", [bytes(32), b"\x01" + bytes(31), bytes(11) + b"\x01" + bytes(20)])
def test_check__owner_that_no_key_recovers_to__is_refused(desk: Desk, owner: bytes) -> None:
    """Zero above all: it is what a signature that is none recovers to."""
    for signature in (b"", bytes(65), sign(CHANGE)):
        with reverts("keys: owner format"):
            check(desk, replace(CHANGE, owner=owner), signature)


def test_check__signature_that_is_none__is_refused(desk: Desk) -> None:
    for signature in (bytes(65), bytes(64) + b"\x1b", b"\xff" * 32 + bytes(31) + b"\x01\x1c"):
        with reverts("keys: not the owner's signature"):
            check(desk, CHANGE, signature)


# --- by a contract wallet ---


@pytest.fixture
def wallet(desk: Desk) -> EvmContract:
    """A wallet that accepts the signature b"yes" of one digest."""
    return desk.evm.deploy(SENDER, load_contract("TestWallet"))


def ask(desk: Desk, wallet: str, signature: bytes, gas: int = 10_000_000) -> None:
    """Anyone brings a signature for a wallet. Raises Reverted."""
    arguments = (DEPLOYMENT_HASH, wallet, CHANGE.account, CHANGE.nonce, CHANGE.public_key_hash, signature)
    desk.keys.authorise_by_contract(*arguments, sender=SENDER, gas=gas)


def digest_of(change: KeyChange) -> bytes:
    """What the wallet is asked about."""
    what = change.account, change.nonce, change.public_key_hash, change.valid_until
    return compute_key_change_digest(DEPLOYMENT_HASH, *what)


def test_authorise_by_contract__wallet_agrees__counts_for_that_wallet(desk: Desk, wallet: EvmContract) -> None:
    wallet.expect(digest_of(CHANGE), b"yes", sender=SENDER)
    ask(desk, wallet.address, b"yes")
    event = desk.evm.event("KeyAuthorised")
    assert event["owner"].lower() == wallet.address.lower()
    check(desk, replace(CHANGE, owner=bytes(12) + bytes.fromhex(wallet.address[2:])))
    with reverts("keys: no consent"):
        check(desk, CHANGE)


def test_authorise_by_contract__wallet_refuses__is_refused(desk: Desk, wallet: EvmContract) -> None:
    wallet.expect(digest_of(CHANGE), b"yes", sender=SENDER)
    with reverts("keys: wallet refused"):
        ask(desk, wallet.address, b"no")
    wallet.expect(digest_of(OTHERS[0]), b"yes", sender=SENDER)
    with reverts("keys: wallet refused"):
        ask(desk, wallet.address, b"yes")


@pytest.mark.parametrize("mode", range(1, 7))
def test_authorise_by_contract__strange_answer__is_refused(desk: Desk, wallet: EvmContract, mode: int) -> None:
    """Reverts, burns its gas, answers too little, nothing, all bytes one, or the magic value with dirt after it."""
    wallet.expect(digest_of(CHANGE), b"yes", sender=SENDER)
    wallet.set_mode(mode, sender=SENDER)
    with reverts("keys: wallet refused"):
        ask(desk, wallet.address, b"yes")


def test_authorise_by_contract__endless_answer__costs_bounded_gas(desk: Desk, wallet: EvmContract) -> None:
    wallet.expect(digest_of(CHANGE), b"yes", sender=SENDER)
    wallet.set_mode(2, sender=SENDER)
    with reverts("keys: wallet refused"):
        ask(desk, wallet.address, b"yes", gas=1_200_000)


def test_authorise_by_contract__no_contract__is_refused(desk: Desk) -> None:
    with reverts("keys: owner has no code"):
        ask(desk, OWNER, sign(CHANGE))
