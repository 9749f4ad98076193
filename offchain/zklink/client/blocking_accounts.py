"""`Accounts`: an owner's account for code that waits.

Each method is the coroutine of `AsyncAccounts` with the same name, run to its end; a test compares the two faces.
"""

from collections.abc import Sequence

from zklink.client.account_sender import VALID_SECONDS
from zklink.client.accounts import SEAL_SECONDS, AsyncAccounts
from zklink.client.book import AmountLike, ChainRef, TokenRef
from zklink.client.following import Sent
from zklink.client.quotes import SLIPPAGE_BPS
from zklink.client.solana_wallet import AnyWallet
from zklink.client.swaps import APPROVAL_SECONDS
from zklink.client.transport import run
from zklink.client.wallet import Wallet
from zklink.schema.api.accounts import AccountInfo
from zklink.schema.api.operations import OperationInfo


class Accounts:
    """An owner's account; see `AsyncAccounts`."""

    def __init__(self, core: AsyncAccounts) -> None:
        self._core = core

    def find(self, wallet: AnyWallet) -> AccountInfo:
        """See `AsyncAccounts.find`."""
        return run(self._core.find(wallet))

    def deposit(
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
        """See `AsyncAccounts.deposit`."""
        return run(
            self._core.deposit(
                wallet, chain, token, amount, owner=owner, with_permit=with_permit, approval_seconds=approval_seconds
            )
        )

    def wait_balance(
        self, wallet: AnyWallet, token: TokenRef, amount: AmountLike, seconds: float = SEAL_SECONDS
    ) -> AccountInfo:
        """See `AsyncAccounts.wait_balance`."""
        return run(self._core.wait_balance(wallet, token, amount, seconds))

    def wait_key(self, wallet: AnyWallet, seconds: float = SEAL_SECONDS) -> AccountInfo:
        """See `AsyncAccounts.wait_key`."""
        return run(self._core.wait_key(wallet, seconds))

    def wait(self, operation: str, seconds: float = SEAL_SECONDS, state: str = "sealed") -> OperationInfo:
        """See `AsyncAccounts.wait`."""
        return run(self._core.wait(operation, seconds, state))

    def set_key(self, wallet: Wallet, *, fee_token: TokenRef | None = None, most_fee: AmountLike | None = None) -> str:
        """See `AsyncAccounts.set_key`."""
        return run(self._core.set_key(wallet, fee_token=fee_token, most_fee=most_fee))

    def request_key(self, wallet: AnyWallet, chain: ChainRef) -> Sent:
        """See `AsyncAccounts.request_key`."""
        return run(self._core.request_key(wallet, chain))

    def transfer(
        self, wallet: AnyWallet, token: TokenRef, amount: AmountLike, to: str, *, most_fee: AmountLike | None = None
    ) -> str:
        """See `AsyncAccounts.transfer`."""
        return run(self._core.transfer(wallet, token, amount, to, most_fee=most_fee))

    def withdraw(
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
        """See `AsyncAccounts.withdraw`."""
        return run(
            self._core.withdraw(wallet, token, amount, chain, recipient=recipient, fill_fee=fill_fee, most_fee=most_fee)
        )

    def swap(
        self,
        wallet: AnyWallet,
        token_in: TokenRef,
        amount: AmountLike,
        token_out: TokenRef,
        *,
        slippage_bps: int = SLIPPAGE_BPS,
        most_fee: AmountLike | None = None,
    ) -> str:
        """See `AsyncAccounts.swap`."""
        return run(self._core.swap(wallet, token_in, amount, token_out, slippage_bps=slippage_bps, most_fee=most_fee))

    def create_pool(
        self,
        wallet: AnyWallet,
        token_a: TokenRef,
        token_b: TokenRef,
        fee_bps: int,
        *,
        fee_token: TokenRef | None = None,
        most_fee: AmountLike | None = None,
    ) -> str:
        """See `AsyncAccounts.create_pool`."""
        return run(self._core.create_pool(wallet, token_a, token_b, fee_bps, fee_token=fee_token, most_fee=most_fee))

    def add_liquidity(
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
        """See `AsyncAccounts.add_liquidity`."""
        return run(
            self._core.add_liquidity(
                wallet,
                token_a,
                amount_a,
                token_b,
                amount_b,
                least_shares=least_shares,
                fee_token=fee_token,
                most_fee=most_fee,
            )
        )

    def remove_liquidity(
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
        """See `AsyncAccounts.remove_liquidity`."""
        return run(
            self._core.remove_liquidity(
                wallet,
                token_a,
                token_b,
                shares,
                least_a=least_a,
                least_b=least_b,
                fee_token=fee_token,
                most_fee=most_fee,
            )
        )

    def claim_fees(self, wallet: AnyWallet, token: TokenRef, amount: AmountLike) -> str:
        """See `AsyncAccounts.claim_fees`."""
        return run(self._core.claim_fees(wallet, token, amount))

    def order(
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
        """See `AsyncAccounts.order`."""
        return run(
            self._core.order(
                wallet, sell, amount_sell, buy, amount_buy, slot=slot, order_nonce=order_nonce, seconds=seconds
            )
        )

    def full_exit(
        self,
        wallet: AnyWallet,
        chain: ChainRef,
        token: TokenRef,
        *,
        others: Sequence[ChainRef] = (),
        recipient: str | None = None,
        account: int | None = None,
    ) -> Sent:
        """See `AsyncAccounts.full_exit`."""
        return run(self._core.full_exit(wallet, chain, token, others=others, recipient=recipient, account=account))
