"""EXI-4: nothing in the account lane is paid to what is no address of its chain."""

import pytest

from tests.support.books.play import Play, refused
from tests.support.drafts.rig import payment
from tests.support.three_chains import CHAINS, PRIMARY, RECIPIENTS, SEQUENCER, STRANGER, USD, A, C
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.payout import NO_CHAIN
from zklink.protocol.bridge_blocks import FullBlock, build_block
from zklink.protocol.ids import SLICE_COUNT, ChainId, Kind, Lane

OWNER = universal_address(RECIPIENTS[0])


def enter(play: Play, teller: ChainId, chain: ChainId, *recipients: bytes, kind: Kind) -> None:
    """The first block, on the primary or a member: payouts of the account lane on `chain`. Raises Reverted."""
    source = chain if kind is Kind.FULL_EXIT_PAYOUT else NO_CHAIN
    words: tuple[int, ...] = ()
    for i, recipient in enumerate(recipients):
        words += payment(chain, USD, 1_000, i, kind=kind, source=source, recipient=recipient).words()
    slices = tuple(words if k == chain else () for k in range(SLICE_COUNT))
    line = play.chains.line()
    block = build_block(Lane.ACCOUNT, play.now(), tuple(map(len, slices)), 1, 2)
    (link,) = line.append(FullBlock(block, slices))
    play[teller].account_verifier.allow(list(link.preimage.inputs().as_tuple()))
    if teller == PRIMARY:
        play[teller].history.accept(*line.accept_call(1, 1, pay=False).abi(), sender=SEQUENCER)
    else:
        play[teller].history.import_blocks(*line.import_call(teller, 1, 1, pay=False).abi(), sender=STRANGER)


@upholds("EXI-4")
class TestRecipients:
    """Nothing in the account lane is paid to what is no address of its chain, to an owner bound to another one, or to a
    bridge: the primary refuses it for every chain, each member for itself.
    """

    @pytest.mark.parametrize("kind", [Kind.WITHDRAW_PAYOUT, Kind.FULL_EXIT_PAYOUT, Kind.FORCED_EXIT_PAYOUT])
    def test_enter__recipient_that_is_no_address__refused(self, play: Play, kind: Kind) -> None:
        for chain in CHAINS:
            bridge = universal_address(play[chain].bridge.address)
            for teller in {PRIMARY, chain}:
                elsewhere = bytes([chain + 1]) + OWNER[1:]  # bound to another chain
                for recipient in (bytes(32), elsewhere, bytes(11) + b"\1" + OWNER[12:], bridge):
                    for recipients in ((recipient,), (OWNER, recipient)):
                        assert refused(enter, play, teller, chain, *recipients, kind=kind).startswith("slice: ")
                for recipient in (OWNER, bytes([chain]) + OWNER[1:]):
                    with play.chains.rollback():
                        enter(play, teller, chain, recipient, kind=kind)

    def test_enter__bridge_of_another_chain__is_an_address_like_any_other(self, play: Play) -> None:
        elsewhere = universal_address(play[A].bridge.address)
        if elsewhere != universal_address(play[C].bridge.address):
            enter(play, C, C, elsewhere, kind=Kind.WITHDRAW_PAYOUT)
