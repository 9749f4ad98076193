"""What a deployment fixes for one chain whose bridge is a program, as the record has it. All addresses in base58. Never
asks a chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zklink.l1.contracts.bridge_structs import PriceEntry
from zklink.primitives.base58 import decode_base58


@dataclass(frozen=True, slots=True)
class ProgramTerms:
    """`payer` made everything; `owner` owns the timelock, or will when it accepts; `setter` sets prices within their
    bounds. `code_hash` and `timelock_hash` are SHA-256 of both programs' bytes, which the sources give with `compiler`.
    `prices` are the doors' first ones with their bounds, in lamports, which are the gwei of this coin. `slots_per_day`
    is how many slots a day of a window takes, below what the cluster makes. `is_final` says that nobody can upgrade the
    program; else the timelock can. `transactions` are those of the deployment, by step.
    """

    payer: str
    owner: str
    setter: str
    fee_recipient: str
    slots_per_day: int
    prices: tuple[PriceEntry, ...]
    is_final: bool
    code_hash: str
    timelock_hash: str
    compiler: str
    transactions: Mapping[str, str] = field(default_factory=dict)


def read_terms(item: Mapping[str, Any]) -> ProgramTerms:
    """The terms from their JSON. Raises KeyError, TypeError, ValueError."""
    prices = tuple(PriceEntry(**entry) for entry in item["prices"])
    transactions = {str(step): str(signature) for step, signature in item["transactions"].items()}
    found = ProgramTerms(**{**item, "prices": prices, "transactions": transactions})
    for address in (found.payer, found.owner, found.setter, found.fee_recipient):
        decode_base58(address, 32)
    return found
