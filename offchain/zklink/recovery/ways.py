"""One chain as whoever keeps it, or leaves it, takes it: its next step towards exits, what is owed there, its exits.

Whether its bridge is a contract or a program, the port is one; the deployment says which it is (`connect.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from eth_account.signers.local import LocalAccount

from zklink.protocol.ids import ChainId
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.debts import Debts
from zklink.recovery.denials import deny_end
from zklink.recovery.exit_proofs import ExitOrder
from zklink.recovery.exit_sender import send_exits
from zklink.recovery.member_steps import advance_member
from zklink.recovery.outcome import Done, Outcome
from zklink.recovery.primary_steps import advance_primary

Say = Callable[[str], None]


class Way(Protocol):
    """Port: one chain, with who pays for what is sent there. All raise RpcUnavailable, and what sending raises."""

    def advance(self, *, may_freeze: bool) -> Outcome:
        """Send the next transaction that brings it towards exits."""
        ...

    def deny_end(self) -> Done | None:
        """Bring the denial of an END that waits and that the other group calls false."""
        ...

    def push(self) -> Done | None:
        """Bring single owners what they could take themselves."""
        ...

    def send_exits(self, orders: Sequence[ExitOrder], say: Say) -> None:
        """Send the exits that have not been paid there yet. Raises ExitsRefused, after all others are sent."""
        ...


@dataclass
class ContractWay:
    """The Way of a chain whose bridge is a contract."""

    read: ChainsRead
    chain: ChainId
    account: LocalAccount
    debts: Debts = field(init=False)

    def __post_init__(self) -> None:
        self.debts = Debts(self.read.bridges[self.chain], self.read.deployment.chains[self.chain].from_block)

    def advance(self, *, may_freeze: bool) -> Outcome:
        if self.chain == self.read.deployment.primary:
            return advance_primary(self.read, self.account, may_freeze)
        return advance_member(self.read, self.chain, self.account, may_freeze)

    def deny_end(self) -> Done | None:
        is_primary = self.chain == self.read.deployment.primary
        return None if is_primary else deny_end(self.read, self.chain, self.account)

    def push(self) -> Done | None:
        return self.debts.push_next(self.account) or self.debts.collect(self.account)

    def send_exits(self, orders: Sequence[ExitOrder], say: Say) -> None:
        send_exits(self.read.bridges[self.chain], self.read.deployment, orders, self.account, say)
