"""Audits a demo run: every story must have its expected outcome, and every balance must have changed by exactly the
stories' amounts.

Takes a run and the chains; gives balances and a list of problems in plain words. Never asks the node for a figure that
a chain has.
"""

from collections.abc import Iterator, Mapping

from zklink.demo.model import Balance, DemoRun, Ticket
from zklink.demo.stories import Expectation
from zklink.devnet.tokens import TokenInfo, token_by_id
from zklink.history.solvency import Reconciliation
from zklink.l1.contracts.bridge_structs import WEI_PER_GWEI
from zklink.protocol.ids import ChainId, TokenId

DEPOSITOR, RECIPIENTS, BROKER, BRIDGE = OWNERS = ("user", "recipients", "broker", "bridge")
ARRIVED, REFUNDED = "arrived", "refunded"
"""The API's words for the two ends of a swap."""

TokenPlace = tuple[ChainId, TokenId]


def read_balances(run: DemoRun, before: tuple[Balance, ...] = ()) -> tuple[Balance, ...]:
    """The balances of user, recipients, broker and bridge, of every token and chain that a story touches."""
    first = {(balance.owner, balance.chain, balance.token): balance.after for balance in before}
    roles = run.system.world.roles
    found: list[Balance] = []
    for (chain, token_id), info in _places(run).items():
        token = run.system.token(chain, token_id)
        recipients = [t.recipient.address for t in run.tickets if run.chain_id(t.story.destination) == chain]
        owners = {
            DEPOSITOR: [roles.depositor.address],
            RECIPIENTS: recipients,
            BROKER: [roles.broker.address],
            BRIDGE: [run.system.bridges[chain].address],
        }
        contract = info.contracts[run.chain_name(chain)]
        for owner, addresses in owners.items():
            now = sum(token.balance(address) for address in addresses)
            earlier = first.get((owner, chain, token_id), now)
            found.append(Balance(owner, chain, token_id, contract.symbol, contract.decimals, earlier, now))
    return tuple(found)


def read_received(run: DemoRun) -> tuple[int, ...]:
    """The balance of each story's recipient in the token of its payout, in L1 units."""
    return tuple(
        run.system.token(run.chain_id(t.story.destination), t.story.token_out.token_id).balance(t.recipient.address)
        for t in run.tickets
    )


def find_problems(
    run: DemoRun,
    reconciliation: Reconciliation,
    balances: tuple[Balance, ...],
    received: tuple[int, ...],
    is_complete: bool,
) -> tuple[str, ...]:
    """Every problem, in plain words. `received` comes from `read_received`; asks no chain."""
    problems = [] if is_complete else [f"not finished within {run.options.timeout_seconds:g} s"]
    for ticket, owned in zip(run.tickets, received, strict=True):
        problems.extend(_check_ticket(run, ticket, owned))
    if is_complete:
        problems.extend(_check_balances(run, balances))
    for holding in reconciliation.holdings:
        name = describe_token(holding.token, run.chain_name(holding.chain))
        if not holding.is_solvent:
            problems.append(f"SOL-1: the bridge lacks {-holding.surplus} units of {name}")
        if not holding.is_exact:
            expected = holding.reserve + holding.open_requests
            problems.append(f"custody of {name} is {holding.custody}, the proven state says {expected}")
    for fees in reconciliation.fees:
        coin = f"the coin of {run.chain_name(fees.chain)}"
        if not fees.is_solvent:
            problems.append(f"SOL-1: the bridge lacks {coin} for fees and what it owes outside of tokens")
        if not fees.is_exact:
            problems.append(f"open fees in {coin} are {fees.open} wei, the waiting requests paid {fees.waiting}")
    for total in reconciliation.totals:
        if not total.is_conserved:
            problems.append(f"SOL-2: reserves of {run.system.deployment.token(total.token).symbol} are not conserved")
    return tuple(problems)


def _check_ticket(run: DemoRun, ticket: Ticket, owned: int) -> Iterator[str]:
    story, record = ticket.story, run.record(ticket)
    if ticket.error is not None:
        yield f"{story.title}: {ticket.error}"
        return
    if record is None or record.payout is None or record.paid_at is None:
        yield f"{story.title}: it has not ended"
        return
    expected = story.expectation
    if expected is not Expectation.ANY and record.is_refund != (expected is Expectation.REFUNDED):
        yield f"{story.title}: it was {'refunded' if record.is_refund else 'paid'}, not {expected.value}"
    if ticket.state != (REFUNDED if record.is_refund else ARRIVED):
        yield f"{story.title}: the API says {ticket.state}"
    if expected is Expectation.FILLED and (record.filled_at is None or record.repaid_at is None):
        yield f"{story.title}: the broker {'was not repaid' if record.filled_at else 'did not fill it'}"
    if expected is Expectation.PAID and record.filled_at is not None:
        yield f"{story.title}: the broker filled it without a fee"
    due = _compute_due(ticket, record.is_refund, record.payout.amount, record.earned)
    if owned != due:
        yield f"{story.title}: the recipient owns {owned} units of {story.symbol_out}, not {due}"


def _compute_due(ticket: Ticket, is_refund: bool, amount: int, earned: int | None) -> int:
    """The amount that the recipient must have, in L1 units: all but what the broker has earned."""
    story = ticket.story
    if is_refund:
        return 0
    return (amount - (earned or 0)) * story.token_out.scale(story.destination)


def _check_balances(run: DemoRun, balances: tuple[Balance, ...]) -> Iterator[str]:
    """The user must have paid the amounts that were not refunded, and the broker must have what its leads earned of the
    fees; both paid for their gas in native coin, the user for the doors as well.
    """
    due: dict[tuple[str, TokenPlace], int] = {}
    for ticket in run.tickets:
        record = run.record(ticket)
        if record is None or record.payout is None:
            continue
        story = ticket.story
        source = run.chain_id(story.source), story.token_in.token_id
        destination = run.chain_id(story.destination), story.token_out.token_id
        if not record.is_refund:
            _add(due, DEPOSITOR, source, -story.amount * story.token_in.scale(story.source))
        if record.earned is not None:
            _add(due, BROKER, destination, record.earned * story.token_out.scale(story.destination))
    for balance in balances:
        if balance.owner not in (DEPOSITOR, BROKER):
            continue
        place = balance.chain, balance.token
        expected = due.get((balance.owner, place), 0) - _coin_spent(run, balance)
        if balance.after - balance.before != expected:
            name = describe_token(balance.token, run.chain_name(balance.chain))
            yield f"the {balance.owner}'s {name} changed by {balance.after - balance.before} units, not {expected}"


def _coin_spent(run: DemoRun, balance: Balance) -> int:
    """The wei that the owner spent on gas and at doors, if the balance is in the chain's own coin; else 0."""
    if not run.system.token(balance.chain, balance.token).is_native:
        return 0
    if balance.owner == DEPOSITOR:
        sent = [(t.receipt, t.fee_gwei) for t in run.tickets if run.chain_id(t.story.source) == balance.chain]
        return sum(r.gas_used * r.gas_price_wei + fee_gwei * WEI_PER_GWEI for r, fee_gwei in sent if r)
    fills = [t for t in run.transactions if t.purpose == "fill" and t.chain == balance.chain]
    return sum(fill.gas_used * fill.gas_price_wei for fill in fills)


def describe_token(token: TokenId, chain: str) -> str:
    """A token on a chain, in words."""
    return f"{token_by_id(token).symbol_on(chain)} on {chain}"


def _add(due: dict[tuple[str, TokenPlace], int], owner: str, place: TokenPlace, l1_amount: int) -> None:
    due[owner, place] = due.get((owner, place), 0) + l1_amount


def _places(run: DemoRun) -> Mapping[TokenPlace, TokenInfo]:
    """Every (chain, token) that a story touches, in order of chain and token."""
    found: dict[TokenPlace, TokenInfo] = {}
    for story in run.options.stories:
        found[run.chain_id(story.source), story.token_in.token_id] = story.token_in
        found[run.chain_id(story.destination), story.token_out.token_id] = story.token_out
    return dict(sorted(found.items()))
