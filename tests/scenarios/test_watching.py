"""A watch from outside, on real contracts: it says what is wrong with each chain, and keeps the groups' words."""

import json
from pathlib import Path

from tests.scenarios.pipeline import BSC, POLYGON, Pipeline
from zklink.devnet.tokens import USDC
from zklink.protocol.ids import EXPIRY_SECONDS
from zklink.recovery.chains_read import ChainsRead
from zklink.service.health import Condition
from zklink.service.settings.watch import WatchLimits
from zklink.service.watching.watch import Watch

USD = 10**6


def test_round__a_request_that_nobody_serves__said_with_its_share_of_the_time(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    pipeline.swap(POLYGON, USDC, USD, (BSC, USDC))
    pipeline.finish(1)
    system, now = pipeline.system, [0.0]
    head = system.world.clients[BSC].head().timestamp
    now[0] = float(head)
    words = tmp_path / "words.json"
    watch = Watch(ChainsRead(system.deployment, system.bridges), lambda: now[0], words)
    watch.round()
    parts = watch.board.read()
    assert {part.condition for part in parts.values()} == {Condition.READY}, parts
    assert json.loads(words.read_text())
    read = watch.metrics.registry.get_sample_value
    assert read("zklink_chain_accepted", {"chain": "bsc"}) == pipeline.node.sequencer.height
    assert read("zklink_request_age_seconds", {"chain": "polygon", "lane": "swap"}) == 0
    pipeline.swap(POLYGON, USDC, USD, (BSC, USDC))
    system.world.advance_time(EXPIRY_SECONDS // 2)
    system.world.mine()
    now[0] = float(system.world.clients[POLYGON].head().timestamp)
    watch.round()
    polygon = watch.board.read()["chain polygon"]
    assert polygon.condition is Condition.AFFECTED
    assert "a request of lane swap has waited 50 % of the time to a freeze" in polygon.detail
    now[0] += WatchLimits().head_seconds + 1
    watch.round()
    assert "its newest block is 30" in watch.board.read()["chain polygon"].detail
