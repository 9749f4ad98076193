"""Requests and signed operations of the account lane for the sequencer's tests: valid ones, everything by default."""

from typing import Any

from tests.sequencer.conftest import (
    ALICE,
    BOB,
    DOMAIN,
    FOREVER,
    OPERATOR,
    OWNERS,
    PARAMETERS,
    PRIMARY,
    SHARES,
    X,
    Y,
    owner_of,
    signed,
)
from zklink.l1.contracts.registries import sign_key_change
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.deposit import DepositRequest
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.signed import Signed, sign
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.ids import AccountId, Amount, ChainId, Nonce, OrderSlot, RequestId, TokenId
from zklink.protocol.signing import compute_public_key_hash

NEW_KEY = PrivateKey.from_seed(bytes([99]) * 32)
NEW_KEY_HASH = compute_public_key_hash(NEW_KEY.public_key)
Z = TokenId(3)


def deposit(
    source: int = 1, request_id: int = 1, amount: int = 500, owner: bytes = owner_of(ALICE), queued_at: int = 1_000
) -> DepositRequest:
    return DepositRequest(ChainId(source), RequestId(request_id), X, Amount(amount), owner, owner, queued_at)


def full_exit(source: int, request_id: int, account: AccountId = ALICE) -> FullExitRequest:
    owner, mask = owner_of(account), make_chain_set([ChainId(source)])
    return FullExitRequest(ChainId(source), RequestId(request_id), account, X, owner, owner, mask, 1_000)


def transfer(
    account: AccountId = ALICE,
    nonce: int = 0,
    amount: int = 100,
    recipient: bytes = owner_of(BOB),
    valid_until: int = FOREVER,
) -> Signed[Transfer]:
    return signed(Transfer(account, Nonce(nonce), valid_until, X, Amount(amount), Amount(1), recipient))


def withdraw(nonce: int = 0, chain: int = 3, recipient: bytes = owner_of(BOB), fill_fee: int = 0) -> Signed[Withdraw]:
    operation = Withdraw(
        ALICE, Nonce(nonce), FOREVER, X, Amount(400), Amount(1), ChainId(chain), recipient, Amount(fill_fee)
    )
    return signed(operation)


def pool_swap(account: AccountId = ALICE, nonce: int = 0, limit_b: int = 1) -> Signed[PoolSwap]:
    return signed(PoolSwap(account, Nonce(nonce), FOREVER, X, Y, Amount(200), Amount(limit_b), Amount(1), X))


def forced_exit(target: AccountId, chain: int = 1, nonce: int = 0) -> Signed[ForcedExit]:
    return signed(ForcedExit(ALICE, Nonce(nonce), FOREVER, target, X, ChainId(chain), Amount(1), X))


def change_key(chain: int = PRIMARY, nonce: int = 0) -> Signed[ChangePubKey]:
    """Alice takes a new key, which signs."""
    change = ChangePubKey(ALICE, Nonce(nonce), FOREVER, NEW_KEY_HASH, ChainId(chain), Amount(1), X)
    return sign(change, DOMAIN, NEW_KEY)


def consent(owner: AccountId = ALICE, nonce: int = 0) -> bytes:
    deployment_hash = PARAMETERS.deployment_hash
    return sign_key_change(OWNERS[owner], deployment_hash, ALICE, Nonce(nonce), NEW_KEY_HASH, FOREVER)


def order(
    account: AccountId, sell: tuple[TokenId, int], buy: tuple[TokenId, int], slot: int = 0, order_nonce: int = 0
) -> Signed[Order]:
    (token_sell, amount_sell), (token_buy, amount_buy) = sell, buy
    return signed(
        Order(
            account,
            OrderSlot(slot),
            Nonce(order_nonce),
            FOREVER,
            token_sell,
            token_buy,
            Amount(amount_sell),
            Amount(amount_buy),
            0,
        )
    )


def match(amount: int | None = None) -> OrderMatch:
    """Alice sells X for Y to Bob."""
    maker, taker = order(ALICE, (X, 300), (Y, 200)), order(BOB, (Y, 500), (X, 600))
    return OrderMatch(maker, taker, None if amount is None else Amount(amount))


def liquidity(kind: type[AddLiquidity] | type[RemoveLiquidity]) -> Signed[Any]:
    return signed(kind(ALICE, Nonce(0), FOREVER, X, Y, Amount(10), Amount(10), Amount(1), Amount(1), X))


EVERY_KIND: tuple[Signed[Any] | OrderMatch, ...] = (
    transfer(),
    withdraw(),
    forced_exit(BOB),
    change_key(),
    signed(ClaimFees(OPERATOR, Nonce(0), FOREVER, X, Amount(1), Amount(0))),
    signed(CreatePool(ALICE, Nonce(0), FOREVER, X, Z, 30, Amount(1), SHARES)),
    liquidity(AddLiquidity),
    liquidity(RemoveLiquidity),
    pool_swap(),
    order(ALICE, (X, 2**111), (Y, 1)),
    match(),
    match(7),
)
