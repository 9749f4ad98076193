"""The swaps of a demo: the built-in stories, or a tape read from a CSV file.

A tape has the columns seconds, source, destination, token_in, token_out, amount, min_out; seconds count from the
start of the run, amounts are in whole tokens ("12.5"), symbols are those of the chain ("WETH" on polygon).
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Final

from zklink.devnet.tokens import TokenInfo, find_token
from zklink.operations.swap import Leg, split_route
from zklink.protocol.errors import TapeInvalid
from zklink.protocol.ids import AMOUNT_LIMIT, NO_TOKEN, Amount

GWEI_PER_COIN: Final = 10**9

COLUMNS: Final = ("seconds", "source", "destination", "token_in", "token_out", "amount", "min_out")


class Expectation(Enum):
    """The outcome that a story must have for the run to succeed."""

    PAID = "paid"
    FILLED = "filled, then paid to the broker"
    REFUNDED = "refunded"
    ANY = "paid or refunded"


@dataclass(frozen=True, slots=True)
class Story:
    """One swap to send. Amounts are layer-2 units; chains go by name; `via` is the token between, if there is one."""

    title: str
    seconds: float
    source: str
    destination: str
    token_in: TokenInfo
    token_out: TokenInfo
    amount: Amount
    min_out: Amount
    fill_fee: Amount
    expectation: Expectation
    via: TokenInfo | None = None

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The trades in order."""
        via = NO_TOKEN if self.via is None else self.via.token_id
        return split_route(self.token_in.token_id, via, self.token_out.token_id)

    @property
    def symbol_in(self) -> str:
        """The token's name on the source."""
        return self.token_in.symbol_on(self.source)

    @property
    def symbol_out(self) -> str:
        """The token's name on the destination."""
        return self.token_out.symbol_on(self.destination)


def default_stories() -> tuple[Story, ...]:
    """The demo's seven built-in stories. Those of the fast chains come first, since every chain executes blocks in
    order.
    """
    filled, paid, refunded = Expectation.FILLED, Expectation.PAID, Expectation.REFUNDED
    rows: tuple[tuple[str, float, tuple[str, ...], Expectation], ...] = (
        ("other token, filled", 0.0, ("polygon", "bsc", "USDC", "BTCB", "1000", "0.0160", "0.00002"), filled),
        ("other token, nobody fills", 0.0, ("polygon", "bsc", "USDC", "BNB", "500", "0.8", "0"), paid),
        ("same token, 6 to 18 decimals", 0.0, ("polygon", "bsc", "USDC", "USDC", "250", "250", "0"), paid),
        ("min_out cannot be met", 0.5, ("polygon", "bsc", "USDC", "BTCB", "100", "0.01", "0"), refunded),
        ("back again, filled", 1.0, ("bsc", "polygon", "USDC", "USDC", "75", "74", "0.5"), filled),
        ("no common pool, through USDC", 1.0, ("avalanche", "bsc", "AVAX", "BNB", "30", "1", "0", "USDC"), paid),
        ("native coin to Ethereum", 10.0, ("avalanche", "ethereum", "AVAX", "USDC", "20", "550", "0"), paid),
    )
    return tuple(_build(title, seconds, cells, expectation) for title, seconds, cells, expectation in rows)


def read_tape(text: str, chains: Sequence[str]) -> tuple[Story, ...]:
    """The stories of a tape, by time. Raises TapeInvalid with the line that is wrong."""
    reader = csv.DictReader(io.StringIO(text))
    if reader.fieldnames is None or tuple(name.strip() for name in reader.fieldnames) != COLUMNS:
        raise TapeInvalid(1, f"the columns are {', '.join(COLUMNS)}")
    stories = list(_read_rows(reader, chains))
    if not stories:
        raise TapeInvalid(2, "there is no swap in it")
    return tuple(sorted(stories, key=lambda story: story.seconds))


def parse_amount(text: str, token: TokenInfo) -> Amount:
    """Whole tokens as layer-2 units; ValueError if the token has no such amount."""
    try:
        units = Decimal(text) * token.unit
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error
    if units != units.to_integral_value() or not 0 <= units < AMOUNT_LIMIT:
        raise ValueError(f"{text} {token.symbol} has no exact layer-2 amount ({token.layer2_decimals} decimals)")
    return Amount(int(units))


def format_amount(amount: int, token: TokenInfo, digits: int = 6) -> str:
    """Layer-2 units as whole tokens, cut after `digits` decimals."""
    whole, rest = divmod(amount, token.unit)
    fraction = str(rest).rjust(token.layer2_decimals, "0")[:digits].rstrip("0")
    return f"{whole:,}.{fraction}" if fraction else f"{whole:,}"


def format_coin(gwei: int, symbol: str) -> str:
    """An amount of a chain's coin in whole coins, to the gwei."""
    whole, rest = divmod(gwei, GWEI_PER_COIN)
    fraction = f"{rest:09d}".rstrip("0")
    return f"{whole:,}.{fraction} {symbol}" if fraction else f"{whole:,} {symbol}"


def _read_rows(reader: "csv.DictReader[str]", chains: Sequence[str]) -> Iterator[Story]:
    for row in reader:
        cells = {str(name).strip(): (value or "").strip() for name, value in row.items() if name is not None}
        try:
            for column in ("source", "destination"):
                if cells[column] not in chains:
                    raise ValueError(f"{column} is one of {', '.join(chains)}, not {cells[column]!r}")
            seconds = float(cells["seconds"])
            fields = (*(cells[column] for column in COLUMNS[1:]), "0")
            yield _build(f"line {reader.line_num}", seconds, fields, Expectation.ANY)
        except (ValueError, KeyError) as error:
            raise TapeInvalid(reader.line_num, str(error.args[0])) from error


def _build(title: str, seconds: float, cells: tuple[str, ...], expectation: Expectation) -> Story:
    source, destination, symbol_in, symbol_out, amount, min_out, fill_fee, *via = cells
    token_in, token_out = find_token(source, symbol_in), find_token(destination, symbol_out)
    return Story(
        title=title,
        seconds=seconds,
        source=source,
        destination=destination,
        token_in=token_in,
        token_out=token_out,
        amount=parse_amount(amount, token_in),
        min_out=parse_amount(min_out, token_out),
        fill_fee=parse_amount(fill_fee, token_out),
        expectation=expectation,
        via=find_token(source, via[0]) if via else None,
    )
