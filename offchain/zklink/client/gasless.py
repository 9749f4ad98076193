"""A swap that somebody else sends: its user signs it and needs none of the chain's coin.

Takes a quote with a relayer's terms and a wallet; hands the signed order to the node, and gives the transaction that
brought it once the chain itself shows it. What is signed is good for one entry, whose code was looked at, one relayer,
one order and a few minutes: a node can bring it or leave it, and nothing else.
"""

from typing import Final

from zklink.client.contract_calls import TOKEN
from zklink.client.entry_check import find_entry
from zklink.client.entry_ways import SignedWay, choose_way
from zklink.client.following import Sent
from zklink.client.layer2_keys import sign_checked
from zklink.client.orders import ChainToken, check_least, check_recipient, find_token
from zklink.client.patience import Patience
from zklink.client.quotes import Quote
from zklink.client.session import Place, Session
from zklink.client.swaps import build_order, read_recipient
from zklink.client.wallet import Wallet
from zklink.l1.contracts.entry import Relay
from zklink.protocol.errors import OrderNotBrought, RelayFeeHigh, RelayRefused, TokensShort, ZkLinkError
from zklink.protocol.ids import FEE_DENOMINATOR
from zklink.relayer.spelling import UnsignedSwap
from zklink.schema.api.oif import OifOrderById, OifOrderResponse

GREATEST_FEE_BPS: Final = 500
"""What a relayer may take of the amount, in 1/10,000, unless the caller says otherwise."""
BROUGHT_SECONDS: Final = 300.0
"""How long the relayer's transaction is waited for."""
SIGNED_SECONDS: Final = 600
"""How long what is signed is good."""


async def send_gasless(
    session: Session,
    wallet: Wallet,
    quote: Quote,
    recipient: str | None,
    seconds: int | None,
    greatest_fee: int | None,
    brought_seconds: float,
) -> Sent:
    """See `AsyncClient.swap`; `greatest_fee` is in layer-2 units."""
    quote.check_possible()
    if quote.relayer is None:
        raise RelayRefused("relay_off", "the node offers no relayer for this token on this chain")
    place = await session.place(quote.source)
    await place.rpc.check_chain_id()
    entry, token = await find_entry(place), await find_token(place, session, quote.token_in)
    bound = quote.amount_in * GREATEST_FEE_BPS // FEE_DENOMINATOR if greatest_fee is None else greatest_fee
    if quote.relayer_fee > bound * token.scale:
        raise RelayFeeHigh(quote.relayer_fee, bound * token.scale)
    now = (await place.rpc.head()).timestamp
    to = await read_recipient(session, wallet, quote, recipient)
    order = build_order(quote, token, to, now, seconds, wallet.address)
    await check_recipient(session, order.destination, order.recipient)
    relay = Relay(quote.relayer_fee, quote.relayer)
    check_least(place, token, order.l1_amount)
    swap = UnsignedSwap(place.id, entry, token.address, wallet.address, order, relay, now + SIGNED_SECONDS)
    await _check_balance(place, token, wallet.address, swap.total)
    way = await choose_way(place, swap)
    signature = await session.transport.work(lambda: sign_checked(wallet.signer, way.build_data()))
    try:
        answer: OifOrderResponse = await session.caller.ask("oif_submit", way.build_request(signature))
    except ZkLinkError as error:  # the node may have it: no answer of its choice may say that nothing was signed
        raise OrderNotBrought(place.name, swap.id, swap.valid_before, f"handed in: {error}") from error
    if answer.status != "received":
        raise RelayRefused(answer.code, answer.message)
    return await _wait_brought(session, way, brought_seconds)


async def _wait_brought(session: Session, way: SignedWay, seconds: float) -> Sent:
    """The transaction that brought an order, by the chain's own receipt. Raises OrderNotBrought."""
    patience, state, swap = Patience(session.transport, seconds), "handed in", way.swap
    while True:
        try:
            told = await session.api.oif_order(OifOrderById(id=f"0x{swap.id.hex()}"))
            state = told.settlement.data.get("state", told.status)
            tx_hash = told.settlement.data.get("opened_by")
            if tx_hash is not None and await way.is_brought_by(tx_hash):
                return Sent(way.place.name, tx_hash)
        except ZkLinkError as error:
            state = f"not to be seen: {error}"
        if state == "failed" or patience.is_over:
            raise OrderNotBrought(way.place.name, swap.id, swap.valid_before, state)
        await patience.tick(session.poll_seconds)


async def _check_balance(place: Place, token: ChainToken, owner: str, total: int) -> None:
    (found,) = await place.rpc.read(token.address, TOKEN["balanceOf"], "uint256", owner)
    if found < total:
        raise TokensShort(place.name, token.address, owner, total, found)
