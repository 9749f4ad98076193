"""Blocks, transactions, receipts and logs as nodes show them in JSON, and requests' values read from it.

Takes and gives plain dictionaries with hexadecimal strings.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from zklink.lab.revm.blocks import Block, Receipt, compute_bloom
from zklink.lab.revm.engine import Log
from zklink.lab.revm.rpc_errors import INVALID_PARAMS, RpcRefused
from zklink.lab.revm.state import Account, Address, Changes
from zklink.lab.revm.transactions import DYNAMIC_FEE, LEGACY, Transaction

Json = dict[str, Any]

NO_UNCLES: Final = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
ZERO_HASH: Final = "0x" + "00" * 32


def read_number(value: Any) -> int:
    """A quantity. Raises RpcRefused."""
    try:
        return value if isinstance(value, int) else int(str(value), 16)
    except ValueError:
        raise RpcRefused(INVALID_PARAMS, f"invalid argument: not a quantity: {value}") from None


def read_bytes(value: Any) -> bytes:
    """Bytes in hexadecimal. Raises RpcRefused."""
    try:
        return bytes(value) if isinstance(value, bytes) else bytes.fromhex(str(value or "0x").removeprefix("0x"))
    except ValueError:
        raise RpcRefused(INVALID_PARAMS, f"invalid argument: not hexadecimal: {value}") from None


def read_address(value: Any) -> Address:
    """An address in any spelling. Raises RpcRefused."""
    data = read_bytes(value)
    if len(data) != 20:
        raise RpcRefused(INVALID_PARAMS, f"invalid argument: an address has 20 bytes, not {len(data)}")
    return hex_of(data)


def read_overrides(given: Mapping[str, Mapping[str, Any]] | None, account: Any) -> Changes:
    """State overrides of `eth_call`; `account` gives an account as it is."""
    changes = Changes()
    for spelt, override in (given or {}).items():
        address = read_address(spelt)
        now: Account = account(address)
        changes.accounts[address] = Account(
            read_number(override.get("balance", now.balance)),
            read_number(override.get("nonce", now.nonce)),
            read_bytes(override["code"]) if "code" in override else now.code,
        )
        if "state" in override:
            raise RpcRefused(INVALID_PARAMS, "state: not supported, use stateDiff")
        for key, value in override.get("stateDiff", {}).items():
            changes.slots[address, read_number(key)] = read_number(value)
    return changes


def hex_of(data: bytes) -> Address:
    """Bytes as a string."""
    return Address(f"0x{data.hex()}")


def show_block(block: Block, is_full: bool) -> Json:
    """A block with the hashes of its transactions, or with the transactions."""
    context = block.context
    logs = tuple(log for receipt in block.receipts for log in receipt.logs)
    transactions: list[Any] = [
        show_transaction(receipt.transaction, block, receipt) if is_full else hex_of(receipt.transaction.tx_hash)
        for receipt in block.receipts
    ]
    return {
        "number": hex(context.number),
        "hash": hex_of(block.block_hash),
        "parentHash": hex_of(block.parent_hash),
        "timestamp": hex(context.timestamp),
        "gasLimit": hex(context.gas_limit),
        "gasUsed": hex(block.gas_used),
        "baseFeePerGas": hex(block.base_fee),
        "miner": context.coinbase,
        "mixHash": hex_of(context.prev_randao),
        "transactionsRoot": hex_of(block.transactions_root),
        "receiptsRoot": hex_of(block.receipts_root),
        "stateRoot": ZERO_HASH,
        "logsBloom": hex_of(compute_bloom(logs)),
        "extraData": "0x",
        "nonce": "0x0000000000000000",
        "difficulty": "0x0",
        "totalDifficulty": "0x0",
        "sha3Uncles": NO_UNCLES,
        "uncles": [],
        "size": hex(508 + sum(120 + len(receipt.transaction.data) for receipt in block.receipts)),
        "transactions": transactions,
    }


def show_transaction(transaction: Transaction, block: Block | None = None, receipt: Receipt | None = None) -> Json:
    """A transaction, mined or waiting."""
    v, r, s = transaction.signature
    shown: Json = {
        "hash": hex_of(transaction.tx_hash),
        "type": hex(transaction.kind),
        "from": transaction.sender,
        "to": transaction.to,
        "nonce": hex(transaction.nonce),
        "gas": hex(transaction.gas),
        "value": hex(transaction.value),
        "input": hex_of(transaction.data),
        "gasPrice": hex(receipt.gas_price if receipt else transaction.max_fee),
        "chainId": None if transaction.evm_chain_id is None else hex(transaction.evm_chain_id),
        "v": hex(v),
        "r": hex(r),
        "s": hex(s),
        "blockHash": hex_of(block.block_hash) if block else None,
        "blockNumber": hex(block.number) if block else None,
        "transactionIndex": hex(receipt.index) if receipt else None,
    }
    if transaction.kind == DYNAMIC_FEE:
        shown["maxFeePerGas"] = hex(transaction.max_fee)
        shown["maxPriorityFeePerGas"] = hex(transaction.max_priority_fee)
    if transaction.kind != LEGACY:
        shown["yParity"] = hex(v)
        shown["accessList"] = [
            {"address": address, "storageKeys": [f"0x{slot:064x}" for slot in slots]}
            for address, slots in transaction.access_list
        ]
    return shown


def show_receipt(receipt: Receipt, block: Block) -> Json:
    """A receipt with its logs."""
    transaction = receipt.transaction
    return {
        "transactionHash": hex_of(transaction.tx_hash),
        "transactionIndex": hex(receipt.index),
        "blockHash": hex_of(block.block_hash),
        "blockNumber": hex(block.number),
        "from": transaction.sender,
        "to": transaction.to,
        "contractAddress": receipt.created,
        "type": hex(transaction.kind),
        "status": hex(receipt.is_success),
        "gasUsed": hex(receipt.gas_used),
        "cumulativeGasUsed": hex(receipt.cumulative_gas),
        "effectiveGasPrice": hex(receipt.gas_price),
        "logsBloom": hex_of(compute_bloom(receipt.logs)),
        "logs": list(_show_logs(receipt, block)),
    }


def find_logs(blocks: list[Block], addresses: frozenset[Address], topics: list[frozenset[bytes] | None]) -> list[Json]:
    """Logs of these blocks, in order, by address (any if empty) and by topics at their positions (None: any)."""
    return [
        shown
        for block in blocks
        for receipt in block.receipts
        for log, shown in zip(receipt.logs, _show_logs(receipt, block), strict=True)
        if _is_asked_for(log, addresses, topics)
    ]


def _is_asked_for(log: Log, addresses: frozenset[Address], topics: list[frozenset[bytes] | None]) -> bool:
    if (addresses and log.address not in addresses) or len(topics) > len(log.topics):
        return False
    return all(choice is None or topic in choice for choice, topic in zip(topics, log.topics, strict=False))


def _show_logs(receipt: Receipt, block: Block) -> Iterator[Json]:
    for offset, log in enumerate(receipt.logs):
        yield {
            "address": log.address,
            "topics": [hex_of(topic) for topic in log.topics],
            "data": hex_of(log.data),
            "blockNumber": hex(block.number),
            "blockHash": hex_of(block.block_hash),
            "blockTimestamp": hex(block.timestamp),
            "transactionHash": hex_of(receipt.transaction.tx_hash),
            "transactionIndex": hex(receipt.index),
            "logIndex": hex(receipt.log_start + offset),
            "removed": False,
        }
