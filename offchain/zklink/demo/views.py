"""Shows a run: as a live table in a terminal, as plain lines everywhere else."""

import textwrap
import time
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from zklink.demo.lines import describe_door_fee, describe_event, describe_story
from zklink.demo.model import DemoRun, DemoView, Ticket
from zklink.history.swaps import SwapRecord
from zklink.node.events import Event, FillDeclined, FillTried, Retried, RolledBack

REFRESH_PER_SECOND = 4
WIDE_COLUMNS = 110
"""From this width on a terminal has room for every step of a swap."""

NARROW_STEPS = ("sealed", "filled", "executed")
OUTCOME_WIDTH = 9
INDENT = " " * 12
"""Before the rest of a line that is broken: as wide as its time."""


def choose_view(console: Console) -> DemoView:
    """A live table if the output is a terminal, else lines for a log."""
    return LiveView(console) if console.is_terminal else PlainView(console)


class PlainView:
    """One line per event, with the seconds since the first swap."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._run: DemoRun | None = None
        self._announced: set[tuple[int, str]] = set()

    def say(self, text: str) -> None:
        self._print(text)

    def begin(self, run: DemoRun) -> None:
        self._run = run

    def take(self, event: Event) -> None:
        if self._run is not None and (text := describe_event(self._run, event)) is not None:
            self._at(event.at, text)

    def refresh(self) -> None:
        if self._run is None:
            return
        for index, ticket in enumerate(self._run.tickets):
            if ticket.sent_at is not None:
                self._once(
                    index, "sent", ticket.sent_at, f"{describe_story(ticket.story)} [{ticket.story.title}]: sent"
                )
            if ticket.receipt is not None and ticket.mined_at is not None:
                gas, fee = f"{ticket.receipt.gas_used:,} gas", describe_door_fee(self._run, ticket)
                mined = f"mined on {ticket.story.source}, {gas}, {fee} at the door"
                self._once(index, "mined", ticket.mined_at, f"{describe_story(ticket.story)}: {mined}")
            if ticket.error is not None:
                self._once(index, "error", time.time(), f"{describe_story(ticket.story)}: refused: {ticket.error}")

    def end(self) -> None:
        self.refresh()

    def _once(self, index: int, what: str, at: float, text: str) -> None:
        if (index, what) not in self._announced:
            self._announced.add((index, what))
            self._at(at, text)

    def _at(self, at: float, text: str) -> None:
        start = self._run.start if self._run else at
        self._print(f"[{at - start:7.2f} s] {text}")

    def _print(self, text: str) -> None:
        """Broken between words, so that it can be read at any width."""
        lines = textwrap.wrap(text, self._console.width, subsequent_indent=INDENT, break_on_hyphens=False)
        self._console.print("\n".join(lines), soft_wrap=True, markup=False, highlight=False)


class LiveView:
    """A row per swap; each cell is the seconds since that swap was sent."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._run: DemoRun | None = None
        self._live: Live | None = None
        self._next_refresh = 0.0

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False)

    def begin(self, run: DemoRun) -> None:
        self._run = run
        self._live = Live(self._render(), console=self._console, auto_refresh=False)
        self._live.start()

    def take(self, event: Event) -> None:
        if self._run is None or not isinstance(event, Retried | RolledBack | FillTried | FillDeclined):
            return
        if (text := describe_event(self._run, event)) is not None:
            self._console.print(f"[{event.at - self._run.start:6.1f} s] {text}", markup=False, highlight=False)

    def refresh(self) -> None:
        if self._live is not None and time.monotonic() >= self._next_refresh:
            self._next_refresh = time.monotonic() + 1 / REFRESH_PER_SECOND
            self._live.update(self._render(), refresh=True)

    def end(self) -> None:
        if self._live is not None:
            self._live.update(self._render(), refresh=True)
            self._live.stop()

    def _render(self) -> RenderableType:
        assert self._run is not None
        elapsed = time.time() - self._run.start
        return Group(build_timeline(self._run, self._console.width), Text(f"{elapsed:.0f} s", style="dim"))


def build_timeline(run: DemoRun, width: int) -> Table:
    """The timeline of all swaps: seconds since each was sent, from left to right in the order of time. Below
    WIDE_COLUMNS only the steps that a user waits for.
    """
    steps: dict[str, Callable[[SwapRecord], float | None]] = {
        "confirmed": lambda record: record.confirmed_at,
        "sealed": lambda record: record.sealed_at,
        "filled": lambda record: record.filled_at,
        "proven": lambda record: record.proven_at,
        "accepted": lambda record: record.accepted_there_at,
        "executed": lambda record: record.paid_at,
    }
    if width < WIDE_COLUMNS:
        steps = {name: steps[name] for name in NARROW_STEPS}
    table = Table(title="seconds since each swap was sent", title_justify="left")
    table.add_column("swap", overflow="fold", ratio=1)
    table.add_column("outcome", no_wrap=True, min_width=OUTCOME_WIDTH)
    for name in steps:
        table.add_column(name, justify="right", no_wrap=True)
    for ticket in run.tickets:
        record = run.record(ticket)
        cells = ["…" if record is None else _seconds(ticket.sent_at, read(record)) for read in steps.values()]
        name = f"{describe_story(ticket.story)}\n[dim]{ticket.story.title}[/dim]"
        table.add_row(name, describe_outcome(ticket, record), *cells)
    table.caption = "accepted and executed: on the chain that pays" if width >= WIDE_COLUMNS else None
    table.caption_justify = "left"
    return table


def describe_outcome(ticket: Ticket, record: SwapRecord | None) -> str:
    """The state of a swap, in a word or two."""
    if ticket.error is not None:
        return "refused"
    if ticket.sent_at is None:
        return f"at {ticket.story.seconds:g} s"
    if record is None:
        return "sent"
    if record.paid_at is not None:
        return "refunded" if record.is_refund else "paid"
    if record.filled_at is not None:
        return "filled"
    return "sealed" if record.sealed_at is not None else "confirmed"


def _seconds(since: float | None, at: float | None) -> str:
    return "·" if since is None or at is None else f"{at - since:.1f}"
