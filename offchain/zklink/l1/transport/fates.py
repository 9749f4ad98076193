"""Finds out what became of a submission: by the hashes of its versions, its nonce, and time.

Takes submissions; gives receipts and proofs. A `null` alone proves nothing. Never sends anything.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from eth_utils import to_checksum_address
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import TransactionNotFound
from web3.types import TxParams, Wei

from zklink.l1.transport.receipts import Receipt, decode_receipt
from zklink.l1.transport.rpc import Asker
from zklink.l1.transport.submission import Call, Submission
from zklink.l1.transport.verdicts import Verdict, classify, decode_reason


class Fates:
    """What one chain's node knows of submissions."""

    def __init__(self, w3: Web3, asker: Asker) -> None:
        self._w3, self._asker = w3, asker

    def find_receipt(self, submission: Submission) -> Receipt | None:
        """The receipt of whichever version was mined; None as long as the node shows none."""
        for tx_hash in reversed(submission.tx_hashes):
            found: Receipt | None = self._find("eth_getTransactionReceipt", partial(self._read_receipt, tx_hash))
            if found is not None:
                return found
        return None

    def is_known(self, submission: Submission) -> bool:
        """Whether the node knows any version, in its pool or in a block."""
        by_hash = (
            self._find("eth_getTransactionByHash", partial(self._read_nonce, tx_hash))
            for tx_hash in reversed(submission.tx_hashes)
        )
        return any(found is not None for found in by_hash) or self.find_receipt(submission) is not None

    def count(self, address: str, block: str) -> int:
        """The transactions of an account: mined ("latest"), or with those in the pool ("pending")."""
        checksum = to_checksum_address(address)
        count = partial(self._w3.eth.get_transaction_count, checksum, block)  # type: ignore[arg-type]
        return self._asker.ask("eth_getTransactionCount", lambda: int(count()))

    def head(self) -> int:
        """The newest block's number."""
        return self._asker.ask("eth_getBlockByNumber", lambda: int(self._w3.eth.get_block("latest")["number"]))

    def explain(self, submission: Submission, block_number: int) -> str:
        """Why a mined transaction reverted: called again on the state before its block."""
        transaction = {
            **plain_transaction(submission.account.address, submission.call, submission.value_wei),
            "gas": submission.gas,
        }
        for block in (block_number - 1, block_number):
            try:
                self._w3.eth.call(transaction, block_identifier=block)  # type: ignore[arg-type]
            except Exception as error:
                if classify(error) is Verdict.REVERTED:
                    return decode_reason(error)
        return "unknown; it passes on the state around its block (out of gas?)"

    def _read_receipt(self, tx_hash: bytes) -> Receipt | None:
        data = self._w3.eth.get_transaction_receipt(HexBytes(tx_hash))
        return None if data["blockNumber"] is None else decode_receipt(data)

    def _read_nonce(self, tx_hash: bytes) -> int:
        return int(self._w3.eth.get_transaction(HexBytes(tx_hash))["nonce"])

    def _find(self, what: str, request: Callable[[], Any]) -> Any:
        try:
            return self._asker.ask(what, request)
        except TransactionNotFound:
            return None


class Replacement:
    """The proof that another transaction used a submission's nonce: the node knows none of its hashes for so long."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None

    def is_proven(self, now: float, is_known: bool) -> bool:
        """Note one look at the node."""
        if is_known:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return now - self._since >= self._seconds


def plain_transaction(address: str, call: Call, value_wei: int) -> TxParams:
    """A call as nodes try it: without nonce and fees."""
    transaction: TxParams = {"from": to_checksum_address(address), "data": call.data, "value": Wei(value_wei)}
    if call.to is not None:
        transaction["to"] = to_checksum_address(call.to)
    return transaction
