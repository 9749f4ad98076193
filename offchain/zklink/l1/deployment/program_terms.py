"""What a deployment fixes for one chain whose bridge is a program, as the record has it. All addresses in base58. Never
asks a chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zklink.primitives.base58 import decode_base58


@dataclass(frozen=True, slots=True)
class ProgramTerms:
    """`payer` made everything; `owner` governs. `code_hash` is SHA-256 of the program's bytes, which the sources give
    with `compiler`. `prices` are the doors' first ones by kind, in lamports. `slots_per_day` is how many slots a day of
    a window takes, below what the cluster makes. `transactions` are those of the deployment, by step.
    """

    payer: str
    owner: str
    fee_recipient: str
    slots_per_day: int
    prices: Mapping[int, int]
    code_hash: str
    compiler: str
    transactions: Mapping[str, str] = field(default_factory=dict)


def read_terms(item: Mapping[str, Any]) -> ProgramTerms:
    """The terms from their JSON. Raises KeyError, TypeError, ValueError."""
    prices = {int(kind): int(price) for kind, price in item["prices"].items()}
    transactions = {str(step): str(signature) for step, signature in item["transactions"].items()}
    found = ProgramTerms(**{**item, "prices": prices, "transactions": transactions})
    for address in (found.payer, found.owner, found.fee_recipient):
        decode_base58(address, 32)
    return found
