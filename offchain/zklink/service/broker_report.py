"""A broker's profit and loss as a table: takes its database, which may be in use. Changes nothing."""

from dataclasses import asdict, dataclass

from zklink.broker.records import Books
from zklink.l1.deployment.records import Deployment
from zklink.storage.database import Database
from zklink.storage.fills import SqlFillBooks


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One token on one chain. `paid`, `open`, `repaid` and `earned` are in layer-2 units, `gas_wei` is in wei."""

    chain: str
    token: str
    fills: int
    paid: int
    open: int
    repaid: int
    earned: int
    gas_wei: int

    def row(self) -> dict[str, str | int]:
        """By names, for JSON."""
        return asdict(self)


def read_report(deployment: Deployment, database: Database) -> list[ReportLine]:
    """Every chain and token with a fill, final or not. Raises DatabaseFailed, RecordBroken."""
    kept = SqlFillBooks(database)
    positions = [*kept.load_final(), *(k.position for k in kept.load() if k.is_filled)]
    books: dict[tuple[str, str], Books] = {}
    symbols = {plan.token_id: plan.symbol for plan in deployment.tokens}
    for position in positions:
        payout = position.candidate.payout
        place = deployment.places[payout.chain].name, symbols[payout.token]
        books[place] = books.get(place, Books()).add(position)
    return [
        ReportLine(chain, token, b.fills, b.paid, b.open, b.repaid, b.earned, b.gas_wei)
        for (chain, token), b in sorted(books.items())
    ]
