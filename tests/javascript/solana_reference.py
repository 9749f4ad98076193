"""What the JavaScript module must answer about Solana: by `solders` and the client's own builders."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import Transaction

from zklink.client import program_calls, program_swaps
from zklink.client.book import hash_published
from zklink.client.solana_wallet import SolanaWallet
from zklink.primitives import ed25519
from zklink.primitives.base58 import decode_base58, encode_base58
from zklink.protocol.ids import ChainId
from zklink.solana.client.paying import Token
from zklink.solana.client.program import Program, find_holding
from zklink.solana.interface import accounts, addresses, instructions

Json = Any
SOURCE = ChainId(5)


def encode(bytes: str) -> str:
    return encode_base58(_unhex(bytes))


def decode(text: str, length: int | None = None) -> str:
    return _show(decode_base58(text, length))


def is_key(bytes: str) -> bool:
    found = Pubkey(_unhex(bytes)).is_on_curve()
    assert ed25519.is_key(_unhex(bytes)) is found, "the package's own is the module's"
    return found


def deployment_hash(deployment: Json, chains: list[Json], keys: Json) -> str:
    """As the client computes it from what a node publishes."""
    published: Any = [SimpleNamespace(name="", **chain) for chain in chains]
    found = hash_published(SimpleNamespace(**deployment), published, keys)  # type: ignore[arg-type]
    if not any(found):
        raise ValueError("no deployment")
    return _show(found)


def find_places(program: str, token: str) -> list[str]:
    found = Program(decode_base58(program, 32))
    return [str(found.bridge), str(found.derive(addresses.token_seeds(int(token))))]


def holding(owner: str, mint: str, token_program: str) -> str:
    return str(find_holding(*map(Pubkey.from_string, (owner, mint, token_program))))


def message(payer: str, calls: list[Json], blockhash: str) -> str:
    made = [
        Instruction(
            Pubkey.from_string(call["program"]),
            _unhex(call["data"]),
            [AccountMeta(Pubkey.from_string(m["address"]), m["isSigner"], m["isWritable"]) for m in call["accounts"]],
        )
        for call in calls
    ]
    return _show(bytes(Message.new_with_blockhash(made, Pubkey.from_string(payer), Hash.from_string(blockhash))))


def read_token(data: str) -> Json:
    fields = accounts.TOKEN.unpack(_unhex(data))
    if fields["tag"] != accounts.TOKEN_TAG or not any(fields["mint"]):
        raise ValueError("no token")
    keys = {name: encode_base58(fields[name]) for name in ("mint", "vault", "program")}
    return keys | {"scale": str(fields["scale"]), "isPaused": bool(fields["is_paused"])}


def door_price(data: str, kind: int, now: int) -> str:
    place = program_calls.ProgramPlace(SOURCE, Any, Any, _read_bridge(data), now)  # type: ignore[arg-type]
    return str(place.price(kind))


def swap_transaction(program: str, seed: str, bridge: str, token: str, swap: Json, blockhash: str) -> list[str]:
    """The signed transaction of a swap and its name, as the client builds both."""
    wallet = SolanaWallet(Keypair.from_seed(_unhex(seed)))
    own, fields = Program(decode_base58(program, 32)), accounts.TOKEN.unpack(_unhex(token))
    mint, vault, owner = (Pubkey(fields[name]) for name in ("mint", "vault", "program"))
    held = Token(own.derive(addresses.token_seeds(int(swap["tokenIn"]))), mint, vault, owner, fields["scale"])
    place = program_calls.ProgramPlace(SOURCE, Any, own, _read_bridge(bridge), 0)  # type: ignore[arg-type]
    quote: Any = SimpleNamespace(token_out=int(swap["tokenOut"]), via=int(swap["via"]))
    call = own.encode(
        instructions.SWAP,
        program_swaps._list_places(place, held, wallet, quote),
        token_in=int(swap["tokenIn"]),
        destination=int(swap["destination"]),
        token_out=int(swap["tokenOut"]),
        via=int(swap["via"]),
        l1_amount=int(swap["l1Amount"]),
        fee=int(swap["fee"]),
        deadline=int(swap["deadline"]),
        min_out=int(swap["minOut"]),
        operator_fee=int(swap["operatorFee"]),
        fill_fee=int(swap["fillFee"]),
        recipient=_unhex(swap["recipient"]),
        refund_to=decode_base58(swap["refundTo"], 32),
    )
    wire, signature = program_calls._sign(wallet, call, blockhash)
    Transaction.from_bytes(wire).verify()
    return [_show(wire), signature]


def sign_ed25519(seed: str, message: str) -> list[str]:
    key = Keypair.from_seed(_unhex(seed))
    return [_show(bytes(key.pubkey())), _show(bytes(key.sign_message(_unhex(message))))]


def _read_bridge(data: str) -> dict[str, Any]:
    return accounts.BRIDGE.unpack(_unhex(data))


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _show(data: bytes) -> str:
    return f"0x{data.hex()}"


CALLS: Mapping[str, Callable[..., Json]] = {
    "encode_base58": encode,
    "decode_base58": decode,
    "deployment_hash": deployment_hash,
    "is_key": is_key,
    "program_places": find_places,
    "holding": holding,
    "solana_message": message,
    "sign_ed25519": sign_ed25519,
}
ACCOUNT_CALLS: Mapping[str, Callable[..., Json]] = {
    "program_token": read_token,
    "door_price": door_price,
    "program_swap": swap_transaction,
}
"""Those that read the program's accounts, whose layouts change: no vector on disk has such an account."""
