"""Planned liquidity: what is deposited fills the pools, to the last unit."""

from collections import Counter

from zklink.devnet.pools import DEFAULT_POOLS, PoolPlan, plan_deposits, select_pools, spread
from zklink.devnet.roles import default_roles, layer2_key
from zklink.devnet.solana.tokens import BTC_BESIDE_SOL, POOLS_WITH_SOLANA, SOL, TOKENS_WITH_SOLANA
from zklink.devnet.tokens import ETH, USDC, USDT, load_tokens, plan_token, token_by_id
from zklink.l1.contracts.bridge_structs import NATIVE
from zklink.protocol.ids import ChainId, TokenId
from zklink.protocol.presets import MINIMAL

CHAINS = {ChainId(1): NATIVE, ChainId(2): NATIVE, ChainId(4): NATIVE}
PLANS = tuple(plan_token(token, CHAINS) for token in load_tokens())


def test_plan_deposits__default_pools__add_up_to_their_sides() -> None:
    sides: Counter[TokenId] = Counter()
    for pool in DEFAULT_POOLS:
        for token, amount in zip(pool.pair, pool.amounts(), strict=True):
            sides[token] += amount
    deposits = plan_deposits(PLANS, DEFAULT_POOLS)
    found: Counter[TokenId] = Counter()
    for deposit in deposits:
        assert deposit.amount > 0
        found[deposit.token] += deposit.amount
    assert found == sides
    assert len({(deposit.chain, deposit.token) for deposit in deposits}) == len(deposits)


def test_pool_plan__tokens_in_any_order__amounts_are_worth_the_same() -> None:
    pool = PoolPlan((ETH, USDC), usd_per_side=3_000)
    assert pool.pair == (USDC, ETH)
    assert pool.amounts() == (token_by_id(USDC).amount_for(3_000), token_by_id(ETH).amount_for(3_000))
    assert pool.amounts()[0] == 3_000 * 10**6


def test_plan_deposits__with_solana__sol_by_its_own_price_and_as_many_pools_as_fit() -> None:
    plans = [plan_token(token, CHAINS) for token in TOKENS_WITH_SOLANA.values()]
    pools = select_pools([plan for plan in plans if plan.token_id < MINIMAL.lp_base], POOLS_WITH_SOLANA)
    assert len(pools) <= MINIMAL.token_limit - MINIMAL.lp_base and (USDC, SOL) in [pool.pair for pool in pools]
    deposits = plan_deposits(plans, POOLS_WITH_SOLANA, TOKENS_WITH_SOLANA)
    brought = {token: sum(each.amount for each in deposits if each.token == token) for token in (SOL, BTC_BESIDE_SOL)}
    assert brought == {SOL: 1_000_000 * 10**9 // 150, BTC_BESIDE_SOL: 1_000_000 * 10**8 // 60_000}


def test_select_pools__few_tokens__only_those_whose_sides_are_there() -> None:
    few = [plan for plan in PLANS if plan.token_id in (USDC, USDT)]
    assert [pool.pair for pool in select_pools(few)] == [(USDC, USDT)]
    fits = [plan for plan in PLANS if plan.token_id < MINIMAL.lp_base]
    assert len(select_pools(fits)) <= MINIMAL.token_limit - MINIMAL.lp_base


def test_spread__amount_that_does_not_divide__the_rest_is_on_the_first_chain() -> None:
    assert spread(11, CHAINS) == {1: 5, 2: 3, 4: 3}


def test_layer2_key__each_role__has_its_own() -> None:
    roles = default_roles()
    keys = [layer2_key(account).public_key for account in (roles.operator, roles.provider, roles.trader)]
    assert len(set(keys)) == 3
    assert keys[0] == layer2_key(roles.operator).public_key
