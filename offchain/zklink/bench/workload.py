"""The blocks that are measured: full, with the same requests and operations in every run.

A swap block goes through two pools, one slot in six through both, and a third of its slots is refunded; an account
block has transfers, withdrawals and deposits, swaps and liquidity, and matches of orders.
"""

from collections.abc import Sequence
from itertools import cycle, islice
from typing import Any, Final

from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.deposit import DepositRequest
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.signed import Signable, Signed, sign
from zklink.operations.swap import SwapRequest
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.ids import (
    POOL_COUNT_ROW,
    AccountId,
    Amount,
    BlockNumber,
    ChainId,
    Nonce,
    OrderSlot,
    RequestId,
    TokenId,
)
from zklink.protocol.presets import Preset
from zklink.protocol.signing import compute_public_key_hash
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition.account_block import AccountBlock, apply_account_block
from zklink.transition.exit import ExitStatement, compute_exit
from zklink.transition.rules import AccountOperation
from zklink.transition.swap_block import SwapBlock, apply_block

TIMESTAMP: Final = 1_800_000_000
_DOMAIN: Final = 1
_DEPTH: Final = Amount(10**15)
# source, destination, token in, token between or 0, token out, whether min_out can be met
_ROUTES: Final = (
    (1, 2, 1, 0, 2, True),
    (2, 3, 1, 0, 1, True),
    (3, 1, 3, 1, 2, True),
    (2, 1, 2, 0, 1, True),
    (1, 4, 1, 0, 3, False),
    (3, 2, 1, 0, 2, False),
)


_USERS: Final = tuple(AccountId(account) for account in (1, 2, 3))
KEYS: Final = {user: PrivateKey.from_seed(bytes([user]) * 32) for user in _USERS}
_FORTUNE: Final = Amount(8 * 10**9)
_FEE: Final = Amount(10)


def build_state(preset: Preset) -> State:
    """Three tokens on eight chains, two pools whose shares account 0 has, three users; conservation holds."""
    state = State(preset)
    for token, sides in ((1, 2), (2, 1), (3, 1)):
        share = (sides * _DEPTH + len(_USERS) * _FORTUNE) // 8
        state.set_token(TokenId(token), TokenRow((Amount(share),) * 8, Amount(0)))
        for user in _USERS:
            state.set_balance(user, TokenId(token), _FORTUNE)
    for account in (AccountId(0), *_USERS):
        state.set_owner(account, _owner(account))
    for user, key in KEYS.items():
        state.set_public_key_hash(user, compute_public_key_hash(key.public_key))
    for number, other in enumerate((2, 3)):
        shares = TokenId(preset.lp_base + number)
        state.set_pool(TokenId(1), TokenId(other), Pool(_DEPTH, _DEPTH, _DEPTH, 30, shares))
        state.set_balance(AccountId(0), shares, _DEPTH)
    state.set_token(POOL_COUNT_ROW, TokenRow((Amount(0),) * 8, Amount(2)))
    state.check_conservation()
    return state


def build_requests(count: int) -> Sequence[SwapRequest]:
    """`count` requests over the routes in turn."""
    routes = islice(cycle(_ROUTES), count)
    return [
        SwapRequest(
            source=ChainId(source),
            destination=ChainId(destination),
            request_id=RequestId(index),
            token_in=TokenId(token_in),
            token_out=TokenId(token_out),
            amount=Amount(1_000_000 + index),
            min_out=Amount(1 if is_met else 2_000_000),
            operator_fee=Amount(100),
            fill_fee=Amount(200),
            deadline=TIMESTAMP + 600,
            queued_at=TIMESTAMP - 10,
            recipient=index.to_bytes(32, "big"),
            refund_to=(1_000 + index).to_bytes(32, "big"),
            via=TokenId(via),
        )
        for index, (source, destination, token_in, via, token_out, is_met) in enumerate(routes, start=1)
    ]


def build_block(preset: Preset) -> SwapBlock:
    """A full block of the preset."""
    return apply_block(build_state(preset), build_requests(preset.slots), BlockNumber(1), TIMESTAMP, _DOMAIN, preset)


def build_operations(preset: Preset) -> list[AccountOperation]:
    """As many operations as an account block has slots, of each kind of slot."""
    places, one, other = preset.account, TokenId(1), TokenId(2)
    first, second, third = _USERS
    operations: list[AccountOperation] = []
    for index in range(places.ledger):
        amount = Amount(1_000 + index)
        match index % 4:
            case 0 | 2:
                operations.append(_sign(Transfer(first, _nonce(index), TIMESTAMP, one, amount, _FEE, _owner(second))))
            case 1:
                chain, recipient = ChainId(2), (10**6 + index).to_bytes(32, "big")
                fast = Withdraw(second, _nonce(index), TIMESTAMP, one, amount, _FEE, chain, recipient, Amount(1))
                operations.append(_sign(fast))
            case _:
                owner = _owner(first)
                request = RequestId(index // 4 + 1)
                operations.append(DepositRequest(ChainId(1), request, one, amount, owner, owner, TIMESTAMP - 10))
    for index in range(places.pool):
        nonce, amount, least = Nonce(index), Amount(10**6), Amount(1)
        if index % 2:
            operations.append(
                _sign(AddLiquidity(third, nonce, TIMESTAMP, one, other, amount, amount, least, _FEE, one))
            )
        else:
            operations.append(_sign(PoolSwap(third, nonce, TIMESTAMP, one, other, amount, least, _FEE, one)))
    for index in range(places.order):
        slot, amount, zero = OrderSlot(index), Amount(10**6), Nonce(0)
        maker = _sign(Order(first, slot, zero, TIMESTAMP, one, other, amount, amount, 5))
        taker = _sign(Order(second, slot, zero, TIMESTAMP, other, one, amount, amount, 10))
        operations.append(OrderMatch(maker, taker))
    return operations


def build_account_block(preset: Preset) -> AccountBlock:
    """A full account block of the preset."""
    return apply_account_block(
        build_state(preset), build_operations(preset), BlockNumber(1), TIMESTAMP, _DOMAIN, preset
    )


def _nonce(index: int) -> Nonce:
    """The nonce of a ledger slot's signer: the first user signs every second one, the second every fourth."""
    return Nonce(index // 4 if index % 4 == 1 else index // 2)


def _sign(operation: Signable) -> Signed[Any]:
    return sign(operation, _DOMAIN, KEYS[operation.account])


def _owner(account: AccountId) -> bytes:
    return (1_000 + account).to_bytes(32, "big")


def build_exit(preset: Preset) -> ExitStatement:
    """The exit of an account with an LP token, the longest statement there is."""
    return compute_exit(build_state(preset), AccountId(0), TokenId(preset.lp_base), ChainId(1))
