"""Attacks on fees that are open or earned, by whoever asks, proves, ends or collects: nothing is counted twice, nothing
is forgotten, and nobody stops a block.
"""

import pytest

from tests.contracts.test_door_fees import GWEI, check_coin, earn, provider_queue, wei
from tests.support.drafts.escape import begin_exodus, end_everywhere
from tests.support.drafts.rig import Rig, RigChain
from tests.support.evm import EvmContract, reverts
from tests.support.three_chains import DEPOSITOR, GOVERNOR, SEQUENCER, STRANGER, USD, A, B
from tests.support.upholds import upholds
from zklink.l1.contract_artifacts import load_contract
from zklink.protocol.ids import ChainId, Door, Kind, Lane

BURN_GAS, BOMB, REENTER = 2, 3, 4


def served_in_part(words: list[int]) -> list[int]:
    """The record of a full exit that stays in its queue."""
    return [words[0] ^ (Kind.FULL_EXIT ^ Kind.FULL_EXIT_PART) << 240, *words[1:]]


def queue_exits(here: RigChain, *fees: int) -> list[list[int]]:
    """Full exits with these fees, in gwei; their words."""
    found = []
    for fee in fees:
        here.full_exit(3, USD, value=fee * GWEI)
        found.append(list(here.full_exit_words()))
    return found


@upholds("SOL-1")
@pytest.mark.parametrize("chain", [A, B])
def test_consume__parts_and_wholes_in_one_call__each_fee_counts_once(rig: Rig, chain: ChainId) -> None:
    """Blocks of one call, of both lanes, in turn: a full exit in part, again in part, then whole, with another after
    it, and one in part at the end.
    """
    here = rig[chain]
    first, second, third = queue_exits(here, 3, 50, 700)
    here.swap(value=9_000 * GWEI, destination=B if chain == A else A)
    swap = list(here.request_words())
    parts = [*provider_queue(here), *served_in_part(first)]
    rig.everywhere(
        rig.draft({chain: parts}, lane=Lane.ACCOUNT),
        rig.draft({chain: swap}),
        rig.draft({chain: served_in_part(first)}, lane=Lane.ACCOUNT),
        rig.draft({chain: [*first, *second, *served_in_part(third)]}, lane=Lane.ACCOUNT),
    )
    assert wei(here) == (700 * GWEI, 9_053 * GWEI)
    rig.everywhere(rig.draft({chain: third}, lane=Lane.ACCOUNT))
    assert wei(here) == (0, 9_753 * GWEI)
    check_coin(here)


@upholds("SOL-1")
def test_cancel__full_exit_served_in_part_at_the_end__gives_its_fee_back_once(rig: Rig) -> None:
    """What was earned before, what comes back and what stays open is all that was paid, and nothing is paid twice."""
    here = rig[A]
    first, second = queue_exits(here, 3, 50)
    here.bridge.set_key(5, 11, sender=STRANGER, value=700 * GWEI)
    key = list(here.key_words())
    rig.everywhere(
        rig.draft({A: [*provider_queue(here), *first, *served_in_part(second)]}, lane=Lane.ACCOUNT),
    )
    end_everywhere(rig)
    begin_exodus(here)
    assert wei(here) == (750 * GWEI, 3 * GWEI)
    before = here.evm.balance(DEPOSITOR)
    for wrong in (served_in_part(second), [second[0], second[1], second[2] + (1 << 200), second[3]], first):
        with reverts("cancel: not the next requests"):
            here.exodus.cancel_requests(Lane.ACCOUNT, wrong, sender=STRANGER)
    here.exodus.cancel_requests(Lane.ACCOUNT, second, sender=STRANGER)
    assert here.evm.balance(DEPOSITOR) - before == 50 * GWEI
    for again in (second, [*second, *key]):
        with reverts("cancel: not the next requests"):
            here.exodus.cancel_requests(Lane.ACCOUNT, again, sender=STRANGER)
    here.exodus.cancel_requests(Lane.ACCOUNT, key, sender=STRANGER)
    assert wei(here) == (0, 3 * GWEI)
    here.bridge.collect_fees(sender=STRANGER)
    assert wei(here) == (0, 0)
    check_coin(here)


@upholds("SOL-1", "EXI-3")
def test_cancel__owner_reenters_with_every_way_out__is_paid_once(rig: Rig) -> None:
    """The refund of a fee is a call of its receiver: meanwhile bridge and exodus contract are locked."""
    here = rig[A]
    thief = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    exit_ = here.bridge.encode("full_exit", 5, USD, bytes(32), 1)
    words = list(provider_queue(here))
    for _ in range(2):
        thief.act(here.bridge.address, exit_, sender=STRANGER, value=300 * GWEI)
        words += here.full_exit_words()
    end_everywhere(rig)
    begin_exodus(here)
    calls: list[tuple[EvmContract, bytes]] = [
        (here.exodus, here.exodus.encode("cancel_requests", Lane.ACCOUNT, words)),
        (here.bridge, here.bridge.encode("collect_fees")),
        (here.bridge, here.bridge.encode("withdraw_pending_balance", 0, STRANGER, 2**256 - 1)),
        (here.bridge, here.bridge.encode("push_pending_balance", thief.address, 0)),
        (here.bridge, here.bridge.encode("release_fee", Lane.ACCOUNT, thief.address, 1)),
        (here.bridge, here.bridge.encode("fees")),
    ]
    thief.set_mode(REENTER)
    for target, data in calls:
        with here.evm.rollback():
            thief.set_call(target.address, data)
            before = here.evm.balance(thief.address)
            here.exodus.cancel_requests(Lane.ACCOUNT, words, sender=SEQUENCER)
            paid = here.evm.balance(thief.address) - before + here.bridge.pending_balance(thief.address, 0)
            assert (thief.reentries(), paid) == (0, 600 * GWEI)
            assert wei(here) == (0, 0)


@pytest.mark.parametrize("mode", [BURN_GAS, BOMB, REENTER])
def test_collect__recipient_that_is_bad__costs_the_collector_and_stops_no_block(rig: Rig, mode: int) -> None:
    here = rig[A]
    earn(rig, 9)
    recipient = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    recipient.set_mode(mode)
    recipient.set_call(here.bridge.address, here.bridge.encode("collect_fees"))
    here.registry.set_fee_recipient(recipient.address, sender=GOVERNOR)
    if mode == REENTER:
        here.bridge.collect_fees(sender=STRANGER)
        assert (recipient.reentries(), here.evm.balance(recipient.address)) == (0, 9 * GWEI)
        assert wei(here) == (0, 0)
    else:
        with reverts("tokens: coin refused"):
            here.bridge.collect_fees(sender=STRANGER)
        assert wei(here) == (0, 9 * GWEI)
    earned = wei(here)[1]
    here.swap(value=4 * GWEI)
    rig.everywhere(rig.draft({A: list(here.request_words())}))
    assert wei(here) == (0, earned + 4 * GWEI)


def test_collect__recipient_is_the_bridge_itself__waits_for_another(rig: Rig) -> None:
    """It takes no coin outside of its doors, so nothing is lost."""
    here = rig[A]
    earn(rig, 9)
    here.registry.set_fee_recipient(here.bridge.address, sender=GOVERNOR)
    with reverts("tokens: coin refused"):
        here.bridge.collect_fees(sender=STRANGER)
    assert wei(here) == (0, 9 * GWEI)


def test_consume__price_that_moves_while_a_request_waits__what_was_paid_counts(rig: Rig) -> None:
    """A setter cannot make a lane stop by moving prices: blocks and exodus read the words, not the registry."""
    here = rig[A]
    here.set_price(Door.FULL_EXIT, 9)
    (words,) = queue_exits(here, 9)
    for price in (0, 2**40 - 1):
        with here.evm.rollback():
            here.set_price(Door.FULL_EXIT, price)
            assert wei(here) == (9 * GWEI, 0)
    here.set_price(Door.FULL_EXIT, 2**40 - 1)
    rig.everywhere(rig.draft({A: [*provider_queue(here), *words]}, lane=Lane.ACCOUNT))
    assert wei(here) == (0, 9 * GWEI)


@upholds("EXI-3")
def test_cancel__receiver_that_burns_gas__leaves_the_next_ones_free(rig: Rig) -> None:
    """A receiver that burns its gas, or answers with a bomb, is owed; whoever waits behind it is paid."""
    here = rig[A]
    thief = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    thief.act(
        here.bridge.address, here.bridge.encode("full_exit", 5, USD, bytes(32), 1), sender=STRANGER, value=3 * GWEI
    )
    words = [*provider_queue(here), *here.full_exit_words()]
    here.bridge.set_key(5, 11, sender=SEQUENCER, value=5 * GWEI)
    words += here.key_words()
    end_everywhere(rig)
    begin_exodus(here)
    for mode in (BURN_GAS, BOMB):
        with here.evm.rollback():
            thief.set_mode(mode)
            before = here.evm.balance(SEQUENCER)
            here.exodus.cancel_requests(Lane.ACCOUNT, words, sender=STRANGER)
            assert here.evm.balance(SEQUENCER) - before == 5 * GWEI
            assert here.bridge.pending_balance(thief.address, 0) == 3 * GWEI
            assert wei(here) == (0, 0)
            check_coin(here)
