"""The account lane through the whole pipeline: deposits, keys, every way to move money, and the ways out, with real
contracts on four chains. One story; each test looks at a part of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.scenarios.liquidity import FOREVER
from tests.scenarios.pipeline import AVALANCHE, BSC, ETHEREUM, POLYGON, Believer, LiquidSystem, Pipeline
from zklink.devnet.roles import layer2_key
from zklink.devnet.tokens import BTC, USDC
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.contracts.registries import sign_key_change
from zklink.node.events import BlockSealed, BrokerRepaid, FillTried
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.order import Order
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.protocol.errors import BalanceTooSmall, ConsentMissing
from zklink.protocol.ids import AccountId, Amount, ChainId, Lane, Nonce, OrderSlot, TokenId
from zklink.protocol.signing import compute_public_key_hash

USD = 10**6
SATOSHI = TokenId(BTC)
FEE = Amount(100_000)
"""Enough for each of these operations, also for opening an account."""

Balances = dict[tuple[str, ChainId], int]


@dataclass
class LaneRun:
    """What happened, and USDC on every chain around it."""

    pipeline: Pipeline
    trader: AccountId
    depositor: AccountId
    before: Balances
    after: Balances

    def change(self, owner: str, chain: ChainId) -> int:
        """How an owner's USDC changed, in L1 units."""
        return self.after[owner, chain] - self.before[owner, chain]


def read_balances(pipeline: Pipeline) -> Balances:
    roles = pipeline.system.world.roles
    owners = {"trader": roles.trader, "depositor": roles.depositor, "recipient": roles.recipient}
    chains = (ETHEREUM, POLYGON, BSC, AVALANCHE)
    return {(name, chain): pipeline.balance(owner, chain, USDC) for name, owner in owners.items() for chain in chains}


@pytest.fixture(scope="module")
def story(session_liquid: LiquidSystem) -> Iterator[LaneRun]:
    with session_liquid.world.isolated():
        pipeline = Pipeline(session_liquid, Believer())
        roles = session_liquid.world.roles
        pipeline.approve_broker((BSC, USDC))
        before = read_balances(pipeline)
        pipeline.run_until(lambda: not pipeline.node.sequencer.is_replaying and pipeline.node.is_settled())
        open_accounts(pipeline)
        trader, depositor = pipeline.account(roles.trader), pipeline.account(roles.depositor)
        trade(pipeline, trader, depositor)
        pipeline.system.bridges[ETHEREUM].full_exit(roles.depositor, depositor, USDC)
        pipeline.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
        pipeline.finish(1)
        yield LaneRun(pipeline, trader, depositor, before, read_balances(pipeline))
        pipeline.node.close()


def open_accounts(pipeline: Pipeline) -> None:
    """An owner deposits on several chains and takes a key by a request on one of them; another one takes a key by a
    signature.
    """
    system, roles = pipeline.system, pipeline.system.world.roles
    pipeline.deposit(POLYGON, USDC, 1_000 * USD, roles.depositor)
    pipeline.deposit(BSC, USDC, 500 * USD, roles.depositor)
    pipeline.deposit(AVALANCHE, SATOSHI, 10**6, roles.depositor)
    sequencer = pipeline.node.sequencer
    owner = universal_address(roles.depositor.address)
    pipeline.run_until(
        lambda: [sequencer.state.balance(a, USDC) for a in sequencer.state.accounts_of(owner)] == [1_500 * USD]
    )
    account, key = pipeline.account(roles.depositor), layer2_key(roles.depositor)
    key_hash = compute_public_key_hash(key.public_key)
    change = ChangePubKey(account, Nonce(0), FOREVER, key_hash, AVALANCHE, FEE, USDC)
    with pytest.raises(ConsentMissing):
        pipeline.submit(change, key)
    system.bridges[POLYGON].set_key(roles.depositor, account, key_hash)
    pipeline.run_until(lambda: sequencer.state.account(account).public_key_hash == key_hash)

    created = Transfer(
        account, Nonce(1), FOREVER, USDC, Amount(300 * USD), FEE, universal_address(roles.trader.address)
    )
    pipeline.submit(created, key)
    pipeline.run_until(lambda: not sequencer.has_waiting)
    account, key = pipeline.account(roles.trader), layer2_key(roles.trader)
    key_hash = compute_public_key_hash(key.public_key)
    consent = sign_key_change(roles.trader, system.deployment.deployment_hash, account, Nonce(0), key_hash, FOREVER)
    pipeline.submit(ChangePubKey(account, Nonce(0), FOREVER, key_hash, AVALANCHE, FEE, USDC), key, consent)
    pipeline.run_until(lambda: sequencer.state.account(account).public_key_hash == key_hash)


def trade(pipeline: Pipeline, trader: AccountId, depositor: AccountId) -> None:
    """The trader buys from the pool, both exchange by orders, and the trader withdraws to a third chain, fast."""
    roles = pipeline.system.world.roles
    keys = {trader: layer2_key(roles.trader), depositor: layer2_key(roles.depositor)}
    with pytest.raises(BalanceTooSmall):
        pipeline.submit(
            Transfer(trader, Nonce(1), FOREVER, USDC, Amount(10**12), FEE, bytes(31) + b"\x01"), keys[trader]
        )
    swap = PoolSwap(trader, Nonce(1), FOREVER, USDC, SATOSHI, Amount(60 * USD), Amount(1), FEE, USDC)
    pipeline.submit(swap, keys[trader])
    fast = Withdraw(
        trader,
        Nonce(2),
        FOREVER,
        USDC,
        Amount(100 * USD),
        FEE,
        BSC,
        universal_address(roles.recipient.address),
        Amount(USD),
    )
    pipeline.submit(fast, keys[trader])
    slot, forever = OrderSlot(0), FOREVER
    sells = Order(depositor, slot, Nonce(0), forever, SATOSHI, USDC, Amount(10**5), Amount(60 * USD), 10)
    buys = Order(trader, slot, Nonce(0), forever, USDC, SATOSHI, Amount(31 * USD), Amount(5 * 10**4), 10)
    for order in (sells, buys):
        pipeline.submit(order, keys[order.account])
    pipeline.run_until(lambda: pipeline.node.sequencer.state.order(trader, slot)[1] > 0)


def test_blocks__both_lanes__in_one_sequence_executed_on_every_chain(story: LaneRun) -> None:
    sealed = story.pipeline.events(BlockSealed)
    height = story.pipeline.node.sequencer.height
    assert [event.number for event in sealed] == list(range(1, height + 1))
    assert {event.lane for event in sealed[story.pipeline.base :]} == set(Lane)
    assert all(counters.executed == height for counters in story.pipeline.node.counters.values())
    assert story.pipeline.retries() == []


def test_orders__crossing__filled_at_the_makers_price(story: LaneRun) -> None:
    state = story.pipeline.node.sequencer.state
    bought = 31 * USD * 10**5 // (60 * USD)
    assert state.order(story.depositor, OrderSlot(0))[1] == bought
    assert state.order(story.trader, OrderSlot(0))[1] == -(-bought * 60 * USD // 10**5)


def test_withdrawal__with_a_fill_fee__broker_pays_on_the_third_chain_and_is_repaid(story: LaneRun) -> None:
    (repaid,) = story.pipeline.events(BrokerRepaid)
    assert 0 <= repaid.earned <= USD
    # What the broker's lead has not earned of its fee is the recipient's; the rest is a swap of the other lane.
    assert story.change("recipient", BSC) == (100 + 10) * 10**18 - repaid.earned * 10**12
    filled = [event for event in story.pipeline.events(FillTried) if event.key[0] == 0]
    assert [event.outcome.name for event in filled] == ["FILLED"]
    assert [event.key[0] for event in story.pipeline.events(BrokerRepaid)] == [0]


def test_full_exit__more_than_its_chain_would_hold_or_not__pays_what_the_account_had(story: LaneRun) -> None:
    state = story.pipeline.node.sequencer.state
    assert state.balance(story.depositor, USDC) == 0
    sold = 31 * USD * 10**5 // (60 * USD)
    earned = -(-sold * 60 * USD // 10**5)
    left = 1_500 * USD - (300 * USD + FEE) + earned - earned * 10 // 10_000
    assert story.change("depositor", ETHEREUM) == left


def test_books__after_the_story__add_up(story: LaneRun) -> None:
    story.pipeline.check_books()
    story.pipeline.node.sequencer.state.check_conservation()


def test_restart__after_the_story__seals_the_same_blocks_and_sends_nothing(story: LaneRun) -> None:
    system, first = story.pipeline.system, story.pipeline.node.sequencer
    again = Pipeline(system, Believer(), journal=story.pipeline.journal)
    again.run_until(lambda: again.node.sequencer.height == first.height)
    again.round(3)
    assert again.node.sequencer.state.root == first.state.root
    assert [again.sent(purpose) for purpose in ("accept", "accept again", "import", "execute")] == [[], [], [], []]
