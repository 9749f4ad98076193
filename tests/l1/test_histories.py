"""The clients of both histories against real contracts: blocks enter once, payouts are paid now or later."""

import pytest

from tests.support.chains import send_deposit
from tests.support.drafts.rig import payment
from tests.support.lines import cut_payouts
from tests.support.writer import Writer
from zklink.devnet.profiles import AVALANCHE, BSC, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_events import BlockExecuted, BlocksAccepted, BlocksImported, PayoutsOwed
from zklink.l1.contracts.bridge_structs import RequestCounts
from zklink.l1.tallies import HistoryTally
from zklink.protocol.bridge_blocks import FullBlock
from zklink.protocol.bridge_hashes import ZERO_HASH, Tip, compute_owed_hash
from zklink.protocol.errors import CallReverted
from zklink.protocol.ids import BlockNumber, ChainId, Kind, Lane

PRIMARY, MEMBER = AVALANCHE.chain_id, POLYGON.chain_id
AMOUNT = 10**6


def payouts(writer: Writer, *chains: ChainId, count: int = 2) -> FullBlock:
    """A block that consumes the chains' deposits, and pays some of what they hold."""
    slices = {}
    for chain in chains:
        bridge = writer.system.bridges[chain]
        (event,) = bridge.requests(0, bridge.client.head().number)
        due = [payment(chain, USDC, 5 + i, i, kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0)) for i in range(count)]
        slices[chain] = (*event.request.words(), *(word for payout in due for word in payout.words()))
    return writer.draft(slices, Lane.ACCOUNT)


@pytest.fixture
def writer(credulous: LocalSystem) -> Writer:
    """Somebody who writes blocks for chains that hold deposits."""
    for chain in (PRIMARY, MEMBER):
        send_deposit(credulous, chain, USDC, AMOUNT)
    return Writer(credulous)


def test_accept__payouts_at_once__tip_queues_and_events(writer: Writer) -> None:
    history, bridge = writer.primary.primary_history, writer.primary
    receipt = writer.accept(payouts(writer, PRIMARY, MEMBER))
    full, link = writer.line[1].full.block, writer.line[1]
    assert history.tip() == Tip(BlockNumber(1), full.timestamp, 0, False, full.new_root, link.sync_hash)
    assert history.accepted() == (1, link.sync_hash)
    assert bridge.request_counts(Lane.ACCOUNT) == RequestCounts(1, 1)
    assert bridge.next_requests(Lane.ACCOUNT) == (1, bridge.queue_hash(Lane.ACCOUNT, 1))
    assert bridge.request_status(Lane.ACCOUNT, 1) == 2
    assert history.queue_of(MEMBER, Lane.ACCOUNT) == writer.ask_queue(MEMBER, Lane.ACCOUNT, 1)
    accepted, executed = history.events_of(receipt)
    assert isinstance(accepted, BlocksAccepted) and isinstance(executed, BlockExecuted)
    assert (accepted.first, accepted.last, accepted.sync_hash, executed.number) == (1, 1, link.sync_hash, 1)


def test_accept__what_is_there_already__is_skipped(writer: Writer) -> None:
    writer.accept(writer.draft({}))
    writer.line.append(writer.draft({}))
    history, sequencer = writer.primary.primary_history, writer.system.world.roles.sequencer
    history.accept(sequencer, writer.line.accept_call(1, 2, writer.ask_queue))
    assert history.tip().number == 2
    assert history.events_of(history.accept(sequencer, writer.line.accept_call(1, 2, writer.ask_queue))) == []


def test_accept__queue_that_a_member_does_not_have__the_contracts_reason(writer: Writer) -> None:
    block = payouts(writer, MEMBER)
    writer.line.append(FullBlock(block.block, block.slices))
    call = writer.line.accept_call(1, 1, lambda chain, lane, count: b"\7" * 32)
    with pytest.raises(CallReverted, match="queue"):
        writer.primary.primary_history.accept(writer.system.world.roles.sequencer, call)


def test_accept_again__running_primary__takes_what_acc_contains(writer: Writer) -> None:
    history = writer.primary.primary_history
    writer.line.append(writer.draft({}))
    writer.line.append(writer.draft({}))
    history.accept_again(writer.system.world.roles.stranger, writer.line.accept_again_call(1, 1, 2))
    assert history.accepted() == (1, writer.line[1].sync_hash)


def test_import_blocks__payouts_later__owed_until_they_are_executed(writer: Writer) -> None:
    writer.accept(payouts(writer, PRIMARY, MEMBER))
    history, relayer = writer.system.bridges[MEMBER].member_history, writer.system.world.roles.relayer
    events = history.events_of(writer.import_on(MEMBER, pay=False))
    assert {type(event) for event in events} == {BlocksImported, PayoutsOwed}
    words = writer.line[1].payouts(MEMBER)
    assert history.tip().unpaid == 1
    assert history.owed(1) == compute_owed_hash(words)
    assert history.events_of(history.execute(relayer, BlockNumber(1), words, 1)) == []
    rest = [word for payout in cut_payouts(words)[1:] for word in payout]
    assert history.owed(1) == compute_owed_hash(rest)
    (executed,) = history.events_of(history.execute(relayer, BlockNumber(1), rest))
    assert isinstance(executed, BlockExecuted)
    assert (history.tip().unpaid, history.owed(1)) == (0, ZERO_HASH)


def test_import_blocks__blocks_behind_the_acc__by_their_commitments(writer: Writer) -> None:
    for _ in range(3):
        writer.line.append(writer.draft({}))
    writer.accept()
    history = writer.system.bridges[BSC.chain_id].member_history
    history.import_blocks(writer.system.world.roles.relayer, writer.line.import_call(BSC.chain_id, 1, 2, 3))
    assert history.accepted() == (2, writer.line[2].sync_hash)
    assert history.end() == (0, ZERO_HASH)


def test_is_unmatched__own_and_foreign_requests__says_which(writer: Writer) -> None:
    history, block = writer.system.bridges[MEMBER].member_history, payouts(writer, MEMBER)
    link = writer.line.append(block)[0]
    assert history.is_unmatched(link.member(MEMBER)) == (False, link.commitment)
    bent = writer.line.branch(0)
    words = list(block.slices[MEMBER])
    words[0] ^= 1
    slices = tuple(tuple(words) if k == MEMBER else given for k, given in enumerate(block.slices))
    forged = bent.append(FullBlock(block.block, slices))[0]
    assert history.is_unmatched(forged.member(MEMBER)) == (True, forged.commitment)


def test_tally__every_chain__agrees_with_its_history(writer: Writer) -> None:
    writer.everywhere(payouts(writer, PRIMARY, MEMBER), pay=False)
    writer.everywhere(writer.draft({}))
    for bridge in writer.system.bridges.values():
        head = bridge.client.head().number
        tally = HistoryTally.empty(bridge.history, writer.groups.deployment_hash)
        tally = tally.after(bridge.history.events(0, head))
        tally.check(head)
        assert tally.owed == ({1} if bridge.chain_id in (PRIMARY, MEMBER) else set())


def test_vk_hashes__every_chain__are_the_deployments(credulous: LocalSystem) -> None:
    keys = credulous.deployment.vk_hashes
    for bridge in credulous.bridges.values():
        assert bridge.history.vk_hashes() == (keys.swap, keys.account)
