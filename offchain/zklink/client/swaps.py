"""A swap sent: the order of a quote, an approval if one is needed, and the request.

Takes a quote and a wallet; gives the transaction. Everything is looked at before anything is sent, and the request is
simulated last. Never waits for the swap itself.
"""

from dataclasses import dataclass
from typing import Final

from zklink.client.book import read_payee
from zklink.client.following import Sent
from zklink.client.orders import ChainToken, Plan, find_token, plan_swap
from zklink.client.outgoing import Step, estimate_step, send_step, wait_mined
from zklink.client.permits import sign_permit
from zklink.client.quotes import Quote
from zklink.client.session import Place, Session
from zklink.client.solana_wallet import SolanaWallet
from zklink.client.wallet import Wallet
from zklink.l1.contracts.bridge_structs import SwapOrder
from zklink.protocol.ids import Amount

VALID_SECONDS: Final = 7_200
"""How long a swap may wait for a block before it is refunded; a broker pays at once only while 90 minutes are left."""
APPROVAL_SECONDS: Final = 300.0
"""How long an approval is waited for before the request is sent."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would be sent on `chain`: the calls in their order. `l1_amount` is what the account gives, in the token's L1
    units, `fee_wei` the door's price. `gas` is the limit of the first call: a later one can be tried only after it.
    """

    chain: str
    l1_amount: int
    fee_wei: int
    gas: int
    steps: tuple[Step, ...]


async def read_recipient(session: Session, wallet: Wallet | SolanaWallet, quote: Quote, recipient: str | None) -> bytes:
    """Whom a swap pays, as its destination names it; by default the wallet itself. Raises AddressUnfit."""
    destination = (await session.book()).find_chain(int(quote.destination))
    return read_payee(destination, wallet.address if recipient is None else recipient)


async def rehearse_swap(
    session: Session, wallet: Wallet | SolanaWallet, quote: Quote, recipient: str | None
) -> Rehearsal:
    """See `AsyncClient.dry_run`."""
    if isinstance(wallet, SolanaWallet):
        from zklink.client import program_swaps  # of the extra `solana`

        return await program_swaps.rehearse(session, wallet, quote, recipient)
    _, plan = await _plan(session, wallet, quote, recipient, None)
    gas = await estimate_step(plan.place.rpc, wallet.address, plan.steps[0])
    return Rehearsal(plan.place.name, plan.l1_amount, plan.fee_wei, gas, plan.steps)


async def send_swap(
    session: Session,
    wallet: Wallet | SolanaWallet,
    quote: Quote,
    recipient: str | None,
    seconds: int | None,
    approval_seconds: float,
    with_permit: bool,
) -> Sent:
    """See `AsyncClient.swap`."""
    if isinstance(wallet, SolanaWallet):
        from zklink.client import program_swaps  # of the extra `solana`

        return await program_swaps.send(session, wallet, quote, recipient, seconds)
    place = await session.place(quote.source)
    async with session.turn(place, wallet.address):
        place, plan = await _plan(session, wallet, quote, recipient, seconds, with_permit)
        return await send_plan(session, wallet, place, plan, approval_seconds)


async def send_plan(session: Session, wallet: Wallet, place: Place, plan: Plan, approval_seconds: float) -> Sent:
    """Send the steps of a plan, each after the receipt of the one before; the last one is not waited for."""
    await place.rpc.check_chain_id()
    *before, last = plan.steps
    for step in before:
        tx_hash = await send_step(session.transport, place.rpc, wallet.signer, step)
        await wait_mined(session.transport, place.rpc, tx_hash, approval_seconds, session.poll_seconds)
    return Sent(place.name, await send_step(session.transport, place.rpc, wallet.signer, last))


def build_order(
    quote: Quote, token: ChainToken, recipient: bytes, now: int, seconds: int | None, refund_to: str | None = None
) -> SwapOrder:
    """The order of a quote at a time of its chain, in seconds; `seconds` later it is refunded."""
    return SwapOrder(
        token_in=quote.token_in,
        l1_amount=quote.amount_in * token.scale,
        destination=quote.destination,
        token_out=quote.token_out,
        min_out=Amount(quote.min_out),
        operator_fee=Amount(quote.operator_fee),
        fill_fee=Amount(quote.fill_fee),
        recipient=recipient,
        deadline=now + (VALID_SECONDS if seconds is None else seconds),
        refund_to=refund_to,
        via=quote.via,
    )


async def _plan(
    session: Session,
    wallet: Wallet,
    quote: Quote,
    recipient: str | None,
    seconds: int | None,
    with_permit: bool = False,
) -> tuple[Place, Plan]:
    quote.check_possible()
    place = await session.place(quote.source)
    now = (await place.rpc.head()).timestamp
    token = await find_token(place, session, quote.token_in)
    order = build_order(quote, token, await read_recipient(session, wallet, quote, recipient), now, seconds)
    permit = None
    if with_permit and not token.is_native:
        permit = await sign_permit(session, place, wallet.signer, token.address, order.l1_amount)
    return place, await plan_swap(session, place, wallet.address, order, permit)
