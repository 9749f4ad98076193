"""Chooses the account that is credited when an operation names an owner (docs/protocol.md, sections 5.2 and 5.4)."""

from dataclasses import dataclass

from zklink.protocol.errors import AccountsExhausted
from zklink.protocol.ids import AccountId
from zklink.state.state import State


@dataclass(frozen=True, slots=True)
class Target:
    """The account that is credited; `is_new` if the credit gives the account its owner."""

    account: AccountId
    is_new: bool


def choose_target(state: State, owner: bytes, named: AccountId | None = None) -> Target:
    """The named account if it is the owner's, else the owner's first one, else the next one that nobody has;
    AccountsExhausted if there is none.
    """
    if named is not None and state.account(named).owner == owner:
        return Target(named, is_new=False)
    accounts = state.accounts_of(owner)
    if accounts:
        return Target(accounts[0], is_new=False)
    account = state.next_account_id()
    if account >= state.preset.account_limit:
        raise AccountsExhausted(state.preset.account_limit)
    return Target(account, is_new=True)
