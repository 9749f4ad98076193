"""The users' acts; every act ends when its effects are sealed.

Takes the cast; sends transactions on chains and signed operations by the client that anybody uses. Never uses a power
that a user does not have.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from eth_typing import HexStr

from zklink.client.quotes import Quote
from zklink.client.wallet import Wallet
from zklink.demo.accounts.actors import FULL_DIGITS, TOKENS, ActDone, Cast
from zklink.demo.accounts.door_fees import describe_coins, read_paid
from zklink.demo.network.liquidity import finish
from zklink.demo.stories import format_amount
from zklink.devnet.profiles import AVALANCHE, BSC, POLYGON
from zklink.devnet.tokens import BTC, USDC, token_by_id
from zklink.protocol.errors import DemoStuck, NoAccountYet
from zklink.protocol.ids import BlockNumber, ChainId, TokenId

POOL_FEE: Final = 30
PROVIDER_USD: Final = 100_000
MINED_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 0.05

Act = tuple[str, Callable[[Cast], None]]
"""A title, and a function that does the act and waits for its end."""


def play(cast: Cast) -> None:
    """Play all acts in order. Raises DemoStuck, and what the client raises."""
    for title, act in ACTS:
        began, before, paid = time.monotonic(), _read_fees(cast), read_paid(cast)
        with cast.progress.step(title):
            act(cast)
        fees = {token: fee - before[token] for token, fee in _read_fees(cast).items() if fee != before[token]}
        block = BlockNumber(cast.client.api.status().block)
        done = ActDone(title, time.monotonic() - began, block, fees)
        cast.acts.append(done)
        cast.say(f"{title}: up to block {done.block}, {done.seconds:.1f} s{_describe_fees(fees)}")
        coins = describe_coins(cast, {chain: gwei - paid[chain] for chain, gwei in read_paid(cast).items()})
        if coins:
            cast.say(f"  paid at the doors: {coins}")


def _read_fees(cast: Cast) -> dict[TokenId, int]:
    """The operator's accrued fees after the last sealed block, in layer-2 units."""
    fees = {TokenId(each.token): int(each.fees) for each in cast.client.api.solvency().tokens}
    return {token: fees[token] for token in TOKENS}


def _describe_fees(fees: Mapping[TokenId, int]) -> str:
    amounts = []
    for token_id, fee in fees.items():
        token = token_by_id(token_id)
        amounts.append(f"{'-' if fee < 0 else '+'}{format_amount(abs(fee), token, FULL_DIGITS)} {token.symbol}")
    return f", fees {' '.join(amounts)}" if amounts else ""


def _balance(cast: Cast, name: str, token: TokenId) -> int:
    """An owner's balance after the last sealed block, in layer-2 units; 0 without an account."""
    try:
        account = cast.client.accounts.find(cast.wallets[name])
    except NoAccountYet:
        return 0
    return sum(int(held.amount) for held in account.balances if held.token == token)


def _wait(cast: Cast, is_done: Callable[[], bool], what: str) -> None:
    cast.network.wait(is_done, what, cast.options.timeout_seconds)


def _deposits(cast: Cast) -> None:
    usd = cast.units(USDC, PROVIDER_USD)
    plan = (
        ("provider", POLYGON, USDC, usd),
        ("provider", AVALANCHE, USDC, usd // 5),
        ("provider", BSC, BTC, cast.units(BTC, PROVIDER_USD)),
        ("depositor", POLYGON, USDC, cast.units(USDC, 5_000)),
        ("trader", BSC, BTC, cast.units(BTC, 20_000)),
        ("operator", POLYGON, USDC, cast.units(USDC, 1)),
    )
    for name, chain, token, amount in plan:
        cast.client.accounts.deposit(cast.wallets[name], chain.name, token, amount)
    for name, token in dict.fromkeys((name, token) for name, _, token, _ in plan):
        total = sum(amount for owner, _, what, amount in plan if (owner, what) == (name, token))
        cast.client.accounts.wait_balance(cast.wallets[name], token, total, cast.options.timeout_seconds)


def _keys(cast: Cast) -> None:
    """Set four keys: three by a signature that goes with the block, one by a transaction of the owner."""
    accounts, bob = cast.client.accounts, cast.wallets["trader"]
    changes = [accounts.set_key(cast.wallets[name]) for name in ("provider", "depositor", "operator")]
    accounts.request_key(bob, BSC.name)
    for change in changes:
        finish(cast.client, change)
    _wait(cast, lambda: accounts.find(bob).public_key_hash != "0", "Bob's key")


def _create_pool(cast: Cast) -> None:
    provider = cast.wallets["provider"]
    finish(cast.client, cast.client.accounts.create_pool(provider, USDC, BTC, POOL_FEE, fee_token=USDC))


def _add_liquidity(cast: Cast) -> None:
    usd, btc = (cast.units(token, PROVIDER_USD * 9 // 10) for token in (USDC, BTC))
    provider = cast.wallets["provider"]
    finish(cast.client, cast.client.accounts.add_liquidity(provider, USDC, usd, BTC, btc, fee_token=USDC))


def _transfers(cast: Cast) -> None:
    """Transfer to an owner with an account, and to one without."""
    alice = cast.wallets["depositor"]
    receivers = (("trader", 500), ("recipient", 250))
    paid = [
        cast.client.accounts.transfer(alice, USDC, cast.units(USDC, usd), cast.wallets[name].address)
        for name, usd in receivers
    ]
    for transfer in paid:
        finish(cast.client, transfer)


def _pool_swap(cast: Cast) -> None:
    finish(cast.client, cast.client.accounts.swap(cast.wallets["trader"], BTC, cast.units(BTC, 2_000), USDC))


def _order_match(cast: Cast) -> None:
    """Alice sells dollars for bitcoin, Bob the other way, a little below her limit; half of his order stays open."""
    accounts, alice, bob = cast.client.accounts, cast.wallets["depositor"], cast.wallets["trader"]
    usd, btc = cast.units(USDC, 1_000), cast.units(BTC, 1_000)
    before = _balance(cast, "depositor", BTC)
    accounts.order(alice, USDC, usd, BTC, btc * 98 // 100)
    accounts.order(bob, BTC, 2 * btc, USDC, 2 * usd * 99 // 100)
    accounts.wait_balance(alice, BTC, before + 1, cast.options.timeout_seconds)


def _withdraw(cast: Cast) -> None:
    """Withdraw on a third chain, where Alice never deposited; a broker may pay it at once."""
    amount, fill_fee = cast.units(USDC, 300), cast.units(USDC, 1) // 2
    alice = cast.wallets["depositor"]
    finish(cast.client, cast.client.accounts.withdraw(alice, USDC, amount, AVALANCHE.name, fill_fee=fill_fee))


def _depositless_swap(cast: Cast) -> None:
    """A user without an account swaps against the users' pool, in the swap lane."""
    sent = cast.client.swap(stranger(cast), quote_swap(cast, POLYGON.chain_id))
    state = cast.client.wait(sent, cast.options.timeout_seconds).state
    if state != "arrived":
        raise DemoStuck(f"the stranger's swap, which is {state}", 0)


def _full_exit(cast: Cast) -> None:
    """Carol, who has no key, takes a full exit on L1."""
    cast.client.accounts.full_exit(cast.wallets["recipient"], POLYGON.name, USDC)
    _wait(cast, lambda: _balance(cast, "recipient", USDC) == 0, "Carol's full exit")


def _claim_fees(cast: Cast) -> None:
    half = _read_fees(cast)[USDC] // 2
    finish(cast.client, cast.client.accounts.claim_fees(cast.wallets["operator"], USDC, half))


def _settle(cast: Cast) -> None:
    cast.network.wait_settled(cast.options.timeout_seconds)


def stranger(cast: Cast) -> Wallet:
    """The wallet of somebody without an account."""
    return Wallet.from_account(cast.system.world.roles.stranger)


def quote_swap(cast: Cast, source: ChainId) -> Quote:
    """What a stranger's 400 dollars give: bitcoin on BSC from Polygon, dollars on Polygon from anywhere else."""
    destination, wanted = (BSC.name, BTC) if source == POLYGON.chain_id else (POLYGON.name, USDC)
    amount, fee = cast.units(USDC, 400), cast.units(USDC, 1) // 10
    return cast.client.quote(source, USDC, amount, destination, wanted, operator_fee=fee)


LAST_SECONDS: Final = 3_600
"""How long the last swap may wait for a block."""


def queue_last_requests(cast: Cast, quote: Quote) -> int:
    """Queue a deposit and a swap that the dead operator cannot take any more; gives the number of requests that stay
    open. The client needs no API for them: it knows the deployment, the swap was quoted before, and chains say the
    rest. The swap's deadline is another one than that of the forgotten swap, whose place it takes: with the same words
    it would be the very request that the chain has forgotten, and its block would be imported after all.
    """
    sent = (
        cast.client.accounts.deposit(cast.wallets["depositor"], POLYGON.name, USDC, cast.units(USDC, 100)),
        cast.client.swap(stranger(cast), quote, seconds=LAST_SECONDS),
    )
    for each in sent:
        w3 = cast.system.world.by_name(each.chain).w3
        w3.eth.wait_for_transaction_receipt(HexStr(each.tx_hash), MINED_SECONDS, PAUSE_SECONDS)
    return len(sent)


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
