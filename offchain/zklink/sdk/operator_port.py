"""What a wallet needs of an operator, as a port: what it knows of accounts, what it charges, and the way in.

One end is in this process (`zklink.service.in_process`); a client of a served API is another.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from zklink.operations.operation_id import OperationId
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.ids import AccountId, Amount, Nonce, TokenId


class Operator(Protocol):
    """Port: the operator of one deployment, as one owner sees it."""

    @property
    def deployment_hash(self) -> bytes:
        """Identifies the deployment: 32 bytes."""
        ...

    @property
    def account_domain(self) -> int:
        """What every signature of an account is bound to: the domain of the deployment's account lane."""
        ...

    def accounts_of(self, owner: bytes) -> Sequence[AccountId]:
        """The accounts of a universal address (32 bytes), ascending, after the last sealed block."""
        ...

    def next_nonce(self, account: AccountId) -> Nonce:
        """The nonce of the account's next operation, after those that wait."""
        ...

    def balance(self, account: AccountId, token: TokenId) -> int:
        """What the account has of a token, in layer-2 units, after the last sealed block."""
        ...

    def fee_tokens(self) -> Sequence[TokenId]:
        """The tokens in which fees are taken, ascending; never empty."""
        ...

    def least_fee(self, operation: Any) -> Amount:
        """The least fee that an operation is taken for, in its own fee token. Raises FeeTokenRefused."""
        ...

    def least_fee_rate(self, token_buy: TokenId, amount_buy: int) -> int:
        """The least fee rate of an order that buys this much, in 1/FEE_DENOMINATOR. Raises FeeTokenRefused."""
        ...

    def submit(self, operation: Signed[Any] | OrderMatch, consent: bytes) -> OperationId:
        """Hand an operation in; with a change of key its owner's signature, if there is one. Raises what refuses it."""
        ...
