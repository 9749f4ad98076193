"""Full exits in the sequencer: as many slots as they need, in order, over blocks and restarts."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.sequencer.conftest import ALICE, BALANCE, BOB, OPERATOR, SHARES, X, Y
from tests.sequencer.operations import deposit, full_exit, pool_swap, transfer
from zklink.operations.full_exit import FullExitPart, FullExitRequest
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.errors import NothingToSeal
from zklink.protocol.ids import AccountId, BlockNumber, ChainId, Lane, RequestId
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sealed_block import SealedBlock
from zklink.sequencer.sequencer import Sequencer
from zklink.transition.account_block import AccountBlock

NOW = 2_000
A, B, C = ChainId(1), ChainId(2), ChainId(3)
SCARCE = 400
"""What each chain but one holds of X."""


def exit_of(account: AccountId = ALICE, request_id: int = 1, source: ChainId = A) -> FullExitRequest:
    """For which every chain may pay."""
    request = full_exit(source, request_id, account)
    return replace(request, mask=make_chain_set([A, B, C]))


def share_exit(account: AccountId = OPERATOR, request_id: int = 1, source: ChainId = A) -> FullExitRequest:
    return replace(exit_of(account, request_id, source), token=SHARES)


@pytest.fixture
def poor(new_sequencer: Callable[..., Sequencer], journal: MemoryJournal) -> Sequencer:
    """Chains A and B hold little of X, C the rest."""
    sequencer = new_sequencer(journal)
    starve(sequencer)
    return sequencer


def starve(sequencer: Sequencer) -> None:
    row = sequencer.state.token(X)
    (a, b, _, *_) = row.reserves
    sequencer.state.set_token(X, row.add(A, SCARCE - a).add(B, SCARCE - b).add(C, a + b - 2 * SCARCE))


def records(sealed: SealedBlock, chain: ChainId) -> list[type]:
    assert isinstance(sealed.block, AccountBlock)
    return [type(record) for record in sealed.block.chain_records(chain)]


def test_seal__three_servings__take_two_blocks_and_are_consumed_once(poor: Sequencer) -> None:
    """A block of the preset has two ledger slots."""
    for request in (exit_of(), deposit(1, 2), deposit(3, 1)):
        poor.add(request)
    first, second = poor.seal(NOW), poor.seal(NOW)
    assert FullExitPart in records(first, A)
    taken = [record for sealed in (first, second) for record in records(sealed, A)]
    while poor.has_waiting:
        taken += records(poor.seal(NOW), A)
    assert taken[:3] == [FullExitPart, FullExitPart, FullExitRequest]
    assert len(taken) == 4
    assert poor.state.balance(ALICE, X) == 500
    assert first.record.consumed[Lane.ACCOUNT, A] == 0
    assert [(fact.chain, fact.count) for fact in poor.served(BlockNumber(0), first.number) if fact.chain == A] == (
        [] if poor.parameters.primary == A else [(A, 1)]
    )


def test_seal__while_a_request_waits__nothing_overtakes_it(poor: Sequencer) -> None:
    poor.add(exit_of())
    poor.add(deposit(1, 2))
    paid = []
    while poor.has_waiting:
        sealed = poor.seal(NOW)
        paid += [(payout.chain, payout.amount) for k in (A, B, C) for payout in sealed.payouts(k)]
        for chain in (A, B, C):
            keys = [payout.fill_key(bytes(32)) for payout in sealed.payouts(chain)]
            assert len({*keys}) == len(keys)
    assert sorted(paid) == [(A, SCARCE), (B, SCARCE), (C, BALANCE - 2 * SCARCE)]


def test_last_before__served_in_part__is_before_its_first_serving(poor: Sequencer) -> None:
    poor.submit(transfer(BOB), NOW)
    poor.seal(NOW)
    poor.add(exit_of())
    first = poor.seal(NOW)
    assert first.record.consumed[Lane.ACCOUNT, A] == 0
    assert poor.last_before(Lane.ACCOUNT, A, RequestId(1)) == first.number - 1
    dropped = poor.drop_from(Lane.ACCOUNT, A, RequestId(1))
    assert [sealed.number for sealed in dropped] == [first.number]
    assert poor.state.balance(ALICE, X) == BALANCE


def test_seal__after_a_restart__serves_the_same_again(
    poor: Sequencer, new_sequencer: Callable[..., Sequencer], journal: MemoryJournal
) -> None:
    poor.add(exit_of())
    sealed = [poor.seal(NOW), poor.seal(NOW)]
    again = new_sequencer(journal)
    starve(again)
    again.add(exit_of())
    found = [again.seal(NOW + 9), again.seal(NOW + 9)]
    assert [block.block.block_commitment for block in found] == [block.block.block_commitment for block in sealed]
    with pytest.raises(NothingToSeal):
        again.seal(NOW)


def test_seal__shares__take_a_pool_slot_after_what_came_before(sequencer: Sequencer) -> None:
    for request in (deposit(1, 1), share_exit(request_id=2), deposit(1, 3)):
        sequencer.add(request)
    first, second = sequencer.seal(NOW), sequencer.seal(NOW)
    assert records(first, A) == [type(deposit()), FullExitRequest]
    assert records(second, A) == [type(deposit())]
    assert sequencer.state.balance(OPERATOR, SHARES) == 0
    assert sequencer.state.balance(OPERATOR, Y) == BALANCE + 1_000_000
    sequencer.state.check_conservation()


def test_seal__shares_and_signed_operations_of_pools__take_turns(sequencer: Sequencer) -> None:
    """The block has one pool slot."""
    sequencer.add(share_exit(BOB))
    sequencer.submit(pool_swap(), NOW)
    kinds = [_takes_request(sequencer.seal(NOW)) for _ in range(2)]
    assert sorted(kinds) == [False, True]


def _takes_request(sealed: SealedBlock) -> bool:
    assert isinstance(sealed.block, AccountBlock)
    return sealed.block.pool[0].request is not None
