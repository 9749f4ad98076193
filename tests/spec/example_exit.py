"""Recomputes the third block of docs/protocol-example.md, of full exits, by the protocol page's own words."""

from typing import Any

from tests.spec.example import PlainState, Sheet, Words, concat, hash_owed, keccak, seal
from tests.spec.example_account import enqueue


def exit_words(request: dict[str, int], kind: int) -> Words:
    """Section 4, r0..r3: kind 5, or 19 for a serving in part."""
    owner, second = request["owner"], request["second"]
    return [
        concat(
            (kind, 8),
            (request["source"], 8),
            (0, 8),
            (request["request_id"], 64),
            (request["token"], 16),
            (request["account"], 32),
            (0, 112),
        ),
        owner % 2**248,
        concat(
            (0, 136),
            (request["native_fee_gwei"], 40),
            (0, 8),
            (request["mask"], 8),
            (owner >> 248, 8),
            (second >> 248, 8),
            (request["queued_at"], 40),
        ),
        second % 2**248,
    ]


def exit_payout(request: dict[str, int], payer: int, amount: int, number: int, slot: int) -> Words:
    """Section 4, p0..p2 of kind 21."""
    recipient = request["owner"] if payer == request["source"] else request["second"]
    return [
        concat(
            (21, 8),
            (request["source"], 8),
            (payer, 8),
            (request["request_id"], 64),
            (request["token"], 16),
            (0, 32),
            (amount, 112),
        ),
        recipient % 2**248,
        concat((0, 48), (number, 64), (slot, 16), (recipient >> 248, 8), (0, 112)),
    ]


def serve(request: dict[str, int], state: PlainState) -> tuple[int, int, bool]:
    """Section 5.3: d, amount, and whether the serving is final."""
    account, row = state.accounts[request["account"]], state.tokens[request["token"]]
    assert account.owner == request["owner"]
    cycle = [(request["source"] - 1 + step) % 8 + 1 for step in range(8)]
    masked = [k for k in cycle if request["mask"] >> k - 1 & 1]
    payer = ([k for k in masked if row[k - 1] > 0] or [request["source"]])[0]
    amount = min(account.balances[request["token"]], row[payer - 1])
    account.move(request["token"], -amount)
    row[payer - 1] -= amount
    account.known |= 1 << request["source"] - 1
    return payer, amount, account.balances[request["token"]] == 0 or not any(row[k - 1] for k in masked)


def burn(request: dict[str, int], state: PlainState) -> Words:
    """Section 5.3: all shares of the account become balances; d0 and d1 of kind 23."""
    account, shares_of = state.accounts[request["account"]], request["token"]
    assert account.owner == request["owner"]
    pair, pool = next((pair, pool) for pair, pool in state.pools.items() if pool[4] == shares_of)
    shares = account.balances[shares_of]
    amounts = [shares * reserve // pool[2] for reserve in pool[:2]]
    for token, amount in zip(pair, amounts, strict=True):
        account.move(token, amount)
    account.move(shares_of, -shares)
    pool[:3] = [pool[0] - amounts[0], pool[1] - amounts[1], pool[2] - shares]
    account.known |= 1 << request["source"] - 1
    identity = ((23, 8), (request["account"], 32), (pair[0], 16), (pair[1], 16), (0, 16), (0, 16), (shares_of, 16))
    return [
        concat(*identity, (0, 16), (amounts[0], 112)),
        concat((0, 16), (request["source"], 8), (amounts[1], 112), (shares, 112)),
    ]


def compute_exit_example(inputs: dict[str, Any], sheet: Sheet, state: PlainState, domain: int) -> Sheet:
    """Every value of the third block; `sheet` and `state` are those after the second."""
    sheet.inputs, sheet.values = inputs, {}
    number, old_root = inputs["number"], state.root()
    full_exit, share_exit = (
        {name: int(text, 0) for name, text in inputs[request].items()} for request in ("full_exit", "share_exit")
    )
    slices: list[Words] = [[] for _ in range(9)]
    payouts: dict[int, Words] = {k: [] for k in inputs["chains"]}
    elements: Words = []
    for slot in (0, 1):
        payer, amount, is_final = serve(full_exit, state)
        kind = 5 if is_final else 19
        r, p = exit_words(full_exit, kind), exit_payout(full_exit, payer, amount, number, slot)
        identity = ((kind, 8), (0, 32), (full_exit["account"], 32), (full_exit["token"], 16), (0, 16), (0, 16))
        d = concat(*identity, (payer, 8), (full_exit["source"], 8), (amount, 112))
        for name, words in (("r", r), ("d", [d]), ("p", p)):
            for i, word in enumerate(words):
                sheet.note(f"serving[{slot}].{name}{i}", word)
        sheet.note(f"serving[{slot}].payout_key", keccak(sheet.deployment_hash, *p))
        slices[full_exit["source"]] += r
        slices[payer] += p
        slices[0].append(d)
        payouts[payer] += p
        elements += [*r, 0, d, *p]
    assert [sheet.values[f"serving[{slot}].r0"] >> 240 for slot in (0, 1)] == [19, 5]
    enqueue(sheet, full_exit["source"], exit_words(full_exit, 5))

    r, d_words = exit_words(share_exit, 5), burn(share_exit, state)
    enqueue(sheet, share_exit["source"], r)
    slices[share_exit["source"]] += r
    slices[0] += d_words
    elements += [*r, *d_words]
    for name, words in (("r", r), ("d", d_words)):
        for i, word in enumerate(words):
            sheet.note(f"share_exit.{name}{i}", word)

    h2 = sum(len(words) << 16 * k for k, words in enumerate(slices))
    header = [domain, number << 40 | inputs["timestamp"], h2, old_root, state.root()]
    empty_order_slot = [0, 0]
    seal(sheet, header, elements + empty_order_slot, slices)
    for k in inputs["chains"]:
        sheet.note(f"queue_hash[{k}]", sheet.account_queues[k])
        sheet.note(f"owed_hash[{k}]", hash_owed(payouts[k]))
    return sheet
