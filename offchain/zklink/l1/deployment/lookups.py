"""Questions about transactions that deploying and verifying ask, beside those of `ChainClient`. Never sends."""

from dataclasses import dataclass

from eth_utils import to_checksum_address
from hexbytes import HexBytes
from web3.exceptions import TransactionNotFound

from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.receipts import Receipt, decode_receipt


@dataclass(frozen=True, slots=True)
class Origin:
    """The transaction that a contract is said to come from."""

    sender: str
    nonce: int
    is_creation: bool
    data: bytes


def count_with_waiting(client: ChainClient, account: str) -> int:
    """An account's next nonce, with what waits in the node's pool. Raises RpcUnavailable."""
    checksum = to_checksum_address(account)
    return client.ask("eth_getTransactionCount", lambda: int(client.w3.eth.get_transaction_count(checksum, "pending")))


def find_receipt(client: ChainClient, tx_hash: bytes) -> Receipt | None:
    """What became of a mined transaction; None if the node knows of none. Raises RpcUnavailable."""
    try:
        return client.ask(
            "eth_getTransactionReceipt",
            lambda: decode_receipt(client.w3.eth.get_transaction_receipt(HexBytes(tx_hash))),
        )
    except TransactionNotFound:
        return None


def find_origin(client: ChainClient, tx_hash: bytes) -> Origin | None:
    """A transaction as the chain has it; None if the node knows of none. Raises RpcUnavailable."""

    def read() -> Origin:
        found = client.w3.eth.get_transaction(HexBytes(tx_hash))
        return Origin(str(found["from"]), int(found["nonce"]), found.get("to") is None, bytes(found["input"]))

    try:
        return client.ask("eth_getTransactionByHash", read)
    except TransactionNotFound:
        return None
