"""What identifies a deployment, a stored block and a message: every part of it counts."""

from dataclasses import replace

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import chains, hashes
from zklink.primitives.keccak import keccak_words
from zklink.protocol.chain import StoredBlock, genesis_block, next_payouts_hash, next_queue_hash, next_sync_hash
from zklink.protocol.domain import ChainEntry, compute_chains_hash, compute_deployment_hash, compute_swap_domain
from zklink.protocol.errors import BadChainTable, WrongWordCount
from zklink.protocol.ids import AddressFormat, BlockNumber, ChainId
from zklink.protocol.messages import SyncMessage, compute_digest

ENTRIES = tuple(ChainEntry(ChainId(k), 100 + k, AddressFormat.EVM, bytes(31) + bytes([k])) for k in (1, 2, 5))
BLOCK = StoredBlock(BlockNumber(1), 2, 3, 4, 5, bytes(31) + b"\x06", bytes(31) + b"\x07", bytes(31) + b"\x08")


def _deployment(
    genesis_root: int = 1, primary: int = 2, slots: int = 4, limit: int = 16, vk: bytes = bytes(32)
) -> bytes:
    return compute_deployment_hash(genesis_root, ChainId(primary), slots, limit, vk, ENTRIES)


def test_compute_deployment_hash__any_part_changed__changes() -> None:
    variants = [
        _deployment(),
        _deployment(genesis_root=9),
        _deployment(primary=1),
        _deployment(slots=16),
        _deployment(limit=64),
        _deployment(vk=bytes(31) + b"\x01"),
        compute_deployment_hash(1, ChainId(2), 4, 16, bytes(32), ENTRIES[:2]),
    ]
    assert len(set(variants)) == len(variants)
    domains = {compute_swap_domain(deployment) for deployment in variants}
    assert len(domains) == len(variants)
    assert all(0 <= domain < 1 << 248 for domain in domains)


@pytest.mark.parametrize(
    "change",
    [{"chain_id": 3}, {"evm_chain_id": 7}, {"address_format": AddressFormat.BYTES32}, {"bridge": bytes(32)}],
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
    ],
)
def test_compute_chains_hash__not_a_table__is_refused(entries: tuple[ChainEntry, ...]) -> None:
    with pytest.raises(BadChainTable):
        compute_chains_hash(entries)


def test_stored_block__any_field_changed__changes_its_hash() -> None:
    variants = {BLOCK.hash()}
    for name in ("number", "timestamp", "counts", "root", "request_count"):
        variants.add(replace(BLOCK, **{name: 99}).hash())  # type: ignore[arg-type]
    for name in ("payouts_hash", "inputs_hash", "sync_hash"):
        variants.add(replace(BLOCK, **{name: bytes(31) + b"\x63"}).hash())  # type: ignore[arg-type]
    assert len(variants) == 9


def test_genesis_block__any_deployment__is_blank_but_for_root_and_sync_hash() -> None:
    expected = keccak_words(0, 0, 0, 77, 0, 0, 0, b"\x05" * 32)
    assert genesis_block(77, b"\x05" * 32).hash() == expected


def test_rolling_hashes__wrong_word_count__is_refused() -> None:
    for function in (next_queue_hash, next_payouts_hash):
        with pytest.raises(WrongWordCount):
            function(bytes(32), (1, 2, 3, 4))


def test_rolling_hashes__order_of_records__counts() -> None:
    one, two = (1, 0, 0, 0, 0), (2, 0, 0, 0, 0)
    start = bytes(32)
    forth = next_queue_hash(next_queue_hash(start, one), two)
    back = next_queue_hash(next_queue_hash(start, two), one)
    assert forth != back
    assert next_sync_hash(next_sync_hash(start, bytes(32)), b"\x01" * 32) != next_sync_hash(start, b"\x01" * 32)


@given(chains, st.integers(0, (1 << 64) - 1), hashes, hashes)
@settings(max_examples=200, deadline=None)
def test_compute_digest__any_message__is_the_libraries(chain: ChainId, number: int, sync: bytes, salt: bytes) -> None:
    message = SyncMessage(chain, BlockNumber(number), sync)
    signable = encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "salt", "type": "bytes32"},
                ],
                "SyncMessage": [
                    {"name": "kind", "type": "uint8"},
                    {"name": "sourceChain", "type": "uint8"},
                    {"name": "number", "type": "uint64"},
                    {"name": "syncHash", "type": "bytes32"},
                ],
            },
            "primaryType": "SyncMessage",
            "domain": {"name": "zkLink sync", "version": "1", "salt": salt},
            "message": {"kind": 1, "sourceChain": chain, "number": number, "syncHash": sync},
        }
    )
    expected = keccak(b"\x19" + signable.version + signable.header + signable.body)
    assert compute_digest(message, salt) == expected
