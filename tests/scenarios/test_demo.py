"""The demo in small: two chains at their own pace, threads, clocks and all, and an audit that notices what is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import StringIO

import pytest
from rich.console import Console

from zklink.demo.audit import find_problems
from zklink.demo.model import DemoOptions, DemoResult
from zklink.demo.result_json import build_report
from zklink.demo.stories import Expectation, read_tape
from zklink.demo.summary import print_summary
from zklink.demo.swaps_run import run_demo
from zklink.demo.views import PlainView, build_timeline
from zklink.devnet.pools import PoolPlan
from zklink.devnet.profiles import AVALANCHE, BSC
from zklink.devnet.tokens import AVAX, USDC
from zklink.protocol.presets import MINIMAL
from zklink.prover.progress import SILENT

pytestmark = pytest.mark.slow  # chains at their own pace are waited for

TAPE = """seconds,source,destination,token_in,token_out,amount,min_out
0,bsc,avalanche,USDC,USDC,12.5,12.5
0,avalanche,bsc,AVAX,USDC,1,1000
"""


POOLS = (PoolPlan((USDC, AVAX), usd_per_side=100_000),)


@dataclass
class Played:
    """A finished run and everything it printed."""

    result: DemoResult
    output: str


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    stories = list(read_tape(TAPE, ["bsc", "avalanche"]))
    options = DemoOptions(MINIMAL, tuple(stories), timeout_seconds=120, profiles=(BSC, AVALANCHE), pools=POOLS)
    out = StringIO()
    console = Console(file=out, width=140)
    result = run_demo(options, PlainView(console), SILENT)
    print_summary(console, result)
    yield Played(result, out.getvalue())


def test_run_demo__two_fast_chains__everything_adds_up(played: Played) -> None:
    result = played.result
    assert result.problems == () and result.reconciliation.is_clean
    paid, refunded = (result.run.record(ticket) for ticket in result.run.tickets)
    assert paid is not None and refunded is not None
    assert (paid.is_refund, refunded.is_refund) == (False, True)


def test_print_summary__finished_run__says_what_happened(played: Played) -> None:
    for words in (
        "12.5 USDC bsc → USDC avalanche",
        "refunded",
        "the output is less than min_out",
        "acknowledged: both groups",
        "to watch it in a browser: http://127.0.0.1:",
        "Everything adds up: 2 swaps",
    ):
        assert words in played.output
    assert "failed and is tried again" not in played.output


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (80, ["swap", "outcome", "sealed", "filled", "executed"]),
        (140, ["swap", "outcome", "confirmed", "sealed", "filled", "proven", "accepted", "executed"]),
    ],
)
def test_build_timeline__any_width__fits_and_goes_from_left_to_right(
    played: Played, width: int, columns: list[str]
) -> None:
    out = StringIO()
    Console(file=out, width=width).print(build_timeline(played.result.run, width))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    head = next(line for line in lines if "outcome" in line)
    assert [cell.strip() for cell in head.strip("┃ ").split("┃")] == columns
    (paid,) = (line for line in lines if line.startswith("│ 12.5 USDC"))
    cells = [cell.strip() for cell in paid.strip("│ ").split("│")]
    assert cells[1] == "paid"
    seconds = [float(cell) for cell in cells[2:] if cell != "·"]
    assert seconds == sorted(seconds) and len(seconds) >= len(columns) - 3  # nobody fills this one


def test_print_summary__eighty_columns__no_figure_is_broken_or_cut(played: Played) -> None:
    out = StringIO()
    print_summary(Console(file=out, width=80), played.result)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in out.getvalue() and any(line.endswith("avalanche") or "│ avalanche │" in line for line in lines)
    for line in lines[next(i for i, line in enumerate(lines) if line.startswith("Balances")) :]:
        cells = [cell.strip() for cell in line.strip("│ ").split("│")] if line.startswith("│") else []
        assert all(cell[0].isalnum() or cell[0] in "+-" for cell in cells if cell), line
        assert not cells or cells[0], f"a broken cell: {line}"


def test_print__a_long_line_at_eighty_columns__broken_between_words(played: Played) -> None:
    out = StringIO()
    view = PlainView(Console(file=out, width=80))
    text = "block 7 sealed: " + "; ".join(f"request {number} of bsc pays 250 USDC on polygon" for number in range(9))
    view.say(text)
    lines = out.getvalue().splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= 80
    assert " ".join(line.strip() for line in lines) == text


def test_build_report__finished_run__has_the_measured_figures(played: Played) -> None:
    report = build_report(played.result)
    assert report["is_clean"] is True and report["problems"] == []
    assert isinstance(report["constraints"], dict) and all(count > 10_000 for count in report["constraints"].values())
    swaps, blocks = report["swaps"], report["blocks"]
    assert isinstance(swaps, list) and isinstance(blocks, list)
    assert [swap["outcome"] for swap in swaps] == ["paid", "refunded"]
    assert all(swap["seconds_to_execution"] > 0 and swap["swap_gas"] > 50_000 for swap in swaps)
    for block in blocks:
        purposes = {(transaction["chain"], transaction["purpose"]) for transaction in block["transactions"]}
        assert {("avalanche", "accept"), ("bsc", "import")} <= purposes
        assert block["proof_seconds"] > 0
    assert {block["lane"] for block in blocks} == {"swap"} and sum(block["items"] for block in blocks) == 2
    first, set_up, ran = (report[name] for name in ("seconds_to_first_swap", "setup_seconds", "run_seconds"))
    assert isinstance(first, float) and isinstance(set_up, float) and isinstance(ran, float)
    assert 0 < first < set_up + ran


def test_find_problems__something_is_wrong__named(played: Played) -> None:
    run, result = played.result.run, played.result
    holdings, totals = result.reconciliation.holdings, result.reconciliation.totals
    broken = replace(
        result.reconciliation,
        holdings=(
            replace(holdings[0], balance=holdings[0].balance - 1),
            replace(holdings[1], custody=holdings[1].custody + 1),
            *holdings[2:],
        ),
        totals=(replace(totals[0], fees=totals[0].fees + 1), *totals[1:]),
    )
    balances = tuple(replace(b, after=b.after + 1) if b.owner == "broker" else b for b in result.balances)
    ticket = run.tickets[0]
    expected, ticket.story = ticket.story, replace(ticket.story, expectation=Expectation.REFUNDED)
    try:
        problems = "\n".join(find_problems(run, broken, balances, (12_500_000, 1), is_complete=True))
    finally:
        ticket.story = expected
    for words in (
        "SOL-1",
        "SOL-2",
        "the proven state says",
        "it was paid, not refunded",
        "the broker's",
        "owns 1 units",
    ):
        assert words in problems
    assert "not finished within 120 s" in find_problems(run, result.reconciliation, (), (0, 0), is_complete=False)
