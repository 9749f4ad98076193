"""Plain records of a chain's answers; immutable, without a connection."""

from collections.abc import Iterable, Mapping, Sequence
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


def decode_logs(answer: Iterable[Mapping[str, Any]]) -> list[Log]:
    """The logs of one answer in the chain's order, each position of a block once.

    Nodes repeat logs, and name some that a reorganisation has `removed` or that are in no block yet: the last word
    about a position counts, and what is in no block is left out.
    """
    found: dict[tuple[bytes, int], Log] = {}
    for data in answer:
        if data["blockHash"] is None or data["blockNumber"] is None:
            continue
        log = decode_log(data)
        found.pop((log.block_hash, log.log_index), None)
        if not is_removed(data):
            found[log.block_hash, log.log_index] = log
    return sorted(found.values(), key=lambda log: (log.block_number, log.log_index))


def check_logs(logs: Sequence[Log], address: str, from_block: int, to_block: int) -> None:
    """ValueError, which is no answer, unless the logs are what was asked for, and of one branch of the chain."""
    hashes: dict[int, bytes] = {}
    for log in logs:
        if not from_block <= log.block_number <= to_block:
            raise ValueError(f"a log of block {log.block_number}, and blocks {from_block} to {to_block} were asked for")
        if hashes.setdefault(log.block_number, log.block_hash) != log.block_hash:
            raise ValueError(f"logs of two blocks {log.block_number}")
        if log.address.lower() != address.lower():
            raise ValueError(f"a log of {log.address}, and {address} was asked for")


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
        logs=tuple(decode_logs(data["logs"])),
    )


def decode_block(data: Mapping[str, Any]) -> BlockInfo:
    """A block in web3.py's shape."""
    return BlockInfo(int(data["number"]), bytes(data["hash"]), bytes(data["parentHash"]), int(data["timestamp"]))


def is_removed(data: Mapping[str, Any]) -> bool:
    """Some nodes leave the field out, some write it as text."""
    return str(data.get("removed", False)).lower() in ("true", "0x1", "1")
