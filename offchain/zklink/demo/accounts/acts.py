"""The users' acts on layer 2; every act ends when its effects are sealed.

Takes the cast; sends transactions on chains and signed operations, as a user does. Never uses a power that a user does
not have.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from zklink.demo.accounts.actors import FULL_DIGITS, TOKENS, ActDone, Cast
from zklink.demo.accounts.door_fees import describe_coins, read_paid
from zklink.demo.liquidity import deposit, has_key, wait
from zklink.demo.stories import format_amount
from zklink.devnet.profiles import AVALANCHE, BSC, POLYGON
from zklink.devnet.tokens import BTC, USDC, token_by_id
from zklink.l1.contracts.bridge_structs import SwapOrder, universal_address
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.order_match import OrderMatch
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.protocol.ids import AccountId, Amount, ChainId, Nonce, TokenId
from zklink.protocol.signing import compute_public_key_hash
from zklink.sdk.wallet import LEAST_FEE

POOL_FEE: Final = 30
ORDER_FEE_RATE: Final = 10
PROVIDER_USD: Final = 100_000
DEADLINE_SECONDS: Final = 7_200

Act = tuple[str, Callable[[Cast], Callable[[], bool]]]
"""A title, and a function that starts the act and gives the test for its end."""


def play(cast: Cast) -> None:
    """Play all acts in order. Raises DemoStuck, and the OperationError of a refused operation."""
    for title, start in ACTS:
        began, before, paid = time.monotonic(), _read_fees(cast), read_paid(cast)
        with cast.progress.step(title):
            wait(cast.node, start(cast), title, cast.options.timeout_seconds)
        fees = {token: fee - before[token] for token, fee in _read_fees(cast).items() if fee != before[token]}
        done = ActDone(title, time.monotonic() - began, cast.node.sequencer.height, fees)
        cast.acts.append(done)
        cast.say(f"{title}: up to block {done.block}, {done.seconds:.1f} s{_describe_fees(fees)}")
        coins = describe_coins(cast, {chain: gwei - paid[chain] for chain, gwei in read_paid(cast).items()})
        if coins:
            cast.say(f"  paid at the doors: {coins}")


def _read_fees(cast: Cast) -> dict[TokenId, int]:
    """The operator's accrued fees after the last sealed block, in layer-2 units."""
    return {token: cast.node.sequencer.state.token(token).fees for token in TOKENS}


def _describe_fees(fees: Mapping[TokenId, int]) -> str:
    amounts = []
    for token_id, fee in fees.items():
        token = token_by_id(token_id)
        amounts.append(f"{'-' if fee < 0 else '+'}{format_amount(abs(fee), token, FULL_DIGITS)} {token.symbol}")
    return f", fees {' '.join(amounts)}" if amounts else ""


def _deposits(cast: Cast) -> Callable[[], bool]:
    provider, alice, bob = (cast.wallets[name] for name in ("provider", "depositor", "trader"))
    usd = cast.units(USDC, PROVIDER_USD)
    plan = (
        (provider, POLYGON.chain_id, USDC, usd),
        (provider, AVALANCHE.chain_id, USDC, usd // 5),
        (provider, BSC.chain_id, BTC, cast.units(BTC, PROVIDER_USD)),
        (alice, POLYGON.chain_id, USDC, cast.units(USDC, 5_000)),
        (bob, BSC.chain_id, BTC, cast.units(BTC, 20_000)),
        (cast.wallets["operator"], POLYGON.chain_id, USDC, cast.units(USDC, 1)),
    )
    for wallet, chain, token, amount in plan:
        deposit(cast.system, wallet, chain, token, amount)
    return lambda: (
        provider.balance(USDC) == usd + usd // 5
        and all(wallet.balance(token) for wallet, _, token, _ in plan)
        and provider.balance(BTC) > 0
    )


def _keys(cast: Cast) -> Callable[[], bool]:
    """Set four keys: three by a signature that goes with the block, one by a transaction of the owner."""
    signers = [cast.wallets[name] for name in ("provider", "depositor", "operator")]
    for wallet in signers:
        wallet.set_key()
    bob = cast.wallets["trader"]
    bridge = cast.system.bridges[BSC.chain_id]
    bridge.set_key(bob.owner, bob.account, compute_public_key_hash(bob.key.public_key))
    return lambda: all(has_key(cast.node, wallet) for wallet in (*signers, bob))


def _create_pool(cast: Cast) -> Callable[[], bool]:
    def build(account: AccountId, nonce: Nonce, valid_until: int) -> CreatePool:
        return CreatePool(account, nonce, valid_until, USDC, BTC, POOL_FEE, LEAST_FEE, USDC)

    cast.wallets["provider"].send(build)
    return lambda: cast.node.sequencer.state.pool(USDC, BTC).lp_token != 0


def _add_liquidity(cast: Cast) -> Callable[[], bool]:
    usd, btc = (Amount(cast.units(token, PROVIDER_USD * 9 // 10)) for token in (USDC, BTC))

    def build(account: AccountId, nonce: Nonce, valid_until: int) -> AddLiquidity:
        return AddLiquidity(account, nonce, valid_until, USDC, BTC, usd, btc, Amount(1), LEAST_FEE, USDC)

    cast.wallets["provider"].send(build)
    return lambda: cast.node.sequencer.state.pool(USDC, BTC).lp_supply > 0


def _transfers(cast: Cast) -> Callable[[], bool]:
    """Transfer to an owner with an account, and to one without."""
    alice, bob, carol = (cast.wallets[name] for name in ("depositor", "trader", "recipient"))
    for receiver, usd in ((bob, 500), (carol, 250)):
        amount = Amount(cast.units(USDC, usd))

        def build(
            account: AccountId,
            nonce: Nonce,
            valid_until: int,
            amount: Amount = amount,
            recipient: bytes = receiver.address,
        ) -> Transfer:
            return Transfer(account, nonce, valid_until, USDC, amount, LEAST_FEE, recipient)

        alice.send(build)
    return lambda: bob.balance(USDC) > 0 and carol.balance(USDC) > 0


def _pool_swap(cast: Cast) -> Callable[[], bool]:
    bob = cast.wallets["trader"]
    before, sold = bob.balance(USDC), Amount(cast.units(BTC, 2_000))

    def build(account: AccountId, nonce: Nonce, valid_until: int) -> PoolSwap:
        return PoolSwap(account, nonce, valid_until, BTC, USDC, sold, Amount(cast.units(USDC, 1_900)), LEAST_FEE, USDC)

    bob.send(build)
    return lambda: bob.balance(USDC) > before


def _order_match(cast: Cast) -> Callable[[], bool]:
    """Alice sells dollars for bitcoin, Bob the other way, a little below her limit; half of his order stays open."""
    alice, bob = cast.wallets["depositor"], cast.wallets["trader"]
    usd, btc = cast.units(USDC, 1_000), cast.units(BTC, 1_000)
    maker = alice.order(0, 1, (USDC, usd), (BTC, btc * 98 // 100), ORDER_FEE_RATE)
    taker = bob.order(0, 1, (BTC, 2 * btc), (USDC, 2 * usd * 99 // 100), ORDER_FEE_RATE)
    before = alice.balance(BTC)
    cast.node.submit(OrderMatch(maker, taker))
    return lambda: alice.balance(BTC) > before


def _withdraw(cast: Cast) -> Callable[[], bool]:
    """Withdraw on a third chain, where Alice never deposited; a broker may pay it at once."""
    alice = cast.wallets["depositor"]
    amount, fill_fee = Amount(cast.units(USDC, 300)), Amount(cast.units(USDC, 1) // 2)
    before = alice.balance(USDC)

    def build(account: AccountId, nonce: Nonce, valid_until: int) -> Withdraw:
        return Withdraw(
            account, nonce, valid_until, USDC, amount, LEAST_FEE, AVALANCHE.chain_id, alice.address, fill_fee
        )

    alice.send(build)
    return lambda: alice.balance(USDC) < before


def _depositless_swap(cast: Cast) -> Callable[[], bool]:
    """A user without an account swaps against the users' pool, in the swap lane."""
    owner = cast.system.world.roles.stranger
    send_swap(cast, POLYGON.chain_id)
    token = cast.system.token(BSC.chain_id, BTC)
    before = token.balance(owner.address)
    return lambda: token.balance(owner.address) > before


def _full_exit(cast: Cast) -> Callable[[], bool]:
    """Carol, who has no key, takes a full exit on L1."""
    carol = cast.wallets["recipient"]
    cast.system.bridges[POLYGON.chain_id].full_exit(carol.owner, carol.account, USDC)
    return lambda: carol.balance(USDC) == 0


def _claim_fees(cast: Cast) -> Callable[[], bool]:
    operator = cast.wallets["operator"]
    fees = cast.node.sequencer.state.token(USDC).fees
    before = operator.balance(USDC)

    def build(account: AccountId, nonce: Nonce, valid_until: int) -> ClaimFees:
        return ClaimFees(account, nonce, valid_until, USDC, Amount(fees // 2), LEAST_FEE)

    operator.send(build)
    return lambda: operator.balance(USDC) > before


def _settle(cast: Cast) -> Callable[[], bool]:
    return cast.node.is_settled


def queue_last_requests(cast: Cast) -> int:
    """Queue a deposit and a swap that the dead operator cannot take any more; gives the number of requests that stay
    open.
    """
    deposit(cast.system, cast.wallets["depositor"], POLYGON.chain_id, USDC, cast.units(USDC, 100))
    send_swap(cast, BSC.chain_id)
    return 2


def send_swap(cast: Cast, source: ChainId) -> int:
    """A stranger swaps dollars; gives how many, in layer-2 units."""
    bridge, owner = cast.system.bridges[source], cast.system.world.roles.stranger
    token = cast.system.token(source, USDC)
    amount = cast.units(USDC, 400)
    l1_amount = amount * bridge.tokens.token_scale(USDC)
    token.ensure_allowance(owner, bridge.address, l1_amount)
    destination, wanted = (BSC.chain_id, BTC) if source == POLYGON.chain_id else (POLYGON.chain_id, USDC)
    bridge.swap(
        owner,
        SwapOrder(
            token_in=USDC,
            l1_amount=l1_amount,
            destination=destination,
            token_out=wanted,
            min_out=Amount(1),
            operator_fee=Amount(cast.units(USDC, 1) // 10),
            fill_fee=Amount(0),
            recipient=universal_address(owner.address),
            deadline=bridge.client.head().timestamp + DEADLINE_SECONDS,
        ),
    )
    return amount


ACTS: Final[Sequence[Act]] = (
    ("deposits on three chains", _deposits),
    ("keys, by signature and by transaction", _keys),
    ("the provider creates a pool", _create_pool),
    ("the provider adds liquidity", _add_liquidity),
    ("Alice pays Bob, and Carol who has no account", _transfers),
    ("Bob swaps in the pool", _pool_swap),
    ("an order of Alice meets one of Bob", _order_match),
    ("Alice withdraws on a third chain", _withdraw),
    ("a stranger swaps without an account", _depositless_swap),
    ("Carol takes a full exit on L1", _full_exit),
    ("the operator claims half its fees", _claim_fees),
    ("every chain executes all of it", _settle),
)
