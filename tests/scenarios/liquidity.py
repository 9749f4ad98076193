"""How the pools of scenario tests come to be: a provider deposits on every chain, takes a key, makes and fills pools.

Everything goes through the pipeline, as anybody would do it; the blocks are executed on every chain when it is done.
"""

from typing import Final

from tests.scenarios.pipeline import POLYGON, LiquidSystem, Pipeline
from zklink.devnet.pools import PlannedDeposit, PoolPlan, plan_deposits, select_pools
from zklink.devnet.roles import layer2_key
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import AVAX, BNB, BTC, USDC
from zklink.l1.contracts.registries import sign_key_change
from zklink.node.ports import BlockProver
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.create_pool import CreatePool
from zklink.protocol.ids import Amount, Lane, Nonce
from zklink.protocol.signing import compute_public_key_hash

POOLS: Final = (PoolPlan((USDC, BTC)), PoolPlan((USDC, AVAX)), PoolPlan((USDC, BNB)))
FOREVER: Final = 2**40 - 1
PURSE: Final = Amount(100 * 10**6)
"""What the provider pays fees from."""


def fill_pools(system: LocalSystem, prover: BlockProver, pools: tuple[PoolPlan, ...] = POOLS) -> LiquidSystem:
    """The system with these pools."""
    pipeline = Pipeline(system, prover, has_broker=False)
    provider, sequencer = system.world.roles.provider, pipeline.node.sequencer
    chosen = select_pools(system.deployment.tokens, pools)
    deposits = (*plan_deposits(system.deployment.tokens, chosen), PlannedDeposit(POLYGON, USDC, PURSE))
    for deposit in deposits:
        pipeline.deposit(deposit.chain, deposit.token, deposit.amount, provider)
    pipeline.run_until(lambda: _count_consumed(pipeline) == len(deposits))

    account, key = pipeline.account(provider), layer2_key(provider)
    key_hash, chain = compute_public_key_hash(key.public_key), system.deployment.primary
    consent = sign_key_change(provider, system.deployment.deployment_hash, account, Nonce(0), key_hash, FOREVER)
    change = ChangePubKey(account, Nonce(0), FOREVER, key_hash, chain, pipeline.fee(ChangePubKey), USDC)
    pipeline.submit(change, key, consent)
    pipeline.run_until(lambda: pipeline.node.sequencer.state.account(account).public_key_hash == key_hash)
    for pool in chosen:
        (lower, higher), (x, y) = pool.pair, pool.amounts()
        fee = pipeline.fee(CreatePool)
        created = CreatePool(account, pipeline.nonce(account), FOREVER, lower, higher, pool.fee, fee, USDC)
        pipeline.submit(created, key)
        filled = AddLiquidity(
            account, pipeline.nonce(account), FOREVER, lower, higher, x, y, Amount(1), pipeline.fee(AddLiquidity), USDC
        )
        pipeline.submit(filled, key)
    pipeline.finish()
    pipeline.check_books()
    assert pipeline.retries() == [], pipeline.retries()
    pipeline.node.close()
    assert pipeline.journal is not None
    return LiquidSystem(
        system.world,
        system.deployment,
        system.bridges,
        tuple(pipeline.journal.entries()),
        dict(sequencer.state.pools()),
    )


def _count_consumed(pipeline: Pipeline) -> int:
    """How many requests of the account lane are in blocks."""
    sequencer = pipeline.node.sequencer
    consumed = sequencer.record(sequencer.height).consumed
    return sum(count for (lane, _), count in consumed.items() if lane is Lane.ACCOUNT)
