"""What a circuit does with an account block's openings: every path is followed, from the old root to the new one.

Shares with the package only the hash and the order of a path's siblings.
"""

from zklink.primitives.merkle import compute_root
from zklink.primitives.poseidon import poseidon
from zklink.transition.account_block import AccountBlock
from zklink.transition.account_openings import AccountOpening
from zklink.transition.ledger_slot import LedgerSlot


def follow(block: AccountBlock) -> tuple[int, int, int]:
    """The account, token and pool root after the block; AssertionError where an opening does not lead to the root."""
    root = block.opening.account_root
    for ledger in block.ledger:
        root = _follow_ledger(ledger, root)
    for pool in block.pool:
        plan = pool.plan
        root = _follow_side(pool.side, root, nonce=pool.side.nonce + (plan.signed is not None), chain=plan.knows)
    for match in block.order:
        sold = match.fill.amount_a, match.fill.amount_b
        orders = (None, None) if match.match is None else (match.match.maker, match.match.taker)
        for side, signed, amount in zip((match.maker, match.taker), orders, sold, strict=True):
            assert side.order is not None
            leaf: tuple[int, int] = (side.order.nonce, side.order.filled)
            if signed is not None:
                nonce = signed.operation.order_nonce
                leaf = nonce, amount + (leaf[1] if nonce == leaf[0] else 0)
            root = _follow_side(side, root, order=leaf)
    return root, _follow_tokens(block), _follow_pools(block)


def _follow_ledger(slot: LedgerSlot, root: int) -> int:
    plan = slot.plan
    grows = plan.signed is not None or (plan.uses_nonce and slot.a.nonce < (1 << 32) - 1)
    root = _follow_side(slot.a, root, nonce=slot.a.nonce + grows, key=plan.new_key_hash, chain=plan.knows_a)
    return _follow_side(slot.b, root, owner=plan.new_owner, chain=plan.knows_b)


def _follow_side(
    side: AccountOpening,
    root: int,
    *,
    nonce: int | None = None,
    key: int | None = None,
    owner: bytes | None = None,
    chain: int | None = None,
    order: tuple[int, int] | None = None,
) -> int:
    """The account root after one side: balances in turn, the order, then the account's leaf."""
    first, *_ = side.balances
    balance_root = before = compute_root(first.before, first.token, first.path)
    for balance in side.balances:
        assert compute_root(balance.before, balance.token, balance.path) == balance_root
        balance_root = compute_root(balance.after, balance.token, balance.path)
    order_root = next_order_root = side.order_root
    if order is not None and side.order is not None:
        place = side.order.slot, side.order.path
        order_root = compute_root(side.order.nonce << 112 | side.order.filled, *place)
        next_order_root = compute_root(order[0] << 112 | order[1], *place)
    leaf = _leaf(side.owner, side.known, side.nonce, side.public_key_hash, before, order_root)
    assert compute_root(leaf, side.account, side.path) == root
    new_key = side.public_key_hash if key is None else key
    new_nonce = side.nonce if nonce is None else nonce
    known = side.known if chain is None else side.known | 1 << (chain - 1)
    after = _leaf(owner or side.owner, known, new_nonce, new_key, balance_root, next_order_root)
    return compute_root(after, side.account, side.path)


def _leaf(owner: bytes, known: int, nonce: int, key: int, balance_root: int, order_root: int) -> int:
    number = int.from_bytes(owner, "big")
    second = known << 40 | (number >> 248) << 32 | nonce
    return poseidon([number % (1 << 248), second, key, balance_root, order_root])


def _follow_tokens(block: AccountBlock) -> int:
    root = block.opening.token_root
    for row in block.opening.tokens:
        assert compute_root(poseidon([*row.before.reserves, row.before.fees]), row.token_id, row.path) == root
        root = compute_root(poseidon([*row.after.reserves, row.after.fees]), row.token_id, row.path)
    return root


def _follow_pools(block: AccountBlock) -> int:
    root = block.opening.pool_root
    for row in block.opening.pools:
        index = row.lower * block.preset.token_limit + row.higher
        leaves = [
            poseidon([p.reserve_lower, p.reserve_higher, p.lp_supply, p.fee, p.lp_token])
            for p in (row.before, row.after)
        ]
        assert compute_root(leaves[0], index, row.path) == root
        root = compute_root(leaves[1], index, row.path)
    return root
