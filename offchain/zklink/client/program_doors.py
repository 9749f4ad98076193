"""What an owner asks of a program on Solana for an account of layer 2: a deposit, a full exit, a key. Needs the extra
`solana`.

Takes a wallet, which signs and pays; gives the transaction once the cluster has confirmed it. Never waits for the
operator.
"""

from collections.abc import Sequence
from typing import Any, Final

from solders.pubkey import Pubkey

from zklink.client.book import ChainRef
from zklink.client.following import Sent
from zklink.client.program_calls import (
    ProgramPlace,
    open_program_place,
    prepare,
    read_token,
    send_prepared,
)
from zklink.client.session import Session
from zklink.client.solana_wallet import SolanaWallet
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.ids import MAX_OPEN_ACCOUNT_REQUESTS, AccountId, ChainId, Door, Lane, TokenId
from zklink.solana.client.program import SYSTEM
from zklink.solana.interface import instructions
from zklink.solana.interface.forms import Instruction

LOWER_HALF: Final = MAX_OPEN_ACCOUNT_REQUESTS // 2
CROWD_STEP: Final = 32
"""From so many open requests on a full exit burns a price, which doubles with every so many more."""


async def deposit(
    session: Session, wallet: SolanaWallet, chain: ChainRef, token: TokenId, units: int, owner: bytes
) -> Sent:
    """See `AsyncAccounts.deposit`."""
    place = await open_program_place(session, wallet, chain)
    found, sender = await read_token(session, place, token), Pubkey(wallet.owner)
    fee, l1_amount = place.price(Door.DEPOSIT), units * found.scale
    places = {
        "sender": sender,
        "bridge": place.program.bridge,
        "account_queue": Pubkey(place.bridge["account_queue"]),
        "token": found.place,
        **place.token_places(found, sender),
    }
    values: dict[str, Any] = {"token": token, "account": 0, "l1_amount": l1_amount, "fee": fee}
    call = place.program.encode(instructions.DEPOSIT, places, **values, owner=owner, refund_to=wallet.owner)
    return await send_prepared(session, await prepare(session, place, wallet, "deposit", call, l1_amount, fee))


async def request_key(
    session: Session, wallet: SolanaWallet, chain: ChainRef, account: AccountId, public_key_hash: int
) -> Sent:
    """See `AsyncAccounts.request_key`."""
    place = await open_program_place(session, wallet, chain)
    fee = place.price(Door.KEY_REQUEST)
    values = {"account": account, "fee": fee, "public_key_hash": public_key_hash}
    return await _ask(session, place, wallet, instructions.KEY_REQUEST, fee, values)


async def full_exit(
    session: Session,
    wallet: SolanaWallet,
    chain: ChainRef,
    account: AccountId,
    token: TokenId,
    others: Sequence[ChainId],
    recipient: bytes,
) -> Sent:
    """See `AsyncAccounts.full_exit`; the chains of `others` pay `recipient`."""
    place = await open_program_place(session, wallet, chain)
    coin = find_full_exit_price(place)
    mask = make_chain_set([place.chain, *others])
    values = {"account": account, "token": token, "mask": mask, "coin": coin, "second": recipient}
    return await _ask(session, place, wallet, instructions.FULL_EXIT, coin, values)


async def _ask(
    session: Session, place: ProgramPlace, wallet: SolanaWallet, form: Instruction, fee: int, values: dict[str, Any]
) -> Sent:
    """A request that brings no tokens: the wallet is owner and payer."""
    owner = Pubkey(wallet.owner)
    places = {
        "owner": owner,
        "payer": owner,
        "bridge": place.program.bridge,
        "account_queue": Pubkey(place.bridge["account_queue"]),
        "sol": Pubkey(place.bridge["sol"]),
        "system_program": SYSTEM,
    }
    call = place.program.encode(form, places, **values)
    return await send_prepared(session, await prepare(session, place, wallet, form.name, call, 0, fee))


def find_full_exit_price(place: ProgramPlace) -> int:
    """What a full exit costs now, in lamports: the door's price, and what it burns while others crowd the queue."""
    price, lane = place.price(Door.FULL_EXIT), Lane.ACCOUNT - 1
    waiting = int(place.bridge["totals"][lane]) - int(place.bridge["consumed"][lane])
    if waiting < LOWER_HALF:
        return price
    return price + (place.price(Door.CROWDED_EXIT) << (waiting - LOWER_HALF) // CROWD_STEP)
