"""Finds out what became of a submission: by the hashes of its versions, its nonce, and time.

Takes submissions; gives receipts and proofs. A `null` alone proves nothing. Never sends anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any, Final

from eth_utils import to_checksum_address
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import TransactionNotFound
from web3.types import RPCEndpoint, TxParams, Wei

from zklink.l1.transport.answers import BY_HASH
from zklink.l1.transport.nodes import split_nodes
from zklink.l1.transport.receipts import Receipt, decode_receipt
from zklink.l1.transport.rpc import Asker
from zklink.l1.transport.submission import Call, Submission
from zklink.l1.transport.verdicts import Verdict, classify, decode_reason

LOOKS: Final = 12
"""How often at least every node is asked before what it does not show counts as absent."""
SILENT: Final = 5
"""How many times longer the proof takes where a node of several gives no answer."""
OVERDUE: Final = 10
"""After how many times of the proof a fate that nothing proves is told to the caller."""


class Sight(Enum):
    """What all nodes of a chain show of a submission at one look."""

    KNOWN = auto()
    """A node has a version, in its pool or in a block."""
    ABSENT = auto()
    """Every node says that it has none."""
    PARTLY = auto()
    """No node shows one, and not every node says that it has none."""
    BLIND = auto()
    """No node answers every question."""


class Fates:
    """What a chain's nodes know of submissions."""

    def __init__(self, w3: Web3, asker: Asker) -> None:
        self._w3, self._asker = w3, asker
        self._nodes = split_nodes(w3)

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

    def look(self, submission: Submission) -> Sight:
        """Ask every node for every version, once."""
        answers = [
            [self._is_shown(node, method, tx_hash) for tx_hash in submission.tx_hashes for method in BY_HASH]
            for node in self._nodes
        ]
        if any(map(any, answers)):
            return Sight.KNOWN
        silent = sum(None in own for own in answers)
        return Sight.ABSENT if not silent else Sight.BLIND if silent == len(answers) else Sight.PARTLY

    def is_final(self, tx_hash: bytes, confirmations: int) -> bool:
        """Whether a transaction stands in a block that has these confirmations."""
        found: Receipt | None = self._find("eth_getTransactionReceipt", partial(self._read_receipt, tx_hash))
        return found is not None and self.head() - found.block_number + 1 >= confirmations

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
        if bytes(data["transactionHash"]) != tx_hash:
            raise ValueError("the receipt of another transaction")
        return None if data["blockNumber"] is None else decode_receipt(data)

    def _read_nonce(self, tx_hash: bytes) -> int:
        return int(self._w3.eth.get_transaction(HexBytes(tx_hash))["nonce"])

    def _is_shown(self, node: Web3, method: str, tx_hash: bytes) -> bool | None:
        """Whether one node shows a transaction; None if it gives no answer."""
        try:
            return node.manager.request_blocking(RPCEndpoint(method), [f"0x{tx_hash.hex()}"]) is not None
        except TransactionNotFound:
            return False
        except Exception as error:
            if classify(error) is Verdict.MISTAKE:
                raise
            return None

    def _find(self, what: str, request: Callable[[], Any]) -> Any:
        try:
            return self._asker.ask(what, request)
        except TransactionNotFound:
            return None


@dataclass(slots=True)
class _Looks:
    """Looks in a row with the same outcome."""

    since: float = 0.0
    count: int = 0

    def note(self, now: float) -> None:
        self.since = self.since if self.count else now
        self.count += 1

    def lasted(self, now: float, seconds: float) -> bool:
        return self.count >= LOOKS and now - self.since >= seconds


class Replacement:
    """The proof that another transaction used a submission's nonce: the nonce has been used for as many blocks as the
    chain asks for, and for `seconds`, at LOOKS looks or more, no node knew any of its hashes.
    """

    def __init__(self, seconds: float, confirmations: int) -> None:
        self._seconds, self._confirmations = seconds, confirmations
        self._begun: float | None = None
        self.reset()

    def reset(self) -> None:
        """Begin again: the nonce is not used any more, or a version was seen."""
        self._height: int | None = None
        self._absent, self._unseen = _Looks(), _Looks()

    def note(self, now: float, height: int, sight: Sight) -> bool:
        """Note one look at all nodes, with the head at `height`, while the nonce is used. Gives whether the proof is
        complete.
        """
        self._begun = now if self._begun is None else self._begun
        if sight is Sight.KNOWN:
            self.reset()
        if sight in (Sight.KNOWN, Sight.BLIND):
            return False
        self._height = height if self._height is None else self._height
        self._unseen.note(now)
        if sight is Sight.ABSENT:
            self._absent.note(now)
        is_deep = height - self._height + 1 >= self._confirmations
        is_absent = sight is Sight.ABSENT and self._absent.lasted(now, self._seconds)
        return is_deep and (is_absent or self._unseen.lasted(now, SILENT * self._seconds))

    def is_overdue(self, now: float) -> bool:
        """Whether it has taken so long that nothing will complete it soon."""
        return self._begun is not None and now - self._begun > OVERDUE * self._seconds


def plain_transaction(address: str, call: Call, value_wei: int) -> TxParams:
    """A call as nodes try it: without nonce and fees."""
    transaction: TxParams = {"from": to_checksum_address(address), "data": call.data, "value": Wei(value_wei)}
    if call.to is not None:
        transaction["to"] = to_checksum_address(call.to)
    return transaction
