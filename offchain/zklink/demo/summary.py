"""The tables at the end of a run: takes its result, prints swaps, blocks, gas, balances, reconciliation, and the
verdict. Never asks a chain.
"""

from collections import defaultdict

from rich.console import Console
from rich.table import Table

from zklink.demo.lines import describe_door_fee, describe_story
from zklink.demo.model import DemoResult
from zklink.demo.result_json import average
from zklink.demo.stories import format_amount, format_coin
from zklink.demo.views import WIDE_COLUMNS, build_timeline, describe_outcome
from zklink.devnet.tokens import token_by_id
from zklink.l1.contracts.bridge_structs import WEI_PER_GWEI

PURPOSES = ("swap", "fill", "accept", "accept again", "import", "execute")


def print_summary(console: Console, result: DemoResult) -> None:
    """Print everything, in the order in which a reader asks."""
    if not console.is_terminal:  # a terminal has it on screen already
        console.print(build_timeline(result.run, console.width))
    is_wide = console.width >= WIDE_COLUMNS
    money = _balances(result, is_wide), _holdings(result, is_wide), _totals(result)
    fees = _fees(result), _door_fees(result)
    for table in (_swaps(result), *fees, _blocks(result), _gas(result), *money):
        console.print(table)
    if result.problems:
        console.print("The run does not add up:", style="bold red")
        for problem in result.problems:
            console.print(f"  {problem}", style="red", markup=False)
    else:
        run = result.run
        console.print(
            f"Everything adds up: {len(run.tickets)} swaps in {len(run.timeline.blocks)} proven blocks on "
            f"{len(run.system.bridges)} chains, {result.run_seconds:.0f} s (the first swap was sent "
            f"{run.seconds_to_first_swap or 0:.0f} s after the start).",
            style="bold green",
            highlight=False,
        )


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
    return table


def _swaps(result: DemoResult) -> Table:
    table = _table("Swaps", "swap", "outcome", "amount", "seconds\nto fill", "seconds to\nexecution", "block", "why")
    for ticket in result.run.tickets:
        record = result.run.record(ticket)
        amount, fill, execution, block, why = "", "", "", "", ""
        if record is not None and record.payout is not None and ticket.sent_at is not None:
            story = ticket.story
            token = story.token_in if record.is_refund else story.token_out
            symbol = story.symbol_in if record.is_refund else story.symbol_out
            amount = f"{format_amount(record.payout.amount, token)} {symbol}"
            fill = f"{record.filled_at - ticket.sent_at:.1f}" if record.filled_at else ""
            execution = f"{record.paid_at - ticket.sent_at:.1f}" if record.paid_at else ""
            block = str(record.block)
            why = record.outcome.reason.value if record.outcome and record.outcome.reason else ""
        cells = (describe_outcome(ticket, record), amount, fill, execution, block, ticket.error or why)
        table.add_row(describe_story(ticket.story), *cells)
    return table


def _fees(result: DemoResult) -> Table:
    """What each swap paid: its request at the door, and its payout for a fill."""
    table = _table(
        "Fees of swaps (a fill earns by its lead before the payment)", "swap", "at the door", "for a fill", "earned"
    )
    for ticket in result.run.tickets:
        record, story = result.run.record(ticket), ticket.story
        offered = f"{format_amount(story.fill_fee, story.token_out)} {story.symbol_out}" if story.fill_fee else ""
        earned = "" if record is None or record.earned is None else format_amount(record.earned, story.token_out)
        door = describe_door_fee(result.run, ticket) if ticket.receipt else ""
        table.add_row(describe_story(story), door, offered, earned)
    return table


def _door_fees(result: DemoResult) -> Table:
    """The coin of every chain that belongs to no token."""
    table = _table(
        "Fees at the doors (open: paid by requests that no block has, exactly)", "chain", "open", "earned", "owed", ""
    )
    for fees in result.reconciliation.fees:
        symbol = result.run.system.world[fees.chain].profile.native_symbol
        amounts = (format_coin(wei // WEI_PER_GWEI, symbol) for wei in (fees.open, fees.earned, fees.pending))
        is_good = fees.is_solvent and fees.is_exact
        table.add_row(result.run.chain_name(fees.chain), *amounts, "ok" if is_good else "WRONG")
    return table


def _blocks(result: DemoResult) -> Table:
    table = _table("Blocks", "block", "lane", "items", "constraints", "witness s", "proof s")
    for block in result.run.timeline.blocks.values():
        times = (
            f"{seconds:.2f}" if seconds is not None else "" for seconds in (block.witness_seconds, block.proof_seconds)
        )
        constraints = f"{result.run.circuits[block.lane].constraints:,}"
        table.add_row(str(block.number), block.lane.name.lower(), str(block.items), constraints, *times)
    return table


def _gas(result: DemoResult) -> Table:
    run = result.run
    used: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for transaction in run.transactions:
        used[run.chain_name(transaction.chain)][transaction.purpose].append(transaction.gas_used)
    for ticket in run.tickets:
        if ticket.receipt is not None:
            used[ticket.story.source]["swap"].append(ticket.receipt.gas_used)
    purposes = [purpose for purpose in PURPOSES if any(purpose in by_purpose for by_purpose in used.values())]
    table = _table("Gas of a transaction, on average (how many)", "chain", *purposes)
    for chain in sorted(run.system.bridges):
        gas = used[run.chain_name(chain)]
        cells = (f"{average(gas[p]):,} ({len(gas[p])})" if gas[p] else "" for p in purposes)
        table.add_row(run.chain_name(chain), *cells)
    return table


def _balances(result: DemoResult, is_wide: bool) -> Table:
    columns = ("chain", "token", "owner", *(("before",) if is_wide else ()), "after", "change")
    table = _table("Balances that changed (coins also by gas and fees at doors)", *columns)
    for balance in (balance for balance in result.balances if balance.after != balance.before):
        unit = 10**balance.decimals
        before, after = (_decimal(value, unit) for value in (balance.before, balance.after))
        change = balance.after - balance.before
        sign = "-" if change < 0 else "+" if change else ""
        table.add_row(
            result.run.chain_name(balance.chain),
            token_by_id(balance.token).symbol_on(result.run.chain_name(balance.chain)),
            balance.owner,
            *((before,) if is_wide else ()),
            after,
            f"{sign}{_decimal(abs(change), unit)}",
        )
    return table


def _holdings(result: DemoResult, is_wide: bool) -> Table:
    """The books of every bridge; a narrow terminal has no room for what is zero or follows from the rest."""
    title = (
        "Reconciliation, per chain and token (SOL-1: balance covers pending, custody and fees; custody is as proven)"
    )
    more = ("pending", "reserve + open", "surplus") if is_wide else ()
    table = _table(title, "chain", "token", "balance", "custody", *more, "")
    tokens = {token.token_id: token for token in result.run.system.deployment.tokens}
    for holding in result.reconciliation.holdings:
        is_good = holding.is_solvent and holding.is_exact
        if is_good and not is_wide and not holding.balance:
            continue
        unit = 10 ** tokens[holding.token].layer2_decimals
        l1_unit, chain = unit * holding.scale, result.run.chain_name(holding.chain)
        rest = (
            _decimal(holding.pending, l1_unit),
            _decimal(holding.reserve + holding.open_requests, unit),
            _decimal(holding.surplus, l1_unit),
        )
        table.add_row(
            chain,
            token_by_id(holding.token).symbol_on(chain),
            _decimal(holding.balance, l1_unit),
            _decimal(holding.custody, unit),
            *(rest if is_wide else ()),
            "ok" if is_good else "WRONG",
        )
    return table


def _totals(result: DemoResult) -> Table:
    table = _table(
        "Reconciliation, per token (SOL-2: reserves are balances, pools and fees)",
        *("token", "reserves", "balances", "pools", "fees", ""),
    )
    tokens = {token.token_id: token for token in result.run.system.deployment.tokens}
    for total in result.reconciliation.totals:
        unit = 10 ** tokens[total.token].layer2_decimals
        amounts = (_decimal(value, unit) for value in (total.reserves, total.balances, total.pools, total.fees))
        table.add_row(tokens[total.token].symbol, *amounts, "ok" if total.is_conserved else "WRONG")
    return table


def _decimal(value: int, unit: int, digits: int = 6) -> str:
    sign, value = ("-", -value) if value < 0 else ("", value)
    whole, rest = divmod(value, unit)
    fraction = f"{rest * 10**digits // unit:0{digits}d}".rstrip("0")
    return f"{sign}{whole:,}.{fraction}" if fraction else f"{sign}{whole:,}"
