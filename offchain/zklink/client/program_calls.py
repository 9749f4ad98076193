"""A wallet's call of a program on Solana: looked at before it is sent, and then sent until its fate is known. Needs the
extra `solana`.

Takes an instruction and a wallet; gives the transaction's signature. The same bytes are sent again until the cluster
has confirmed them, or can not take them any more: so one call takes effect once. Never waits for what becomes of a
request.
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

from zklink.client.book import ChainRef, is_program
from zklink.client.following import Sent
from zklink.client.patience import Patience
from zklink.client.program_rpc import Held, ProgramRpc, open_program_rpc
from zklink.client.session import Session
from zklink.client.solana_wallet import SolanaWallet
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
from zklink.protocol.ids import ChainId, TokenId
from zklink.solana.client.paying import Token
from zklink.solana.client.program import SYSTEM, Program
from zklink.solana.client.sending import read_reason
from zklink.solana.interface import accounts, addresses

PRICE_SECONDS: Final = 600
"""A price covers a rise that counts within this time."""
CALL_UNITS: Final = 200_000
"""Compute units that a call may take: many times what it does, for any token program."""
LANDED: Final = ("confirmed", "finalized")
SEND_SECONDS: Final = 300.0
"""How long a transaction is sent again: more than twice as long as it can land."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A signed call that the program would take now; it can land up to a height. `fee` is in lamports."""

    rpc: ProgramRpc
    wire: bytes
    signature: str
    last_height: int
    l1_amount: int
    fee: int
    units: int
    what: str = "swap"


@dataclass(frozen=True, slots=True)
class ProgramPlace:
    """A chain's program, its bridge's account as it is now, and the time there in UNIX seconds."""

    chain: ChainId
    rpc: ProgramRpc
    program: Program
    bridge: dict[str, Any]
    now: int

    def price(self, kind: int) -> int:
        """What a door costs now and within ten minutes, in lamports; `kind` is a chain for swaps to it, else a Door."""
        now_price, next_price, since = (self.bridge[name][kind] for name in ("prices", "next_prices", "prices_from"))
        if self.now + PRICE_SECONDS < since:
            return int(now_price)
        return int(next_price if self.now >= since else max(now_price, next_price))

    def token_places(self, token: Token, owner: Pubkey) -> dict[str, Pubkey]:
        """The accounts of a call that brings an owner's tokens in."""
        return {
            "source": token.holding(owner),
            "vault": token.vault,
            "mint": token.mint,
            "token_program": token.program,
            "sol": Pubkey(self.bridge["sol"]),
            "system_program": SYSTEM,
        }


async def open_program_place(session: Session, wallet: SolanaWallet, chain: ChainRef) -> ProgramPlace:
    """A chain as a wallet finds it. Raises WalletUnfit for one with contracts, ContractUntrue, WrongChain, NameUnknown,
    NodeOfChainMissing, RpcUnavailable.
    """
    book = await session.book()
    info = book.find_chain(chain)
    if not is_program(info):
        raise WalletUnfit(info.name, wallet.address)
    rpc = await open_program_rpc(session, info)
    program = Program(decode_base58(info.contracts["program"], 32))
    bridge = await _read_bridge(rpc, program, info.contracts["bridge"], book.deployment_hash)
    now = int(await rpc.ask("getBlockTime", int(await rpc.ask("getSlot", {"commitment": "confirmed"}))))
    return ProgramPlace(ChainId(info.chain), rpc, program, bridge, now)


async def read_token(session: Session, place: ProgramPlace, token: TokenId) -> Token:
    """A token there. Raises SwapImpossible if it is not, and ContractUntrue if the node names another mint."""
    address = place.program.derive(addresses.token_seeds(token))
    [held] = await place.rpc.accounts([str(address)])
    fields = _unpack(held, place.program, accounts.TOKEN)
    if fields is None or not any(fields["mint"]):
        raise SwapImpossible("token_not_on_source", f"token {token} is not registered on {place.rpc.name}")
    mint, vault, owner = (Pubkey(fields[name]) for name in ("mint", "vault", "program"))
    info = (await session.book()).find_token(int(token))
    said = next((each.address for each in info.contracts if each.chain == place.chain), "")
    if said != str(mint):
        raise ContractUntrue(place.rpc.name, f"the mint of token {token}", said, str(mint))
    return Token(address, mint, vault, owner, int(fields["scale"]))


async def prepare(
    session: Session, place: ProgramPlace, wallet: SolanaWallet, what: str, call: Instruction, l1_amount: int, fee: int
) -> Prepared:
    """The call signed and tried. Raises CallReverted if the program refuses it now, RpcUnavailable, RpcRefused."""
    found = (await place.rpc.ask("getLatestBlockhash", {"commitment": "finalized"}))["value"]
    wire, signature = await session.transport.work(lambda: _sign(wallet, call, str(found["blockhash"])))
    units = await _try(place.rpc, what, wire)
    return Prepared(place.rpc, wire, signature, int(found["lastValidBlockHeight"]), l1_amount, fee, units, what)


async def send_prepared(session: Session, found: Prepared) -> Sent:
    """Send a call until the cluster has confirmed it. From the first sending on no error lets it seem that nothing was
    sent: where the cluster does not tell, StillWaiting names the transaction.
    """
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
        raise TransactionExpired(rpc.name, found.what, (signature,))
    if status is None:
        await rpc.ask("sendTransaction", text, {"encoding": "base64", "skipPreflight": True, "maxRetries": 0})
        return False
    if status["confirmationStatus"] not in LANDED:
        return False
    if status["err"] is not None:
        raise TransactionReverted(rpc.name, found.what, read_reason(status["err"]), decode_base58(signature))
    return True


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


def _unpack(found: Held | None, program: Program, layout: Any) -> dict[str, Any] | None:
    if found is None or found.owner != str(program.id) or len(found.data) != layout.size:
        return None
    fields: dict[str, Any] = layout.unpack(found.data)
    return fields


async def _try(rpc: ProgramRpc, what: str, wire: bytes) -> int:
    """The compute units that a transaction takes. Raises CallReverted if the program refuses it now."""
    options = {"commitment": "confirmed", "encoding": "base64", "sigVerify": True}
    found = (await rpc.ask("simulateTransaction", base64.b64encode(wire).decode(), options))["value"]
    if found["err"] is not None:
        raise CallReverted(rpc.name, what, read_reason(found["err"]))
    return int(found["unitsConsumed"])


def _sign(wallet: SolanaWallet, call: Instruction, blockhash: str) -> tuple[bytes, str]:
    calls = [set_compute_unit_limit(CALL_UNITS), call]
    message = Message.new_with_blockhash(calls, Pubkey(wallet.owner), Hash.from_string(blockhash))
    signature = Signature.from_bytes(wallet.sign(bytes(message)))
    return bytes(Transaction.populate(message, [signature])), str(signature)
