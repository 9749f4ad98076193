"""How a run is shown: a live table in a terminal, plain lines everywhere else."""

import time

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from zklink.demo.lines import describe_event, describe_story
from zklink.demo.model import DemoRun, DemoView, Ticket
from zklink.history.swaps import SwapRecord
from zklink.node.events import Event, FillDeclined, FillTried, Retried, RolledBack

REFRESH_PER_SECOND = 4
SWAP_WIDTH = 28


def choose_view(console: Console) -> DemoView:
    """A live table if somebody watches, else lines for a log."""
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
        for index, ticket in enumerate(self._run.tickets if self._run else ()):
            if ticket.sent_at is not None:
                self._once(
                    index, "sent", ticket.sent_at, f"{describe_story(ticket.story)} [{ticket.story.title}]: sent"
                )
            if ticket.receipt is not None and ticket.mined_at is not None:
                mined = f"mined on {ticket.story.source}, {ticket.receipt.gas_used:,} gas"
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
        self._console.print(text, soft_wrap=True, markup=False, highlight=False)


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
        return Group(build_timeline(self._run), Text(f"{elapsed:.0f} s", style="dim"))


def build_timeline(run: DemoRun) -> Table:
    """The timeline of all swaps: seconds since each was sent."""
    chains = {chain: run.chain_name(chain) for chain in sorted(run.system.bridges)}
    table = Table(title="seconds since each swap was sent", title_justify="left")
    table.add_column("swap", overflow="fold", min_width=SWAP_WIDTH)
    for name in ("con-\nfirmed", "filled", "sealed", "proven"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(f"committed on\n{' '.join(name[:3] for name in chains.values())}", justify="right", no_wrap=True)
    for name in ("accepted\neverywhere", "exe-\ncuted"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("outcome")
    for ticket in run.tickets:
        record = run.record(ticket)
        since = ticket.sent_at
        cells = ["…"] * 7
        if record is not None:
            committed = " ".join(_seconds(since, record.committed_at.get(chain), 0).rjust(3) for chain in chains)
            cells = [
                _seconds(since, record.confirmed_at),
                _seconds(since, record.filled_at),
                _seconds(since, record.sealed_at),
                _seconds(since, record.proven_at),
                committed,
                _seconds(since, record.accepted_everywhere_at(chains)),
                _seconds(since, record.paid_at),
            ]
        table.add_row(
            f"{describe_story(ticket.story)}\n[dim]{ticket.story.title}[/dim]", *cells, describe_outcome(ticket, record)
        )
    return table


def describe_outcome(ticket: Ticket, record: SwapRecord | None) -> str:
    """Where a swap stands, in a word or two."""
    if ticket.error is not None:
        return "refused"
    if ticket.sent_at is None:
        return f"at {ticket.story.seconds:g} s"
    if record is None:
        return "sent"
    if record.paid_at is not None:
        return "refunded" if record.is_refund else ("filled, executed" if record.filled_at else "paid")
    if record.filled_at is not None:
        return "filled"
    return "sealed" if record.sealed_at is not None else "confirmed"


def _seconds(since: float | None, at: float | None, digits: int = 1) -> str:
    return "·" if since is None or at is None else f"{at - since:.{digits}f}"
