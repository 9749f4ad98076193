"""DAT-4 at the bridge: a fill's key is everything that makes a payout unique."""

from dataclasses import replace

import pytest

from tests.properties.first_blocks import sealed_payout
from tests.support.ledger import universal_address
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import (
    BROKERS,
    CHAINS,
    ETH,
    STRANGER,
    B,
    C,
)
from zklink.protocol.ids import Amount, ChainId, RequestId, TokenId


@upholds("DAT-4")
class TestFillKeys:
    """A fill is keyed by everything that identifies the payout: domain, kind, source, request, chain, recipient, token,
    amount and fee.
    """

    FIELDS = (
        ("source", C),
        ("id", RequestId(77)),
        ("token", ETH),
        ("amount", Amount(5_001)),
        ("recipient", universal_address(STRANGER)),
        ("fill_fee", Amount(1)),
    )

    @pytest.mark.parametrize(("name", "value"), FIELDS, ids=[name for name, _ in FIELDS])
    def test_fill__one_field_differs__another_key(
        self, story: Story, name: str, value: ChainId | RequestId | TokenId | Amount | bytes
    ) -> None:
        """A fill of something else neither blocks nor steals the repayment of this payout."""
        request, payout = sealed_payout(story)
        other = replace(payout, **{name: value})  # type: ignore[arg-type]
        story.fill(other, BROKERS[0])
        story.fill(payout, BROKERS[1])
        story.settle(request)
        key = payout.fill_key(story.world.deployment_hash)
        assert story.side(B).bridge.filler(other.fill_key(story.world.deployment_hash)) == BROKERS[0]
        assert key != other.fill_key(story.world.deployment_hash)
        assert story.ledger.repaid == {key: 1}
        story.check()

    def test_fill__same_words_on_another_chain__refused(self, story: Story) -> None:
        _, payout = sealed_payout(story)
        words = list(payout.words())
        for chain in CHAINS:
            if chain != payout.chain:
                side = story.side(chain)
                assert refused(side.bridge.fill, words, sender=BROKERS[0]) == "fill: paid on another chain"
