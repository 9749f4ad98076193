"""Liquidity for a demo: a provider's deposits, its key, its pools, by the same operations that anybody uses.

Takes a deployed system with its node; returns when every pool is funded in the state. Nothing is seeded: each step is a
transaction on a chain or a signed operation.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from zklink.devnet.pools import PlannedDeposit, PoolPlan, plan_deposits
from zklink.devnet.roles import layer2_key
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC, token_by_id
from zklink.l1.contracts.bridge_structs import DepositOrder
from zklink.node.node import Node
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.create_pool import CreatePool
from zklink.protocol.errors import DemoStuck
from zklink.protocol.ids import AccountId, Amount, ChainId, Nonce, TokenId
from zklink.prover.progress import Progress
from zklink.sdk.wallet import LEAST_FEE, Wallet
from zklink.service.in_process import InProcessOperator

FEES_USD: Final = 20
"""Dollars that the provider deposits for the fees of each pool: to create one costs ten."""

TIMEOUT_SECONDS: Final = 600.0


def fund_pools(
    system: LocalSystem,
    node: Node,
    pools: Sequence[PoolPlan],
    reserves: Sequence[PlannedDeposit],
    progress: Progress,
) -> Wallet:
    """Create and fill the pools, and deposit the reserves that chains need beside them; gives the provider's wallet.

    Raises DemoStuck if that takes too long.
    """
    provider = open_wallet(system, node, "provider")
    fees = (PlannedDeposit(system.deployment.primary, USDC, token_by_id(USDC).amount_for(FEES_USD)),) * len(pools)
    deposits = (*plan_deposits(system.deployment.tokens, pools), *reserves, *fees)
    with progress.step("the provider's deposits", len(deposits)) as step:
        for item in deposits:
            deposit(system, provider, item.chain, item.token, item.amount)
            step.advance()
        totals: dict[TokenId, int] = {}
        for item in deposits:
            totals[item.token] = totals.get(item.token, 0) + item.amount
        wait(node, lambda: all(provider.balance(t) >= n for t, n in totals.items()), "the provider's deposits")
    if pools:
        with progress.step("the provider's key and pools", len(pools)) as step:
            provider.set_key()
            wait(node, lambda: has_key(node, provider), "the provider's key")
            for pool in pools:
                _create(provider, pool)
            for pool in pools:
                wait(node, partial(_is_filled, node, pool), "a pool's liquidity")
                step.advance()
    with progress.step("every chain executes it"):
        wait(node, node.is_settled, "the execution of these blocks")
    return provider


def open_wallet(system: LocalSystem, node: Node, role: str) -> Wallet:
    """The wallet of one of the actors, by the name of its role."""
    owner = getattr(system.world.roles, role)
    head = system.bridges[system.deployment.primary].client.head
    return Wallet(role, InProcessOperator(node), owner, layer2_key(owner), lambda: head().timestamp)


def deposit(system: LocalSystem, wallet: Wallet, chain: ChainId, token_id: TokenId, amount: int) -> None:
    """One deposit of the wallet's owner into its own account; `amount` in layer-2 units."""
    bridge, token = system.bridges[chain], system.token(chain, token_id)
    l1_amount = amount * bridge.tokens.token_scale(token_id)
    if not token.is_native:
        token.ensure_allowance(wallet.owner, bridge.address, l1_amount)
    order = DepositOrder(token_id=token_id, l1_amount=l1_amount, owner=wallet.address)
    bridge.deposit(wallet.owner, order)


def has_key(node: Node, wallet: Wallet) -> bool:
    """Whether the wallet's account holds a key, after the last sealed block."""
    return wallet.has_account and bool(node.sequencer.state.account(wallet.account).public_key_hash)


def wait(node: Node, is_done: Callable[[], bool], what: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    """Drive the node until something has come about. Raises DemoStuck."""
    if not node.run_until(is_done, timeout_seconds):
        raise DemoStuck(what, timeout_seconds)


def _create(provider: Wallet, pool: PoolPlan) -> None:
    """Hand in a pool's creation and its filling, both at once: they wait for their blocks in this order."""
    (lower, higher), (amount_lower, amount_higher) = pool.pair, pool.amounts

    def create(account: AccountId, nonce: Nonce, valid_until: int) -> CreatePool:
        return CreatePool(account, nonce, valid_until, lower, higher, pool.fee, LEAST_FEE, USDC)

    def add(account: AccountId, nonce: Nonce, valid_until: int) -> AddLiquidity:
        return AddLiquidity(
            account, nonce, valid_until, lower, higher, amount_lower, amount_higher, Amount(1), LEAST_FEE, USDC
        )

    provider.send(create)
    provider.send(add)


def _is_filled(node: Node, pool: PoolPlan) -> bool:
    return node.sequencer.state.pool(*pool.pair).lp_supply > 0
