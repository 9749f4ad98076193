"""The outcome of an accounts story: as tables for people, as JSON for programs. Amounts are layer-2 units. Never asks a
chain.
"""

from typing import Any

from rich.console import Console
from rich.table import Table

from zklink.demo.accounts.actors import FULL_DIGITS, NAMES, TOKENS, AccountsResult
from zklink.demo.accounts.door_fees import describe_coins
from zklink.demo.stories import format_amount
from zklink.devnet.tokens import USDC, token_by_id
from zklink.protocol.ids import TokenId


def build_report(result: AccountsResult) -> dict[str, Any]:
    """Everything that was measured and paid. Amounts are strings."""
    chains = result.cast.system.deployment.chains
    return {
        "story": "accounts",
        "preset": result.cast.options.preset.name,
        "seconds": round(result.seconds, 1),
        "acts": [
            {
                "title": act.title,
                "seconds": round(act.seconds, 1),
                "block": act.block,
                "fees": {str(token): str(fee) for token, fee in act.fees.items()},
            }
            for act in result.cast.acts
        ],
        "operator": {"last_block": result.last_block, "root": hex(result.last_root)},
        "ends": {chains[chain].name: block for chain, block in result.blocks.items()},
        "recovered_root": hex(result.recovered_root),
        "forgotten": str(result.forgotten),
        "cancelled_requests": result.doors.cancelled,
        "door_fees_gwei": {
            name: {chains[chain].name: str(gwei) for chain, gwei in amounts.items()}
            for name, amounts in (("returned", result.doors.returned), ("collected", result.doors.collected))
        },
        "exit_proof_seconds": [round(seconds, 2) for seconds in result.exit_proof_seconds],
        "owners": [
            {
                "owner": claim.owner,
                "account": claim.account,
                "token": claim.token,
                "entitled": str(claim.entitled),
                "paid": {chains[chain].name: str(amount) for chain, amount in claim.paid.items()},
                "exits": claim.exits,
                "not_paid": str(claim.missing),
            }
            for claim in result.claims
        ],
        "bridges": [
            {
                "chain": chains[item.chain].name,
                "token": item.token,
                "l1_balance": str(item.solvency.balance),
                "l1_pending": str(item.solvency.pending),
                "left_in_custody": str(item.solvency.custody),
            }
            for item in result.left
        ],
        "problems": list(result.problems),
    }


def print_report(console: Console, result: AccountsResult) -> None:
    """The tables a person reads."""
    chains = result.cast.system.deployment.chains
    console.print(build_claims(result))
    left = Table(title="what is left in the bridges", title_justify="left")
    for header in ("chain", "token", "units of rounding"):
        left.add_column(header, no_wrap=True)
    for item in (item for item in result.left if item.token in TOKENS):
        name = chains[item.chain].name
        left.add_row(name, token_by_id(item.token).symbol_on(name), str(item.solvency.custody))
    console.print(left)
    seconds = result.exit_proof_seconds
    ends = ", ".join(f"{chains[chain].name} {block}" for chain, block in result.blocks.items())
    console.print(f"chains ended at blocks: {ends} (the operator's last one: {result.last_block})")
    console.print(
        f"{len(seconds)} exits proven in {sum(seconds) / max(len(seconds), 1):.2f} s each, {result.doors.cancelled} "
        "open requests refunded"
    )
    console.print(f"fees that people paid: {_describe_fees(result)}")
    cast = result.cast
    console.print(f"and at the doors, earned by blocks: {describe_coins(cast, result.doors.collected)}")
    console.print(f"given back with the requests that no block has: {describe_coins(cast, result.doors.returned)}")
    for problem in result.problems:
        console.print(f"[red]problem[/]: {problem}")
    if not result.problems:
        forgotten = format_amount(result.forgotten, token_by_id(USDC), FULL_DIGITS)
        console.print(f"everybody has left; nothing is missing but the {forgotten} USDC that a chain forgot")


def build_claims(result: AccountsResult) -> Table:
    """Who was owed what, what each chain paid, and what is missing; fits 80 columns."""
    chains = result.cast.system.deployment.chains
    table = Table(title="who was owed what, and what each chain paid", title_justify="left")
    for header in ("owner", "account", "token", "what"):
        table.add_column(header, no_wrap=True)
    table.add_column("amount", justify="right", no_wrap=True)
    for claim in result.claims:
        token, name = token_by_id(claim.token), NAMES[claim.owner]
        owed = format_amount(claim.entitled, token, FULL_DIGITS)
        table.add_row(name, str(claim.account), token.symbol, "owed", owed)
        for chain, amount in claim.paid.items():
            if amount:
                paid = format_amount(amount, token, FULL_DIGITS)
                table.add_row("", "", "", f"{chains[chain].name} paid", paid)
        if claim.missing:
            missing = format_amount(claim.missing, token, FULL_DIGITS)
            table.add_row("", "", "", "nobody paid", missing)
        table.add_section()
    return table


def _describe_fees(result: AccountsResult) -> str:
    """All accrued fees, claimed or not."""
    taken: dict[TokenId, int] = {}
    for act in result.cast.acts:
        for token, fee in act.fees.items():
            taken[token] = taken.get(token, 0) + max(fee, 0)
    tokens = {token: token_by_id(token) for token in taken}
    return " and ".join(f"{format_amount(fee, tokens[t], FULL_DIGITS)} {tokens[t].symbol}" for t, fee in taken.items())
