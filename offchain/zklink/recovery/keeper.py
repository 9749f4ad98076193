"""A keeper does what anybody may, so that nothing that is due waits for somebody: it pays what blocks still owe, brings
members what they lack, calls and confirms freezes, and brings chains to their end when they have ended. It pushes what
bridges owe to single owners, and sends earned fees to their recipient, when nothing else is due. And it watches
for false ENDs: it asks the group that can object to look, and shows an ACC that contradicts one.

Takes what is read of all chains and an account that pays gas; each round sends one transaction per chain at most, and
says what it did. Never signs for a group, and never decides whether an END is true: signers do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from eth_account.signers.local import LocalAccount

from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import ChainId
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.exodus_driver import NO_WAYS, list_ways
from zklink.recovery.outcome import Done, Outcome, Waiting
from zklink.recovery.ways import Way

Say = Callable[[str], None]


@dataclass
class Keeper:
    """Keeps the chains of a deployment; freezes what is due only if it `may_freeze`, and brings single owners what they
    could take themselves only while it `may_push` on that chain. `left` is why it sent nothing to a chain in the last
    round. `programs` are the ways of chains whose bridge is a program.
    """

    read: ChainsRead
    account: LocalAccount
    may_freeze: bool = True
    may_push: Callable[[ChainId], bool] = lambda chain: True
    left: dict[ChainId, str] = field(default_factory=dict)
    said: dict[ChainId, str] = field(default_factory=dict)
    programs: Mapping[ChainId, Way] = field(default_factory=lambda: NO_WAYS)
    ways: Mapping[ChainId, Way] = field(init=False)

    def __post_init__(self) -> None:
        self.ways = list_ways(self.read, self.account, self.programs)

    def round(self, say: Say) -> bool:
        """Look at every chain once; whether anything was sent. What goes wrong on one chain is said, once, and does not
        hold up the others.
        """
        is_busy = False
        for chain in self.ways:
            name = self.read.name(chain)
            try:
                outcome = self.look(chain)
            except ZkLinkError as error:
                text = self.left[chain] = redact(str(error))
                if self.said.get(chain) != text:
                    say(f"{name}: {text}")
                self.said[chain] = text
                continue
            self.left[chain] = outcome.why if isinstance(outcome, Waiting) else ""
            if isinstance(outcome, Done):
                say(f"{name}: {outcome.what}")
                is_busy = True
        return is_busy

    def look(self, chain: ChainId) -> Outcome:
        """Send the next transaction that is due on a chain. Raises what `ExodusDriver.advance` does."""
        way = self.ways[chain]
        outcome = way.deny_end() or way.advance(may_freeze=self.may_freeze)
        if isinstance(outcome, Done):
            return outcome
        return (way.push() if self.may_push(chain) else None) or outcome
