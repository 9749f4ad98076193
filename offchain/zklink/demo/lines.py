"""A node's events as lines of text, for logs and for events that a table has no place for. Pure."""

from zklink.broker.records import FillOutcome
from zklink.demo.model import DemoRun, Ticket
from zklink.demo.stories import Story, format_amount, format_coin
from zklink.node.events import (
    BlockAcknowledged,
    BlockProven,
    BlockSealed,
    BlockVouched,
    BrokerRepaid,
    ChainFrozen,
    ChainMoved,
    Event,
    FillDeclined,
    FillLost,
    FillMissed,
    FillTried,
    OperationAccepted,
    OperationDropped,
    OperationRefused,
    PayoutKey,
    QueuesRead,
    RequestConfirmed,
    RequestsLost,
    Result,
    Retried,
    RolledBack,
    TransactionMined,
)

TRANSACTION_VERBS = {
    "accept": "{blocks} accepted",
    "accept again": "{blocks} accepted again",
    "import": "{blocks} imported",
    "execute": "{blocks} executed",
    "fill": "fill of a payout in {blocks}",
}


def describe_story(story: Story) -> str:
    """A story's amount, tokens and chains."""
    amount = format_amount(story.amount, story.token_in)
    return f"{amount} {story.symbol_in} {story.source} → {story.symbol_out} {story.destination}"


def describe_event(run: DemoRun, event: Event) -> str | None:
    """An event in one line; None for an event that does not concern a user."""
    match event:
        case RequestConfirmed():
            return f"{_swap(run, event.key)}: confirmed on {run.chain_name(event.request.source)}"
        case RequestsLost(_, _, chain, first):
            return f"a reorganisation of {run.chain_name(chain)} removed request {first} and all later ones"
        case BlockSealed():
            said = [_describe_result(run, result) for result in event.results]
            said += [f"{len(event.requests)} requests and {len(event.operations)} operations"] * (not said)
            return f"block {event.number} sealed: " + "; ".join(said)
        case BlockProven():
            return (
                f"block {event.number} proven: witness {event.witness_seconds:.1f} s, proof {event.proof_seconds:.1f} s"
            )
        case BlockVouched():
            return f"block {event.number} vouched for: by the validators' seal, and the watchers for its requests"
        case BlockAcknowledged():
            return f"block {event.number} acknowledged: both groups say that it is accepted, finally"
        case ChainMoved() | QueuesRead():
            return None
        case TransactionMined():
            return _describe_transaction(run, event)
        case FillTried(_, key, _, outcome):
            done = outcome in (FillOutcome.FILLED, FillOutcome.FOUND_FILLED)
            return f"{_swap(run, key)}: " + ("filled by the broker" if done else f"not filled: {outcome.value}")
        case FillLost(_, key, chain):
            return f"{_swap(run, key)}: a reorganisation of {run.chain_name(chain)} took the fill"
        case FillDeclined(_, key, verdict):
            return f"{_swap(run, key)}: not filled: {verdict.value}"
        case FillMissed(_, key, _, verdict):
            return f"{_swap(run, key)}: paid before the broker filled it" + (f": {verdict.value}" if verdict else "")
        case BrokerRepaid(_, key, chain, _, _, earned):
            repaid = f"the broker is repaid on {run.chain_name(chain)}"
            return f"{_swap(run, key)}: {repaid}, {_describe_earned(run, key, earned)}"
        case Retried():
            return f"{event.job} failed and is tried again in {event.delay_seconds:g} s: {event.reason}"
        case RolledBack():
            return f"rolled back to block {event.to_block}: {event.reason}"
        case OperationAccepted(_, _, kind):
            return f"{kind} waits for a block"
        case OperationRefused(_, kind, reason):
            return f"{kind} refused: {reason}"
        case OperationDropped(_, _, reason):
            return f"an operation is no longer possible: {reason}"
        case ChainFrozen(_, chain, accepted):
            return f"{run.chain_name(chain)} has frozen at block {accepted}"


def find_ticket(run: DemoRun, key: PayoutKey) -> Ticket | None:
    """The story behind a request; None until its receipt has come."""
    return next((ticket for ticket in run.tickets if ticket.key == key), None)


def _swap(run: DemoRun, key: PayoutKey) -> str:
    ticket = find_ticket(run, key)
    name = f"request {key[1]} of {run.chain_name(key[0])}"
    return name if ticket is None else f"{name} ({describe_story(ticket.story)})"


def _describe_earned(run: DemoRun, key: PayoutKey, earned: int) -> str:
    """The part of its fee that a fill has earned by its lead before the payment."""
    ticket = find_ticket(run, key)
    if ticket is None:
        return f"and earns {earned} units"
    fee, token = ticket.story.fill_fee, ticket.story.token_out
    if earned == fee:
        return f"and earns its whole fee, {format_amount(fee, token)} {ticket.story.symbol_out}"
    late = f"{format_amount(earned, token)} of its fee of {format_amount(fee, token)} {ticket.story.symbol_out}"
    return f"and earns {late}; the recipient gets the rest"


def describe_door_fee(run: DemoRun, ticket: Ticket) -> str:
    """What a swap paid at its door."""
    return format_coin(ticket.fee_gwei, run.system.world.by_name(ticket.story.source).profile.native_symbol)


def _describe_result(run: DemoRun, result: Result) -> str:
    payout = result.payout
    symbol = run.system.deployment.token(payout.token).symbol
    amount = f"{payout.amount} units of {symbol}"
    ticket = find_ticket(run, result.key)
    if ticket is not None:
        token = ticket.story.token_in if result.outcome.reason else ticket.story.token_out
        amount = f"{format_amount(payout.amount, token)} {token.symbol_on(run.chain_name(payout.chain))}"
    verb = f"refunds {amount} ({result.outcome.reason.value})" if result.outcome.reason else f"pays {amount}"
    return f"request {result.key[1]} of {run.chain_name(result.key[0])} {verb} on {run.chain_name(payout.chain)}"


def _describe_transaction(run: DemoRun, event: TransactionMined) -> str:
    blocks = ("block " if len(event.blocks) == 1 else "blocks ") + ", ".join(map(str, event.blocks))
    verb = TRANSACTION_VERBS[event.purpose].format(blocks=blocks)
    return f"{run.chain_name(event.chain)}: {verb}, {event.gas_used:,} gas"
