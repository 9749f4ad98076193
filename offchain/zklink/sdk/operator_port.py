"""The port between a wallet and an operator: accounts, fees, and the way to hand operations in.

`zklink.service.in_process` implements it on a node in this process; a client of a served API is another end.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from zklink.operations.operation_id import OperationId
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.operations.swap import Way
from zklink.protocol.ids import AccountId, Amount, ChainId, Nonce, TokenId


class Operator(Protocol):
    """Port: the operator of one deployment, as an owner sees it. Amounts are layer-2 units."""

    @property
    def deployment_hash(self) -> bytes:
        """Identifies the deployment: 32 bytes."""
        ...

    @property
    def account_domain(self) -> int:
        """The domain of the deployment's account lane, which every signature of an account is bound to."""
        ...

    @property
    def primary(self) -> ChainId:
        """The chain to which owners show their consents to new keys."""
        ...

    def accounts_of(self, owner: bytes) -> Sequence[AccountId]:
        """The ids of the accounts that a universal address (32 bytes) owns after the last sealed block, ascending."""
        ...

    def next_nonce(self, account: AccountId) -> Nonce:
        """The nonce of the account's next operation, counted after those that wait for a block."""
        ...

    def balance(self, account: AccountId, token: TokenId) -> int:
        """The account's balance of a token after the last sealed block, in layer-2 units."""
        ...

    def fee_tokens(self) -> Sequence[TokenId]:
        """The tokens in which fees are taken, ascending; never empty."""
        ...

    def least_fee(self, operation: Any) -> Amount:
        """The least fee for which the operator takes an operation, in its fee token's layer-2 units. Raises
        FeeTokenRefused.
        """
        ...

    def least_fee_rate(self, token_buy: TokenId, amount_buy: int) -> int:
        """The least fee rate of an order that buys this much, in 1/FEE_DENOMINATOR. Raises FeeTokenRefused."""
        ...

    def find_best_way(self, token_in: TokenId, token_out: TokenId, dx: int) -> Way | None:
        """The way of a swap that brings most, straight or through one token between, by the pools after the last sealed
        block; None if nothing comes out any way. `dx` is the amount less the operator's fee, in layer-2 units.
        """
        ...

    def submit(self, operation: Signed[Any] | OrderMatch, consent: bytes) -> OperationId:
        """Hand an operation in. `consent` is the owner's signature (65 bytes) for a change of key, or empty. Raises an
        OperationError or a ProtocolError if the operator refuses it.
        """
        ...
