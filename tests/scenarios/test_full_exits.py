"""Full exits through the whole pipeline: one that no single chain can pay."""

from tests.scenarios.pipeline import AVALANCHE, BSC, ETHEREUM, Believer, LiquidSystem, Pipeline
from zklink.devnet.tokens import BTC
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.ids import TokenId

SATOSHI = TokenId(BTC)


def test_full_exit__its_chain_holds_less_than_the_account__served_in_parts_by_every_chain_that_can_pay(
    system: LiquidSystem,
) -> None:
    """The request stays the next one of its queue until the last part: the watchers vouch for its place again."""
    pipeline, roles = Pipeline(system, Believer(), has_broker=False), system.world.roles
    much = 5 * 10**8
    pipeline.deposit(BSC, SATOSHI, much, roles.depositor)
    owner = universal_address(roles.depositor.address)
    sequencer = pipeline.node.sequencer
    pipeline.run_until(lambda: bool(sequencer.state.accounts_of(owner)) and not sequencer.has_waiting)
    account, places = pipeline.account(roles.depositor), (ETHEREUM, BSC, AVALANCHE)
    pipeline.run_until(lambda: sequencer.state.balance(account, SATOSHI) == much)
    before = {chain: pipeline.balance(roles.depositor, chain, SATOSHI) for chain in places}
    held = sequencer.state.token(SATOSHI).reserve(ETHEREUM)
    system.bridges[ETHEREUM].full_exit(roles.depositor, account, SATOSHI, [BSC, AVALANCHE])
    pipeline.run_until(lambda: sequencer.state.balance(account, SATOSHI) == 0)
    pipeline.finish()
    scale = {chain: system.bridges[chain].tokens.token_scale(SATOSHI) for chain in places}
    paid = {chain: pipeline.balance(roles.depositor, chain, SATOSHI) - before[chain] for chain in places}
    assert sum(paid[chain] // scale[chain] for chain in places) == much
    assert 0 < held < much and paid[ETHEREUM] == held * scale[ETHEREUM]
    assert pipeline.retries() == []
    pipeline.check_books()
