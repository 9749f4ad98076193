"""Accounts of layer 2, as the API shows them."""

from typing import Annotated

from msgspec import Meta

from zklink.schema.api.scalars import (
    AccountNumber,
    Answer,
    Bytes32,
    Caip10,
    Caip19,
    ChainNumber,
    OwnerText,
    Request,
    TokenNumber,
    Units,
)


class Balance(Answer):
    """An account's balance after the last sealed block."""

    token: TokenNumber
    asset: Caip19
    amount: Units


class OpenOrder(Answer):
    """An order of the account that rests in the book."""

    id: Bytes32
    slot: int
    order_nonce: int
    token_sell: TokenNumber
    token_buy: TokenNumber
    amount_sell: Units
    amount_buy: Units
    filled: Annotated[Units, Meta(description="Sold so far.")]
    valid_until: int


class AccountInfo(Answer):
    """One account after the last sealed block."""

    account: AccountNumber
    caip10: Caip10
    owner: Annotated[Bytes32, Meta(description="The owner's universal address.")]
    has_key: Annotated[bool, Meta(description="Whether it can sign operations.")]
    public_key_hash: Units
    nonce: int
    next_nonce: Annotated[int, Meta(description="After the operations that wait.")]
    known_chains: Annotated[list[ChainNumber], Meta(description="Where the owner itself has acted.")]
    balances: list[Balance]
    orders: list[OpenOrder]


class AccountsRequest(Request):
    """The accounts of an owner."""

    owner: OwnerText


class AccountsAnswer(Answer):
    """Accounts by owner, ascending; empty if it has none."""

    accounts: list[AccountInfo]


class AccountRequest(Request):
    """An account by its id."""

    account: AccountNumber


class BalancesAnswer(Answer):
    """All balances of an account that are not zero."""

    balances: list[Balance]


class NonceAnswer(Answer):
    """The nonces of an account: of the state, and of its next operation."""

    nonce: int
    next_nonce: int
