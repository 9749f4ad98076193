"""The kernel that adds up lists of points, round by round: a plan, the additions, the next plan."""

from __future__ import annotations

from typing import Any

from zklink.primitives.native.assembly import WORD, Builder, Value, define, store, variable


def build_rounds(module: Any, degree: int, lanes: int) -> None:
    """`add_lists(entries, counts, lists, first_list, source, target, results, ...)`: the sum of each list of points.

    List i, of counts[i] entries, goes to place results + i of `target`; lists before `first_list` are passed over, and
    nothing is written for empty ones. The other arguments are the kernel's room: `state` (two words and one a list),
    `ids` and `sizes` (a number a list), `pairs` with its `capacity` (three numbers a pair), the places `begin` and
    `following` of `target` where two rounds' points fit, `scratch` and `batch` of `add_pairs`.
    """
    plan_first, plan_next, add_pairs = (
        module.globals[f"{name}{degree}"] for name in ("plan_first", "plan_next", "add_pairs")
    )
    with define(module, f"add_lists{degree}", 16) as (builder, arguments):
        *lists, source, target, results, state, ids, sizes, pairs, capacity, begin, following, scratch, batch = (
            arguments
        )
        room = target, results, state, ids, sizes, pairs, capacity
        points = variable(builder, WORD, source)
        places = variable(builder, WORD, begin), variable(builder, WORD, following)
        store(builder, state, begin, WORD(1))
        count = variable(builder, WORD, builder.call(plan_first, [*lists, source, *room]))
        columns = [pairs, *(builder.add(pairs, builder.mul(capacity, WORD(4 * number))) for number in (1, 2))]
        head, body, end = (builder.append_basic_block() for _ in range(3))
        builder.branch(head)
        builder.position_at_end(head)
        builder.cbranch(builder.icmp_unsigned("!=", builder.load(count), WORD(0)), body, end)
        builder.position_at_end(body)
        vectors = builder.udiv(builder.add(builder.load(count), WORD(lanes - 1)), WORD(lanes))
        builder.call(add_pairs, [builder.load(points), *columns, vectors, target, scratch, batch])
        builder.store(target, points)
        store(builder, state, builder.load(places[1]), WORD(1))
        builder.store(builder.call(plan_next, [builder.load(places[0]), *room]), count)
        _swap(builder, places)
        builder.branch(head)
        builder.position_at_end(end)


def _swap(builder: Builder, places: tuple[Value, Value]) -> None:
    first, second = (builder.load(place) for place in places)
    builder.store(second, places[0])
    builder.store(first, places[1])
