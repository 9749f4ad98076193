"""DAT-4 at the bridge: a fill's key is everything that makes a payout unique."""

from dataclasses import replace

import pytest

from tests.properties.first_blocks import sealed_payout
from tests.support.books.chains import ETH
from tests.support.books.play import Play, refused
from tests.support.three_chains import BROKERS, CHAINS, STRANGER, B, C
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import universal_address
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
        self, play: Play, name: str, value: ChainId | RequestId | TokenId | Amount | bytes
    ) -> None:
        """A fill of something else neither blocks nor steals the repayment of this payout."""
        request, payout = sealed_payout(play)
        other = replace(payout, **{name: value})  # type: ignore[arg-type]
        play.fill(other, BROKERS[0])
        play.fill(payout, BROKERS[1])
        play.settle(request)
        key = payout.fill_key(play.chains.deployment_hash)
        assert play[B].repaid(other.fill_key(play.chains.deployment_hash)) == BROKERS[0]
        assert key != other.fill_key(play.chains.deployment_hash)
        assert play.books.repaid == {key: 1}
        play.check()

    def test_fill__same_words_on_another_chain__refused(self, play: Play) -> None:
        _, payout = sealed_payout(play)
        words = list(payout.words())
        for chain in CHAINS:
            if chain != payout.chain:
                here = play[chain]
                assert refused(here.bridge.fill, words, BROKERS[0], sender=BROKERS[0]) == "fill: paid on another chain"
