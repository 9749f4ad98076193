"""`AsyncAccounts`: everything that an owner does with an account of layer 2.

Takes a wallet and amounts as people write them; gives transactions and ids of operations, without waiting for what
becomes of them. The node's fees are bounded, its nonce is its word, and a signature holds in this deployment alone.
"""

from collections.abc import Sequence
from typing import Final

from zklink.client.account_requests import deposit, full_exit, request_key
from zklink.client.account_sender import (
    VALID_SECONDS,
    Build,
    Limit,
    find_account,
    hand_in,
    send_operation,
    wait_balance,
    wait_key,
    wait_operation,
)
from zklink.client.book import AmountLike, ChainRef, TokenRef, read_owner, read_payee
from zklink.client.following import Sent
from zklink.client.key_change import change_key, find_fee_tokens
from zklink.client.quote_rule import Depth, compute_out, read_depths
from zklink.client.quotes import SLIPPAGE_BPS
from zklink.client.session import Session
from zklink.client.solana_wallet import AnyWallet
from zklink.client.swaps import APPROVAL_SECONDS
from zklink.client.wallet import Wallet
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.order import Order
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.protocol.errors import NoSuchPool
from zklink.protocol.ids import FEE_DENOMINATOR, AccountId, Amount, ChainId, Nonce, OrderSlot, TokenId
from zklink.schema.api.accounts import AccountInfo
from zklink.schema.api.operations import OperationInfo
from zklink.schema.api.trading import FeeRateRequest

SEAL_SECONDS: Final = 600.0
"""How long an operation or a deposit is waited for, unless the caller says otherwise."""
OPEN: Final = Amount(0)
"""A fee that is filled in later."""


class AsyncAccounts:
    """An owner's account. An operation's id can be waited for; `most_fee` is the most that its fee may be, by default a
    tenth of what is moved. Methods raise the operator's OperationError, FeeUnfair, NoAccountYet, NameUnknown,
    AmountRefused.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find(self, wallet: AnyWallet) -> AccountInfo:
        """The owner's account, with balances and orders. Raises NoAccountYet before the first deposit."""
        return await find_account(self._session, wallet)

    async def deposit(
        self,
        wallet: AnyWallet,
        chain: ChainRef,
        token: TokenRef,
        amount: AmountLike,
        *,
        owner: str | None = None,
        with_permit: bool = False,
        approval_seconds: float = APPROVAL_SECONDS,
    ) -> Sent:
        """Bring tokens into the account of `owner`, by default the wallet's own, on either kind of chain; the first
        deposit opens it. Raises as `AsyncClient.swap`.
        """
        return await deposit(self._session, wallet, chain, token, amount, owner, with_permit, approval_seconds)

    async def wait_balance(
        self, wallet: AnyWallet, token: TokenRef, amount: AmountLike, seconds: float = SEAL_SECONDS
    ) -> AccountInfo:
        """Wait until the account has at least so much of a token. Raises StillWaiting."""
        info = (await self._session.book()).find_token(token)
        units = (await self._session.book()).read_amount(info, amount)
        return await wait_balance(self._session, wallet, info.token, units, seconds)

    async def wait_key(self, wallet: AnyWallet, seconds: float = SEAL_SECONDS) -> AccountInfo:
        """Wait until the account has the wallet's layer-2 key. Raises StillWaiting."""
        return await wait_key(self._session, wallet, seconds)

    async def wait(self, operation: str, seconds: float = SEAL_SECONDS, state: str = "sealed") -> OperationInfo:
        """Wait until an operation is `state` (sealed, accepted or executed), or dropped. Raises StillWaiting."""
        return await wait_operation(self._session, operation, seconds, state)

    async def set_key(
        self, wallet: Wallet, *, fee_token: TokenRef | None = None, most_fee: AmountLike | None = None
    ) -> str:
        """Give the account the wallet's layer-2 key: the account signs its consent. The fee is paid in `fee_token`, by
        default in the first one of which the account has enough. An owner on Solana uses `request_key`.
        """
        tokens = await find_fee_tokens(self._session, fee_token)
        limits = {token: await self._limit(token, most_fee) for token in tokens}
        return await change_key(self._session, wallet, limits)

    async def request_key(self, wallet: AnyWallet, chain: ChainRef) -> Sent:
        """Ask a chain itself for the wallet's layer-2 key: for an owner that sends transactions and signs no consent,
        such as every owner on Solana. It costs the door's price and no fee. Raises as `AsyncClient.swap`.
        """
        return await request_key(self._session, wallet, chain)

    async def transfer(
        self, wallet: AnyWallet, token: TokenRef, amount: AmountLike, to: str, *, most_fee: AmountLike | None = None
    ) -> str:
        """Pay another owner, who may have no account yet."""
        (id, units), owner = await self._read(token, amount), read_owner(to)

        def build(account: AccountId, nonce: Nonce, until: int) -> Transfer:
            return Transfer(account, nonce, until, id, units, OPEN, owner)

        return await self._send(wallet, build, id, most_fee, units)

    async def withdraw(
        self,
        wallet: AnyWallet,
        token: TokenRef,
        amount: AmountLike,
        chain: ChainRef,
        *,
        recipient: str | None = None,
        fill_fee: AmountLike | None = None,
        most_fee: AmountLike | None = None,
    ) -> str:
        """Take tokens out on any chain that has them, to `recipient` or the wallet's own address; a `fill_fee` asks a
        broker to pay at once. Raises AddressUnfit for a recipient that has no account there.
        """
        id, units = await self._read(token, amount)
        fill = OPEN if fill_fee is None else (await self._read(token, fill_fee))[1]
        info = (await self._session.book()).find_chain(chain)
        there, to = ChainId(info.chain), read_payee(info, recipient or wallet.address)

        def build(account: AccountId, nonce: Nonce, until: int) -> Withdraw:
            return Withdraw(account, nonce, until, id, units, OPEN, there, to, fill)

        return await self._send(wallet, build, id, most_fee, units)

    async def swap(
        self,
        wallet: AnyWallet,
        token_in: TokenRef,
        amount: AmountLike,
        token_out: TokenRef,
        *,
        slippage_bps: int = SLIPPAGE_BPS,
        most_fee: AmountLike | None = None,
    ) -> str:
        """Swap within the account, through the pool of the two tokens, for at least what the published reserves give
        less `slippage_bps`. Raises NoSuchPool.
        """
        (given, units), wanted = await self._read(token_in, amount), await self._find(token_out)
        depths = read_depths((await self._session.api.pools()).pools)
        out = compute_out(units, depths.get((given, wanted), Depth(0, 0, 0)))
        if not out:
            raise NoSuchPool(min(given, wanted), max(given, wanted))
        least = Amount(out * (FEE_DENOMINATOR - slippage_bps) // FEE_DENOMINATOR)

        def build(account: AccountId, nonce: Nonce, until: int) -> PoolSwap:
            return PoolSwap(account, nonce, until, given, wanted, units, least, OPEN, given)

        return await self._send(wallet, build, given, most_fee, units)

    async def create_pool(
        self,
        wallet: AnyWallet,
        token_a: TokenRef,
        token_b: TokenRef,
        fee_bps: int,
        *,
        fee_token: TokenRef | None = None,
        most_fee: AmountLike | None = None,
    ) -> str:
        """Create the pool of two tokens, which keeps `fee_bps` in 1/10,000 of each swap for its providers."""
        lower, higher = sorted((await self._find(token_a), await self._find(token_b)))
        paid = await self._find(token_a if fee_token is None else fee_token)

        def build(account: AccountId, nonce: Nonce, until: int) -> CreatePool:
            return CreatePool(account, nonce, until, lower, higher, fee_bps, OPEN, paid)

        return await self._send(wallet, build, paid, most_fee, None)

    async def add_liquidity(
        self,
        wallet: AnyWallet,
        token_a: TokenRef,
        amount_a: AmountLike,
        token_b: TokenRef,
        amount_b: AmountLike,
        *,
        least_shares: int = 1,
        fee_token: TokenRef | None = None,
        most_fee: AmountLike | None = None,
    ) -> str:
        """Bring at most these amounts into a pool, in the proportion of its reserves, for at least so many shares."""
        (a, units_a), (b, units_b) = sorted([await self._read(token_a, amount_a), await self._read(token_b, amount_b)])
        paid = await self._find(token_a if fee_token is None else fee_token)

        def build(account: AccountId, nonce: Nonce, until: int) -> AddLiquidity:
            return AddLiquidity(account, nonce, until, a, b, units_a, units_b, Amount(least_shares), OPEN, paid)

        return await self._send(wallet, build, paid, most_fee, None)

    async def remove_liquidity(
        self,
        wallet: AnyWallet,
        token_a: TokenRef,
        token_b: TokenRef,
        shares: int,
        *,
        least_a: int = 1,
        least_b: int = 1,
        fee_token: TokenRef | None = None,
        most_fee: AmountLike | None = None,
    ) -> str:
        """Give shares of a pool back for at least these layer-2 units of its tokens; `least_a` is of the token with the
        lower id.
        """
        lower, higher = sorted((await self._find(token_a), await self._find(token_b)))
        paid = await self._find(token_a if fee_token is None else fee_token)

        def build(account: AccountId, nonce: Nonce, until: int) -> RemoveLiquidity:
            limits = Amount(least_a), Amount(least_b), Amount(shares)
            return RemoveLiquidity(account, nonce, until, lower, higher, *limits, OPEN, paid)

        return await self._send(wallet, build, paid, most_fee, None)

    async def claim_fees(self, wallet: AnyWallet, token: TokenRef, amount: AmountLike) -> str:
        """Move earned fees of a token into the account: for the operator's account alone."""
        id, units = await self._read(token, amount)

        def build(account: AccountId, nonce: Nonce, until: int) -> ClaimFees:
            return ClaimFees(account, nonce, until, id, units, OPEN)

        return await self._send(wallet, build, id, None, units)

    async def order(
        self,
        wallet: AnyWallet,
        sell: TokenRef,
        amount_sell: AmountLike,
        buy: TokenRef,
        amount_buy: AmountLike,
        *,
        slot: int = 0,
        order_nonce: int | None = None,
        seconds: int = VALID_SECONDS,
    ) -> str:
        """A limit order that rests in the operator's book: sells at most `amount_sell`, for `amount_buy` or more in
        proportion. It takes the place of the order in the same slot. `order_nonce` counts the slot's orders.
        """
        session, account = self._session, await self.find(wallet)
        (sold, units_sell), (bought, units_buy) = await self._read(sell, amount_sell), await self._read(buy, amount_buy)
        rate = await session.api.fee_rate(FeeRateRequest(token_buy=bought, amount_buy=str(units_buy)))
        resting = [found.order_nonce + 1 for found in account.orders if found.slot == slot]
        order = Order(
            account=AccountId(account.account),
            slot=OrderSlot(slot),
            order_nonce=Nonce(max(resting, default=0) if order_nonce is None else order_nonce),
            valid_until=(await session.api.status()).timestamp + seconds,
            token_sell=sold,
            token_buy=bought,
            amount_sell=units_sell,
            amount_buy=units_buy,
            fee_rate=rate.least_fee_rate,
        )
        return await hand_in(session, wallet, order)

    async def full_exit(
        self,
        wallet: AnyWallet,
        chain: ChainRef,
        token: TokenRef,
        *,
        others: Sequence[ChainRef] = (),
        recipient: str | None = None,
        account: int | None = None,
    ) -> Sent:
        """Ask the chain itself for the account's whole balance of a token, which the operator must answer or be frozen;
        what the chain does not hold comes from `others`, which pay `recipient` or the wallet's own address. Raises as
        `AsyncClient.swap`.
        """
        return await full_exit(self._session, wallet, chain, token, others, recipient, account)

    # -- inside ------------------------------------------------------------------------------------------------------

    async def _send(
        self, wallet: AnyWallet, build: Build, fee_token: int, most_fee: AmountLike | None, moved: int | None
    ) -> str:
        limit = await self._limit(fee_token, most_fee, moved)
        return await send_operation(self._session, wallet, build, limit)

    async def _limit(self, fee_token: int, most_fee: AmountLike | None, moved: int | None = None) -> Limit:
        return Limit(moved=moved) if most_fee is None else Limit((await self._read(fee_token, most_fee))[1])

    async def _find(self, token: TokenRef) -> TokenId:
        return TokenId((await self._session.book()).find_token(token).token)

    async def _read(self, token: TokenRef, amount: AmountLike) -> tuple[TokenId, Amount]:
        book = await self._session.book()
        info = book.find_token(token)
        return TokenId(info.token), Amount(book.read_amount(info, amount))
