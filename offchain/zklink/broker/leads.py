"""How long before the payment a fill on a chain usually is: what decides how much of its fee it earns.

Takes the leads of repaid fills; gives the lead to expect, the lower quartile of the last ones, so that three of four
fills earn what was expected. A broker that expects too short a lead fills nothing, and would never see another one: so
each time that it leaves payouts for that reason it forgets the oldest lead. Anybody can make payouts that are left, so
one that has forgotten all tries with one fill at a time. Pure.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from zklink.protocol.ids import ChainId

REMEMBERED: Final = 16
"""Leads of a chain that count."""


@dataclass
class Leads:
    """The leads that were seen on each chain; `first_seconds` is expected where none was."""

    first_seconds: int
    seen: dict[ChainId, deque[int]] = field(default_factory=dict)

    def note(self, chain: ChainId, lead_seconds: int) -> None:
        """A fill was repaid."""
        self.seen.setdefault(chain, deque(maxlen=REMEMBERED)).append(lead_seconds)

    def forget(self, chain: ChainId) -> None:
        """Payouts were left because the lead to expect is too short."""
        if self.seen.get(chain):
            self.seen[chain].popleft()

    def is_trying(self, chain: ChainId) -> bool:
        """Whether all leads of a chain are forgotten, and none was seen since."""
        return chain in self.seen and not self.seen[chain]

    def expect(self, chain: ChainId) -> int:
        """Seconds to expect."""
        found = sorted(self.seen.get(chain, ()))
        return found[(len(found) - 1) // 4] if found else self.first_seconds
