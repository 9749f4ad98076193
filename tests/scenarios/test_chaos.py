"""Nodes that misbehave at random, all of them and all the time: every swap is paid once and every book is right."""

import logging
import os
import random

import pytest

from tests.scenarios.pipeline import AVALANCHE, BSC, ETHEREUM, POLYGON, Believer, LiquidSystem, Pipeline
from tests.scenarios.test_faults import USD, check_each_step_once
from zklink.devnet.devnet_chain import GAS_LIMIT_ON_PY_EVM, WorldChain
from zklink.devnet.tokens import USDC
from zklink.l1.transport.client import ChainClient
from zklink.lab.rpc_faults import LOGS, SEND, URL, Chance
from zklink.lab.rpc_proxy import RpcProxy, put_before
from zklink.node.events import BrokerRepaid
from zklink.protocol.ids import ChainId

ROUNDS = int(os.environ.get("ZKLINK_CHAOS_ROUNDS", "200"))
"""How long it goes on; the environment may say otherwise."""
SWAPS = ROUNDS // 10
RATE = 0.15
"""The share of all requests to all nodes that fail."""
SEND_RATE = 0.5
CHAINS = (ETHEREUM, POLYGON, BSC, AVALANCHE)
SECRET = URL.rpartition("/")[2]


class Weather:
    """A client whose node misbehaves by chance; its waiting takes no time of the test's."""

    def __init__(self, chain: WorldChain, seed: int) -> None:
        self.now = 0.0
        w3, self.proxy = put_before(chain.w3, self.wait)
        self.chance = Chance(seed, RATE, rates={SEND: SEND_RATE})
        limit = GAS_LIMIT_ON_PY_EVM if chain.is_py_evm else None
        self.client = ChainClient(chain.profile, w3, gas_limit=limit, sleep=self.wait, clock=lambda: self.now)

    def wait(self, seconds: float) -> None:
        """Time passes for this client alone."""
        self.now += seconds

    def begin(self) -> None:
        """From now on the node misbehaves."""
        self.proxy.chance = self.chance

    def end(self) -> RpcProxy:
        """The node is well again."""
        self.proxy.chance = None
        return self.proxy


@pytest.mark.slow  # a long story through nodes that misbehave
@pytest.mark.parametrize("seed", [1])
def test_chaos__every_node_misbehaves__every_swap_is_paid_once_and_the_books_are_right(
    system: LiquidSystem, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    weather = {chain.profile.chain_id: Weather(chain, 100 * seed + chain.profile.chain_id) for chain in system.world}
    pipeline = Pipeline(system, Believer(), clients={chain: each.client for chain, each in weather.items()})
    pipeline.run_until(lambda: not pipeline.node.sequencer.is_replaying and pipeline.node.is_settled())
    pipeline.approve_broker(*((chain, USDC) for chain in CHAINS))
    recipient, chance = system.world.roles.recipient, random.Random(seed)
    before = {chain: pipeline.balance(recipient, chain, USDC) for chain in CHAINS}
    due, fees = dict.fromkeys(CHAINS, 0), dict.fromkeys(CHAINS, 0)
    for each in weather.values():
        each.begin()
    for index in range(ROUNDS):
        if index % (ROUNDS // SWAPS) == 0:
            source, to = chance.sample(CHAINS, 2)
            amount, fee = chance.randint(2, 9) * USD, chance.choice((0, USD))
            pipeline.swap(source, USDC, amount, (to, USDC), fill_fee=fee)
            due[to] += amount
            fees[to] += fee
        pipeline.round()
    drawn = [fault for each in weather.values() for fault in each.chance.drawn]
    for each in weather.values():
        each.end()
        each.now += 3600  # whatever rest a node asked for is over
    pipeline.finish(SWAPS)
    assert {method for method, _ in drawn} >= {SEND, LOGS, "eth_call", "eth_getTransactionReceipt"}
    assert {fault.kind for _, fault in drawn} == {fault.kind for menu in Chance(0, 0).menus.values() for fault in menu}
    for chain in CHAINS:
        paid, rest = divmod(pipeline.balance(recipient, chain, USDC) - before[chain], _scale(system, chain))
        # What was filled in time has paid its fee to the broker.
        assert (due[chain] - fees[chain] <= paid <= due[chain], rest) == (True, 0), (chain, paid)
    assert pipeline.events(BrokerRepaid)
    check_each_step_once(pipeline)
    pipeline.check_books()
    said = [repr(event) for event in pipeline.node.events] + [record.getMessage() for record in caplog.records]
    assert not [line for line in said if SECRET in line]


def _scale(system: LiquidSystem, chain: ChainId) -> int:
    """L1 units of USDC per unit of layer 2."""
    return system.bridges[chain].tokens.token_scale(USDC)
