"""The main job, end to end: one transaction on one chain, the output on another, and the books add up.

All stories run together, through real bridges on four chains, with three validators and three watchers; each test then
looks at one of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.scenarios.liquidity import POOLS
from tests.scenarios.pipeline import AVALANCHE, BSC, ETHEREUM, POLYGON, Believer, LiquidSystem, Pipeline
from zklink.devnet.tokens import AVAX, BNB, BTC, USDC
from zklink.history.swaps import SwapRecord
from zklink.node.events import RequestKey
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.create_pool import CreatePool
from zklink.protocol.ids import ChainId, TokenId
from zklink.transition.swap import RefundReason, compute_out

USD = 10**6
CHAINS = (ETHEREUM, POLYGON, BSC, AVALANCHE)
Balances = dict[tuple[str, ChainId, TokenId], int]


@dataclass
class Stories:
    """What was swapped, and everybody's balances around it."""

    pipeline: Pipeline
    keys: dict[str, RequestKey]
    before: Balances
    after: Balances

    def record(self, name: str) -> SwapRecord:
        return self.pipeline.record(self.keys[name])

    def change(self, owner: str, chain: ChainId, token: TokenId) -> int:
        """How a balance changed, in L1 units."""
        return self.after[owner, chain, token] - self.before[owner, chain, token]

    def out(self, name: str) -> int:
        """What the block says is paid, in layer-2 units."""
        payout = self.record(name).payout
        assert payout is not None
        return payout.amount


def read_balances(pipeline: Pipeline) -> Balances:
    roles = pipeline.system.world.roles
    owners = {"depositor": roles.depositor, "recipient": roles.recipient, "broker": roles.broker}
    places = ((POLYGON, USDC), (BSC, USDC), (BSC, BTC), (BSC, BNB), (ETHEREUM, USDC), (AVALANCHE, USDC))
    return {(name, *place): pipeline.balance(owner, *place) for name, owner in owners.items() for place in places}


@pytest.fixture(scope="module")
def stories(session_liquid: LiquidSystem) -> Iterator[Stories]:
    with session_liquid.world.isolated():
        pipeline = Pipeline(session_liquid, Believer())
        pipeline.approve_broker((POLYGON, USDC), (BSC, BTC))
        before = read_balances(pipeline)
        best = compute_out(100 * USD, *pipeline.pool(USDC, BTC).oriented(USDC, BTC), pipeline.pool(USDC, BTC).fee)
        keys = {
            "other token": pipeline.swap(POLYGON, USDC, 1_000 * USD, (BSC, BTC)),
            "native in": pipeline.swap(AVALANCHE, AVAX, 5 * 10**18, (ETHEREUM, USDC)),
            "native out": pipeline.swap(POLYGON, USDC, 600 * USD, (BSC, BNB)),
            "same token": pipeline.swap(POLYGON, USDC, 250 * USD, (BSC, USDC), operator_fee=USD),
            "refunded": pipeline.swap(POLYGON, USDC, 100 * USD, (BSC, BTC), min_out=best + 1, operator_fee=USD),
            "filled": pipeline.swap(BSC, USDC, 50 * USD, (POLYGON, USDC), fill_fee=USD),
        }
        pipeline.finish(len(keys))
        yield Stories(pipeline, keys, before, read_balances(pipeline))
        pipeline.node.close()


def test_swap__other_token_on_another_chain__paid_at_the_pools_price(stories: Stories) -> None:
    pool = stories.pipeline.pool(USDC, BTC)
    out = compute_out(1_000 * USD, *pool.oriented(USDC, BTC), pool.fee)
    assert stories.out("other token") == out > 0
    assert stories.change("recipient", BSC, BTC) == out * 10**10
    record = stories.record("other token")
    assert not record.is_refund and record.accepted_everywhere_at(CHAINS) is not None
    assert sorted(record.accepted_at) == sorted(record.executed_at) == list(CHAINS)


def test_swap__native_coin_to_ethereum__paid(stories: Stories) -> None:
    assert stories.change("recipient", ETHEREUM, USDC) == stories.out("native in") > 0


def test_swap__to_a_native_coin__paid(stories: Stories) -> None:
    assert stories.change("recipient", BSC, BNB) == stories.out("native out") > 0


def test_swap__same_token_other_decimals__bridged_without_a_pool(stories: Stories) -> None:
    assert stories.change("recipient", BSC, USDC) == 249 * 10**18
    pipeline = stories.pipeline
    pool_fees = sum(len(POOLS) * pipeline.fee(kind) for kind in (CreatePool, AddLiquidity))
    assert pipeline.node.sequencer.state.token(USDC).fees == pipeline.fee(ChangePubKey) + pool_fees + USD


def test_swap__min_out_cannot_be_met__refunded_in_full_on_its_source(stories: Stories) -> None:
    record = stories.record("refunded")
    assert record.is_refund and record.outcome is not None and record.outcome.reason is RefundReason.BELOW_MINIMUM
    assert record.payout is not None and record.payout.chain == POLYGON
    assert stories.change("depositor", POLYGON, USDC) == -(1_000 + 600 + 250) * USD


def test_swap__fill_fee_offered__broker_pays_first_and_earns_what_its_lead_deserves(stories: Stories) -> None:
    record = stories.record("filled")
    assert record.filled_at is not None and record.paid_at is not None and record.repaid_at is not None
    assert record.filled_at < record.paid_at <= record.repaid_at
    assert record.earned is not None and 0 <= record.earned <= USD
    assert stories.change("broker", POLYGON, USDC) == record.earned
    assert stories.change("recipient", POLYGON, USDC) == 50 * USD - record.earned


def test_swap__no_fill_fee__nobody_fills_and_execution_pays(stories: Stories) -> None:
    assert stories.record("other token").filled_at is None
    assert stories.change("broker", BSC, BTC) == 0
    assert [chain for chain, _ in stories.pipeline.sent("fill")] == [POLYGON]


def test_blocks__several_on_every_chain__each_step_once_and_in_order(stories: Stories) -> None:
    pipeline = stories.pipeline
    first, height = pipeline.base + 1, pipeline.node.sequencer.height
    assert height > first
    for chain in CHAINS:
        purpose = "accept" if chain == AVALANCHE else "import"
        numbers = [number for _, blocks in pipeline.sent(purpose, chain) for number in blocks]
        assert numbers == list(range(first, height + 1))
        assert pipeline.sent("execute", chain) == []  # paid in the call that took the block
    assert pipeline.retries() == []


def test_books__after_all_stories__add_up_on_every_chain(stories: Stories) -> None:
    stories.pipeline.check_books()
