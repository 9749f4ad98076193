"""The main job, end to end: one transaction on one chain, the output on another, and the books add up.

Each story goes through real bridges on four chains, with real proofs and a committee of three.
"""

from tests.scenarios.pipeline import AVALANCHE, BSC, ETHEREUM, POLYGON, Pipeline
from zklink.devnet.tokens import AVAX, BNB, BTC, USDC
from zklink.protocol.ids import ChainId, TokenId
from zklink.transition.swap import RefundReason, compute_out

USD = 10**6
CHAINS = (ETHEREUM, POLYGON, BSC, AVALANCHE)


def expected_out(pipeline: Pipeline, amount: int, token_in: TokenId, token_out: TokenId) -> int:
    """What the genesis pool gives for `amount`, by the rule."""
    pool = pipeline.system.deployment.genesis.state(pipeline.system.deployment.preset).pool(token_in, token_out)
    return compute_out(amount, *pool.oriented(token_in, token_out), pool.fee)


def received(pipeline: Pipeline, chain: ChainId, token: TokenId, before: int) -> int:
    return pipeline.balance(pipeline.system.world.roles.recipient, chain, token) - before


def test_swap__other_token_on_another_chain__paid_there_at_the_pools_price(pipeline: Pipeline) -> None:
    roles = pipeline.system.world.roles
    paid_before = pipeline.balance(roles.depositor, POLYGON, USDC)
    before = pipeline.balance(roles.recipient, BSC, BTC)
    out = expected_out(pipeline, 1_000 * USD, USDC, BTC)
    key = pipeline.swap(POLYGON, USDC, 1_000 * USD, (BSC, BTC), min_out=out)
    pipeline.finish(1)
    assert paid_before - pipeline.balance(roles.depositor, POLYGON, USDC) == 1_000 * USD
    assert received(pipeline, BSC, BTC, before) == out * 10**10
    record = pipeline.record(key)
    assert not record.is_refund and record.accepted_everywhere_at(CHAINS) is not None
    assert sorted(record.committed_at) == sorted(record.executed_at) == list(CHAINS)
    assert pipeline.retries() == []
    pipeline.check_books()


def test_swap__native_coin_to_ethereum__paid(pipeline: Pipeline) -> None:
    before = pipeline.balance(pipeline.system.world.roles.recipient, ETHEREUM, USDC)
    amount = 5 * 10**18
    pipeline.swap(AVALANCHE, AVAX, amount, (ETHEREUM, USDC))
    pipeline.finish(1)
    assert received(pipeline, ETHEREUM, USDC, before) == expected_out(pipeline, amount, AVAX, USDC) > 0
    pipeline.check_books()


def test_swap__to_a_native_coin__paid(pipeline: Pipeline) -> None:
    before = pipeline.balance(pipeline.system.world.roles.recipient, BSC, BNB)
    pipeline.swap(POLYGON, USDC, 600 * USD, (BSC, BNB))
    pipeline.finish(1)
    assert received(pipeline, BSC, BNB, before) == expected_out(pipeline, 600 * USD, USDC, BNB) > 0
    pipeline.check_books()


def test_swap__same_token_other_decimals__bridged_without_a_pool(pipeline: Pipeline) -> None:
    before = pipeline.balance(pipeline.system.world.roles.recipient, BSC, USDC)
    pools = list(pipeline.node.sequencer.state_after(pipeline.node.sequencer.height).pools())
    pipeline.swap(POLYGON, USDC, 250 * USD, (BSC, USDC), operator_fee=USD)
    pipeline.finish(1)
    assert received(pipeline, BSC, USDC, before) == 249 * 10**18
    state = pipeline.node.sequencer.state_after(pipeline.node.sequencer.height)
    assert list(state.pools()) == pools and state.token(USDC).fees == USD
    pipeline.check_books()


def test_swap__min_out_cannot_be_met__refunded_in_full_on_its_source(pipeline: Pipeline) -> None:
    depositor = pipeline.system.world.roles.depositor
    before = pipeline.balance(depositor, POLYGON, USDC)
    out = expected_out(pipeline, 100 * USD, USDC, BTC)
    key = pipeline.swap(POLYGON, USDC, 100 * USD, (BSC, BTC), min_out=out + 1, operator_fee=0)
    assert pipeline.balance(depositor, POLYGON, USDC) == before - 100 * USD
    pipeline.finish(1)
    assert pipeline.balance(depositor, POLYGON, USDC) == before
    record = pipeline.record(key)
    assert record.is_refund and record.outcome is not None
    assert record.outcome.reason is RefundReason.BELOW_MINIMUM
    assert record.payout is not None and record.payout.chain == POLYGON
    pipeline.check_books()


def test_swap__fill_fee_offered__broker_pays_first_and_is_repaid(pipeline: Pipeline) -> None:
    roles = pipeline.system.world.roles
    pipeline.approve_broker((BSC, USDC))
    before = pipeline.balance(roles.recipient, BSC, USDC)
    broker_before = pipeline.balance(roles.broker, BSC, USDC)
    key = pipeline.swap(POLYGON, USDC, 50 * USD, (BSC, USDC), fill_fee=USD)
    pipeline.run_until(lambda: key in pipeline.timeline.swaps and pipeline.record(key).filled_at is not None)
    assert received(pipeline, BSC, USDC, before) == 49 * 10**18
    assert broker_before - pipeline.balance(roles.broker, BSC, USDC) == 49 * 10**18
    pipeline.finish(1)
    record = pipeline.record(key)
    assert record.filled_at is not None and record.paid_at is not None and record.repaid_at is not None
    assert record.filled_at < record.paid_at <= record.repaid_at
    assert received(pipeline, BSC, USDC, before) == 49 * 10**18
    assert pipeline.balance(roles.broker, BSC, USDC) - broker_before == 10**18
    pipeline.check_books()


def test_swap__no_fill_fee__nobody_fills_and_execution_pays(pipeline: Pipeline) -> None:
    pipeline.approve_broker((BSC, USDC))
    before = pipeline.balance(pipeline.system.world.roles.recipient, BSC, USDC)
    key = pipeline.swap(POLYGON, USDC, 50 * USD, (BSC, USDC))
    pipeline.finish(1)
    assert pipeline.record(key).filled_at is None
    assert pipeline.sent("fill") == []
    assert received(pipeline, BSC, USDC, before) == 50 * 10**18
    pipeline.check_books()


def test_swap__more_than_a_block_holds_from_every_chain__several_blocks_each_paid_once(pipeline: Pipeline) -> None:
    recipient = pipeline.system.world.roles.recipient
    stories = [
        (POLYGON, BSC),
        (BSC, POLYGON),
        (AVALANCHE, POLYGON),
        (ETHEREUM, BSC),
        (POLYGON, ETHEREUM),
        (BSC, AVALANCHE),
    ]
    before = {chain: pipeline.balance(recipient, chain, USDC) for chain in CHAINS}
    for source, destination in stories:
        pipeline.swap(source, USDC, 10 * USD, (destination, USDC))
    pipeline.finish(len(stories))
    assert pipeline.node.sequencer.height >= 2
    for chain in CHAINS:
        scale = 10**12 if chain == BSC else 1
        paid = sum(destination == chain for _, destination in stories)
        assert received(pipeline, chain, USDC, before[chain]) == paid * 10 * USD * scale
    for purpose in ("commit", "prove", "execute"):
        for chain in CHAINS:
            numbers = [number for _, blocks in pipeline.sent(purpose, chain) for number in blocks]
            assert numbers == list(range(1, pipeline.node.sequencer.height + 1))
    assert pipeline.retries() == []
    pipeline.check_books()
