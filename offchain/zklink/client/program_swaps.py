"""A swap from Solana: one transaction of the wallet's, looked at before it is sent. Needs the extra `solana`.

Takes a quote and a wallet; gives the transaction's signature. The same bytes are sent again until the cluster has
confirmed them, or can not take them any more: so one call swaps once. Never waits for the swap itself.
"""

import base64
from dataclasses import dataclass
from typing import Any, Final

from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import Transaction

from zklink.client.book import is_program
from zklink.client.following import Sent
from zklink.client.patience import Patience
from zklink.client.program_rpc import Held, ProgramRpc, open_program_rpc
from zklink.client.quotes import Quote
from zklink.client.session import Session
from zklink.client.solana_wallet import SolanaWallet
from zklink.client.swaps import VALID_SECONDS, Rehearsal, read_recipient
from zklink.primitives.base58 import decode_base58
from zklink.protocol.errors import (
    CallReverted,
    ContractUntrue,
    RpcUnavailable,
    StillWaiting,
    SwapImpossible,
    TransactionExpired,
    TransactionReverted,
    WalletUnfit,
)
from zklink.protocol.ids import NO_TOKEN, TokenId
from zklink.solana.client.paying import Token
from zklink.solana.client.program import SYSTEM, Program
from zklink.solana.client.sending import read_reason
from zklink.solana.interface import accounts, addresses, instructions

PRICE_SECONDS: Final = 600
"""A price covers a rise that counts within this time."""
SWAP_UNITS: Final = 200_000
"""Compute units that a swap may take: many times what it does, for any token program."""
LANDED: Final = ("confirmed", "finalized")
SEND_SECONDS: Final = 300.0
"""How long a transaction is sent again: more than twice as long as it can land."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A signed swap that the program would take now; it can land up to a height. `fee` is in lamports."""

    rpc: ProgramRpc
    wire: bytes
    signature: str
    last_height: int
    l1_amount: int
    fee: int
    units: int


async def rehearse(session: Session, wallet: SolanaWallet, quote: Quote, recipient: str | None) -> Rehearsal:
    """See `AsyncClient.dry_run`; the gas is compute units. The wallet signs what is tried."""
    found = await _prepare(session, wallet, quote, recipient, None)
    return Rehearsal(found.rpc.name, found.l1_amount, found.fee, found.units, ())


async def send(
    session: Session, wallet: SolanaWallet, quote: Quote, recipient: str | None, seconds: int | None
) -> Sent:
    """See `AsyncClient.swap`. From the first sending on no error lets it seem that nothing was sent: where the cluster
    does not tell, StillWaiting names the transaction.
    """
    found = await _prepare(session, wallet, quote, recipient, seconds)
    patience, state = Patience(session.transport, SEND_SECONDS), "not confirmed"
    while not patience.is_over:
        try:
            if await _has_landed(found):
                return Sent(found.rpc.name, found.signature)
        except RpcUnavailable as error:  # it may have been taken all the same
            state = str(error)
        await session.transport.sleep(session.poll_seconds)
    raise StillWaiting(f"transaction {found.signature}", SEND_SECONDS, state)


async def _has_landed(found: Prepared) -> bool:
    """One look, and the same bytes once more if nobody has them. Raises TransactionReverted, TransactionExpired,
    RpcUnavailable, RpcRefused.
    """
    rpc, signature, text = found.rpc, found.signature, base64.b64encode(found.wire).decode()
    # The height is asked for first: what has not landed then, and is not there afterwards, never lands.
    is_over = int(await rpc.ask("getBlockHeight", {"commitment": "finalized"})) > found.last_height
    status = await rpc.status(signature)
    if status is None and is_over:
        raise TransactionExpired(rpc.name, "swap", (signature,))
    if status is None:
        await rpc.ask("sendTransaction", text, {"encoding": "base64", "skipPreflight": True, "maxRetries": 0})
        return False
    if status["confirmationStatus"] not in LANDED:
        return False
    if status["err"] is not None:
        raise TransactionReverted(rpc.name, "swap", read_reason(status["err"]), decode_base58(signature))
    return True


async def _prepare(
    session: Session, wallet: SolanaWallet, quote: Quote, recipient: str | None, seconds: int | None
) -> Prepared:
    quote.check_possible()
    book = await session.book()
    info = book.find_chain(int(quote.source))
    if not is_program(info):
        raise WalletUnfit(info.name, wallet.address)
    to = await read_recipient(session, wallet, quote, recipient)
    rpc = await open_program_rpc(session, info)
    program = Program(decode_base58(info.contracts["program"], 32))
    bridge = await _read_bridge(rpc, program, info.contracts["bridge"], book.deployment_hash)
    token = await _read_token(rpc, program, quote.token_in)
    said = next(
        (each.address for each in book.find_token(int(quote.token_in)).contracts if each.chain == info.chain), ""
    )
    if said != str(token.mint):
        raise ContractUntrue(rpc.name, f"the mint of token {quote.token_in}", said, str(token.mint))
    now = int(await rpc.ask("getBlockTime", int(await rpc.ask("getSlot", {"commitment": "confirmed"}))))
    fee, l1_amount = _find_price(bridge, int(quote.destination), now), int(quote.amount_in * token.scale)
    call = program.encode(
        instructions.SWAP,
        _list_places(program, bridge, token, wallet, quote),
        token_in=quote.token_in,
        destination=quote.destination,
        token_out=quote.token_out,
        via=quote.via,
        l1_amount=l1_amount,
        fee=fee,
        deadline=now + (VALID_SECONDS if seconds is None else seconds),
        min_out=quote.min_out,
        operator_fee=quote.operator_fee,
        fill_fee=quote.fill_fee,
        recipient=to,
        refund_to=wallet.owner,
    )
    found = (await rpc.ask("getLatestBlockhash", {"commitment": "finalized"}))["value"]
    wire, signature = await session.transport.work(lambda: _sign(wallet, call, str(found["blockhash"])))
    units = await _try(rpc, wire)
    return Prepared(rpc, wire, signature, int(found["lastValidBlockHeight"]), l1_amount, fee, units)


def _list_places(
    program: Program, bridge: dict[str, Any], token: Token, wallet: SolanaWallet, quote: Quote
) -> dict[str, Pubkey]:
    sender = Pubkey(wallet.owner)

    def place(token_id: int) -> Pubkey:
        return program.derive(addresses.token_seeds(token_id))

    return {
        "sender": sender,
        "bridge": program.bridge,
        "swap_queue": Pubkey(bridge["swap_queue"]),
        "token_in": token.place,
        "token_out": place(quote.token_out),
        "token_via": place(quote.via) if quote.via != NO_TOKEN else SYSTEM,
        "source": token.holding(sender),
        "vault": token.vault,
        "mint": token.mint,
        "token_program": token.program,
        "sol": Pubkey(bridge["sol"]),
        "system_program": SYSTEM,
    }


async def _read_bridge(rpc: ProgramRpc, program: Program, address: str, deployment_hash: bytes) -> dict[str, Any]:
    """The bridge's account. Raises ContractUntrue unless it is the program's, and of the deployment."""
    [found] = await rpc.accounts([address])
    fields = _unpack(found, program, accounts.BRIDGE)
    if fields is None or fields["tag"] != accounts.BRIDGE_TAG or address != str(program.bridge):
        raise ContractUntrue(rpc.name, address, "a bridge of the program", "that there is none")
    if fields["deployment_hash"] != deployment_hash:
        detail = f"that it is of deployment 0x{bytes(fields['deployment_hash']).hex()}"
        raise ContractUntrue(rpc.name, address, f"a bridge of deployment 0x{deployment_hash.hex()}", detail)
    return fields


async def _read_token(rpc: ProgramRpc, program: Program, token: TokenId) -> Token:
    """A token there. Raises SwapImpossible if it is not."""
    place = program.derive(addresses.token_seeds(token))
    [found] = await rpc.accounts([str(place)])
    fields = _unpack(found, program, accounts.TOKEN)
    if fields is None or not any(fields["mint"]):
        raise SwapImpossible("token_not_on_source", f"token {token} is not registered on {rpc.name}")
    mint, vault, owner = (Pubkey(fields[name]) for name in ("mint", "vault", "program"))
    return Token(place, mint, vault, owner, int(fields["scale"]))


def _unpack(found: Held | None, program: Program, layout: Any) -> dict[str, Any] | None:
    if found is None or found.owner != str(program.id) or len(found.data) != layout.size:
        return None
    fields: dict[str, Any] = layout.unpack(found.data)
    return fields


def _find_price(bridge: dict[str, Any], kind: int, now: int) -> int:
    """What the door costs now and within ten minutes, in lamports."""
    now_price, next_price, since = (bridge[name][kind] for name in ("prices", "next_prices", "prices_from"))
    if now + PRICE_SECONDS < since:
        return int(now_price)
    return int(next_price if now >= since else max(now_price, next_price))


async def _try(rpc: ProgramRpc, wire: bytes) -> int:
    """The compute units that a transaction takes. Raises CallReverted if the program refuses it now."""
    options = {"commitment": "confirmed", "encoding": "base64", "sigVerify": True}
    found = (await rpc.ask("simulateTransaction", base64.b64encode(wire).decode(), options))["value"]
    if found["err"] is not None:
        raise CallReverted(rpc.name, "swap", read_reason(found["err"]))
    return int(found["unitsConsumed"])


def _sign(wallet: SolanaWallet, call: Instruction, blockhash: str) -> tuple[bytes, str]:
    calls = [set_compute_unit_limit(SWAP_UNITS), call]
    message = Message.new_with_blockhash(calls, Pubkey(wallet.owner), Hash.from_string(blockhash))
    signature = Signature.from_bytes(wallet.sign(bytes(message)))
    return bytes(Transaction.populate(message, [signature])), str(signature)
