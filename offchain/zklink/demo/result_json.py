"""The result of a run as data (`--json`): takes a finished run, gives JSON values. Never asks a chain."""

import platform
from collections.abc import Iterable
from importlib.metadata import version
from typing import Final

from zklink.demo.lines import describe_story
from zklink.demo.model import DemoResult, DemoRun, Ticket
from zklink.demo.stories import format_amount
from zklink.demo.views import describe_outcome

FORMAT: Final = "zklink.demo.1"
PACKAGES: Final = ("zklink", "vyper", "web3", "eth-ape", "groth16py")
JSON = dict[str, object]


def build_report(result: DemoResult) -> JSON:
    """Everything a run measured. Amounts are decimal strings, times are seconds."""
    run = result.run
    tokens = {token.token_id: token.symbol for token in run.system.deployment.tokens}
    return {
        "format": FORMAT,
        "is_clean": not result.problems,
        "problems": list(result.problems),
        "preset": run.options.preset.name,
        "constraints": {lane.name.lower(): circuit.constraints for lane, circuit in run.circuits.items()},
        "setup_seconds": round(result.setup_seconds, 2),
        "seconds_to_first_swap": _round(run.seconds_to_first_swap),
        "run_seconds": round(result.run_seconds, 2),
        "chains": [_describe_chain(run, chain) for chain in sorted(run.system.bridges)],
        "swaps": [_describe_swap(run, ticket) for ticket in run.tickets],
        "blocks": [_describe_block(run, number) for number in sorted(run.timeline.blocks)],
        "balances": [
            {
                "owner": balance.owner,
                "chain": run.chain_name(balance.chain),
                "token": tokens[balance.token],
                "symbol": balance.symbol,
                "decimals": balance.decimals,
                "before": str(balance.before),
                "after": str(balance.after),
            }
            for balance in result.balances
        ],
        "reconciliation": _describe_reconciliation(result),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
    }


def _describe_chain(run: DemoRun, chain: int) -> JSON:
    profile = next(p for p in run.system.world.profiles if p.chain_id == chain)
    return {
        "name": profile.name,
        "chain_id": profile.chain_id,
        "evm_chain_id": profile.evm_chain_id,
        "block_time_seconds": profile.block_time_seconds,
        "confirmations": profile.confirmations,
        "is_primary": profile.chain_id == run.system.deployment.primary,
    }


def _describe_swap(run: DemoRun, ticket: Ticket) -> JSON:
    story, record = ticket.story, run.record(ticket)
    data: JSON = {
        "title": story.title,
        "swap": describe_story(story),
        "outcome": describe_outcome(ticket, record),
        "door_fee_gwei": str(ticket.fee_gwei),
        "swap_gas": None if ticket.receipt is None else ticket.receipt.gas_used,
        "tx_hash": None if ticket.receipt is None else f"0x{ticket.receipt.tx_hash.hex()}",
    }
    if record is None or ticket.sent_at is None:
        return data
    since = ticket.sent_at
    names = {chain: run.chain_name(chain) for chain in sorted(run.system.bridges)}
    token = story.token_in if record.is_refund else story.token_out
    return data | {
        "block": record.block,
        "out": None if record.payout is None else format_amount(record.payout.amount, token, token.layer2_decimals),
        "reason": record.outcome.reason.value if record.outcome and record.outcome.reason else None,
        "seconds_to_confirmation": _since(since, record.confirmed_at),
        "seconds_to_seal": _since(since, record.sealed_at),
        "seconds_to_fill": _since(since, record.filled_at),
        "seconds_to_proof": _since(since, record.proven_at),
        "seconds_to_vouch": _since(since, record.vouched_at),
        "seconds_to_acceptance": {names[chain]: _since(since, at) for chain, at in sorted(record.accepted_at.items())},
        "seconds_to_acceptance_everywhere": _since(since, record.accepted_everywhere_at(names)),
        "seconds_to_execution": _since(since, record.paid_at),
        "seconds_to_repayment": _since(since, record.repaid_at),
        "earned_fill_fee": None if record.earned is None else str(record.earned),
    }


def _describe_block(run: DemoRun, number: int) -> JSON:
    block = next(block for key, block in run.timeline.blocks.items() if key == number)
    transactions = [t for t in run.transactions if number in t.blocks]
    return {
        "number": number,
        "lane": block.lane.name.lower(),
        "items": block.items,
        "constraints": run.circuits[block.lane].constraints,
        "witness_seconds": _round(block.witness_seconds),
        "proof_seconds": _round(block.proof_seconds),
        "transactions": [
            {
                "chain": run.chain_name(t.chain),
                "purpose": t.purpose,
                "gas": t.gas_used,
                "blocks": list(t.blocks),
                "tx_hash": f"0x{t.tx_hash.hex()}",
            }
            for t in transactions
        ],
    }


def _describe_reconciliation(result: DemoResult) -> JSON:
    run, found = result.run, result.reconciliation
    tokens = {token.token_id: token.symbol for token in run.system.deployment.tokens}
    return {
        "is_clean": found.is_clean,
        "holdings": [
            {
                "chain": run.chain_name(holding.chain),
                "token": tokens[holding.token],
                "balance": str(holding.balance),
                "pending": str(holding.pending),
                "custody": str(holding.custody),
                "scale": str(holding.scale),
                "surplus": str(holding.surplus),
                "reserve": str(holding.reserve),
                "open_requests": str(holding.open_requests),
            }
            for holding in found.holdings
        ],
        "fees": [
            {
                "chain": run.chain_name(fees.chain),
                "open_wei": str(fees.open),
                "earned_wei": str(fees.earned),
                "pending_wei": str(fees.pending),
            }
            for fees in found.fees
        ],
        "totals": [
            {
                "token": tokens[total.token],
                "reserves": str(total.reserves),
                "balances": str(total.balances),
                "pools": str(total.pools),
                "fees": str(total.fees),
            }
            for total in found.totals
        ],
    }


def _since(since: float, at: float | None) -> float | None:
    return None if at is None else round(at - since, 2)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _version(package: str) -> str:
    return version(package)


def average(values: Iterable[int]) -> int:
    """The mean of some gas figures, rounded down."""
    items = list(values)
    return sum(items) // len(items)
