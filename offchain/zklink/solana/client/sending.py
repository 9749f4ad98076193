"""Calls of programs that take effect once.

Takes instructions and who signs; gives a receipt. The same bytes are sent again until the cluster has confirmed them,
or until the height up to which they can land is finalized and they did not: only then are they signed anew. That is
what a nonce is elsewhere. Whoever is killed in between goes on with `follow`, from the `Submission` it has kept.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.transaction import Transaction

from zklink.primitives.base58 import decode_base58
from zklink.protocol.errors import CallReverted, RpcUnavailable, TransactionExpired, TransactionReverted
from zklink.solana.client.node import CONFIRMED, FINALIZED, Level, SolanaNode
from zklink.solana.interface.refusals import find_refusal
from zklink.solana.interface.timelock.refusals import find_timelock_refusal

MOST_UNITS: Final = 1_400_000
"""Compute units that a transaction can have."""
SIGNINGS: Final = 3
"""How often a call is signed anew before it is given up."""
PAUSE_SECONDS: Final = 0.5
MOST_LOOKS: Final = 1_200
"""How often a submission's fate is asked for: ten minutes, and it is decided in two. A node that stands still, or says
for ever that it has seen it, keeps nobody longer.
"""
REACHED: Final = {CONFIRMED: (CONFIRMED, FINALIZED), FINALIZED: (FINALIZED,)}


@dataclass(frozen=True, slots=True)
class Submission:
    """Signed bytes that may land up to a height."""

    call: str
    wire: bytes
    signature: str
    last_valid_height: int


@dataclass(frozen=True, slots=True)
class SolanaReceipt:
    """A transaction that has done what it is for: its signature, slot, compute units, and its fee in lamports."""

    tx_id: str
    height: int
    units: int
    fee: int


class Sender:
    """Who pays for transactions at a node. `price` is a priority fee in millionths of a lamport a unit; `keep` is told
    of each submission before it is sent, `pause` lets time pass between two questions.
    """

    def __init__(
        self,
        node: SolanaNode,
        payer: Keypair,
        *,
        level: Level = CONFIRMED,
        price: int = 0,
        keep: Callable[[Submission], None] = lambda submission: None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.node, self.payer = node, payer
        self._level, self._price, self._keep, self._pause = level, price, keep, pause
        self.paid = 0
        """Lamports that its transactions have cost, the rent that they lend not counted."""
        self.last: SolanaReceipt | None = None
        """The last of its transactions that did what it is for."""

    def send(self, call: str, instructions: Sequence[Instruction], signers: Sequence[Keypair] = ()) -> SolanaReceipt:
        """Let a call take effect, once; `call` names it in errors. Raises CallReverted if the program refuses it now,
        TransactionReverted, TransactionExpired, RpcUnavailable, RpcRefused.
        """
        signatures: list[str] = []
        for _ in range(SIGNINGS):
            submission = self.prepare(call, instructions, signers)
            signatures.append(submission.signature)
            self._keep(submission)
            receipt = self.follow(submission)
            if receipt is not None:
                self.paid, self.last = self.paid + receipt.fee, receipt
                return receipt
        raise TransactionExpired(self.node.name, call, tuple(signatures))

    def prepare(self, call: str, instructions: Sequence[Instruction], signers: Sequence[Keypair] = ()) -> Submission:
        """Sign a call, with a fifth more compute units than it takes now. Nothing is sent. Raises CallReverted."""
        blockhash, last_valid_height = self.node.newest_blockhash(FINALIZED)
        trial = self._sign(instructions, signers, blockhash, MOST_UNITS)
        found = self.node.simulate(bytes(trial))
        if found["err"] is not None:
            raise CallReverted(self.node.name, call, read_reason(found["err"]))
        units = min(MOST_UNITS, int(found["unitsConsumed"]) * 6 // 5 + 1_000)
        signed = self._sign(instructions, signers, blockhash, units)
        return Submission(call, bytes(signed), str(signed.signatures[0]), last_valid_height)

    def follow(self, submission: Submission) -> SolanaReceipt | None:
        """Send the same bytes until they have landed; None once they cannot land any more and have not. Raises
        TransactionReverted if they have landed and failed, RpcUnavailable if the node does not tell for too long.
        """
        for _ in range(MOST_LOOKS):
            status, is_over = self.node.fate(submission.signature, submission.last_valid_height)
            if status is not None and status["confirmationStatus"] in REACHED[self._level]:
                return self._read_receipt(submission, status)
            if status is None and is_over:
                return None
            if status is None:
                self._send(submission)
            self._pause(PAUSE_SECONDS)
        detail = f"the node does not tell what became of {submission.call}"
        raise RpcUnavailable(self.node.name, "getSignatureStatuses", MOST_LOOKS, detail)

    def _send(self, submission: Submission) -> None:
        """A node that does not answer may have taken them: the next round sees."""
        try:
            self.node.send(submission.wire)
        except RpcUnavailable:
            return

    def _sign(
        self, instructions: Sequence[Instruction], signers: Sequence[Keypair], blockhash: str, units: int
    ) -> Transaction:
        budget = [set_compute_unit_limit(units)]
        if self._price:
            budget.append(set_compute_unit_price(self._price))
        recent = Hash.from_string(blockhash)
        message = Message.new_with_blockhash([*budget, *instructions], self.payer.pubkey(), recent)
        keys = {key.pubkey(): key for key in (self.payer, *signers)}
        return Transaction(list(keys.values()), message, recent)

    def _read_receipt(self, submission: Submission, status: Any) -> SolanaReceipt:
        signature = submission.signature
        if status["err"] is not None:
            reason, tx_hash = read_reason(status["err"]), decode_base58(signature, 64)
            raise TransactionReverted(self.node.name, submission.call, reason, tx_hash)
        found = self.node.transaction(signature, self._level)
        if found is None:
            raise RpcUnavailable(self.node.name, "getTransaction", 1, "a confirmed transaction is not there")
        meta = found["meta"]
        return SolanaReceipt(signature, int(found["slot"]), int(meta["computeUnitsConsumed"]), int(meta["fee"]))


def read_reason(error: Any) -> str:
    """A transaction's error in words: the program's own reason where it is one, else the cluster's name for it."""
    if isinstance(error, dict) and "InstructionError" in error:
        inner = error["InstructionError"][1]
        if isinstance(inner, dict) and "Custom" in inner:
            number = int(inner["Custom"])
            refusal = find_refusal(number) or find_timelock_refusal(number)
            return refusal.value if refusal else f"another program's error {number}"
        return str(inner)
    return str(error)
