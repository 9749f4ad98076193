"""Liquidity for a network: a provider's deposits, its key, its pools, by the client that anybody uses.

Takes a client and the provider's wallet; returns when every pool is filled. Nothing is seeded: each step is a
transaction on a chain or a signed operation.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from zklink.client.client import Client
from zklink.client.solana_wallet import SolanaWallet
from zklink.client.wallet import Wallet
from zklink.devnet.pools import PoolPlan, plan_deposits
from zklink.devnet.tokens import USDC, TokenInfo
from zklink.l1.deployment.records import Deployment
from zklink.protocol.errors import DemoStuck
from zklink.protocol.ids import TokenId
from zklink.prover.progress import Progress

FEES_USD: Final = 20
"""Dollars that the provider deposits for the fees of each pool: to create one costs ten."""


def fund_pools(
    client: Client,
    provider: Wallet,
    deployment: Deployment,
    pools: Sequence[PoolPlan],
    table: Mapping[TokenId, TokenInfo],
    progress: Progress,
    bringer: SolanaWallet | None = None,
) -> None:
    """Create and fill the pools at the table's prices; `bringer` deposits for the provider where the bridge is a
    program. Raises what the client raises, and DemoStuck for an operation that is dropped.
    """
    if not pools:
        return
    planned = plan_deposits(deployment.tokens, pools, table)
    deposits = Counter({(item.chain, item.token): item.amount for item in planned})
    deposits[deployment.primary, USDC] += table[USDC].amount_for(FEES_USD) * len(pools)
    with progress.step("the provider's deposits", len(deposits)) as step:
        for (chain, token), amount in deposits.items():
            if bringer is not None and chain in deployment.programs:
                client.accounts.deposit(bringer, chain, token, amount, owner=provider.address)
            else:
                client.accounts.deposit(provider, chain, token, amount)
            step.advance()
        for wanted in {token for _, token in deposits}:
            total = sum(amount for (_, token), amount in deposits.items() if token == wanted)
            client.accounts.wait_balance(provider, wanted, total)
    with progress.step("the provider's key and pools", len(pools)) as step:
        finish(client, client.accounts.set_key(provider))
        for id in [_create(client, provider, pool, table) for pool in pools]:
            finish(client, id)
            step.advance()


def finish(client: Client, operation: str) -> None:
    """Wait until an operation is in a block. Raises DemoStuck if it is dropped, and StillWaiting."""
    found = client.accounts.wait(operation)
    if found.state == "dropped":
        raise DemoStuck(f"operation {operation}, which was dropped", 0)


def _create(client: Client, provider: Wallet, pool: PoolPlan, table: Mapping[TokenId, TokenInfo]) -> str:
    """Hand in a pool's creation and its filling, both at once: they wait for their blocks in this order."""
    (lower, higher), (amount_lower, amount_higher) = pool.pair, pool.amounts(table)
    client.accounts.create_pool(provider, lower, higher, pool.fee, fee_token=USDC)
    return client.accounts.add_liquidity(provider, lower, amount_lower, higher, amount_higher, fee_token=USDC)
