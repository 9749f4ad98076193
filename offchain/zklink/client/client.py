"""`Client`: the client's face for code that waits.

Each method is the coroutine of `AsyncClient` with the same name, run to its end in this thread over a transport that
blocks; a test compares the two faces. What a method does is said there.
"""

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self

from zklink.client.api_methods import Api
from zklink.client.blocking_accounts import Accounts
from zklink.client.book import AmountLike, Book, ChainRef, TokenRef
from zklink.client.core import AsyncClient
from zklink.client.event_models import Event
from zklink.client.following import WAIT_SECONDS, Sent
from zklink.client.gasless import BROUGHT_SECONDS
from zklink.client.quotes import SLIPPAGE_BPS, Quote
from zklink.client.solana_wallet import SolanaWallet
from zklink.client.subscription import SUBSCRIBE_SECONDS
from zklink.client.swaps import APPROVAL_SECONDS, Rehearsal
from zklink.client.transport import BlockingTransport, Transport, run, run_each
from zklink.client.wallet import Wallet
from zklink.schema.api.events import Topic
from zklink.schema.api.transfers import Transfer, TransferAnswer


class Client:
    """A client of one deployment; see `AsyncClient`."""

    def __init__(
        self,
        url: str,
        rpc: Mapping[ChainRef, str] | None = None,
        *,
        deployment_hash: str | bytes | None = None,
        poll_seconds: float = 1.0,
        transport: Transport | None = None,
    ) -> None:
        self._core = AsyncClient(
            url,
            rpc,
            deployment_hash=deployment_hash,
            poll_seconds=poll_seconds,
            transport=transport or BlockingTransport(),
        )
        self.api = Api(self._core._session.caller)
        self.accounts = Accounts(self._core.accounts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """See `AsyncClient.close`."""
        run(self._core.close())

    def book(self) -> Book:
        """See `AsyncClient.book`."""
        return run(self._core.book())

    def quote(
        self,
        source: ChainRef,
        token_in: TokenRef,
        amount: AmountLike,
        destination: ChainRef,
        token_out: TokenRef,
        *,
        via: TokenRef | None = None,
        slippage_bps: int = SLIPPAGE_BPS,
        min_out: AmountLike | None = None,
        operator_fee: AmountLike | None = None,
        fill_fee: AmountLike | None = None,
    ) -> Quote:
        """See `AsyncClient.quote`."""
        return run(
            self._core.quote(
                source,
                token_in,
                amount,
                destination,
                token_out,
                via=via,
                slippage_bps=slippage_bps,
                min_out=min_out,
                operator_fee=operator_fee,
                fill_fee=fill_fee,
            )
        )

    def dry_run(self, wallet: Wallet | SolanaWallet, quote: Quote, *, recipient: str | None = None) -> Rehearsal:
        """See `AsyncClient.dry_run`."""
        return run(self._core.dry_run(wallet, quote, recipient=recipient))

    def swap(
        self,
        wallet: Wallet | SolanaWallet,
        quote: Quote,
        *,
        recipient: str | None = None,
        seconds: int | None = None,
        with_permit: bool = False,
        approval_seconds: float = APPROVAL_SECONDS,
        gasless: bool = False,
        greatest_relayer_fee: AmountLike | None = None,
        brought_seconds: float = BROUGHT_SECONDS,
    ) -> Sent:
        """See `AsyncClient.swap`."""
        return run(
            self._core.swap(
                wallet,
                quote,
                recipient=recipient,
                seconds=seconds,
                with_permit=with_permit,
                approval_seconds=approval_seconds,
                gasless=gasless,
                greatest_relayer_fee=greatest_relayer_fee,
                brought_seconds=brought_seconds,
            )
        )

    def subscribe(
        self,
        *topics: Topic,
        tx_hash: str | None = None,
        address: str | None = None,
        account: int | None = None,
        after: str | None = None,
        seconds: float = SUBSCRIBE_SECONDS,
    ) -> Iterator[Event]:
        """See `AsyncClient.subscribe`."""
        return run_each(
            self._core.subscribe(
                *topics, tx_hash=tx_hash, address=address, account=account, after=after, seconds=seconds
            )
        )

    def status(self, tx_hash: str) -> TransferAnswer:
        """See `AsyncClient.status`."""
        return run(self._core.status(tx_hash))

    def wait(self, sent: Sent | str, seconds: float = WAIT_SECONDS) -> Transfer:
        """See `AsyncClient.wait`."""
        return run(self._core.wait(sent, seconds))

    def resume(self, tx_hash: str, seconds: float = WAIT_SECONDS) -> Transfer:
        """See `AsyncClient.resume`."""
        return run(self._core.resume(tx_hash, seconds))
