"""An owner's layer-2 side: finds the account, counts nonces, signs.

Takes the owner's two keys, one of L1 and one of layer 2, and an operator's port; gives signed operations to the
operator. An operation whose fee is left open (LEAST_FEE) gets the least fee for which the operator takes it. If the
operator refuses an operation, the wallet raises its reason. Never gives a key away.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.contracts.registries import sign_key_change
from zklink.operations.change_pub_key import NO_CONSENT, ChangePubKey
from zklink.operations.operation_id import OperationId
from zklink.operations.order import Order
from zklink.operations.signed import Signable, Signed, sign
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.errors import NoAccountYet
from zklink.protocol.ids import AccountId, Amount, Nonce, OrderSlot, TokenId
from zklink.protocol.signing import compute_public_key_hash
from zklink.sdk.operator_port import Operator

VALID_SECONDS: Final = 10_800
"""Long enough that a broker advances a withdrawal before its block is final (see SLACK_SECONDS of the broker)."""
LEAST_FEE: Final = Amount(0)
"""A fee that is left open: the wallet puts in the least fee that the operator takes."""

T = TypeVar("T", bound=Signable)
T_co = TypeVar("T_co", bound=Signable, covariant=True)


class Build(Protocol[T_co]):
    """Makes an operation of an account with this nonce, valid until this time (UNIX seconds)."""

    def __call__(self, account: AccountId, nonce: Nonce, valid_until: int) -> T_co: ...


class Wallet:
    """One owner. The wallet acts for the owner's account with the lowest id."""

    def __init__(
        self, name: str, operator: Operator, owner: LocalAccount, key: PrivateKey, now: Callable[[], int]
    ) -> None:
        self.name = name
        self.owner = owner
        self.key = key
        self._operator = operator
        self._now = now

    @property
    def address(self) -> bytes:
        """The owner's universal address."""
        return universal_address(self.owner.address)

    @property
    def has_account(self) -> bool:
        """Whether a deposit or transfer has created an account for the owner."""
        return bool(self._operator.accounts_of(self.address))

    @property
    def account(self) -> AccountId:
        """The account's id. Raises NoAccountYet before the first deposit or transfer."""
        accounts = self._operator.accounts_of(self.address)
        if not accounts:
            raise NoAccountYet(self.owner.address)
        return accounts[0]

    @property
    def nonce(self) -> Nonce:
        """The nonce of the next operation, after those that wait."""
        return self._operator.next_nonce(self.account)

    def balance(self, token: TokenId) -> int:
        """The account's balance of a token after the last sealed block, in layer-2 units; 0 without an account."""
        return self._operator.balance(self.account, token) if self.has_account else 0

    def send(self, build: "Build[T]", consent: bytes = NO_CONSENT) -> OperationId:
        """Sign an operation, with the least fee if its fee is left open, and hand it to the operator. Raises
        FeeTokenRefused, or the operator's OperationError or ProtocolError.
        """
        operation = self.complete(build(self.account, self.nonce, self._now() + VALID_SECONDS))
        return self._operator.submit(self.sign(operation), consent)

    def complete(self, operation: T) -> T:
        """The operation, with the least fee in the place of LEAST_FEE. Raises FeeTokenRefused."""
        if getattr(operation, "fee", None) != LEAST_FEE:
            return operation
        least = self._operator.least_fee(operation)
        return replace(operation, fee=least)  # type: ignore[type-var]

    def sign(self, operation: T) -> Signed[T]:
        """Sign an operation of this account with its layer-2 key."""
        return sign(operation, self._operator.account_domain, self.key)

    def order(
        self,
        slot: int,
        order_nonce: int,
        sell: tuple[TokenId, int],
        buy: tuple[TokenId, int],
        fee_rate: int | None = None,
    ) -> Signed[Order]:
        """A signed limit order: sells at most `sell`, for at least `buy` in proportion (both token and amount in
        layer-2 units). `fee_rate` is in 1/FEE_DENOMINATOR, by default the least. Raises FeeTokenRefused.
        """
        least_rate = self._operator.least_fee_rate(*buy)
        return self.sign(
            Order(
                account=self.account,
                slot=OrderSlot(slot),
                order_nonce=Nonce(order_nonce),
                valid_until=self._now() + VALID_SECONDS,
                token_sell=sell[0],
                token_buy=buy[0],
                amount_sell=Amount(sell[1]),
                amount_buy=Amount(buy[1]),
                fee_rate=least_rate if fee_rate is None else fee_rate,
            )
        )

    def key_change(self) -> ChangePubKey:
        """The operation that gives the account its key, for the least fee. Its fee token is the first one of which the
        account has enough, else the first one that the operator takes.
        """
        change = ChangePubKey(
            account=self.account,
            nonce=self.nonce,
            valid_until=self._now() + VALID_SECONDS,
            public_key_hash=compute_public_key_hash(self.key.public_key),
            chain=self._operator.primary,
            fee=LEAST_FEE,
            fee_token=TokenId(0),
        )
        offers = [self.complete(replace(change, fee_token=token)) for token in self._operator.fee_tokens()]
        return next((offer for offer in offers if self.balance(offer.fee_token) >= offer.fee), offers[0])

    def set_key(self) -> OperationId:
        """Give the account its key; the wallet signs the owner's consent with the L1 key. Raises as `send` does."""
        change = self.key_change()
        consent = sign_key_change(
            self.owner,
            self._operator.deployment_hash,
            change.account,
            change.nonce,
            change.public_key_hash,
            change.valid_until,
        )
        return self._operator.submit(self.sign(change), consent)
