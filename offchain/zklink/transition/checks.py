"""The checks that several operations share: of the signer, of balances and of rows.

Take a state and fields of an operation; raise or do nothing. Never change the state.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Final, TypeAlias

from zklink.operations.signed import Signable, Signed
from zklink.primitives import eddsa
from zklink.primitives.babyjubjub import Point
from zklink.primitives.eddsa import Signature
from zklink.primitives.field import is_scalar
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.errors import (
    BalanceOverflow,
    BalanceTooSmall,
    FeesTooSmall,
    FieldInvalid,
    NonceExhausted,
    NoSuchAccount,
    NoSuchPool,
    NoSuchToken,
    OperationExpired,
    ReserveTooSmall,
    SameToken,
    SignatureInvalid,
    TokensNotAscending,
    WrongKey,
    WrongNonce,
    ZkLinkError,
)
from zklink.protocol.ids import AMOUNT_LIMIT, MAX_CHAINS, NONCE_LIMIT, AccountId, ChainId, Nonce, TokenId
from zklink.protocol.presets import Preset
from zklink.protocol.signing import KEPT
from zklink.state.account import Account
from zklink.state.rows import Pool
from zklink.state.state import State
from zklink.transition.context import Context

Cell: TypeAlias = tuple[AccountId, TokenId]


class Trial:
    """Balances as a sequence of changes would leave them, each checked as it is made; the state stays as it is."""

    __slots__ = ("_balances", "_state")

    def __init__(self, state: State) -> None:
        self._state = state
        self._balances: dict[Cell, int] = {}

    def move(self, account: AccountId, token: TokenId, delta: int) -> None:
        """Change one balance; BalanceTooSmall or BalanceOverflow if it would leave the range of an amount."""
        cell = account, token
        before = self._balances.get(cell)
        if before is None:
            before = self._state.balance(account, token)
        after = before + delta
        if after < 0:
            raise BalanceTooSmall(account, token, before, -delta)
        if after >= AMOUNT_LIMIT:
            raise BalanceOverflow(f"account {account}'s balance of token {token}", after, AMOUNT_LIMIT)
        self._balances[cell] = after


def check_account(state: State, account: AccountId) -> Account:
    """The account's leaf; NoSuchAccount if nobody owns it."""
    if not 0 <= account < state.preset.account_limit:
        raise NoSuchAccount(account)
    found = state.account(account)
    if found.owner == ZERO_ADDRESS:
        raise NoSuchAccount(account)
    return found


def check_signer(state: State, account: AccountId, nonce: Nonce, valid_until: int, context: Context) -> Account:
    """The signer's leaf; NoSuchAccount, WrongNonce, NonceExhausted or OperationExpired. The signature comes last."""
    found = check_account(state, account)
    if nonce != found.nonce:
        raise WrongNonce(account, found.nonce, nonce)
    if nonce + 1 >= NONCE_LIMIT:
        raise NonceExhausted(account, NONCE_LIMIT - 1)
    check_time(account, valid_until, context)
    return found


def check_time(account: AccountId, valid_until: int, context: Context) -> None:
    """OperationExpired if the block is later than the signer's `valid_until`."""
    if context.timestamp > valid_until:
        raise OperationExpired(account, valid_until, context.timestamp)


def check_signature(signed: Signed[Signable], key_hash: int, context: Context) -> None:
    """WrongKey unless the public key has this hash; SignatureInvalid unless its signature holds.

    Errors of the message (FieldOutOfRange, FeeNotPackable, WrongAddressLength) come first.
    """
    account = signed.operation.account
    message = signed.operation.message(context.domain)
    if not (is_scalar(signed.public_key.x) and is_scalar(signed.public_key.y)):
        raise SignatureInvalid(account)
    if signed.public_key_hash != key_hash:
        raise WrongKey(account, key_hash, signed.public_key_hash)
    if not _holds((signed.public_key, message, signed.signature)):
        raise SignatureInvalid(account)


_Claim = tuple[Point, int, Signature]
_verdicts: Final[dict[_Claim, bool]] = {}
"""Of the last KEPT signatures: a sequencer asks three times, when it takes an operation, tries it for a block, and
seals the block.
"""


def check_ahead(signed: Iterable[Signed[Signable]], domain: int) -> None:
    """Check signatures together, which takes less time than one at a time; `check_signature` finds the verdicts.

    Raises nothing: an operation without a message, or with a signature that does not hold, is refused by its own check.
    """
    claims: list[_Claim] = []
    for one in signed:
        with suppress(ZkLinkError):
            claims.append((one.public_key, one.operation.message(domain), one.signature))
    new = [claim for claim in dict.fromkeys(claims) if claim not in _verdicts]
    for claim, holds in zip(new, eddsa.verify_many(new), strict=True):
        _keep(claim, holds)


def _holds(claim: _Claim) -> bool:
    known = _verdicts.get(claim)
    return _keep(claim, eddsa.verify(*claim)) if known is None else known


def _keep(claim: _Claim, holds: bool) -> bool:
    if len(_verdicts) >= KEPT:
        del _verdicts[next(iter(_verdicts))]
    _verdicts[claim] = holds
    return holds


def check_token(token: TokenId, limit: int, lowest: int = 1) -> None:
    """NoSuchToken unless lowest <= token < limit."""
    if not lowest <= token < limit:
        raise NoSuchToken(token, lowest, limit)


def check_pair(token_a: TokenId, token_b: TokenId, preset: Preset) -> None:
    """NoSuchToken, SameToken or TokensNotAscending unless a pool may be between them, the lower one first."""
    for token in (token_a, token_b):
        check_token(token, preset.lp_base)
    if token_a == token_b:
        raise SameToken(token_a)
    if token_a > token_b:
        raise TokensNotAscending(token_a, token_b)


def check_pool(state: State, token_a: TokenId, token_b: TokenId) -> Pool:
    """The pool of the pair, in either order; NoSuchPool if it was never created."""
    pool = state.pool(token_a, token_b)
    if not pool.lp_token:
        raise NoSuchPool(min(token_a, token_b), max(token_a, token_b))
    return pool


def check_chain(operation: str, chain: ChainId) -> None:
    """FieldInvalid unless it is the id of a chain."""
    if not 1 <= chain <= MAX_CHAINS:
        raise FieldInvalid(operation, "chain", chain, f"in 1..{MAX_CHAINS}")


def check_reserve(state: State, token: TokenId, chain: ChainId, delta: int) -> None:
    """ReserveTooSmall or BalanceOverflow if a chain's reserve would leave the range of an amount."""
    reserve = state.token(token).reserve(chain)
    if reserve + delta < 0:
        raise ReserveTooSmall(chain, token, reserve, -delta)
    if reserve + delta >= AMOUNT_LIMIT:
        raise BalanceOverflow(f"chain {chain}'s reserve of token {token}", reserve + delta, AMOUNT_LIMIT)


def check_fees(state: State, token: TokenId, claimed: int, paid: int) -> None:
    """FeesTooSmall if more is claimed than has accrued, BalanceOverflow if a token's fees would overflow."""
    accrued = state.token(token).fees
    if claimed > accrued:
        raise FeesTooSmall(token, accrued, claimed)
    if accrued - claimed + paid >= AMOUNT_LIMIT:
        raise BalanceOverflow(f"the accrued fees of token {token}", accrued - claimed + paid, AMOUNT_LIMIT)
