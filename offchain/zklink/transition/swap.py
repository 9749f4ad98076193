"""The rule of a swap and its effect (docs/protocol.md, section 5.1).

Takes a request and the registers that a block has loaded; gives the outcome and the payout. Never asks a clock and
never chooses: the same request on the same registers always has the same outcome.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from zklink.operations.payout import NOTHING, Payout
from zklink.operations.swap import Leg, SwapRequest
from zklink.protocol.errors import InadmissibleRequest
from zklink.protocol.ids import FEE_DENOMINATOR, MAX_CHAINS, NO_TOKEN, Amount, TokenId
from zklink.protocol.presets import Preset
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import PoolId, order_pair


class RefundReason(Enum):
    """The reason for a refund: the first that applies, in this order."""

    DEADLINE_PASSED = "the block is later than the deadline"
    NO_POOL = "a pair of the route has no pool"
    NO_OUTPUT = "the output rounds to nothing"
    BELOW_MINIMUM = "the output is less than min_out and the fill fee"
    RESERVE_TOO_SMALL = "the destination does not hold the output"


@dataclass(frozen=True, slots=True)
class SwapOutcome:
    """The outcome by the rule. The pools would give `out`, which is set for a refund, too; `between` is what the first
    of two trades would give, 0 if there is one or none.
    """

    is_paid: bool
    reason: RefundReason | None
    out: Amount
    between: Amount = NOTHING


@dataclass(slots=True)
class Registers:
    """The rows that a block changes, by id. Ranges are checked when the rows are written back, not between slots."""

    tokens: dict[TokenId, TokenRow]
    pools: dict[PoolId, Pool]


def check_request(request: SwapRequest, preset: Preset) -> None:
    """InadmissibleRequest for a request that no bridge admits and no circuit can prove; packing checks every field's
    width.
    """
    problems = (
        (not 1 <= request.source <= MAX_CHAINS, "its source is not a chain"),
        (not 1 <= request.destination <= MAX_CHAINS, "its destination is not a chain"),
        (not 0 <= request.token_in < preset.token_limit, "its token in is not in the tree"),
        (not 0 <= request.token_out < preset.token_limit, "its token out is not in the tree"),
        (request.operator_fee >= request.amount, "its operator fee is not below its amount"),
        (not 0 <= request.via < preset.token_limit, "its token between is not in the tree"),
        (request.via != NO_TOKEN and not is_route(request), "its route does not have three different tokens"),
    )
    for is_problem, reason in problems:
        if is_problem:
            raise InadmissibleRequest(request.source, request.request_id, reason)
    request.words()


def compute_out(dx: int, x: int, y: int, fee: int) -> Amount:
    """floor(y * g / (x * D + g)) with g = dx * (D - fee): what `dx` buys from a pool with reserves (x, y).

    dx >= 1 and fee < D, so the divisor is positive; (0, 0) gives 0.
    """
    g = dx * (FEE_DENOMINATOR - fee)
    return Amount(y * g // (x * FEE_DENOMINATOR + g))


def is_route(request: SwapRequest) -> bool:
    """Whether the request's two tokens and the one between are three."""
    return len({request.token_in, request.via, request.token_out}) == 3


def compute_pool_ids(request: SwapRequest) -> tuple[PoolId, ...]:
    """The pools that a request trades in, in the order of its trades."""
    return tuple(order_pair(*leg) for leg in request.legs())


def compute_amounts(legs: Sequence[Leg], dx: int, pools: Sequence[Pool]) -> tuple[Amount, ...]:
    """What goes into the first trade, and what comes out of the pool of each; a trade of nothing gives nothing."""
    amounts = [Amount(dx)]
    for leg, pool in zip(legs, pools, strict=True):
        amounts.append(compute_out(amounts[-1], *pool.oriented(*leg), pool.fee) if amounts[-1] else NOTHING)
    return tuple(amounts)


def compute_swap(request: SwapRequest, pools: Sequence[Pool], reserve: int, timestamp: int) -> SwapOutcome:
    """Decide a request that `check_request` lets pass.

    `pools` are those of its trades (`compute_pool_ids`), `reserve` the destination's of the token out, all after all
    earlier slots; `timestamp` is the block's. What is asked for is asked of the last amount alone.
    """
    amounts = compute_amounts(request.legs(), request.amount - request.operator_fee, pools)
    out = amounts[-1]
    refusals = (
        (timestamp > request.deadline, RefundReason.DEADLINE_PASSED),
        (any(pool.is_empty for pool in pools), RefundReason.NO_POOL),
        (out == 0, RefundReason.NO_OUTPUT),
        (out < request.min_out + request.fill_fee, RefundReason.BELOW_MINIMUM),
        (reserve < out, RefundReason.RESERVE_TOO_SMALL),
    )
    reason = next((reason for is_refused, reason in refusals if is_refused), None)
    return SwapOutcome(reason is None, reason, out, amounts[1] if len(pools) == 2 else NOTHING)


def apply_swap(registers: Registers, request: SwapRequest, timestamp: int) -> tuple[SwapOutcome, Payout]:
    """Decide a request and change the registers accordingly. Its rows must be loaded (KeyError otherwise)."""
    token_in, token_out = request.token_in, request.token_out
    pool_ids = compute_pool_ids(request)
    pools = [registers.pools[pool_id] for pool_id in pool_ids]
    reserve = registers.tokens[token_out].reserve(request.destination)
    outcome = compute_swap(request, pools, reserve, timestamp)
    if not outcome.is_paid:
        return outcome, Payout.refunded(request)
    tokens = registers.tokens
    tokens[token_in] = tokens[token_in].add(request.source, request.amount, request.operator_fee)
    tokens[token_out] = tokens[token_out].add(request.destination, -outcome.out)
    amounts = compute_amounts(request.legs(), request.amount - request.operator_fee, pools)
    for i, leg in enumerate(request.legs()):
        registers.pools[pool_ids[i]] = pools[i].traded(*leg, amounts[i], amounts[i + 1])
    return outcome, Payout.paid(request, outcome.out, outcome.between)
