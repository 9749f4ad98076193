"""Blocks, receipts and what follows from them: hashes, blooms, the next base fee.

A block's hash is that of its header's fields one after the other; in place of the tries' roots it has hashes of the
transactions and of the receipts, and none of the state.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from eth_hash.auto import keccak

from zklink.lab.revm.engine import BlockContext, Log
from zklink.lab.revm.state import Address
from zklink.lab.revm.transactions import Transaction

ELASTICITY: Final = 2
CHANGE_DENOMINATOR: Final = 8
GENESIS_BASE_FEE: Final = 10**9
BLOOM_BITS: Final = 2_048


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction. `log_start` is the number in the block of its first log; `output` what it returned, which
    no node keeps, or the created code.
    """

    transaction: Transaction
    block_number: int
    index: int
    is_success: bool
    gas_used: int
    cumulative_gas: int
    gas_price: int
    created: Address | None
    logs: tuple[Log, ...]
    log_start: int
    output: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """A mined block."""

    context: BlockContext
    parent_hash: bytes
    block_hash: bytes
    base_fee: int
    gas_used: int
    receipts: tuple[Receipt, ...]
    transactions_root: bytes
    receipts_root: bytes

    @property
    def number(self) -> int:
        return self.context.number

    @property
    def timestamp(self) -> int:
        return self.context.timestamp


def seal_block(context: BlockContext, parent_hash: bytes, base_fee: int, receipts: tuple[Receipt, ...]) -> Block:
    """Finish a block."""
    gas_used = sum(receipt.gas_used for receipt in receipts)
    transactions_root = keccak(b"".join(receipt.transaction.tx_hash for receipt in receipts))
    receipts_root = keccak(b"".join(map(_digest, receipts)))
    numbers = (context.number, context.gas_limit, gas_used, context.timestamp, base_fee)
    header = (
        parent_hash,
        bytes.fromhex(context.coinbase[2:]),
        transactions_root,
        receipts_root,
        context.prev_randao,
        *(number.to_bytes(32, "big") for number in numbers),
    )
    block_hash = keccak(b"".join(header))
    return Block(context, parent_hash, block_hash, base_fee, gas_used, receipts, transactions_root, receipts_root)


def compute_next_base_fee(base_fee: int, gas_used: int, gas_limit: int) -> int:
    """The base fee of the next block (EIP-1559)."""
    target = gas_limit // ELASTICITY
    if gas_used == target:
        return base_fee
    change = base_fee * abs(gas_used - target) // target // CHANGE_DENOMINATOR
    return base_fee + max(change, 1) if gas_used > target else base_fee - change


def compute_bloom(logs: tuple[Log, ...]) -> bytes:
    """The header's and receipts' filter over addresses and topics."""
    bloom = 0
    for log in logs:
        bloom |= _bloom_bits(bytes.fromhex(log.address[2:]))
        for topic in log.topics:
            bloom |= _bloom_bits(topic)
    return bloom.to_bytes(BLOOM_BITS // 8, "big")


@lru_cache(maxsize=4_096)
def _bloom_bits(value: bytes) -> int:
    digest, bits = keccak(value), 0
    for at in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[at : at + 2], "big") % BLOOM_BITS)
    return bits


def _digest(receipt: Receipt) -> bytes:
    words = [int(receipt.is_success), receipt.cumulative_gas, len(receipt.logs)]
    parts = [word.to_bytes(32, "big") for word in words]
    for log in receipt.logs:
        parts += [bytes.fromhex(log.address[2:]), len(log.topics).to_bytes(1, "big"), *log.topics, keccak(log.data)]
    return b"".join(parts)
