"""Transactions that people of a world send: offered round after round until the chain takes them, as wallets do.

Takes calls of contracts, or plain transactions; gives what became of each. Never waits.
"""

from dataclasses import dataclass
from typing import Any, Final

from web3.contract.contract import ContractFunction
from web3.exceptions import TransactionNotFound

from zklink.lab.chain import LocalChain
from zklink.lab.errors import ContractUnusable, NodeRefused
from zklink.lab.raw_reads import read_outcome, send_unsigned
from zklink.lab.story import Story

GAS: Final = 2_000_000
"""What a transaction may use at most: it is not estimated, because what it stands on may wait as well."""

LATER: Final = ("txpool is full", "less than block base fee")
"""Refusals of a node after which the same is offered again."""


@dataclass(slots=True)
class Sent:
    """A transaction on its way. `tx_hash` is empty until the chain takes it; `refusal` is why it did not, so far."""

    chain: LocalChain
    call: Any
    sender: str
    text: str
    value: int = 0
    tx_hash: str = ""
    refusal: str = ""

    def offer(self, story: Story) -> bool:
        """Try to hand it to the chain; whether it was taken. Raises NodeRefused for a refusal for good."""
        try:
            self.tx_hash = send_unsigned(self.chain, self._transaction())
        except NodeRefused as error:
            words = next((words for words in LATER if words in str(error)), None)
            if words is None:
                raise
            if not self.refusal:
                story.tell(self.chain.name, f"the node refuses: {words} ({self.text})")
            self.refusal = words
            return False
        story.names[self.tx_hash] = self.text
        if self.refusal:
            story.tell(self.chain.name, f"the node takes it now ({self.text})")
        return True

    def receipt(self) -> Any:
        """What became of it; None while it waits, or if it is gone."""
        if not self.tx_hash:
            return None
        try:
            return self.chain.w3.eth.get_transaction_receipt(self.tx_hash)  # type: ignore[arg-type]
        except TransactionNotFound:
            return None

    def outcome(self) -> tuple[bool, int] | None:
        """Whether it did what it is for, and its block; None while it waits, or if it is gone."""
        return read_outcome(self.chain, self.tx_hash) if self.tx_hash else None

    @property
    def is_done(self) -> bool:
        """Whether it is mined and did what it is for."""
        outcome = self.outcome()
        return outcome is not None and outcome[0]

    @property
    def is_reverted(self) -> bool:
        """Whether it is mined and was refused by a contract."""
        outcome = self.outcome()
        return outcome is not None and not outcome[0]

    def tell_outcome(self, story: Story) -> bool:
        """Whether it is mined; the story has been told what it is for, and is told here if a contract refused it."""
        outcome = self.outcome()
        if outcome is not None and not outcome[0]:
            story.tell(self.chain.name, f"refused: {self.text} ({self.reason()})")
        return outcome is not None

    def reason(self) -> str:
        """Why the contract refused it: the call again, on the block before its own."""
        outcome = self.outcome()
        if outcome is None or outcome[0]:
            return ""
        return find_reason(self.chain, self._transaction(), outcome[1])

    def _transaction(self) -> dict[str, Any]:
        given = {"from": self.sender, "gas": GAS, "value": self.value}
        if isinstance(self.call, ContractFunction):
            return {**given, "to": self.call.address, "data": self.call._encode_transaction_data()}
        return {**given, **self.call}


def set_up(chain: LocalChain, call: Any, sender: str, text: str, story: Story) -> None:
    """Send a call before anything is played, and see it mined. Raises ContractUnusable if it is refused."""
    sent = Sent(chain, call, sender, text)
    sent.offer(story)
    if sent.outcome() is None:
        chain.mine()
    if not sent.is_done:
        raise ContractUnusable(chain.name, f"{text} is refused: {sent.reason()}")


def find_reason(chain: LocalChain, transaction: Any, block: int) -> str:
    """What a contract says to a transaction of a block: on the state before the block, else on the block's own."""
    for height in (block - 1, block):
        try:
            chain.w3.eth.call(transaction, height)
        except Exception as error:  # web3.py raises a class per kind of revert
            said = getattr(error, "message", None) or str(error)
            return str(said).removeprefix("execution reverted: ")
    return "reverted"
