"""Slots and hot rows are scarce, and nobody starves: each kind of slot has its turn, so has each pair of the book."""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.sequencer.conftest import ALICE, BOB, CHAINS, FOREVER, KEYS, OPERATOR, OWNERS, X, Y, owner_of
from tests.sequencer.requests import make_request
from zklink.operations.order import Order
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.signed import Signable, Signed, sign
from zklink.operations.transfer import Transfer
from zklink.protocol.errors import NothingToSeal
from zklink.protocol.ids import AccountId, Amount, ChainId, Lane, Nonce, OrderSlot, TokenId
from zklink.protocol.presets import COMPACT
from zklink.protocol.signing import compute_public_key_hash
from zklink.sequencer import account_builder
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.operation_queue import Pending
from zklink.sequencer.sealed_block import Parameters, SealedBlock
from zklink.sequencer.sequencer import Sequencer
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition.block_needs import Needs

NOW: Final = 5_000
RARE: Final = tuple(TokenId(token) for token in range(11, 21))
RICH: Final = 10**6
PARAMETERS: Final = Parameters(COMPACT, bytes([8]) * 32, CHAINS[0], CHAINS)
SPAMMERS: Final = 4


def build_state() -> State:
    """Everybody is rich in twelve tokens; one pool."""
    state = State(COMPACT)
    for account in OWNERS:
        state.set_owner(account, owner_of(account))
        state.set_public_key_hash(account, compute_public_key_hash(KEYS[account].public_key))
        for token in (X, Y, *RARE):
            state.set_balance(account, token, Amount(RICH))
    state.set_pool(X, Y, Pool(RICH, RICH, RICH, 30, TokenId(COMPACT.lp_base)))
    state.set_token(TokenId(0), TokenRow((0,) * 8, 1))
    return state


@pytest.fixture
def sequencer() -> Sequencer:
    return Sequencer(PARAMETERS, build_state(), MemoryJournal(), with_paths=False)


def signed(operation: Signable) -> Signed[Signable]:
    return sign(operation, PARAMETERS.domain(Lane.ACCOUNT), KEYS[operation.account])


def spam(sequencer: Sequencer) -> None:
    """Four transfers in four rare tokens: every ledger slot and every token row of a block."""
    first = sequencer.state.account(BOB).nonce
    for index in range(SPAMMERS):
        nonce = Nonce(first + index)
        if sequencer.intake.queue.of(BOB)[index:]:
            continue
        token = RARE[nonce % SPAMMERS]
        transfer = Transfer(BOB, nonce, FOREVER, token, Amount(0), Amount(1), owner_of(OPERATOR))
        sequencer.submit(signed(transfer), NOW)


def offer(sequencer: Sequencer, account: AccountId, slot: int, sell: TokenId, buy: TokenId, nonce: int = 1) -> None:
    amounts = Amount(100), Amount(100)
    sequencer.submit(signed(Order(account, OrderSlot(slot), Nonce(nonce), FOREVER, sell, buy, *amounts, 100)), NOW)


def seal_under_spam(sequencer: Sequencer, count: int) -> Iterator[SealedBlock]:
    for _ in range(count):
        spam(sequencer)
        yield sequencer.seal(NOW)


def kinds(sealed: SealedBlock) -> list[str]:
    return sorted({item.slot.name for item in sealed.items if isinstance(item, Pending)})


def test_seal__ledger_operations_in_four_tokens_without_end__pools_and_orders_have_every_third_block(
    sequencer: Sequencer,
) -> None:
    for nonce in range(6):
        swap = PoolSwap(ALICE, Nonce(nonce), FOREVER, X, Y, Amount(200), Amount(1), Amount(1), RARE[8])
        sequencer.submit(signed(swap), NOW)
    for slot in range(4):
        offer(sequencer, ALICE, slot, RARE[6], RARE[7])
        offer(sequencer, OPERATOR, slot, RARE[7], RARE[6])
    found = [kinds(sealed) for sealed in seal_under_spam(sequencer, 9)]
    assert found == [["LEDGER"], ["LEDGER", "POOL"], ["LEDGER", "ORDER"]] * 3


def test_seal__no_rows_are_kept__pools_and_orders_would_starve(
    sequencer: Sequencer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_builder, "_keep_rows", lambda *_: Needs())
    sequencer.submit(signed(PoolSwap(ALICE, Nonce(0), FOREVER, X, Y, Amount(9), Amount(1), Amount(1), RARE[8])), NOW)
    offer(sequencer, ALICE, 0, RARE[6], RARE[7])
    offer(sequencer, OPERATOR, 0, RARE[7], RARE[6])
    assert [kinds(sealed) for sealed in seal_under_spam(sequencer, 9)] == [["LEDGER"]] * 9


def test_seal__one_pair_crosses_without_end__each_other_pair_has_its_turn(sequencer: Sequencer) -> None:
    """One order slot in a block; the pair that comes first by its tokens is offered anew in every block."""
    rare = [(RARE[index], RARE[index + 1]) for index in (2, 4, 6)]
    for slot, (sold, bought) in enumerate(rare):
        offer(sequencer, ALICE, slot, sold, bought)
        offer(sequencer, BOB, slot, bought, sold)
    for nonce in range(1, 6 * 4 + 1):
        offer(sequencer, ALICE, 9, X, Y, nonce)
        offer(sequencer, OPERATOR, 9, Y, X, nonce)
        sequencer.seal(NOW)
    assert [sequencer.state.order(ALICE, OrderSlot(slot))[1] for slot in range(3)] == [100] * 3


def test_seal__best_pair_finds_no_room__the_next_one_is_matched(sequencer: Sequencer) -> None:
    """Two transfers leave two rows, both X's and Y's: a match of rare tokens has no room, one of X and Y has."""
    for token in (RARE[0], RARE[1]):
        transfer = Transfer(BOB, Nonce(RARE.index(token)), FOREVER, token, Amount(0), Amount(1), owner_of(OPERATOR))
        sequencer.submit(signed(transfer), NOW)
    for nonce, token in enumerate((X, Y)):
        transfer = Transfer(OPERATOR, Nonce(nonce), FOREVER, token, Amount(0), Amount(1), owner_of(BOB))
        sequencer.submit(signed(transfer), NOW)
    offer(sequencer, ALICE, 0, X, RARE[5])
    offer(sequencer, BOB, 0, RARE[5], X)
    offer(sequencer, ALICE, 1, X, Y)
    offer(sequencer, BOB, 1, Y, X)
    assert kinds(sequencer.seal(NOW)) == ["LEDGER", "ORDER"]
    assert [sequencer.state.order(ALICE, OrderSlot(slot))[1] for slot in range(2)] == [0, 100]


def test_seal__both_lanes_busy_with_two_chains__each_chain_is_first_in_its_lane(sequencer: Sequencer) -> None:
    for request_id in range(1, 200):
        for chain in (1, 3):
            sequencer.add(make_request(chain, request_id))
    firsts = []
    for _ in range(4):
        for sealed in seal_under_spam(sequencer, 2):
            if sealed.lane is Lane.SWAP:
                firsts.append(sealed.requests[0].source)
    assert firsts == [ChainId(1), ChainId(3)] * 2
    with pytest.raises(NothingToSeal):
        Sequencer(PARAMETERS, build_state(), MemoryJournal(), with_paths=False).seal(NOW)
