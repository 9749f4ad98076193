"""A swap: dollars on Polygon become bitcoin on BSC, by one transaction of somebody who has no account.

Run it with `python examples/swap.py`. It prints:

    a provider fills a pool with 60,000 USDC and 1 BTC
    a stranger swaps 600 USDC on polygon
    paid 0.00986995 BTC on bsc; pool, fees and rounding took 0.00013005
"""

from local_operator import LocalOperator, open_operator
from zklink.devnet.profiles import BSC, POLYGON
from zklink.devnet.tokens import BTC, USDC
from zklink.l1.contracts.bridge_structs import SwapOrder, universal_address
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.create_pool import CreatePool
from zklink.protocol.ids import AccountId, Amount, Nonce
from zklink.sdk.wallet import LEAST_FEE

DOLLAR, BITCOIN = 10**6, 10**8
POOL = Amount(60_000 * DOLLAR), Amount(BITCOIN)
FEE_BASIS_POINTS, HOUR = 30, 3_600


def fill_pool(operator: LocalOperator) -> None:
    """A provider deposits, takes a layer-2 key, and makes the pool: nothing is there before."""
    provider = operator.open_wallet("provider")
    operator.deposit(provider, POLYGON.chain_id, USDC, Amount(POOL[0] + 100 * DOLLAR))
    operator.deposit(provider, BSC.chain_id, BTC, POOL[1])
    operator.run_until(lambda: provider.balance(USDC) > 0 and provider.balance(BTC) > 0)
    provider.set_key()

    def create(account: AccountId, nonce: Nonce, valid_until: int) -> CreatePool:
        return CreatePool(account, nonce, valid_until, USDC, BTC, FEE_BASIS_POINTS, LEAST_FEE, USDC)

    def add(account: AccountId, nonce: Nonce, valid_until: int) -> AddLiquidity:
        return AddLiquidity(account, nonce, valid_until, USDC, BTC, *POOL, Amount(1), LEAST_FEE, USDC)

    operator.run_until(lambda: provider.nonce == 1 and not operator.node.sequencer.has_waiting)
    provider.send(create)
    provider.send(add)
    operator.run_until(lambda: operator.node.sequencer.state.pool(USDC, BTC).lp_supply > 0)


def main() -> None:
    with open_operator() as operator:
        fill_pool(operator)
        print("a provider fills a pool with 60,000 USDC and 1 BTC")
        stranger, bridge = operator.system.world.roles.depositor, operator.system.bridges[POLYGON.chain_id]
        dollars, bitcoin = operator.system.token(POLYGON.chain_id, USDC), operator.system.token(BSC.chain_id, BTC)
        order = SwapOrder(
            token_in=USDC,
            l1_amount=600 * DOLLAR * bridge.tokens.token_scale(USDC),
            destination=BSC.chain_id,
            token_out=BTC,
            min_out=Amount(BITCOIN * 98 // 10_000),  # less than this, or later than the deadline: a refund in full
            operator_fee=Amount(DOLLAR // 10),
            fill_fee=Amount(0),
            recipient=universal_address(stranger.address),
            deadline=bridge.client.head().timestamp + 2 * HOUR,
        )
        before = bitcoin.balance(stranger.address)
        dollars.approve(stranger, bridge.address, order.l1_amount)
        bridge.swap(stranger, order)
        print("a stranger swaps 600 USDC on polygon")
        operator.run_until(lambda: bitcoin.balance(stranger.address) > before)
        scale = operator.system.bridges[BSC.chain_id].tokens.token_scale(BTC)
        paid = (bitcoin.balance(stranger.address) - before) // scale
        lost = BITCOIN // 100 - paid
        print(f"paid {paid / BITCOIN:.8f} BTC on bsc; pool, fees and rounding took {lost / BITCOIN:.8f}")


if __name__ == "__main__":
    main()
