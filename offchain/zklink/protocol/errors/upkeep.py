"""Errors of those who keep a deployment."""

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
