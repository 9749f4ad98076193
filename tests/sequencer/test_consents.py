"""An owner's signature of a key change, as the chain's ecrecover takes it: both recovery bytes, and a low s."""

from dataclasses import replace

import pytest
from eth_account import Account

from tests.sequencer.conftest import ALICE, OWNERS, PARAMETERS, owner_of
from tests.sequencer.operations import NEW_KEY_HASH, change_key
from zklink.l1.contracts.registries import sign_key_change
from zklink.operations.change_pub_key import ChangePubKey
from zklink.protocol.messages import HALF_ORDER, compute_key_change_digest
from zklink.sequencer.chain_checks import _is_signed_by

HASH = PARAMETERS.deployment_hash


def sign(change: ChangePubKey) -> bytes:
    return sign_key_change(OWNERS[ALICE], HASH, ALICE, change.nonce, NEW_KEY_HASH, change.valid_until)


def recover(change: ChangePubKey, consent: bytes) -> bytes:
    """The owner whose signature it is, whoever that may be."""
    key, until = change.public_key_hash, change.valid_until
    digest = compute_key_change_digest(HASH, change.account, change.nonce, key, until)
    return bytes(12) + bytes.fromhex(Account._recover_hash(digest, signature=consent)[2:])


@pytest.mark.parametrize("recovery", [27, 28])
def test_is_signed_by__either_recovery_byte__is_the_owners(recovery: int) -> None:
    first = change_key().operation
    changes = [replace(first, valid_until=first.valid_until - k) for k in range(32)]
    change, consent = next((each, sign(each)) for each in changes if sign(each)[64] == recovery)
    assert _is_signed_by(owner_of(ALICE), change, consent, HASH)
    assert not _is_signed_by(owner_of(ALICE), change, consent[:64] + bytes([55 - recovery]), HASH)


@pytest.mark.parametrize(("s", "is_taken"), [(1, True), (HALF_ORDER, True), (HALF_ORDER + 1, False)])
def test_is_signed_by__s_up_to_half_the_order__is_taken(s: int, is_taken: bool) -> None:
    change = change_key().operation
    consent = sign(change)[:32] + s.to_bytes(32) + bytes([27])
    assert _is_signed_by(recover(change, consent), change, consent, HASH) is is_taken
