"""The sequencer's account lane: what is refused at the door, what stands in a block, and what comes back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.sequencer.conftest import ALICE, BALANCE, BOB, CHAINS, KEYS, PRIMARY, X, Y, build_state, owner_of
from tests.sequencer.operations import (
    change_key,
    consent,
    deposit,
    forced_exit,
    full_exit,
    match,
    order,
    pool_swap,
    transfer,
    withdraw,
)
from tests.sequencer.requests import make_request
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.errors import (
    AlreadyPending,
    BalanceTooSmall,
    ConsentMissing,
    KeyChangeElsewhere,
    NothingToSeal,
    OperationError,
    OperationExpired,
    OrderReplaced,
    OwnerNotKnown,
    QueueFull,
    RecipientFormatInvalid,
    RecipientIsBridge,
    SignatureInvalid,
    UnknownChain,
    WrongKey,
    WrongNonce,
)
from zklink.protocol.ids import AddressFormat, Amount, BlockNumber, Kind, Lane, RequestId
from zklink.sequencer.chain_checks import check_admissible
from zklink.sequencer.journal import Journal, MemoryJournal
from zklink.sequencer.operation_intake import ACCOUNT_LIMIT
from zklink.sequencer.operation_queue import Pending
from zklink.sequencer.sealed_block import SealedBlock
from zklink.sequencer.sequencer import Sequencer

A, B, C = CHAINS
NOW = 5_000
STRANGER = b"\x01" * 32
"""No EVM address."""


def names(sealed: SealedBlock) -> list[object]:
    """What stands in the slots: (chain, id) of requests, (kind, account, nonce) of signed operations, "match"."""
    found: list[object] = []
    for item in sealed.items:
        if not isinstance(item, Pending):
            found.append((item.source, item.request_id))
        elif isinstance(item.operation, OrderMatch):
            found.append("match")
        else:
            found.append((item.operation.operation.kind, item.account, item.nonce))
    return found


# -- at the door ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (transfer(nonce=1), WrongNonce),
        (transfer(amount=BALANCE), BalanceTooSmall),
        (transfer(valid_until=NOW - 1), OperationExpired),
        (Signed(transfer().operation, KEYS[BOB].public_key, transfer().signature), WrongKey),
        (Signed(transfer(amount=99).operation, KEYS[ALICE].public_key, transfer().signature), SignatureInvalid),
        (withdraw(chain=7), UnknownChain),
        (withdraw(recipient=STRANGER), RecipientFormatInvalid),
    ],
)
def test_submit__cannot_be_sealed__refused_with_its_reason_and_nothing_changes(
    sequencer: Sequencer, operation: Signed[Any], error: type[OperationError]
) -> None:
    with pytest.raises(error):
        sequencer.submit(operation, NOW)
    assert not sequencer.has_waiting
    assert sequencer.state.root == build_state().root


def test_submit__several_of_one_account__each_is_checked_after_those_that_wait(sequencer: Sequencer) -> None:
    half = BALANCE // 2
    sequencer.submit(transfer(nonce=0, amount=half), NOW)
    with pytest.raises(AlreadyPending):
        sequencer.submit(transfer(nonce=0, amount=half), NOW)
    with pytest.raises(BalanceTooSmall):
        sequencer.submit(transfer(nonce=1, amount=half), NOW)
    sequencer.submit(pool_swap(nonce=1), NOW)
    sequencer.submit(transfer(nonce=2), NOW)
    assert names(sequencer.seal(NOW)) == [(Kind.TRANSFER, ALICE, 0), (Kind.POOL_SWAP, ALICE, 1)]
    assert names(sequencer.seal(NOW)) == [(Kind.TRANSFER, ALICE, 2)]
    sequencer.state.check_conservation()


def test_submit__too_many_of_one_account__refused(sequencer: Sequencer) -> None:
    for nonce in range(ACCOUNT_LIMIT):
        sequencer.submit(transfer(nonce=nonce, amount=1), NOW)
    with pytest.raises(QueueFull):
        sequencer.submit(transfer(nonce=ACCOUNT_LIMIT, amount=1), NOW)
    sequencer.submit(transfer(BOB), NOW)


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        (consent(), True),
        (consent(BOB), False),
        (consent(nonce=1), False),
        (consent()[:64] + bytes([consent()[64] - 27]), False),  # the chain's ecrecover asks for 27 or 28
        (consent()[:-1], False),
    ],
)
def test_submit__change_of_key__needs_the_owners_signature_as_the_chain_checks_it(
    sequencer: Sequencer, given: bytes, is_taken: bool
) -> None:
    if not is_taken:
        with pytest.raises(ConsentMissing):
            sequencer.submit(change_key(), NOW, given)
        return
    sequencer.submit(change_key(), NOW, given)
    sealed = sequencer.seal(NOW)
    assert sealed.full(PRIMARY).consents == (given,)


@pytest.mark.parametrize("chain", [A, 4])
def test_submit__key_change_on_another_chain_than_the_primary__refused(sequencer: Sequencer, chain: int) -> None:
    with pytest.raises(KeyChangeElsewhere):
        sequencer.submit(change_key(chain), NOW, consent())


def test_submit__forced_exit_to_an_owner_that_is_no_address_there__refused(sequencer: Sequencer) -> None:
    sequencer.submit(transfer(recipient=STRANGER), NOW)
    sequencer.seal(NOW)
    [target] = sequencer.state.accounts_of(STRANGER)
    with pytest.raises(RecipientFormatInvalid):
        sequencer.submit(forced_exit(target, nonce=1), NOW)


def test_submit__withdrawal_to_the_paying_chains_bridge__refused(sequencer: Sequencer) -> None:
    """The primary refuses a block with such a payout, so one of them would stop every later block."""
    bridge, chain = bytes(12) + b"\x05" * 20, withdraw().operation.chain
    parameters = replace(sequencer.parameters, bridges={chain: bridge})
    for recipient in (bridge, bytes([chain]) + bridge[1:]):
        operation = withdraw(recipient=recipient)
        pending = Pending(bytes(32), operation)
        check_admissible(sequencer.state, pending, sequencer.parameters)
        with pytest.raises(RecipientIsBridge):
            check_admissible(sequencer.state, pending, parameters)


def test_submit__withdrawal_where_addresses_have_32_bytes__takes_such_and_no_others(sequencer: Sequencer) -> None:
    operation = withdraw(recipient=STRANGER)
    chain = operation.operation.chain
    parameters = replace(sequencer.parameters, formats={chain: AddressFormat.BYTES32})
    check_admissible(sequencer.state, Pending(bytes(32), operation), parameters)
    for name in (owner_of(ALICE), bytes([chain]) + owner_of(ALICE)[1:], bytes(32)):
        with pytest.raises(RecipientFormatInvalid):
            check_admissible(sequencer.state, Pending(bytes(32), withdraw(recipient=name)), parameters)
    with pytest.raises(RecipientIsBridge):
        check_admissible(sequencer.state, Pending(bytes(32), operation), replace(parameters, bridges={chain: STRANGER}))


NEWCOMERS = tuple(bytes(12) + bytes([i]) * 20 for i in (1, 2))


def test_submit__forced_exit__only_where_the_owner_has_acted(sequencer: Sequencer) -> None:
    sequencer.submit(transfer(recipient=NEWCOMERS[0]), NOW)
    sequencer.seal(NOW)
    [target] = sequencer.state.accounts_of(NEWCOMERS[0])
    with pytest.raises(UnknownChain):
        sequencer.submit(forced_exit(target, 7, nonce=1), NOW)
    with pytest.raises(OwnerNotKnown, match=f"{NEWCOMERS[0].hex()}.*chain 1.*full exit"):
        sequencer.submit(forced_exit(target, nonce=1), NOW)
    sequencer.add(replace(deposit(1, 1, owner=NEWCOMERS[0]), by_owner=True))
    sequencer.seal(NOW)
    sequencer.submit(forced_exit(target, nonce=1), NOW)
    assert names(sequencer.seal(NOW)) == [(Kind.FORCED_EXIT, ALICE, 1)]


def test_seal__account_is_anothers_after_a_rollback__forced_exit_dropped(sequencer: Sequencer) -> None:
    """The owner had acted; the account belongs to somebody else then, who has not."""
    sequencer.submit(transfer(recipient=NEWCOMERS[0]), NOW)
    sequencer.add(replace(deposit(1, 1, owner=NEWCOMERS[0]), by_owner=True))
    sequencer.seal(NOW)
    [target] = sequencer.state.accounts_of(NEWCOMERS[0])
    id = sequencer.submit(forced_exit(target, nonce=1), NOW)
    sequencer.intake.remove(sequencer.drop_from(Lane.ACCOUNT, A, RequestId(1))[0].signed)
    sequencer.submit(transfer(BOB, recipient=NEWCOMERS[1]), NOW)
    sequencer.submit(transfer(), NOW)
    sequencer.seal(NOW)
    assert sequencer.state.accounts_of(NEWCOMERS[1]) == [target]
    with pytest.raises(NothingToSeal):
        sequencer.seal(NOW)
    [dropped] = sequencer.take_dropped()
    assert (dropped.pending.id, type(dropped.reason)) == (id, OwnerNotKnown)


# -- in a block ----------------------------------------------------------------------------------------------------


def test_seal__requests_and_signed_operations__take_turns_and_keep_their_order(sequencer: Sequencer) -> None:
    for request in (deposit(1, 1), full_exit(1, 2), deposit(3, 1)):
        assert sequencer.add(request)
    sequencer.submit(transfer(BOB), NOW)
    sealed = [sequencer.seal(NOW), sequencer.seal(NOW)]
    assert names(sealed[0]) == [(A, 1), (C, 1)]
    assert names(sealed[1]) == [(Kind.TRANSFER, BOB, 0), (A, 2)]  # another source goes first
    assert [sealed[1].record.consumed[Lane.ACCOUNT, chain] for chain in CHAINS] == [2, 0, 1]
    assert sequencer.state.balance(ALICE, X) == 0  # all that she had went to chain 1, Bob's transfer with it


def test_seal__both_lanes_have_work__blocks_alternate(sequencer: Sequencer) -> None:
    for request_id in range(1, 8):
        sequencer.add(make_request(1, request_id))
    for nonce in range(3):
        sequencer.submit(transfer(nonce=nonce), NOW)
    lanes = []
    while sequencer.has_waiting:
        lanes.append(sequencer.seal(NOW).lane)
    assert lanes == [Lane.SWAP, Lane.ACCOUNT, Lane.SWAP, Lane.ACCOUNT]
    sequencer.state.check_conservation()


def test_seal__account_block__slices_for_the_primary_and_for_others(sequencer: Sequencer) -> None:
    sequencer.submit(withdraw(fill_fee=9), NOW)
    sealed = sequencer.seal(NOW)
    [payout] = sealed.payouts(C)
    assert (payout.kind, payout.amount, payout.fill_fee) == (Kind.WITHDRAW_PAYOUT, 400, 9)
    assert tuple(map(len, sealed.full(PRIMARY).slices)) == (1, 0, 0, 3, 0, 0, 0, 0, 0)
    paying, idle = (sealed.member(chain) for chain in (C, A))
    assert (len(paying.words), len(paying.slice_hashes), len(paying.evaluations)) == (3, 1, 1)
    assert (len(idle.words), len(idle.slice_hashes), len(idle.evaluations)) == (0, 2, 2)
    assert {given.block.lane for given in (sealed.full(PRIMARY), paying, idle)} == {Lane.ACCOUNT}


def test_seal__operation_impossible_meanwhile__dropped_with_what_follows_it_and_never_sealed(
    sequencer: Sequencer,
) -> None:
    sequencer.submit(pool_swap(limit_b=195), NOW)
    for nonce in (1, 2):
        sequencer.submit(transfer(nonce=nonce), NOW)
    sequencer.submit(pool_swap(BOB), NOW)
    for request_id in (1, 2, 3):  # the price moves before Alice's swap is tried
        sequencer.add(make_request(1, request_id, amount=Amount(50_000)))
    sequencer.seal(NOW)
    assert names(sequencer.seal(NOW)) == [(Kind.POOL_SWAP, BOB, 0)]
    dropped = sequencer.take_dropped()
    assert [(d.pending.account, d.pending.nonce) for d in dropped] == [(ALICE, 0), (ALICE, 1), (ALICE, 2)]
    assert "195" in str(dropped[0].reason)
    assert not sequencer.has_waiting and sequencer.take_dropped() == ()
    sequencer.submit(transfer(nonce=0), NOW)


def test_seal__every_account_in_use__deposits_to_others_wait_and_nothing_else_does(sequencer: Sequencer) -> None:
    state = sequencer.state
    while (account := state.next_account_id()) < state.preset.account_limit:
        state.set_owner(account, account.to_bytes(32, "big"))
    sequencer.add(deposit(1, 1, owner=STRANGER))
    sequencer.add(deposit(3, 1))
    assert names(sequencer.seal(NOW)) == [(C, 1)]
    with pytest.raises(NothingToSeal):
        sequencer.seal(NOW)


# -- orders --------------------------------------------------------------------------------------------------------


def test_orders__prices_cross__best_price_first_then_the_older_one_until_they_are_filled(sequencer: Sequencer) -> None:
    sequencer.submit(order(ALICE, (X, 300), (Y, 300), slot=0), NOW)
    sequencer.submit(order(ALICE, (X, 300), (Y, 270), slot=1), NOW)
    sequencer.submit(order(ALICE, (X, 300), (Y, 270), slot=2), NOW)
    with pytest.raises(NothingToSeal):
        sequencer.seal(NOW)
    sequencer.submit(order(BOB, (Y, 450), (X, 500)), NOW)
    filled = []
    while True:
        try:
            sequencer.seal(NOW)
        except NothingToSeal:
            break
        filled.append([sequencer.state.order(ALICE, slot)[1] for slot in range(3)])  # type: ignore[arg-type]
    assert filled == [[0, 300, 0], [0, 300, 200]]
    assert sequencer.state.balance(BOB, X) == BALANCE + 500
    sequencer.state.check_conservation()


def test_orders__newer_one_in_the_same_place__replaces_the_older(sequencer: Sequencer) -> None:
    sequencer.submit(order(ALICE, (X, 300), (Y, 200), order_nonce=4), NOW)
    with pytest.raises(OrderReplaced):
        sequencer.submit(order(ALICE, (X, 300), (Y, 100), order_nonce=3), NOW)
    sequencer.submit(order(ALICE, (X, 300), (Y, 400), order_nonce=5), NOW)
    sequencer.submit(order(BOB, (Y, 300), (X, 300)), NOW)
    with pytest.raises(NothingToSeal):
        sequencer.seal(NOW)


def test_orders__nothing_left_to_sell__leaves_the_book_and_the_other_one_stays(sequencer: Sequencer) -> None:
    sequencer.submit(order(ALICE, (X, 300), (Y, 200)), NOW)
    sequencer.submit(transfer(amount=BALANCE - 1), NOW)
    sequencer.seal(NOW)
    sequencer.submit(order(BOB, (Y, 200), (X, 200)), NOW)
    with pytest.raises(NothingToSeal):
        sequencer.seal(NOW)
    assert len(sequencer.take_dropped()) == 1
    assert len(sequencer.intake.book) == 1


def test_submit__match_with_its_own_amount__sealed_as_it_is(sequencer: Sequencer) -> None:
    sequencer.submit(match(90), NOW)
    assert names(sequencer.seal(NOW)) == ["match"]
    assert sequencer.state.balance(BOB, X) == BALANCE + 90
    assert sequencer.state.balance(ALICE, Y) == BALANCE + 60


# -- back and again ------------------------------------------------------------------------------------------------


def fill(sequencer: Sequencer) -> list[SealedBlock]:
    """Blocks of both lanes with every kind of slot."""
    sequencer.add(make_request(1, 1))
    sequencer.add(deposit(3, 1))
    sequencer.submit(transfer(), NOW)
    sequencer.submit(change_key(nonce=1), NOW, consent(nonce=1))
    sequencer.submit(pool_swap(BOB), NOW)
    sequencer.submit(match(), NOW)
    blocks = []
    while sequencer.has_waiting:
        blocks.append(sequencer.seal(NOW))
    return blocks


def test_roll_back__blocks_of_both_lanes__the_state_is_what_it_was_and_the_same_blocks_come_again(
    sequencer: Sequencer, journal: MemoryJournal
) -> None:
    blocks = fill(sequencer)
    assert {block.lane for block in blocks} == set(Lane)
    dropped = sequencer.roll_back(BlockNumber(0))
    assert [block.number for block in dropped] == [block.number for block in blocks]
    assert sequencer.state.root == build_state().root
    assert list(journal.entries()) == []
    again = []
    while sequencer.has_waiting:
        again.append(sequencer.seal(NOW))
    assert [block.record for block in again] == [block.record for block in blocks]


def test_drop_from__deposit_that_paid_for_a_transfer__both_are_gone_and_the_swap_stays(sequencer: Sequencer) -> None:
    sequencer.add(make_request(1, 1))
    sequencer.add(deposit(1, 1, amount=50_000))
    sequencer.seal(NOW)
    sequencer.seal(NOW)
    sequencer.submit(transfer(amount=40_000), NOW)
    sequencer.seal(NOW)
    dropped = sequencer.drop_from(Lane.ACCOUNT, A, RequestId(1))
    assert [block.number for block in dropped] == [2, 3]
    with pytest.raises(NothingToSeal):
        sequencer.seal(NOW)
    [gone] = sequencer.take_dropped()
    assert isinstance(gone.reason, BalanceTooSmall)
    assert sequencer.height == 1


def test_restart__same_journal__signed_operations_are_sealed_again_without_anybody_sending_them(
    sequencer: Sequencer, journal: MemoryJournal, new_sequencer: Callable[[Journal], Sequencer]
) -> None:
    blocks = fill(sequencer)
    restarted = new_sequencer(journal)
    restarted.add(make_request(1, 1))
    restarted.add(deposit(3, 1))
    again = []
    while restarted.is_replaying:
        again.append(restarted.seal(NOW + 900))
    assert [block.record for block in again] == [block.record for block in blocks]
    assert again[-1].full(PRIMARY) == blocks[-1].full(PRIMARY)
    assert restarted.state.root == sequencer.state.root


def test_settle__blocks_executed_everywhere__only_their_records_stay_and_later_ones_can_be_undone(
    sequencer: Sequencer,
) -> None:
    blocks = fill(sequencer)
    rows = [sequencer.token_after(X, BlockNumber(n)) for n in range(len(blocks) + 1)]
    sequencer.settle(BlockNumber(1))
    assert list(sequencer.blocks(BlockNumber(0))) == blocks[1:]
    assert sequencer.record(BlockNumber(1)) == blocks[0].record
    assert [sequencer.token_after(X, BlockNumber(n)) for n in range(1, len(blocks) + 1)] == rows[1:]
    sequencer.roll_back(BlockNumber(1))
    assert sequencer.state.root == blocks[0].block.header.new_root
