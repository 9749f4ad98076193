"""Errors of those who keep a deployment."""

from collections.abc import Mapping
from dataclasses import dataclass

from zklink.protocol.errors.base import L1Error


@dataclass(eq=False)
class BudgetSpent(L1Error):
    """What is left of a chain's budget does not pay for the dearest transaction that the ceiling allows; nothing was
    sent.
    Do: Give a higher budget, or a lower ceiling for one transaction.
    """

    chain: str
    call: str
    left_wei: int
    ceiling_wei: int

    def __str__(self) -> str:
        return (
            f"{self.chain}: {self.call} is left: {self.left_wei} wei of the budget are left, and one transaction may "
            f"cost {self.ceiling_wei} wei"
        )


@dataclass(eq=False)
class ActRefused(L1Error):
    """Chains would refuse an act of government if it came now, for the reasons in `refusals`; nothing was sent.
    Do: Mend the act, or what stands in its way: a wait of 55 days is not worth an act that cannot work.
    """

    title: str
    refusals: Mapping[str, str]

    def __str__(self) -> str:
        listed = "; ".join(f"{name}: {why}" for name, why in self.refusals.items())
        return f"{self.title}: refused now by {listed}"


@dataclass(eq=False)
class TimelockMissing(L1Error):
    """A chain of the deployment has no timelock: an account governs it, as on local chains alone.
    Do: Act from that account, or deploy with timelocks.
    """

    chain: str

    def __str__(self) -> str:
        return f"{self.chain}: no timelock governs it"
