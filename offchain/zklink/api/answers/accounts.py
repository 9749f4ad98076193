"""Accounts of layer 2, after the last sealed block."""

from collections.abc import Mapping
from typing import Final

from zklink.api.answers.answerer import Answerer
from zklink.api.names import name_account, name_token
from zklink.api.sources import Sources
from zklink.protocol.chain_sets import list_chains
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import AccountId
from zklink.schema.api import accounts
from zklink.schema.api.scalars import read_owner, show_bytes
from zklink.sequencer.order_book import Resting
from zklink.state.account import Account
from zklink.state.state import State
from zklink.transition.order_match import compute_filled


def answer_accounts(sources: Sources, request: accounts.AccountsRequest) -> accounts.AccountsAnswer:
    found = sources.node.sequencer.state.accounts_of(read_owner("owner", request.owner))
    return accounts.AccountsAnswer(accounts=[_describe(sources, id, find_account(sources, id)) for id in found])


def answer_account(sources: Sources, request: accounts.AccountRequest) -> accounts.AccountInfo:
    return _describe(sources, AccountId(request.account), find_account(sources, request.account))


def answer_balances(sources: Sources, request: accounts.AccountRequest) -> accounts.BalancesAnswer:
    return accounts.BalancesAnswer(balances=_list_balances(sources, find_account(sources, request.account)))


def answer_nonce(sources: Sources, request: accounts.AccountRequest) -> accounts.NonceAnswer:
    nonce = find_account(sources, request.account).nonce
    return accounts.NonceAnswer(nonce=nonce, next_nonce=_next_nonce(sources, AccountId(request.account), nonce))


def find_account(sources: Sources, id: int) -> Account:
    """An account that exists. Raises RequestRefused."""
    state = sources.node.sequencer.state
    account = state.account(AccountId(id)) if id < state.preset.account_limit else None
    if account is None or not account.exists:
        raise RequestRefused("not_found", f"there is no account {id}", {"account": str(id)})
    return account


def _describe(sources: Sources, id: AccountId, account: Account) -> accounts.AccountInfo:
    book, state = sources.node.sequencer.intake.book, sources.node.sequencer.state
    return accounts.AccountInfo(
        account=id,
        caip10=name_account(sources.deployment.deployment_hash, id),
        owner=show_bytes(account.owner),
        has_key=bool(account.public_key_hash),
        public_key_hash=str(account.public_key_hash),
        nonce=account.nonce,
        next_nonce=_next_nonce(sources, id, account.nonce),
        known_chains=list(list_chains(account.known)),
        balances=_list_balances(sources, account),
        orders=[_describe_order(state, resting) for resting in book.of(id)],
    )


def _next_nonce(sources: Sources, id: AccountId, nonce: int) -> int:
    return nonce + len(sources.node.sequencer.intake.queue.of(id))


def _list_balances(sources: Sources, account: Account) -> list[accounts.Balance]:
    return [
        accounts.Balance(token=token, asset=name_token(sources.deployment.deployment_hash, token), amount=str(amount))
        for token, amount in sorted(account.balances.items())
    ]


def _describe_order(state: State, resting: Resting) -> accounts.OpenOrder:
    order = resting.order
    filled = compute_filled(state.order(*resting.place), order.order_nonce)
    return accounts.OpenOrder(
        id=show_bytes(resting.id),
        slot=order.slot,
        order_nonce=order.order_nonce,
        token_sell=order.token_sell,
        token_buy=order.token_buy,
        amount_sell=str(order.amount_sell),
        amount_buy=str(order.amount_buy),
        filled=str(order.amount_sell if filled is None else filled),
        valid_until=order.valid_until,
    )


ANSWERS: Final[Mapping[str, Answerer]] = {
    "accounts": Answerer(answer_accounts, on_node=True),
    "account": Answerer(answer_account, on_node=True),
    "balances": Answerer(answer_balances, on_node=True),
    "nonce": Answerer(answer_nonce, on_node=True),
}
