"""Signed operations of an owner's account: completed, signed, handed in, and waited for.

Takes a wallet and a way to build an operation; gives the operation's id. The nonce and the least fee are the node's
word; what a signature is bound to is computed. A fee above what the caller allows is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import msgspec

from zklink.client.patience import Patience
from zklink.client.session import Session
from zklink.client.solana_wallet import AnyWallet
from zklink.operations.change_pub_key import NO_CONSENT
from zklink.operations.operation_id import compute_id
from zklink.operations.order import Order
from zklink.operations.signed import Signed, sign
from zklink.protocol.errors import FeeUnfair, NoAccountYet, NodeUnreachable, RequestRefused, StillWaiting
from zklink.protocol.ids import AccountId, Amount, Nonce
from zklink.protocol.signing import compute_public_key_hash
from zklink.schema.api.accounts import AccountInfo, AccountsRequest
from zklink.schema.api.operations import OperationInfo, OperationRequest, SubmitRequest
from zklink.schema.api.refusals import REFUSALS
from zklink.schema.api.trading import FeesAnswer, FeesRequest
from zklink.schema.operations import encode_operation

VALID_SECONDS: Final = 10_800
"""How long an operation may wait for a block; a broker advances a withdrawal only while much of it is left."""
FAIR_SHARE: Final = 10
"""A fee is at most one of so many parts of what is moved, unless the caller allows more."""
STATES: Final = ("sealed", "accepted", "executed")
"""An operation in a block, in the order in which it gets there."""

Build = Callable[[AccountId, Nonce, int], Any]
"""Makes an operation of an account with this nonce, valid until this time (UNIX seconds), its fee left at 0."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that an operation's fee may be, in layer-2 units; None for a share of `moved`, or of the balance where
    nothing is moved.
    """

    most: int | None = None
    moved: int | None = None


async def find_account(session: Session, wallet: AnyWallet) -> AccountInfo:
    """The owner's account with the lowest id. Raises NoAccountYet."""
    found = (await session.api.accounts(AccountsRequest(owner=wallet.address))).accounts
    if not found:
        raise NoAccountYet(wallet.address)
    return min(found, key=lambda account: account.account)


async def send_operation(session: Session, wallet: AnyWallet, build: Build, limit: Limit) -> str:
    """The id of an operation that the operator has taken. Raises the operator's OperationError, FeeUnfair,
    NoAccountYet, SignerUnfit, NodeUnreachable.
    """
    account = await find_account(session, wallet)
    until = (await session.api.status()).timestamp + VALID_SECONDS
    operation = build(AccountId(account.account), Nonce(account.next_nonce), until)
    return await hand_in(session, wallet, await complete(session, account, operation, limit))


async def complete(session: Session, account: AccountInfo, operation: Any, limit: Limit) -> Any:
    """The operation with the least fee that the node takes. Raises FeeUnfair, FeeTokenRefused."""
    asked = msgspec.convert({"operation": spell_unsigned(operation)}, FeesRequest)
    answer: FeesAnswer = await session.api.fees(asked)
    fee, token = int(answer.least_fee), operation.fee_token
    most = limit.most
    if most is None:
        held = sum(int(balance.amount) for balance in account.balances if balance.token == token)
        most = (held if limit.moved is None else limit.moved) // FAIR_SHARE
    if fee > most:
        raise FeeUnfair(token, fee, most)
    return replace(operation, fee=Amount(fee))


async def hand_in(session: Session, wallet: AnyWallet, operation: Any, consent: bytes = NO_CONSENT) -> str:
    """Sign and submit. Where the node does not answer, it is asked whether it has the operation."""
    book = await session.book()
    key = await session.transport.work(lambda: wallet.layer2_key(book.deployment_hash))
    signed: Signed[Any] = sign(operation, book.account_domain, key)
    id = f"0x{compute_id(signed, book.account_domain).hex()}"
    values = {"operation": encode_operation(signed), "consent": f"0x{consent.hex()}"}
    try:
        await session.caller.ask("submit", msgspec.convert(values, SubmitRequest))
    except NodeUnreachable:
        if (await session.api.operation(OperationRequest(id=id))).state == "unknown":
            raise
    return id


async def wait_operation(session: Session, id: str, seconds: float, state: str) -> OperationInfo:
    """An operation that is as far as `state`, or dropped. Raises StillWaiting."""
    patience, last = Patience(session.transport, seconds), "unknown"
    while True:
        try:
            found = await session.api.operation(OperationRequest(id=id))
            last = found.state
            if last == "dropped" or last in STATES[STATES.index(state) :]:
                return found
        except NodeUnreachable as error:
            last = f"not to be seen: {error}"
        except RequestRefused as error:
            if not REFUSALS[error.code].retries:
                raise
        if patience.is_over:
            raise StillWaiting(f"operation {id} as {state}", seconds, last)
        await patience.tick(session.poll_seconds)


async def wait_key(session: Session, wallet: AnyWallet, seconds: float) -> AccountInfo:
    """The owner's account once it has the wallet's layer-2 key. Raises StillWaiting."""
    book = await session.book()
    key = await session.transport.work(lambda: wallet.layer2_key(book.deployment_hash))
    wanted = str(compute_public_key_hash(key.public_key))
    what = f"the key of {wallet.address}"
    return await _wait_account(session, wallet, seconds, what, lambda found: found.public_key_hash == wanted)


async def wait_balance(session: Session, wallet: AnyWallet, token: int, units: int, seconds: float) -> AccountInfo:
    """The owner's account once it has so much of a token. Raises StillWaiting."""

    def has_come(found: AccountInfo) -> bool:
        return sum(int(balance.amount) for balance in found.balances if balance.token == token) >= units

    return await _wait_account(session, wallet, seconds, f"a balance of {units} of token {token}", has_come)


async def _wait_account(
    session: Session, wallet: AnyWallet, seconds: float, what: str, is_done: Callable[[AccountInfo], bool]
) -> AccountInfo:
    patience, last = Patience(session.transport, seconds), "not there"
    while True:
        try:
            account = await find_account(session, wallet)
            if is_done(account):
                return account
            last = f"account {account.account} without it"
        except (NoAccountYet, NodeUnreachable):
            pass
        except RequestRefused as error:
            if not REFUSALS[error.code].retries:
                raise
        if patience.is_over:
            raise StillWaiting(what, seconds, last)
        await patience.tick(session.poll_seconds)


def spell_unsigned(operation: Any) -> dict[str, str]:
    """An operation without its signature, in the API's form."""
    assert not isinstance(operation, Order), "an order pays by its rate"
    values = {field.name: getattr(operation, field.name) for field in fields(operation)}
    shown = {
        name: f"0x{value.hex()}" if isinstance(value, bytes) else str(int(value)) for name, value in values.items()
    }
    return {"type": type(operation).__name__, **shown}
