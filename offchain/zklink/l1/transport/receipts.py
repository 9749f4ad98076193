"""Plain records of a chain's answers; immutable, without a connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Log:
    """One event as the chain keeps it."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    log_index: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction. `gas_price_wei` is the effective one."""

    tx_hash: bytes
    block_number: int
    block_hash: bytes
    is_success: bool
    gas_used: int
    gas_price_wei: int
    contract_address: str | None
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class BlockInfo:
    """The head of a block."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int


def decode_log(data: Mapping[str, Any]) -> Log:
    """A log in web3.py's shape."""
    return Log(
        address=str(data["address"]),
        topics=tuple(bytes(topic) for topic in data["topics"]),
        data=bytes(data["data"]),
        block_number=int(data["blockNumber"]),
        block_hash=bytes(data["blockHash"]),
        tx_hash=bytes(data["transactionHash"]),
        log_index=int(data["logIndex"]),
    )


def decode_receipt(data: Mapping[str, Any]) -> Receipt:
    """A receipt in web3.py's shape."""
    address = data.get("contractAddress")
    return Receipt(
        tx_hash=bytes(data["transactionHash"]),
        block_number=int(data["blockNumber"]),
        block_hash=bytes(data["blockHash"]),
        is_success=int(data["status"]) == 1,
        gas_used=int(data["gasUsed"]),
        gas_price_wei=int(data.get("effectiveGasPrice") or 0),
        contract_address=str(address) if address else None,
        logs=tuple(decode_log(log) for log in data["logs"]),
    )


def decode_block(data: Mapping[str, Any]) -> BlockInfo:
    """A block in web3.py's shape."""
    return BlockInfo(int(data["number"]), bytes(data["hash"]), bytes(data["parentHash"]), int(data["timestamp"]))
