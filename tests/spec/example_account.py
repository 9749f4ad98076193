"""Recomputes the second block of docs/protocol-example.md, an account block, by the protocol page's own words."""

from typing import Any

from tests.spec.example import PlainAccount, PlainState, Sheet, Words, compute_out, concat, keccak, seal
from zklink.primitives.poseidon import poseidon_reference


def deposit_words(deposit: dict[str, int]) -> Words:
    """Section 4, r0..r3."""
    owner, refund_to = deposit["owner"], deposit["refund_to"]
    return [
        concat(
            (4, 8),
            (deposit["source"], 8),
            (0, 8),
            (deposit["request_id"], 64),
            (deposit["token"], 16),
            (deposit["account"], 32),
            (deposit["amount"], 112),
        ),
        owner % 2**248,
        concat(
            (0, 136),
            (deposit["native_fee_gwei"], 40),
            (deposit["by_owner"], 8),
            (0, 8),
            (owner >> 248, 8),
            (refund_to >> 248, 8),
            (deposit["queued_at"], 40),
        ),
        refund_to % 2**248,
    ]


def ledger_data(
    kind: int, account: int, target: int, token: int, fee: int, fee_token: int, chain: int, owner: int, amount: int
) -> int:
    """Section 4, d0 of a ledger slot."""
    return concat(
        (kind, 8),
        (account, 32),
        (target, 32),
        (token, 16),
        (fee, 16),
        (fee_token, 16),
        (chain, 8),
        (owner >> 248, 8),
        (amount, 112),
    )


def pack_fee(fee: int) -> int:
    """Section 1: the smallest exponent e with fee = m * 10^e and m < 2^11."""
    e, power = next((e, 10**e) for e in range(32) if fee % 10**e == 0 and fee < 2**11 * 10**e)
    return e * 2**11 + int(fee // power)


def transfer_message(transfer: dict[str, int], domain: int) -> Words:
    """Section 4: m0, m1, m2 and M of a transfer."""
    m0 = concat(
        (0, 40),
        (6, 8),
        (transfer["account"], 32),
        (transfer["nonce"], 32),
        (transfer["valid_until"], 40),
        (transfer["token"], 16),
        (pack_fee(transfer["fee"]), 16),
        (transfer["token"], 16),
        (0, 8),
        (transfer["recipient"] >> 248, 8),
        (0, 32),
    )
    m1, m2 = transfer["amount"] << 112, transfer["recipient"] % 2**248
    return [m0, m1, m2, poseidon_reference([domain, m0, m1, m2])]


def swap_message(swap: dict[str, int], domain: int) -> Words:
    """Section 4: m0, m1, m2 and M of a pool swap."""
    m0 = concat(
        (0, 56),
        (15, 8),
        (swap["account"], 32),
        (swap["nonce"], 32),
        (swap["valid_until"], 40),
        (swap["token_a"], 16),
        (swap["token_b"], 16),
        (pack_fee(swap["fee"]), 16),
        (swap["fee_token"], 16),
        (0, 16),
    )
    m1 = swap["limit_a"] << 112 | swap["limit_b"]
    return [m0, m1, 0, poseidon_reference([domain, m0, m1, 0])]


def take_fee(state: PlainState, account: int, token: int, fee: int) -> None:
    """The operator's fee of a signed operation, and the nonce."""
    state.accounts[account].move(token, -fee)
    state.accounts[account].nonce += 1
    state.tokens[token][8] += fee


def enqueue(sheet: Sheet, chain: int, words: Words) -> None:
    """Section 8: the account lane's queue of a chain, one request further."""
    sheet.account_queues[chain] = keccak(sheet.account_queues.get(chain, sheet.deployment_hash), *words)


def compute_account_example(inputs: dict[str, Any], sheet: Sheet, state: PlainState) -> Sheet:
    """Every value of the second block; `sheet` and `state` are those after the first."""
    domain, old_root = sheet.values["account_domain"], state.root()
    sheet.inputs, sheet.values = inputs, {}
    deposit, transfer, swap = (
        {name: int(text, 0) for name, text in inputs[operation].items()}
        for operation in ("deposit", "transfer", "pool_swap")
    )
    r = deposit_words(deposit)
    known = deposit["by_owner"] << deposit["source"] - 1
    state.accounts[deposit["target"]] = PlainAccount(deposit["owner"], known=known)
    state.accounts[deposit["target"]].move(deposit["token"], deposit["amount"])
    state.tokens[deposit["token"]][deposit["source"] - 1] += deposit["amount"]
    d = ledger_data(
        4, deposit["account"], deposit["target"], deposit["token"], 0, 0, deposit["source"], 0, deposit["amount"]
    )
    ledger_slots, slice_0 = [*r, 0, d, 0, 0, 0], [d]
    for i, word in enumerate(r):
        sheet.note(f"deposit.r{i}", word)
    sheet.note("deposit.d0", d)

    for i, word in enumerate(transfer_message(transfer, domain)):
        sheet.note(f"transfer.{('m0', 'm1', 'm2', 'M')[i]}", word)
    token, fee, owner = transfer["token"], transfer["fee"], transfer["recipient"]
    take_fee(state, transfer["account"], token, fee)
    state.accounts[transfer["account"]].move(token, -transfer["amount"])
    state.accounts[transfer["target"]] = PlainAccount(owner)
    state.accounts[transfer["target"]].move(token, transfer["amount"])
    packed = pack_fee(fee)
    d0 = ledger_data(7, transfer["account"], transfer["target"], token, packed, token, 0, owner, transfer["amount"])
    ledger_slots += [0, 0, 0, 0, d0, owner % 2**248, 0, 0, 0]
    slice_0 += [sheet.note("transfer.d0", d0), sheet.note("transfer.d1", owner % 2**248)]

    for i, word in enumerate(swap_message(swap, domain)):
        sheet.note(f"pool_swap.{('m0', 'm1', 'm2', 'M')[i]}", word)
    pool = state.pools[swap["token_a"], swap["token_b"]]
    out = compute_out(pool, swap["limit_a"])
    assert out >= swap["limit_b"]
    state.accounts[swap["account"]].move(swap["token_a"], -swap["limit_a"])
    state.accounts[swap["account"]].move(swap["token_b"], out)
    take_fee(state, swap["account"], swap["fee_token"], swap["fee"])
    pool[0] += swap["limit_a"]
    pool[1] -= out
    identity = ((15, 8), (swap["account"], 32), (swap["token_a"], 16), (swap["token_b"], 16))
    fees = ((pack_fee(swap["fee"]), 16), (swap["fee_token"], 16), (0, 16), (0, 16))
    pool_words = [concat(*identity, *fees, (swap["limit_a"], 112)), concat((0, 16), (0, 8), (out, 112), (0, 112))]
    slice_0 += [sheet.note(f"pool_swap.d{i}", word) for i, word in enumerate(pool_words)]

    slices: list[Words] = [slice_0, *([] for _ in range(8))]
    slices[deposit["source"]] = r
    enqueue(sheet, deposit["source"], r)
    h2 = sum(len(words) << 16 * k for k, words in enumerate(slices))
    header = [domain, inputs["number"] << 40 | inputs["timestamp"], h2, old_root, state.root()]
    empty_order_slot = [0, 0]
    seal(sheet, header, ledger_slots + [0] * 4 + pool_words + empty_order_slot, slices)
    for k in inputs["chains"]:
        sheet.note(f"queue_hash[{k}]", sheet.account_queues.get(k, sheet.deployment_hash))
    return sheet
