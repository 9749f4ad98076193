"""What a world asks a chain for many times a round, past web3.py's middleware, which takes most of the time.

Takes local chains; gives numbers, hashes and outcomes. py-evm is asked through web3.py: it speaks no JSON.
"""

from typing import Any

from web3.exceptions import TransactionNotFound

from zklink.lab.chain import LocalChain
from zklink.lab.errors import FaultUnavailable


def read_height(chain: LocalChain) -> int:
    """The number of the last block."""
    if chain.is_py_evm:
        return int(chain.w3.eth.block_number)
    return int(chain.rpc("eth_blockNumber"), 16)


def read_block_hash(chain: LocalChain, number: int) -> bytes | None:
    """A block's hash; None if there is no such block."""
    if chain.is_py_evm:
        return bytes(chain.w3.eth.get_block(number)["hash"]) if number <= chain.w3.eth.block_number else None
    block = chain.rpc("eth_getBlockByNumber", hex(number), False)
    return None if block is None else _read_bytes(block["hash"])


def read_outcome(chain: LocalChain, tx_hash: str) -> tuple[bool, int] | None:
    """Whether a mined transaction did what it is for, and its block; None if it is not mined."""
    if chain.is_py_evm:
        try:
            receipt: Any = chain.w3.eth.get_transaction_receipt(tx_hash)  # type: ignore[arg-type]
        except TransactionNotFound:
            return None
        return bool(receipt["status"]), int(receipt["blockNumber"])
    found = chain.rpc("eth_getTransactionReceipt", tx_hash)
    if found is None or found.get("blockNumber") is None:
        return None
    return bool(int(found["status"], 16)), int(found["blockNumber"], 16)


def send_unsigned(chain: LocalChain, transaction: dict[str, Any]) -> str:
    """Send from an unlocked account; gives the hash. Raises NodeRefused; on py-evm what web3.py raises, and
    FaultUnavailable for an account whose key it has not.
    """
    if chain.is_py_evm:
        try:
            return f"0x{bytes(chain.w3.eth.send_transaction(transaction)).hex()}"  # type: ignore[arg-type]
        except Exception as error:
            if '"from" key' not in str(error):
                raise
            what = f"a transaction of {transaction['from']}, whose key it has not,"
            raise FaultUnavailable(chain.name, what, "revm, anvil or fork") from None
    hexed = {name: hex(value) if isinstance(value, int) else value for name, value in transaction.items()}
    return _hex(chain.rpc("eth_sendTransaction", hexed))


def has_logs(chain: LocalChain, address: str, topic: str, first: int, last: int) -> bool:
    """Whether a contract has logs of this kind in these blocks."""
    if chain.is_py_evm:
        return True
    query = {"address": address, "topics": [topic], "fromBlock": hex(first), "toBlock": hex(last)}
    return bool(chain.rpc("eth_getLogs", query))


def _read_bytes(value: Any) -> bytes:
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)


def _hex(value: Any) -> str:
    return value if isinstance(value, str) else f"0x{bytes(value).hex()}"
