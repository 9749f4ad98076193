"""How the Solana side of a planned deployment is shown to whoever will pay for it: accounts with their rent,
transactions, and where the money must be. Takes what was prepared; gives lines.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zklink.protocol.ids import Door

if TYPE_CHECKING:
    from zklink.service.deploying.program_sides import PreparedSide

LAMPORTS = 10**9


def show_side(prepared: "PreparedSide") -> Iterator[str]:
    """Everything that is fixed by going on."""
    side, cost = prepared.side, prepared.cost
    yield f"{side.place.name} (cluster {side.place.genesis})"
    yield f"  program {side.place.program}, SHA-256 {side.terms.code_hash}"
    yield f"  timelock {side.place.timelock}, SHA-256 {side.terms.timelock_hash}"
    upgrades = "nobody upgrades the program" if side.terms.is_final else "the timelock may upgrade the program"
    yield f"  owner of the timelock {side.terms.owner}, setter {side.terms.setter}, fees to {side.terms.fee_recipient}"
    yield f"  {upgrades}; nobody upgrades the timelock"
    yield f"  a day of a window takes {side.terms.slots_per_day:,} slots"
    for rent in cost.rents:
        done = "  done" if rent.is_made else ""
        yield f"  {rent.what:<28} {rent.address:<44} {rent.size:>9,} bytes {show_sol(rent.lamports)} SOL{done}"
    for token in side.plan.tokens:
        if side.chain in token.contracts:
            config = token.config(side.chain, [entry.chain_id for entry in side.table])
            yield f"  token {token.token_id} {token.symbol}: at least {config.minimum}, at most {config.cap} units"
    doors = {int(door): door.name.lower().replace("_", " ") for door in Door}
    prices = (f"{doors.get(each.kind, f'swap to chain {each.kind}')} {each.price_gwei:,}" for each in side.terms.prices)
    yield f"  prices in lamports: {', '.join(prices)}"


def show_side_cost(prepared: "PreparedSide") -> Iterator[str]:
    """What is left to pay, and whether the payer can."""
    side, cost = prepared.side, prepared.cost
    left = sum(rent.lamports for rent in cost.rents if not rent.is_made)
    verdict = "enough" if cost.is_enough else f"NOT ENOUGH, {show_sol(cost.needed)} SOL are needed"
    takes = f"{cost.transactions} transactions, rent of {show_sol(left)} SOL, fees up to {show_sol(cost.fees)} SOL"
    yield f"{side.place.name}: {takes}; the payer {side.terms.payer} has {show_sol(cost.balance)} SOL: {verdict}"


def show_sol(lamports: int) -> str:
    """Lamports as SOL."""
    return f"{lamports / LAMPORTS:.6f}"
