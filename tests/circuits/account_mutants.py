"""Circuits of the account lane and of exits with one seeded bug each, and which test must tell them from the real ones.

A `Rule` is a template with inputs that only the mutant accepts, or on which it gives something else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.support.circuits import Mutation

POOL, ORDER, EXIT, RATIO = "pool_slot.circom", "order_slot.circom", "exit.circom", "lib/ratio.circom"

# breaks: CIR-9
LP_TOKENS_COLLIDE: Final = Mutation(
    "lp_tokens_collide",
    (
        (
            POOL,
            "signal next_number <== is_create * pool_count;",
            "signal next_number <== 0 * pool_count;",
        ),
    ),
)
"""Every pool gets the first LP token."""

# breaks: SOL-2
SUPPLY_NOT_WRITTEN: Final = Mutation(
    "supply_not_written",
    ((POOL, "pool[p].supply + view.selected[p] * change[2]", "pool[p].supply + 0 * change[2]"),),
)
"""Shares come and go, the supply stays."""

# breaks: CIR-6
MAKER_SIGNS_FOR_BOTH: Final = Mutation(
    "maker_signs_for_both",
    (
        (ORDER, "template OrderSide(DT, DA, DO) {", "template OrderSide(DT, DA, DO, I) {"),
        (ORDER, "side[i] = OrderSide(DT, DA, DO);", "side[i] = OrderSide(DT, DA, DO, i);"),
        (
            ORDER,
            "used * (signer - owner.account.key_hash) === 0;",
            "(1 - I) * used * (signer - owner.account.key_hash) === 0;",
        ),
    ),
)
"""Any key signs for the taker."""

RESIDUAL_NOT_WRITTEN: Final = Mutation(
    "residual_not_written",
    (
        (
            ORDER,
            "order_nonce * (1 << AMOUNT_BITS()) + filled + amount);",
            "order_nonce * (1 << AMOUNT_BITS()) + filled);",
        ),
    ),
)
"""An order's leaf does not say how much of it is filled."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A mutant of one template, and inputs that it accepts and the real template refuses."""

    mutation: Mutation
    entry: str
    template: str
    inputs: Mapping[str, int | list[int]]


_FIELDS = (
    "kind account token_a token_b fee_token fee_mantissa fee_exponent lp_token pool_fee amount_a amount_b shares "
    "limit_a limit_b limit_shares valid_until source request.id request.queued_at request.native_fee request.by_owner "
    "request.mask party.hi party.lo second.hi second.lo"
)
NO_POOL_OPERATION: Final = {f"op.{name}": 0 for name in _FIELDS.split()}
"""The `PoolOperation` of an empty slot."""
_POOL = NO_POOL_OPERATION | {
    "is_add": 0,
    "is_remove": 0,
    "is_swap": 0,
    "is_exit": 0,
    "x": 70_001,
    "y": 90_003,
    "supply": 79_000,
    "fee": 30,
}
_REMOVAL = _POOL | {
    "is_remove": 1,
    "op.shares": 1_000,
    "op.limit_shares": 1_000,
    "op.amount_a": 886,
    "op.amount_b": 1_139,
}
_EXIT = _POOL | {"is_exit": 1, "op.shares": 1_000, "op.amount_a": 886, "op.amount_b": 1_139}
_MATCH: dict[str, int | list[int]] = {"used": 1, "amount_a": 10, "sell": [100, 100], "buy": [33, 300]}
_SIDES = {"account": 3, "is_lp": 1, "balance": 10, "fees": 7, "reserve_lower": 105, "reserve_higher": 99, "supply": 20}

# breaks: EXI-1, CIR-3
RULES: Final = (
    Rule(
        Mutation(
            "liquidity_rounds_up",
            (
                (POOL, "(is_add, dividend_a, divisor, proportional_a)", "(1, dividend_a, divisor, proportional_a)"),
                (POOL, "(is_add, dividend_b, divisor, proportional_b)", "(1, dividend_b, divisor, proportional_b)"),
            ),
        ),
        POOL,
        "PoolAmounts",
        _REMOVAL | {"op.amount_a": 887, "op.amount_b": 1_140},
    ),
    Rule(
        Mutation(
            "exits_of_shares_have_limits",
            ((POOL, "(1 - has_limits) * op.limit_b === 0;", "(1 - has_limits - is_exit) * op.limit_b === 0;"),),
        ),
        POOL,
        "PoolAmounts",
        _EXIT | {"op.limit_b": 1},
    ),
    Rule(
        Mutation(
            "more_shares_leave_than_there_are", ((POOL, "(is_remove + is_exit) * (supply", "is_remove * (supply"),)
        ),
        POOL,
        "PoolAmounts",
        _EXIT | {"x": 10, "y": 20, "supply": 5, "op.shares": 6, "op.amount_a": 12, "op.amount_b": 24},
    ),
    Rule(
        Mutation("least_amount_unchecked", ((POOL, "RangeCheck(AMOUNT_BITS())(margin_b);", ""),)),
        POOL,
        "PoolAmounts",
        _REMOVAL | {"op.limit_b": 1_140},
    ),
    Rule(
        Mutation("least_shares_unchecked", ((POOL, "RangeCheck(AMOUNT_BITS())(margin_shares);", ""),)),
        POOL,
        "PoolAmounts",
        _POOL
        | {
            "is_add": 1,
            "op.amount_a": 887,
            "op.amount_b": 1_140,
            "op.shares": 1_000,
            "op.limit_a": 887,
            "op.limit_b": 1_140,
        }
        | {"op.limit_shares": 1_001},
    ),
    Rule(
        Mutation("more_shares_than_there_are", ((POOL, "RangeCheck(REGISTER_BITS())(remaining);", ""),)),
        POOL,
        "PoolAmounts",
        _POOL
        | {"is_remove": 1, "x": 10, "y": 20, "supply": 5, "op.shares": 6, "op.limit_shares": 6}
        | {"op.amount_a": 12, "op.amount_b": 24},
    ),
    Rule(
        Mutation(
            "price_against_the_maker",
            ((ORDER, "IsQuotient(AMOUNT_BITS())(1, asked", "IsQuotient(AMOUNT_BITS())(0, asked"),),
        ),
        ORDER,
        "MatchPrice",
        _MATCH | {"amount_b": 3},
    ),
    Rule(
        Mutation("taker_price_unchecked", ((ORDER, "RangeCheck(2 * AMOUNT_BITS())(advantage);", ""),)),
        ORDER,
        "MatchPrice",
        _MATCH | {"amount_b": 4, "buy": [33, 251]},
    ),
    Rule(
        Mutation("older_order_passes", ((ORDER, "RangeCheck(NONCE_BITS())(newer);", ""),)),
        ORDER,
        "OrderFill",
        {"used": 1, "order_nonce": 3, "sell": 100, "amount": 1, "leaf_nonce": 4, "leaf_filled": 0},
    ),
    Rule(
        Mutation("leaf_read_two_ways", ((ORDER, "RangeCheck(AMOUNT_BITS())(leaf_filled);", ""),)),
        ORDER,
        "OrderFill",
        {"used": 1, "order_nonce": 3, "sell": 100, "amount": 1, "leaf_nonce": 2, "leaf_filled": 2 * 2**112},
    ),
    Rule(
        Mutation("recipient_free", ((EXIT, "enabled * (recipient_lo - owner.lo) === 0;", ""),)),
        EXIT,
        "OwnRecipient",
        {"enabled": 1, "recipient_hi": 1, "recipient_lo": 2, "owner.hi": 1, "owner.lo": 3},
    ),
)


@dataclass(frozen=True, slots=True)
class Result:
    """A mutant of one template, and inputs on which it gives another result than the real template."""

    mutation: Mutation
    entry: str
    template: str
    inputs: Mapping[str, int | list[int]]
    outputs: dict[str, tuple[int, int]]  # by the real template, by the mutant


_SHARE: dict[str, int | list[int]] = {
    "side": 10,
    "reserve": [7, 30, 3, 0, 0, 0, 0, 5],
    "is_chain": [0, 1, 0, 0, 0, 0, 0, 0],
}

# breaks: EXI-1, CIR-4
RESULTS: Final = (
    Result(
        RESIDUAL_NOT_WRITTEN,
        ORDER,
        "OrderFill",
        {"used": 1, "order_nonce": 3, "sell": 100, "amount": 1, "leaf_nonce": 3, "leaf_filled": 2},
        {"leaf_after": (3 * 2**112 + 3, 3 * 2**112 + 2)},
    ),
    Result(
        Mutation(
            "sum_without_the_last_chain",
            (
                (
                    EXIT,
                    "for (var k = 0; k < N; k++) {\n        sum += reserve[k];",
                    "for (var k = 0; k < N - 1; k++) {\n        sum += reserve[k];",
                ),
            ),
        ),
        EXIT,
        "ChainShare",
        _SHARE,
        {"out": (6, 7)},
    ),
    Result(
        Mutation(
            "another_chains_reserve",
            ((EXIT, "own <== InnerProduct(N)(is_chain, reserve);", "own <== reserve[0] + 0 * is_chain[0];"),),
        ),
        EXIT,
        "ChainShare",
        _SHARE,
        {"out": (6, 1)},
    ),
    Result(
        Mutation(
            "fees_for_everybody",
            ((EXIT, "side <== balance + is_operator * fees;", "side <== balance + (1 + 0 * is_operator) * fees;"),),
        ),
        EXIT,
        "ExitSides",
        {**_SIDES},
        {"side_a": (52, 89), "side_b": (49, 84)},
    ),
    Result(
        Mutation(
            "exit_rounds_up",
            (
                (
                    RATIO,
                    "IsQuotient(REGISTER_BITS())(0, dividend, divisor, out);",
                    "IsQuotient(REGISTER_BITS())(1, dividend, divisor, out);",
                ),
                (
                    RATIO,
                    "divisor == 0 ? 0 : dividend \\ divisor;",
                    "divisor == 0 ? 0 : (dividend + divisor - 1) \\ divisor;",
                ),
            ),
        ),
        EXIT,
        "ExitSides",
        {**_SIDES},
        {"side_a": (52, 53), "side_b": (49, 50)},
    ),
)
