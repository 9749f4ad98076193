"""What identifies a deployment, a queue, a history and what is owed: every part of it counts."""

from dataclasses import replace
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import hashes
from tests.support.tries import tries
from zklink.primitives.keccak import keccak_words
from zklink.protocol.bridge_hashes import (
    ZERO_HASH,
    compute_owed_hash,
    fold,
    genesis_tip,
    next_queue_hash,
    next_sync_hash,
)
from zklink.protocol.domain import (
    ChainEntry,
    compute_chains_hash,
    compute_deployment_hash,
    compute_exit_domain,
    compute_lane_domain,
)
from zklink.protocol.errors import BadChainTable, WrongWordCount
from zklink.protocol.ids import AccountId, AddressFormat, ChainId, Lane, Nonce
from zklink.protocol.messages import compute_key_change_digest, compute_key_request_digest

ENTRIES = tuple(ChainEntry(ChainId(k), 100 + k, AddressFormat.EVM, bytes(31) + bytes([k])) for k in (1, 2, 5))
LONG = bytes([7]) * 32
"""An address that is none of an EVM chain."""
ONE, TWO, THREE = (bytes(31) + bytes([number]) for number in (1, 2, 3))


def _deployment(
    genesis_root: int = 1,
    primary: int = 2,
    tokens: int = 16,
    accounts: int = 64,
    keys: tuple[bytes, bytes, bytes] = (ONE, TWO, THREE),
    entries: tuple[ChainEntry, ...] = ENTRIES,
) -> bytes:
    return compute_deployment_hash(genesis_root, ChainId(primary), tokens, accounts, *keys, entries)


def test_compute_deployment_hash__any_part_changed__changes() -> None:
    variants = [
        _deployment(),
        _deployment(genesis_root=9),
        _deployment(primary=1),
        _deployment(tokens=64),
        _deployment(accounts=16),
        _deployment(keys=(TWO, TWO, THREE)),
        _deployment(keys=(ONE, ONE, THREE)),
        _deployment(keys=(ONE, TWO, ONE)),
        _deployment(entries=ENTRIES[:2]),
    ]
    assert len(set(variants)) == len(variants)
    domains = {compute_lane_domain(deployment, lane) for deployment in variants for lane in Lane}
    domains |= {compute_exit_domain(deployment) for deployment in variants}
    assert len(domains) == 3 * len(variants)
    assert all(0 <= domain < 1 << 248 for domain in domains)


@pytest.mark.parametrize(
    "change",
    [{"chain_id": 3}, {"evm_chain_id": 7}, {"address_format": AddressFormat.BYTES32, "bridge": LONG}, {"bridge": ONE}],
    ids=str,
)
def test_compute_chains_hash__any_field_changed__changes(change: dict[str, int | bytes]) -> None:
    changed = (ENTRIES[0], replace(ENTRIES[1], **change), ENTRIES[2])  # type: ignore[arg-type]
    assert compute_chains_hash(changed) != compute_chains_hash(ENTRIES)


@pytest.mark.parametrize(
    "entries",
    [
        (),
        ENTRIES[::-1],
        (ENTRIES[0], ENTRIES[0]),
        (replace(ENTRIES[0], chain_id=ChainId(0)),),
        (replace(ENTRIES[0], chain_id=ChainId(9)),),
        (replace(ENTRIES[0], evm_chain_id=0),),
        (replace(ENTRIES[0], bridge=bytes(32)),),
        (replace(ENTRIES[0], bridge=LONG),),
        (replace(ENTRIES[0], bridge=b"\x01" + ENTRIES[0].bridge[1:]),),
        (replace(ENTRIES[0], address_format=AddressFormat.BYTES32),),
        (replace(ENTRIES[0], address_format=AddressFormat.BYTES32, bridge=b"\x08" + ENTRIES[0].bridge[1:]),),
        (replace(ENTRIES[0], address_format=AddressFormat.BYTES32, bridge=bytes(32)),),
    ],
)
def test_compute_chains_hash__not_a_table__is_refused(entries: tuple[ChainEntry, ...]) -> None:
    with pytest.raises(BadChainTable):
        compute_chains_hash(entries)


@pytest.mark.parametrize("primary", [3, 5])
def test_compute_deployment_hash__primary_elsewhere_or_of_another_format__is_refused(primary: int) -> None:
    entries = (*ENTRIES[:2], replace(ENTRIES[2], address_format=AddressFormat.BYTES32, bridge=LONG))
    assert _deployment(entries=entries) != _deployment()
    with pytest.raises(BadChainTable):
        _deployment(primary=primary, entries=entries)


def test_genesis_tip__any_deployment__is_blank_but_for_root_and_sync_hash() -> None:
    tip = genesis_tip(77, b"\x05" * 32)
    assert (tip.number, tip.timestamp, tip.unpaid, tip.has_end) == (0, 0, 0, False)
    assert (tip.root, tip.sync_hash) == (77, b"\x05" * 32)


def test_compute_owed_hash__payouts__roll_one_by_one() -> None:
    assert compute_owed_hash((1, 2, 3, 4, 5, 6)) == keccak_words(keccak_words(bytes(32), 1, 2, 3), 4, 5, 6)
    assert compute_owed_hash(()) == ZERO_HASH


def test_compute_owed_hash__no_whole_payouts__is_refused() -> None:
    with pytest.raises(WrongWordCount):
        compute_owed_hash((1, 2, 3, 4))


def test_fold__commitments__roll_one_by_one() -> None:
    assert fold(bytes(32), ()) == bytes(32)
    assert fold(bytes(32), (ONE, TWO)) == next_sync_hash(next_sync_hash(bytes(32), ONE), TWO)


def test_rolling_hashes__order_of_records__counts() -> None:
    one, two = (1, 0, 0, 0, 0), (2, 0, 0, 0, 0)
    start = bytes(32)
    forth = next_queue_hash(next_queue_hash(start, one), two)
    back = next_queue_hash(next_queue_hash(start, two), one)
    assert forth != back
    assert next_sync_hash(next_sync_hash(start, bytes(32)), b"\x01" * 32) != next_sync_hash(start, b"\x01" * 32)


def _library_digest(name: str, salt: bytes, primary: str, types: dict[str, str], message: dict[str, Any]) -> bytes:
    """The same digest by eth-account."""
    domain = {"name": "string", "version": "string", "salt": "bytes32"}
    signable = encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": [{"name": field, "type": kind} for field, kind in domain.items()],
                primary: [{"name": field, "type": kind} for field, kind in types.items()],
            },
            "primaryType": primary,
            "domain": {"name": name, "version": "1", "salt": salt},
            "message": message,
        }
    )
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


words_32, words_40 = st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 40) - 1)
chains = st.integers(1, 8).map(ChainId)


@given(words_32, words_32, words_40, hashes, hashes)
@tries(200)
def test_compute_key_change_digest__any_key__is_the_libraries(
    account: int, nonce: int, until: int, key: bytes, salt: bytes
) -> None:
    types = {"account": "uint32", "nonce": "uint32", "publicKeyHash": "bytes32", "validUntil": "uint40"}
    fields = {"account": account, "nonce": nonce, "publicKeyHash": key, "validUntil": until}
    expected = _library_digest("zkLink account", salt, "ChangePubKey", types, fields)
    found = compute_key_change_digest(salt, AccountId(account), Nonce(nonce), int.from_bytes(key, "big"), until)
    assert found == expected


@given(chains, hashes, words_32, st.integers(0, (1 << 64) - 1), hashes, hashes)
@tries(200)
def test_compute_key_request_digest__any_key__is_the_libraries(
    chain: ChainId, owner: bytes, account: int, counter: int, key: bytes, salt: bytes
) -> None:
    types = {
        "chain": "uint8",
        "owner": "bytes32",
        "account": "uint32",
        "publicKeyHash": "bytes32",
        "counter": "uint64",
    }
    fields = {"chain": chain, "owner": owner, "account": account, "publicKeyHash": key, "counter": counter}
    expected = _library_digest("zkLink account", salt, "SetPubKey", types, fields)
    found = compute_key_request_digest(salt, chain, owner, AccountId(account), int.from_bytes(key, "big"), counter)
    assert found == expected
