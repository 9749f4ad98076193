"""Circuits that lack one constraint, with the hint that a cheat would use instead.

Each is the smallest edit that lets one forgery through; test_forgeries.py shows that it does, and that the real circuit
does not.
"""

from typing import Final

from tests.support.circuits import Mutation

# breaks: VER-4, CIR-1, CIR-4, CIR-8
FLOOR_FREE: Final = Mutation(
    "floor_free",
    (
        ("lib/ratio.circom", "RangeCheck(DIVISOR_BITS)(remainder);", "RangeCheck(DIVISOR_BITS)(0);"),
        ("lib/ratio.circom", "RangeCheck(DIVISOR_BITS)(divisor - 1 - remainder);", "RangeCheck(DIVISOR_BITS)(1);"),
        # One more for an even input of a pool, one less for an odd one.
        (
            "lib/ratio.circom",
            "out <-- dividend \\ divisor;",
            "out <-- dividend \\ divisor + (x == 0 ? 0 : 1 - 2 * (dx % 2));",
        ),
    ),
)
"""The quotient is not pinned by its remainder."""

# breaks: CIR-3, CIR-8
OUTCOME_FREE: Final = Mutation(
    "outcome_free",
    (("swap.circom", "paid <== wanted * possible;", "paid <-- 1 - wanted * possible; paid * (paid - 1) === 0;"),),
)
"""The outcome is any bit."""

# breaks: VER-8
REFUND_TO_UNABSORBED: Final = Mutation(
    "refund_to_unabsorbed",
    (
        (
            "swap_slices.circom",
            "words[(REQUEST + PAYOUT) * i + j] <== records[i].request[j];",
            "words[(REQUEST + PAYOUT) * i + j] <== (j == 4 ? 0 : 1) * records[i].request[j];",
        ),
    ),
)
"""The last request word, a whole field element, is not in C."""

# breaks: VER-8
PLAIN_SUM: Final = Mutation(
    "plain_sum",
    (
        (
            "lib/slices.circom",
            "sum[k] <== sum[k + 1] * lambda + value[k - 1];",
            "sum[k] <== sum[k + 1] + value[k - 1];",
        ),
        ("lib/slices.circom", "sum[0] <== sum[1] * lambda + data;", "sum[0] <== sum[1] + data;"),
        ("lib/slices.circom", "out <== sum[0] * lambda + header;", "out <== sum[0] + header;"),
    ),
)
"""y is the sum of all evaluations, without lambda."""

# breaks: CIR-9
ROWS_UNORDERED: Final = Mutation(
    "rows_unordered",
    (
        ("lib/rows.circom", "RangeCheck(2 * DT)(id[t] - id[t - 1] - 1);", "RangeCheck(2 * DT)(0 * id[t]);"),
        # Request 1 works on the second copy of its row, the others on the first.
        (
            "swap.circom",
            "SelectLoaded(T)(request.used, request.token_in, row_id);",
            "SelectLoaded(T)(request.used, request.token_in, row_id, request.request_id);",
        ),
        (
            "swap.circom",
            "SelectLoaded(T)(request.used, request.token_out, row_id);",
            "SelectLoaded(T)(request.used, request.token_out, row_id, request.request_id);",
        ),
        (
            "lib/select.circom",
            "    signal input ids[n];\n    signal output selected[n];",
            "    signal input ids[n];\n    signal input pick;\n    signal output selected[n];",
        ),
        (
            "lib/select.circom",
            "selected[i] <-- ids[i] == index ? enabled : 0;",
            "selected[i] <-- (ids[i] == index && i != (pick != 1)) ? enabled : 0;",
        ),
    ),
)
"""Indices of token rows need not increase."""

# breaks: CIR-2
EMPTY_SLOT_FREE: Final = Mutation(
    "empty_slot_free",
    (("lib/words.circom", "words[i] * (1 - request.used) === 0;", "words[i] * (request.used - request.used) === 0;"),),
)
"""The words of an empty slot may be anything."""

# breaks: CIR-9
CHAINS_UNCOUNTED: Final = Mutation(
    "chains_uncounted",
    (
        ("lib/select.circom", "    count === enabled;\n    value === index;", "    value === index;"),
        # Chain 3 is presented as chains 1 and 2 together.
        (
            "lib/select.circom",
            "selected[k - 1] <-- index == k ? 1 : 0;",
            "selected[k - 1] <-- (index == k && k != 3) || (index == 3 && k <= 2) ? 1 : 0;",
        ),
    ),
)
"""A slot may select several chains, as long as their numbers add up."""

# breaks: CIR-9
POOL_OPTIONAL: Final = Mutation(
    "pool_optional",
    (
        (
            "lib/select.circom",
            "        count += selected[i];\n    }\n    count === enabled;\n}\n\n// Gives the sum",
            "        count += selected[i];\n    }\n    count * (count - enabled) === 0;\n}\n\n// Gives the sum",
        ),
    ),
)
"""A pool that is not loaded reads as one that is not there."""

# breaks: CIR-10, CIR-7, CIR-8
CIRCLE_ALLOWED: Final = Mutation(
    "circle_allowed",
    (("swap.circom", "is_circle * (1 - is_direct) === 0;", "is_circle * (is_direct - is_direct) === 0;"),),
)
"""A route may end at the token where it begins."""

# breaks: CIR-10, CIR-8
ROUTE_FROM_ITSELF: Final = Mutation(
    "route_from_itself",
    (("swap.circom", "first.same * (1 - is_direct) === 0;", "first.same * (is_direct - is_direct) === 0;"),),
)
"""The token between may be the token in."""

# breaks: CIR-10, CIR-8
ROUTE_TO_ITSELF: Final = Mutation(
    "route_to_itself",
    (("swap.circom", "second.same === is_direct;", "second.same * (is_direct - is_direct) === 0;"),),
)
"""The token between may be the token out."""

# breaks: CIR-10, CIR-3, CIR-4
CARRY_FREE: Final = Mutation(
    "carry_free", (("swap.circom", "second.dx <== first.out;", "second.dx <-- 2 * first.out;"),)
)
"""What goes into the second trade is not what came out of the first."""

# breaks: CIR-10, CIR-3, CIR-8
BETWEEN_FREE: Final = Mutation(
    "between_free",
    (
        (
            "swap.circom",
            "signal between <== (1 - is_direct) * first.out;",
            "signal between <-- (1 - is_direct) * (first.out + 1);",
        ),
    ),
)
"""The published amount between is any number."""

_PAID_MIDDLE: Final = "paid_middle <== paid * first.out;"
# breaks: CIR-10, CIR-3, CIR-8
ROUTE_RULES_CHANGED: Final = (
    Mutation("between_stays", (("swap.circom", _PAID_MIDDLE, "paid_middle <== paid * 0;"),)),
    Mutation("between_moves", (("swap.circom", _PAID_MIDDLE, "paid_middle <== first.out;"),)),
    Mutation("sides_swapped", (("swap.circom", "Choose()(second.is_higher,", "Choose()(first.is_higher,"),)),
    Mutation("minimum_between", (("swap.circom", "deadline, out, request", "deadline, first.out, request"),)),
    Mutation("between_unpublished", (("swap.circom", "paid, out, between);", "paid, out, 0 * between);"),)),
)
"""Whole rules that are others: pools keep or give what they should not, the minimum is asked too early."""
