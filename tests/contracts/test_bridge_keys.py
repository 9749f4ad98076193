"""Requests for a new key: by the owner, or by a contract wallet that accepts a signature, once; and whom a deposit may
be for.
"""

import pytest

from tests.support.drafts.rig import ACCOUNT_LIMIT, TOKENS, Rig, RigChain
from tests.support.evm import EvmContract, reverts
from tests.support.three_chains import DEPOSITOR, GOVERNOR, STRANGER, USD, A, C
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.key_request import KeyRequest
from zklink.primitives.field import R
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.ids import EXPIRY_SECONDS, AccountId, ChainId, Lane
from zklink.protocol.messages import compute_key_request_digest

EARLIER = len(TOKENS)
KEY, OTHER_KEY = 4_711, 4_712
SIGNATURE = b"accepted"


def bound(owner: str, chain: ChainId) -> bytes:
    """A contract's universal address, bound to a chain."""
    return bytes([chain]) + universal_address(owner)[1:]


def wallet_on(here: RigChain, key: int = KEY) -> EvmContract:
    """A wallet that accepts SIGNATURE for this key of account 3, as the bridge's digest stands now."""
    wallet = here.evm.deploy(GOVERNOR, load_contract("TestWallet"))
    wallet.expect(here.bridge.key_digest(wallet.address, 3, key)[0], SIGNATURE)
    return wallet


def set_key(here: RigChain, wallet: EvmContract, key: int = KEY, account: int = 3, signature: bytes = SIGNATURE) -> int:
    return int(here.bridge.set_key_by_signature(wallet.address, account, key, signature, sender=STRANGER))


def read_request(here: RigChain) -> KeyRequest:
    """What the last call queued, from its event alone; its hash stands in the queue."""
    e = here.evm.event("KeyRequested")
    assert e["expires_at"] == e["queued_at"] + EXPIRY_SECONDS == here.evm.time + EXPIRY_SECONDS
    request = KeyRequest(
        source=here.chain,
        request_id=e["request_id"],
        account=AccountId(e["account"]),
        owner=e["owner"],
        public_key_hash=e["public_key_hash"],
        queued_at=e["queued_at"],
    )
    previous = here.bridge.queue_hash(Lane.ACCOUNT, e["request_id"] - 1)
    assert here.bridge.queue_hash(Lane.ACCOUNT, e["request_id"]) == next_queue_hash(previous, request.words())
    return request


def test_set_key__person__is_queued_for_the_unbound_owner(rig: Rig) -> None:
    here = rig[A]
    assert here.bridge.set_key(3, KEY, sender=DEPOSITOR) == EARLIER + 1
    request = read_request(here)
    assert (request.owner, request.account, request.public_key_hash) == (universal_address(DEPOSITOR), 3, KEY)


def test_set_key__key_or_account_that_cannot_be__is_refused(rig: Rig) -> None:
    with reverts("key: no such account"):
        rig[A].bridge.set_key(ACCOUNT_LIMIT, KEY)
    for key in (R, 2**256 - 1):
        with reverts("key: not a key hash"):
            rig[A].bridge.set_key(3, key)
    rig[A].bridge.set_key(ACCOUNT_LIMIT - 1, R - 1)
    rig[A].bridge.set_key(3, 0)


def test_set_key_by_signature__accepted__is_queued_for_the_bound_owner(rig: Rig) -> None:
    here = rig[A]
    wallet = wallet_on(here)
    digest, counter = here.bridge.key_digest(wallet.address, 3, KEY)
    owner = bound(wallet.address, A)
    assert digest == compute_key_request_digest(rig.deployment_hash, A, owner, AccountId(3), KEY, counter)
    assert set_key(here, wallet) == EARLIER + 1
    request = read_request(here)
    assert (request.owner, request.account, request.public_key_hash) == (owner, 3, KEY)


def test_set_key_by_signature__again__is_refused(rig: Rig) -> None:
    here = rig[A]
    wallet = wallet_on(here)
    set_key(here, wallet)
    with reverts("key: wallet refused"):
        set_key(here, wallet)
    assert here.bridge.key_digest(wallet.address, 3, KEY)[1] == 1


def test_set_key_by_signature__revoked__is_refused(rig: Rig) -> None:
    """Until somebody brings it, a wallet takes back what it has signed: it alone, and for all of its signatures."""
    here = rig[A]
    wallet = wallet_on(here)
    here.bridge.revoke_key_signatures(sender=STRANGER)
    assert here.bridge.key_digest(wallet.address, 3, KEY)[1] == 0
    wallet.act(here.bridge.address, here.bridge.encode("revoke_key_signatures"))
    assert here.bridge.key_digest(wallet.address, 3, KEY)[1] == 1
    with reverts("key: wallet refused"):
        set_key(here, wallet)


def test_set_key_by_signature__used_and_revoked_many_times__no_signature_is_good_again(rig: Rig) -> None:
    """The counter goes on with every use and every revocation: it never stands where it stood."""
    here = rig[A]
    wallet = wallet_on(here)
    set_key(here, wallet)
    for counter in range(1, 4):
        digest, stands = here.bridge.key_digest(wallet.address, 3, KEY)
        assert stands == 2 * counter - 1
        wallet.expect(digest, SIGNATURE)
        set_key(here, wallet)
        with reverts("key: wallet refused"):
            set_key(here, wallet)
        wallet.act(here.bridge.address, here.bridge.encode("revoke_key_signatures"))
        with reverts("key: wallet refused"):
            set_key(here, wallet)


def test_set_key_by_signature__very_long__is_taken_up_to_8192_bytes(rig: Rig) -> None:
    """A hundred owners of a Safe; what is longer the ABI refuses, without a reason."""
    here = rig[A]
    wallet = here.evm.deploy(GOVERNOR, load_contract("TestWallet"))
    signature = bytes(range(256)) * 32
    wallet.expect(here.bridge.key_digest(wallet.address, 3, KEY)[0], signature)
    with reverts(""):
        set_key(here, wallet, signature=signature + b"1")
    assert set_key(here, wallet, signature=signature) == EARLIER + 1


def test_set_key_by_signature__of_something_else__is_refused(rig: Rig) -> None:
    here = rig[A]
    wallet = wallet_on(here)
    with reverts("key: wallet refused"):
        set_key(here, wallet, key=OTHER_KEY)
    with reverts("key: wallet refused"):
        set_key(here, wallet, account=4)
    with reverts("key: wallet refused"):
        set_key(here, wallet, signature=b"another")
    there = rig[C].evm.deploy(GOVERNOR, load_contract("TestWallet"))
    there.expect(here.bridge.key_digest(there.address, 3, KEY)[0], SIGNATURE)
    with reverts("key: wallet refused"):
        set_key(rig[C], there)


@pytest.mark.parametrize("mode", [1, 2, 3, 4, 5, 6])
def test_set_key_by_signature__wallet_that_behaves_badly__is_refused(rig: Rig, mode: int) -> None:
    here = rig[A]
    wallet = wallet_on(here)
    wallet.set_mode(mode)
    with reverts("key: wallet refused"):
        set_key(here, wallet)


def test_set_key_by_signature__owner_without_code__is_refused(rig: Rig) -> None:
    with reverts("key: owner has no code"):
        rig[A].bridge.set_key_by_signature(DEPOSITOR, 3, KEY, SIGNATURE, sender=STRANGER)


def test_deposit__for_a_contract_here__must_be_bound(rig: Rig) -> None:
    """The same address may be somebody else's on another chain."""
    here = rig[A]
    wallet = wallet_on(here)
    with reverts("deposit: bind this owner"):
        here.deposit(USD, 1_000, owner=universal_address(wallet.address))
    here.deposit(USD, 1_000, owner=bound(wallet.address, A))
