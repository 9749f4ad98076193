"""`AsyncClient`: the client's one core, which is its asynchronous face, too.

Takes the address of a node's API and addresses of chains' nodes; gives quotes, transactions and what becomes of them.
What a node says is checked where it can be: against the deployment's hash, the rule of a swap, and the chains. Keeps no
state but what it has learned of the deployment.
"""

from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Self

from zklink.client.accounts import AsyncAccounts
from zklink.client.api_methods import AsyncApi
from zklink.client.book import AmountLike, Book, ChainRef, TokenRef
from zklink.client.event_models import Event
from zklink.client.following import WAIT_SECONDS, Sent, follow, look
from zklink.client.gasless import BROUGHT_SECONDS, send_gasless
from zklink.client.quotes import SLIPPAGE_BPS, Quote, ask_quote
from zklink.client.session import Session
from zklink.client.solana_wallet import SolanaWallet
from zklink.client.subscription import SUBSCRIBE_SECONDS, build_request, subscribe
from zklink.client.swaps import APPROVAL_SECONDS, Rehearsal, rehearse_swap, send_swap
from zklink.client.transport import AsyncTransport, Transport
from zklink.client.wallet import Wallet
from zklink.schema.api.events import Topic
from zklink.schema.api.transfers import Transfer, TransferAnswer


class AsyncClient:
    """A client of one deployment. `url` is a node's API, `rpc` the addresses of chains' nodes by the chain's name or
    id. `deployment_hash` is the deployment that is expected; without it the first node that is asked names it.
    """

    def __init__(
        self,
        url: str,
        rpc: Mapping[ChainRef, str] | None = None,
        *,
        deployment_hash: str | bytes | None = None,
        poll_seconds: float = 1.0,
        transport: Transport | None = None,
    ) -> None:
        expected = deployment_hash
        if isinstance(expected, str):
            expected = bytes.fromhex(expected.removeprefix("0x"))
        self._session = Session(transport or AsyncTransport(), url, dict(rpc or {}), expected, poll_seconds)
        self.accounts = AsyncAccounts(self._session)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give back the connections."""
        await self._session.transport.close()

    @property
    def api(self) -> AsyncApi:
        """Every method of the node's API as it is, unchecked."""
        return self._session.api

    async def book(self) -> Book:
        """The deployment's chains and tokens, checked against its hash. Raises DeploymentUntrue."""
        return await self._session.book()

    async def quote(
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
        """What a swap would give now, computed again from the published reserves. An amount is a text of whole tokens,
        or an int of layer-2 units. `min_out` is by default the quote less `slippage_bps` in 1/10,000; a `fill_fee` asks
        a broker to pay at once. Raises QuoteUntrue, QuotesUnsteady, NameUnknown, AmountRefused.
        """
        return await ask_quote(
            self._session,
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

    async def dry_run(self, wallet: Wallet | SolanaWallet, quote: Quote, *, recipient: str | None = None) -> Rehearsal:
        """Everything that `swap` looks at, and the calls that it would send; sends nothing. Raises as `swap`."""
        return await rehearse_swap(self._session, wallet, quote, recipient)

    async def swap(
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
        """Send a swap as it was quoted, to `recipient` or the wallet's own address, and an approval before it if one is
        needed, or a permit with it (PermitNotOffered if the token takes none). It is refunded in full if no block has
        it within `seconds`. Does not wait for the swap: `wait` does. Raises SwapImpossible, TokensShort,
        RecipientIsToken, AddressUnfit, WalletUnfit, WrongChain, ContractUntrue, CallReverted, TransactionRejected,
        RpcUnavailable, and StillWaiting for the approval. Warns (`NobodysKey`) of a recipient on Solana that is an
        address of a program's own or of a token's account.

        With `gasless` the wallet only signs, and the node's relayer sends it and pays the coin, for the quote's
        `relayer_fee`, at most `greatest_relayer_fee`, by default a twentieth of the amount; its transaction is waited
        for. An authorization is signed where the token takes one (EIP-3009), else a transfer by Permit2 where the owner
        lets Permit2 take as much. Raises also RelayRefused, RelayFeeHigh, OrderNotBrought, PermitNotOffered.

        From Solana a `SolanaWallet` sends it, in one transaction, without approval; permits and `gasless` have no
        meaning there. Needs the extra `solana`. Raises also TransactionExpired, TransactionReverted, and StillWaiting,
        which names the transaction, if the cluster does not tell what became of it: `resume`, do not swap again.
        """
        if gasless and not isinstance(wallet, SolanaWallet):
            most = None
            if greatest_relayer_fee is not None:
                book = await self._session.book()
                most = book.read_amount(book.find_token(quote.token_in), greatest_relayer_fee)
            return await send_gasless(self._session, wallet, quote, recipient, seconds, most, brought_seconds)
        return await send_swap(self._session, wallet, quote, recipient, seconds, approval_seconds, with_permit)

    def subscribe(
        self,
        *topics: Topic,
        tx_hash: str | None = None,
        address: str | None = None,
        account: int | None = None,
        after: str | None = None,
        seconds: float = SUBSCRIBE_SECONDS,
    ) -> AsyncGenerator[Event, None]:
        """Events of the node as they happen, each once and in order, for so many seconds: what has changed among
        `transfers`, `blocks`, `operations` or `chains`, as it is then. Filters leave only the transfers of one
        transaction or address, and the operations of one account. A broken connection is made again and goes on after
        the last event; `after` is the `id` of an event to go on from. Raises EventsLost for events that the node does
        not keep any more, EventsNotOffered, RequestRefused, and StillWaiting if it has no connection at the end.
        """
        request = build_request(topics, tx_hash=tx_hash, address=address, account=account, after=after)
        return subscribe(self._session, request, seconds)

    async def status(self, tx_hash: str) -> TransferAnswer:
        """What the node knows now of a swap, by the hash of its transaction."""
        return await look(self._session, tx_hash)

    async def wait(self, sent: Sent | str, seconds: float = WAIT_SECONDS) -> Transfer:
        """Wait until a swap is final: arrived, refunded or cancelled. Arrived is said only of money that the chain's
        receipt shows. The node's events shorten the wait where it has a stream of them; otherwise it is asked now and
        then. Raises StillWaiting, TransactionReverted, ReceiptUntrue.
        """
        return await follow(self._session, sent if isinstance(sent, str) else sent.tx_hash, seconds)

    async def resume(self, tx_hash: str, seconds: float = WAIT_SECONDS) -> Transfer:
        """Take up a swap again after a crash: the hash of its transaction is enough. As `wait`."""
        return await self.wait(tx_hash, seconds)
