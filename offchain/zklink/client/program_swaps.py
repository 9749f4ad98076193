"""A swap from Solana: one transaction of the wallet's, looked at before it is sent. Needs the extra `solana`.

Takes a quote and a wallet; gives the transaction's signature. Never waits for the swap itself.
"""

from solders.pubkey import Pubkey

from zklink.client.following import Sent
from zklink.client.program_calls import (
    Prepared,
    ProgramPlace,
    open_program_place,
    prepare,
    read_token,
    send_prepared,
)
from zklink.client.quotes import Quote
from zklink.client.session import Session
from zklink.client.solana_wallet import SolanaWallet
from zklink.client.swaps import VALID_SECONDS, Rehearsal, read_recipient
from zklink.protocol.ids import NO_TOKEN
from zklink.solana.client.paying import Token
from zklink.solana.client.program import SYSTEM
from zklink.solana.interface import addresses, instructions


async def rehearse(session: Session, wallet: SolanaWallet, quote: Quote, recipient: str | None) -> Rehearsal:
    """See `AsyncClient.dry_run`; the gas is compute units. The wallet signs what is tried."""
    found = await _prepare(session, wallet, quote, recipient, None)
    return Rehearsal(found.rpc.name, found.l1_amount, found.fee, found.units, ())


async def send(
    session: Session, wallet: SolanaWallet, quote: Quote, recipient: str | None, seconds: int | None
) -> Sent:
    """See `AsyncClient.swap`."""
    return await send_prepared(session, await _prepare(session, wallet, quote, recipient, seconds))


async def _prepare(
    session: Session, wallet: SolanaWallet, quote: Quote, recipient: str | None, seconds: int | None
) -> Prepared:
    quote.check_possible()
    place = await open_program_place(session, wallet, int(quote.source))
    to = await read_recipient(session, wallet, quote, recipient)
    token = await read_token(session, place, quote.token_in)
    fee, l1_amount = place.price(int(quote.destination)), int(quote.amount_in * token.scale)
    call = place.program.encode(
        instructions.SWAP,
        _list_places(place, token, wallet, quote),
        token_in=quote.token_in,
        destination=quote.destination,
        token_out=quote.token_out,
        via=quote.via,
        l1_amount=l1_amount,
        fee=fee,
        deadline=place.now + (VALID_SECONDS if seconds is None else seconds),
        min_out=quote.min_out,
        operator_fee=quote.operator_fee,
        fill_fee=quote.fill_fee,
        recipient=to,
        refund_to=wallet.owner,
    )
    return await prepare(session, place, wallet, "swap", call, l1_amount, fee)


def _list_places(place: ProgramPlace, token: Token, wallet: SolanaWallet, quote: Quote) -> dict[str, Pubkey]:
    sender = Pubkey(wallet.owner)

    def find(token_id: int) -> Pubkey:
        return place.program.derive(addresses.token_seeds(token_id))

    return {
        "sender": sender,
        "bridge": place.program.bridge,
        "swap_queue": Pubkey(place.bridge["swap_queue"]),
        "token_in": token.place,
        "token_out": find(quote.token_out),
        "token_via": find(quote.via) if quote.via != NO_TOKEN else SYSTEM,
        **place.token_places(token, sender),
    }
