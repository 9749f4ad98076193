"""The rule of a swap and its effect (docs/protocol.md, section 5.1).

Takes a request and the registers that a block has loaded; gives the outcome and the payout. Never asks a clock and
never chooses: the same request on the same registers always has the same outcome.
"""

from dataclasses import dataclass
from enum import Enum

from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.errors import InadmissibleRequest
from zklink.protocol.ids import FEE_DENOMINATOR, MAX_CHAINS, Amount, TokenId
from zklink.protocol.presets import Preset
from zklink.state.rows import EMPTY_POOL, Pool, TokenRow
from zklink.state.state import PoolId, order_pair


class RefundReason(Enum):
    """The reason for a refund: the first that applies, in this order."""

    DEADLINE_PASSED = "the block is later than the deadline"
    NO_POOL = "the pair has no pool"
    NO_OUTPUT = "the output rounds to nothing"
    BELOW_MINIMUM = "the output is less than min_out and the fill fee"
    RESERVE_TOO_SMALL = "the destination does not hold the output"


@dataclass(frozen=True, slots=True)
class SwapOutcome:
    """The outcome by the rule. The pool would give `out`, which is set for a refund, too."""

    is_paid: bool
    reason: RefundReason | None
    out: Amount


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


def compute_swap(request: SwapRequest, pool: Pool, reserve: int, timestamp: int) -> SwapOutcome:
    """Decide a request that `check_request` lets pass.

    `pool` is the pair's (ignored for one and the same token), `reserve` the destination's of the token out, both after
    all earlier slots; `timestamp` is the block's.
    """
    dx = request.amount - request.operator_fee
    is_same = request.token_in == request.token_out
    out = Amount(dx) if is_same else compute_out(dx, *pool.oriented(request.token_in, request.token_out), pool.fee)
    refusals = (
        (timestamp > request.deadline, RefundReason.DEADLINE_PASSED),
        (not is_same and pool.is_empty, RefundReason.NO_POOL),
        (out == 0, RefundReason.NO_OUTPUT),
        (out < request.min_out + request.fill_fee, RefundReason.BELOW_MINIMUM),
        (reserve < out, RefundReason.RESERVE_TOO_SMALL),
    )
    reason = next((reason for is_refused, reason in refusals if is_refused), None)
    return SwapOutcome(reason is None, reason, out)


def apply_swap(registers: Registers, request: SwapRequest, timestamp: int) -> tuple[SwapOutcome, Payout]:
    """Decide a request and change the registers accordingly. Its rows must be loaded (KeyError otherwise)."""
    token_in, token_out = request.token_in, request.token_out
    is_same = token_in == token_out
    pair = order_pair(token_in, token_out)
    pool = EMPTY_POOL if is_same else registers.pools[pair]
    reserve = registers.tokens[token_out].reserve(request.destination)
    outcome = compute_swap(request, pool, reserve, timestamp)
    if not outcome.is_paid:
        return outcome, Payout.refunded(request)
    tokens = registers.tokens
    tokens[token_in] = tokens[token_in].add(request.source, request.amount, request.operator_fee)
    tokens[token_out] = tokens[token_out].add(request.destination, -outcome.out)
    if not is_same:
        dx = request.amount - request.operator_fee
        registers.pools[pair] = pool.traded(token_in, token_out, dx, outcome.out)
    return outcome, Payout.paid(request, outcome.out)
