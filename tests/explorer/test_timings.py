"""Times to fill and to prove, as the chains' clocks and the provers say."""

import re
from itertools import pairwise

import pytest

from tests.explorer.busy import Busy
from zklink.explorer.formats import show_span
from zklink.explorer.timings import find_second
from zklink.l1.transport.receipts import BlockInfo


def test_fills__seconds__from_the_request_to_the_block_of_the_receipt(busy: Busy) -> None:
    """A block that was no head has a share of the time between the heads around it: exactly its own where blocks are
    evenly apart, and wherever they are not, no further off than these heads are from each other.
    """
    scene, text = busy.scene, busy.scene.client.get("/times").text
    shown = dict(re.findall(r'data-x="\d+" data-y="(\d+)".*?href="/requests/([0-9-]+)"', text))
    assert len(shown) >= 1
    for key in (busy.arrived, busy.filled):
        transfer = scene.get(f"/v1/transfers/{busy.tx_hash(key)}")["transfers"][0]
        receipt = transfer["receipts"][0]
        client = scene.pipeline.system.bridges[receipt["chain"]].client
        heads, number = scene.sources.live.heads(receipt["chain"]), receipt["l1_block"]
        below = max((head for head in heads if head.number <= number), key=lambda head: head.number)
        above = min((head for head in heads if head.number >= number), key=lambda head: head.number)
        times = [client.block(block).timestamp for block in range(below.number, above.number + 1)]
        paid_at, said = times[number - below.number], find_second(heads, number, client.profile.block_time_seconds)
        assert abs(said - paid_at) <= above.timestamp - below.timestamp
        if len({later - earlier for earlier, later in pairwise(times)}) <= 1:
            assert said == paid_at
        seconds = max(0, said - transfer["queued_at"])
        assert f'data-y="{seconds}"' in text
        assert show_span(seconds) in text
    assert f'href="/requests/{busy.refunded[0]}-{busy.refunded[1]}"' not in text


def test_proofs__every_block_that_was_proven_since_the_start__is_listed(busy: Busy) -> None:
    text = busy.scene.client.get("/times").text
    proven = busy.scene.pipeline.node.sequencer.height
    assert f'<a href="/blocks/{proven}">' in text


@pytest.mark.parametrize(("number", "second"), [(8, 96), (10, 100), (11, 103), (12, 106), (14, 112), (15, 114)])
def test_find_second__of_a_block__between_heads_by_share_and_outside_by_block_time(number: int, second: int) -> None:
    heads = [BlockInfo(number, b"", b"", at) for number, at in ((10, 100), (12, 106), (14, 112))]
    assert find_second(heads, number, 2.0) == second
