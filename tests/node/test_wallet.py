"""The wallet: whoever leaves the fee open pays the least that is taken, in a token that is there."""

from dataclasses import replace
from typing import Any, Final, cast

import pytest

from tests.sequencer.conftest import ALICE, BALANCE, KEYS, OWNERS, PARAMETERS, X, Y, build_state, owner_of
from zklink.node.node import Node
from zklink.operations.swap import Way
from zklink.operations.transfer import Transfer
from zklink.protocol.errors import FeeTokenRefused, FeeTooLow, NothingToSeal
from zklink.protocol.ids import NO_TOKEN, AccountId, Amount, Nonce, TokenId
from zklink.sdk.wallet import LEAST_FEE, Build, Wallet
from zklink.sequencer.fee_terms import Terms
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sequencer import Sequencer
from zklink.service.in_process import InProcessOperator
from zklink.state.rows import Pool

NOW: Final = 5_000
NEWCOMER: Final = b"\x05" * 32
Z: Final = TokenId(3)


class StubNode:
    """The part of a node that a wallet talks to."""

    def __init__(self) -> None:
        self.sequencer = Sequencer(replace(PARAMETERS, terms=Terms({X: 3, Y: 5})), build_state(), MemoryJournal())

    def submit(self, operation: Any, consent: bytes = b"") -> bytes:
        return self.sequencer.submit(operation, NOW, consent)


@pytest.fixture
def node() -> StubNode:
    return StubNode()


@pytest.fixture
def wallet(node: StubNode) -> Wallet:
    return Wallet("Alice", InProcessOperator(cast(Node, node)), OWNERS[ALICE], KEYS[ALICE], lambda: NOW)


def pay(recipient: bytes, fee: int = LEAST_FEE, token: TokenId = X) -> Build[Transfer]:
    def build(account: AccountId, nonce: Nonce, valid_until: int) -> Transfer:
        return Transfer(account, nonce, valid_until, token, Amount(10), Amount(fee), recipient)

    return build


def test_send__fee_left_open__the_least_is_paid_and_any_other_fee_is_kept(wallet: Wallet, node: StubNode) -> None:
    state = node.sequencer.state
    for recipient, fee, paid in ((owner_of(ALICE), LEAST_FEE, 3), (owner_of(ALICE), 7, 7), (NEWCOMER, LEAST_FEE, 30)):
        before = state.token(X).fees
        wallet.send(pay(recipient, fee))
        node.sequencer.seal(NOW)
        assert state.token(X).fees - before == paid
    with pytest.raises(FeeTooLow):
        wallet.send(pay(owner_of(ALICE), 2))
    with pytest.raises(FeeTokenRefused):
        wallet.send(pay(owner_of(ALICE), token=Z))


def test_set_key__fees_in_two_tokens__paid_in_the_first_that_the_account_has(wallet: Wallet, node: StubNode) -> None:
    assert wallet.key_change().fee_token == X
    node.sequencer.state.set_balance(ALICE, X, Amount(5))
    wallet.set_key()
    node.sequencer.seal(NOW)
    assert node.sequencer.state.token(Y).fees == BALANCE - wallet.balance(Y) == 10


def test_order__rate_left_open__the_least_that_the_book_takes(wallet: Wallet, node: StubNode) -> None:
    node.submit(wallet.order(0, 0, (X, 1_000), (Y, 900)))
    with pytest.raises(FeeTooLow):
        node.submit(wallet.order(1, 0, (X, 1_000), (Y, 900), fee_rate=111))
    with pytest.raises(NothingToSeal):
        node.sequencer.seal(NOW)
    assert len(node.sequencer.intake.book) == 1


def test_find_best_way__a_pool_appears__the_operator_quotes_it(node: StubNode) -> None:
    operator = InProcessOperator(cast(Node, node))
    node.sequencer.state.set_pool(X, Y, Pool(10**6, 10**6, 10**6, 0, PARAMETERS.preset.lp_base))
    straight = operator.find_best_way(X, Y, 1_000)
    assert straight == Way(NO_TOKEN, Amount(999))
    node.sequencer.state.set_pool(X, Z, Pool(10**6, 2 * 10**6, 10**6, 0, TokenId(PARAMETERS.preset.lp_base + 1)))
    node.sequencer.state.set_pool(Y, Z, Pool(10**6, 10**6, 10**6, 0, TokenId(PARAMETERS.preset.lp_base + 2)))
    routed = operator.find_best_way(X, Y, 1_000)
    assert routed is not None and routed.via == Z and routed.out > 1_990
