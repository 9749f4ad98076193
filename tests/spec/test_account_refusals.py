"""Each way in which an operation of the account lane can be wrong, with its own error; a refusal changes nothing."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.account_scene import (
    ALICE,
    BOB,
    DOMAIN,
    KEYLESS,
    KEYS,
    NEXT_SHARES,
    OPERATOR,
    SHARES,
    TIMESTAMP,
    UNKNOWN,
    X,
    Y,
    Z,
    build_state,
    owner_of,
)
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.deposit import DepositRequest
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.requests import AccountRequest
from zklink.operations.signed import Signed, sign
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.primitives.babyjubjub import BASE8, IDENTITY, SUBORDER, Point
from zklink.primitives.eddsa import PrivateKey, Signature
from zklink.primitives.field import R
from zklink.protocol import errors as e
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, ChainSet, Nonce, OrderSlot, RequestId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.protocol.signing import compute_public_key_hash
from zklink.state.rows import EMPTY_TOKEN, TokenRow
from zklink.state.state import State
from zklink.transition.account_block import apply_account_block
from zklink.transition.context import Context
from zklink.transition.rules import AccountOperation, apply_operation, check_operation

CONTEXT = Context(MINIMAL, DOMAIN, TIMESTAMP)
TOP = Amount((1 << 112) - 1)
NOBODY, BEYOND = AccountId(9), AccountId(MINIMAL.account_limit)
LAST = Nonce((1 << 32) - 1)
ALIEN, OTHER_KEY = TokenId(MINIMAL.token_limit), PrivateKey.from_seed(bytes([99]) * 32)

BASE: dict[str, Any] = {"account": ALICE, "nonce": Nonce(5), "valid_until": TIMESTAMP}
POOL_BASE = BASE | {"token_a": X, "token_b": Y, "fee": Amount(3), "fee_token": Z}
TRANSFER: Any = Transfer(**BASE, token=X, amount=Amount(10), fee=Amount(1), recipient=owner_of(BOB))
WITHDRAW: Any = Withdraw(
    **BASE, token=X, amount=Amount(10), fee=Amount(1), chain=ChainId(1), recipient=bytes(32), fill_fee=Amount(1)
)
FORCED: Any = ForcedExit(**BASE, target=KEYLESS, token=X, chain=ChainId(1), fee=Amount(1), fee_token=Y)
CHANGE: Any = ChangePubKey(
    **BASE,
    public_key_hash=compute_public_key_hash(KEYS[ALICE].public_key),
    chain=ChainId(1),
    fee=Amount(1),
    fee_token=X,
)
CLAIM: Any = ClaimFees(OPERATOR, Nonce(0), TIMESTAMP, token=X, amount=Amount(11), fee=Amount(1))
CREATE: Any = CreatePool(**(POOL_BASE | {"token_a": Y, "token_b": Z}), pool_fee=30)
ADD: Any = AddLiquidity(**POOL_BASE, limit_a=Amount(700), limit_b=Amount(1000), limit_shares=Amount(1))
REMOVE: Any = RemoveLiquidity(**POOL_BASE, limit_a=Amount(1), limit_b=Amount(1), limit_shares=Amount(100))
SWAP: Any = PoolSwap(**POOL_BASE, limit_a=Amount(100), limit_b=Amount(1))
MAKER: Any = Order(ALICE, OrderSlot(1), Nonce(0), TIMESTAMP, X, Y, Amount(100), Amount(200), 30)
TAKER: Any = Order(BOB, OrderSlot(2), Nonce(0), TIMESTAMP, Y, X, Amount(200), Amount(100), 30)
DEPOSIT: Any = DepositRequest(ChainId(1), RequestId(1), X, Amount(10), owner_of(BOB), owner_of(BOB), TIMESTAMP)
EXIT: Any = FullExitRequest(
    ChainId(1), RequestId(1), ALICE, X, owner_of(ALICE), owner_of(BOB), make_chain_set([ChainId(1)]), TIMESTAMP
)
KEY: Any = KeyRequest(ChainId(1), RequestId(1), ALICE, owner_of(ALICE), 7, TIMESTAMP)

Change = dict[str, Any]
SIGNED = (TRANSFER, WITHDRAW, FORCED, CHANGE, CLAIM, CREATE, ADD, REMOVE, SWAP)
OF_ANY_SIGNER: tuple[tuple[Change, type[Exception]], ...] = (
    ({"account": NOBODY}, e.NoSuchAccount),
    ({"account": BEYOND}, e.NoSuchAccount),
    ({"nonce": Nonce(4)}, e.WrongNonce),
    ({"nonce": Nonce(6)}, e.WrongNonce),
    ({"valid_until": TIMESTAMP - 1}, e.OperationExpired),
    ({"fee": Amount(2049)}, e.FeeNotPackable),
    ({"fee": Amount(-1)}, e.FieldOutOfRange),
    ({"valid_until": 1 << 40}, e.FieldOutOfRange),
)
OF_ONE: tuple[tuple[Any, Change, type[Exception]], ...] = (
    (TRANSFER, {"token": TokenId(0)}, e.NoSuchToken),
    (TRANSFER, {"token": ALIEN}, e.NoSuchToken),
    (TRANSFER, {"recipient": bytes(32)}, e.FieldInvalid),
    (TRANSFER, {"recipient": bytes(20)}, e.WrongAddressLength),
    (TRANSFER, {"amount": Amount(2_000_000)}, e.BalanceTooSmall),
    (TRANSFER, {"amount": Amount(1 << 112)}, e.FieldOutOfRange),
    (WITHDRAW, {"token": SHARES}, e.NoSuchToken),
    (WITHDRAW, {"chain": ChainId(0)}, e.FieldInvalid),
    (WITHDRAW, {"chain": ChainId(9)}, e.FieldInvalid),
    (WITHDRAW, {"chain": ChainId(4)}, e.ReserveTooSmall),
    (WITHDRAW, {"amount": Amount(2_000_000)}, e.BalanceTooSmall),
    (FORCED, {"target": BOB}, e.TargetHasKey),
    (FORCED, {"chain": UNKNOWN}, e.OwnerNotKnown),
    (FORCED, {"target": NOBODY}, e.NoSuchAccount),
    (FORCED, {"target": BEYOND}, e.NoSuchAccount),
    (FORCED, {"token": SHARES}, e.NoSuchToken),
    (FORCED, {"chain": ChainId(9)}, e.FieldInvalid),
    (FORCED, {"chain": ChainId(4)}, e.ReserveTooSmall),
    (FORCED, {"fee_token": ALIEN}, e.NoSuchToken),
    (FORCED, {"fee_token": NEXT_SHARES}, e.BalanceTooSmall),
    (CHANGE, {"chain": ChainId(0)}, e.FieldInvalid),
    (CHANGE, {"public_key_hash": 1}, e.WrongKey),
    (CHANGE, {"public_key_hash": R}, e.FieldInvalid),
    (CHANGE, {"fee": Amount(2_010_000)}, e.BalanceTooSmall),
    (CLAIM, {"account": ALICE, "nonce": Nonce(5)}, e.FieldInvalid),
    (CLAIM, {"amount": Amount(12)}, e.FeesTooSmall),
    (CLAIM, {"token": TokenId(0)}, e.NoSuchToken),
    (CLAIM, {"token": Z, "amount": Amount(0), "fee": Amount(2_000_000)}, e.BalanceTooSmall),
    (CREATE, {"token_a": Z, "token_b": Y}, e.TokensNotAscending),
    (CREATE, {"token_b": Y}, e.SameToken),
    (CREATE, {"token_b": SHARES}, e.NoSuchToken),
    (CREATE, {"token_a": TokenId(0)}, e.NoSuchToken),
    (CREATE, {"token_a": X, "token_b": Y}, e.PoolExists),
    (CREATE, {"pool_fee": 10_000}, e.FieldInvalid),
    (ADD, {"token_b": Z}, e.NoSuchPool),
    (ADD, {"token_a": Y, "token_b": X}, e.TokensNotAscending),
    (ADD, {"limit_a": Amount(0)}, e.NoShares),
    (ADD, {"limit_shares": Amount(10_000)}, e.LimitNotMet),
    (ADD, {"limit_a": TOP, "limit_b": Amount(90_000_000)}, e.BalanceTooSmall),
    (REMOVE, {"limit_shares": Amount(0)}, e.NoShares),
    (REMOVE, {"limit_shares": Amount(79_001)}, e.SupplyTooSmall),
    (REMOVE, {"limit_shares": Amount(50_001)}, e.BalanceTooSmall),
    (REMOVE, {"limit_a": Amount(89)}, e.LimitNotMet),
    (REMOVE, {"limit_b": Amount(114)}, e.LimitNotMet),
    (REMOVE, {"token_b": Z}, e.NoSuchPool),
    (SWAP, {"token_b": X}, e.SameToken),
    (SWAP, {"token_b": SHARES}, e.NoSuchToken),
    (SWAP, {"token_b": Z}, e.NoSuchPool),
    (SWAP, {"limit_a": Amount(0)}, e.FieldInvalid),
    (SWAP, {"limit_b": Amount(10_000)}, e.LimitNotMet),
    (SWAP, {"limit_a": Amount(2_000_001)}, e.BalanceTooSmall),
    (SWAP, {"fee_token": ALIEN}, e.NoSuchToken),
    (DEPOSIT, {"owner": bytes(32)}, e.InadmissibleRequest),
    (DEPOSIT, {"token": SHARES}, e.InadmissibleRequest),
    (DEPOSIT, {"token": TokenId(0)}, e.InadmissibleRequest),
    (DEPOSIT, {"source": ChainId(9)}, e.InadmissibleRequest),
    (DEPOSIT, {"amount": TOP}, e.BalanceOverflow),
    (DEPOSIT, {"refund_to": bytes(31)}, e.WrongAddressLength),
    (DEPOSIT, {"queued_at": 1 << 40}, e.FieldOutOfRange),
    (EXIT, {"account": BEYOND}, e.InadmissibleRequest),
    (EXIT, {"token": ALIEN}, e.InadmissibleRequest),
    (EXIT, {"token": TokenId(0)}, e.InadmissibleRequest),
    (EXIT, {"mask": make_chain_set([ChainId(2)])}, e.InadmissibleRequest),
    (EXIT, {"mask": ChainSet(257)}, e.InadmissibleRequest),
    (EXIT, {"owner": bytes(32)}, e.InadmissibleRequest),
    (EXIT, {"second": bytes(31)}, e.WrongAddressLength),
    (EXIT, {"native_fee_gwei": 1 << 40}, e.FieldOutOfRange),
    (KEY, {"account": BEYOND}, e.InadmissibleRequest),
    (KEY, {"source": ChainId(9)}, e.InadmissibleRequest),
    (KEY, {"owner": bytes(32)}, e.InadmissibleRequest),
    (KEY, {"public_key_hash": R}, e.InadmissibleRequest),
    (KEY, {"owner": bytes(20)}, e.WrongAddressLength),
    (DEPOSIT, {"account": BEYOND}, e.InadmissibleRequest),
    (EXIT, {"source": ChainId(0)}, e.InadmissibleRequest),
    (EXIT, {"owner": bytes(20)}, e.WrongAddressLength),
)
OF_ORDERS: tuple[tuple[Change, Change, Amount | None, type[Exception]], ...] = (
    ({"token_buy": Z}, {}, None, e.OrdersDoNotMatch),
    ({"token_buy": X}, {"token_sell": X}, None, e.SameToken),
    ({"token_sell": TokenId(0)}, {"token_buy": TokenId(0)}, None, e.NoSuchToken),
    ({}, {"slot": OrderSlot(MINIMAL.order_slots)}, None, e.FieldInvalid),
    ({"fee_rate": 10_000}, {}, None, e.FieldInvalid),
    ({"valid_until": TIMESTAMP - 1}, {}, None, e.OperationExpired),
    ({}, {"account": NOBODY}, None, e.NoSuchAccount),
    ({}, {"account": KEYLESS}, None, e.WrongKey),
    ({"slot": OrderSlot(0), "order_nonce": Nonce(6)}, {}, None, e.OrderReplaced),
    ({"slot": OrderSlot(0), "order_nonce": Nonce(7)}, {}, Amount(71), e.OrderFilled),
    ({}, {}, Amount(101), e.OrderFilled),
    ({}, {"amount_sell": Amount(150), "amount_buy": Amount(75)}, Amount(100), e.OrderFilled),
    ({}, {"amount_buy": Amount(101)}, Amount(1), e.PricesDoNotCross),
    ({}, {"amount_buy": Amount(101)}, None, e.PricesDoNotCross),
    ({}, {}, Amount(0), e.NothingToMatch),
    ({"amount_sell": Amount(0)}, {}, None, e.NothingToMatch),
    ({"amount_sell": TOP, "amount_buy": Amount(1)}, {"amount_buy": Amount(1)}, Amount(2_000_001), e.BalanceTooSmall),
)


def _sign(operation: Any) -> Any:
    if isinstance(operation, AccountRequest):
        return operation
    return _force(operation, KEYS.get(operation.account, KEYS[ALICE]))


def _force(operation: Any, key: PrivateKey) -> Signed[Any]:
    """A signature of the operation, or of another message where it has none."""
    try:
        return sign(operation, DOMAIN, key)
    except (e.ZkLinkError, ValueError):
        return Signed(operation, key.public_key, key.sign(1))


def _state() -> State:
    state = build_state()
    state.set_order(ALICE, OrderSlot(0), Nonce(7), Amount(30))
    return state


def check_refused(state: State, operation: AccountOperation, error: type[Exception]) -> None:
    """Refused with this very error, alone and by a block, and the state's root stays."""
    root = state.root
    for attempt in (
        lambda: check_operation(state, operation, CONTEXT),
        lambda: apply_account_block(state, [operation], BlockNumber(1), TIMESTAMP, DOMAIN, MINIMAL),
    ):
        with pytest.raises(e.ZkLinkError) as caught:
            attempt()
        assert type(caught.value) is error, caught.value
        assert str(caught.value)
        assert state.root == root


def _name(value: object) -> str:
    return value.__name__ if isinstance(value, type) else type(value).__name__ if hasattr(value, "kind") else str(value)


@pytest.mark.parametrize("operation", [*SIGNED, DEPOSIT, EXIT, OrderMatch(_sign(MAKER), _sign(TAKER))], ids=_name)
def test_check_operation__the_valid_ones__pass(operation: Any) -> None:
    state = _state()
    signed = operation if isinstance(operation, OrderMatch) else _sign(operation)
    check_operation(state, signed, CONTEXT)
    apply_operation(state, signed, CONTEXT)
    state.check_conservation()


@pytest.mark.parametrize("operation", SIGNED, ids=_name)
@pytest.mark.parametrize(("change", "error"), OF_ANY_SIGNER, ids=_name)
def test_check_operation__any_signed_one__is_refused(operation: Any, change: Change, error: type[Exception]) -> None:
    if operation is CLAIM and "account" in change:
        error = e.FieldInvalid
    if operation is CLAIM and change.get("nonce") == 4:
        change = {"nonce": Nonce(1)}
    check_refused(_state(), _sign(replace(operation, **change)), error)


@pytest.mark.parametrize(("operation", "change", "error"), OF_ONE, ids=_name)
def test_check_operation__one_kind__is_refused(operation: Any, change: Change, error: type[Exception]) -> None:
    check_refused(_state(), _sign(replace(operation, **change)), error)


@pytest.mark.parametrize(("maker", "taker", "amount", "error"), OF_ORDERS, ids=_name)
def test_check_operation__orders__are_refused(
    maker: Change, taker: Change, amount: Amount | None, error: type[Exception]
) -> None:
    match = OrderMatch(_sign(replace(MAKER, **maker)), _sign(replace(TAKER, **taker)), amount)
    check_refused(_state(), match, error)


@pytest.mark.parametrize("operation", [*SIGNED, MAKER, TAKER], ids=_name)
def test_check_operation__forged_signature__is_refused(operation: Any) -> None:
    """Another key, another deployment, another message, and signatures that say nothing (CIR-6)."""
    key = KEYS[operation.account]
    good = sign(operation, DOMAIN, key)
    r8, s = good.signature
    for forged, error in (
        (sign(operation, DOMAIN, OTHER_KEY), e.WrongKey),
        (sign(operation, DOMAIN + 1, key), e.SignatureInvalid),
        (replace(good, operation=replace(operation, valid_until=TIMESTAMP + 1)), e.SignatureInvalid),
        (replace(good, signature=Signature(r8, s + SUBORDER)), e.SignatureInvalid),
        (replace(good, signature=Signature(IDENTITY, 0)), e.SignatureInvalid),
        (replace(good, public_key=Point(R, 1)), e.SignatureInvalid),
        (replace(good, public_key=BASE8), e.WrongKey),
    ):
        if operation is MAKER:
            check_refused(_state(), OrderMatch(forged, _sign(TAKER)), error)
        elif operation is TAKER:
            check_refused(_state(), OrderMatch(_sign(MAKER), forged), error)
        else:
            check_refused(_state(), forged, error)


def test_check_operation__no_room_left__is_refused() -> None:
    """Accounts, nonces, LP tokens and balances have their ends."""
    state = _state()
    for i in range(MINIMAL.account_limit):
        if not state.account(AccountId(i)).exists:
            state.set_owner(AccountId(i), owner_of(BOB))
    check_refused(state, replace(DEPOSIT, owner=owner_of(AccountId(20))), e.AccountsExhausted)
    check_refused(state, _sign(replace(TRANSFER, recipient=owner_of(AccountId(20)))), e.AccountsExhausted)
    state.set_nonce(ALICE, LAST)
    check_refused(state, _sign(replace(TRANSFER, nonce=LAST)), e.NonceExhausted)
    state = _state()
    state.set_token(TokenId(0), TokenRow(EMPTY_TOKEN.reserves, MINIMAL.lp_base))
    check_refused(state, _sign(CREATE), e.PoolsExhausted)
    state.set_balance(BOB, X, TOP)
    check_refused(state, _sign(TRANSFER), e.BalanceOverflow)
    state.set_token(X, replace(state.token(X), fees=TOP))
    check_refused(state, _sign(replace(FORCED, fee_token=X)), e.BalanceOverflow)
    state.set_pool(X, Y, replace(state.pool(X, Y), reserve_lower=TOP))
    check_refused(state, _sign(SWAP), e.LimitNotMet)
    check_refused(state, _sign(replace(SWAP, token_a=Y, token_b=X, limit_b=TOP)), e.LimitNotMet)
