"""The fixed questions about Solana: addresses, messages, and a swap of a program's."""

from collections.abc import Iterator
from typing import Any, Final

from tests.javascript.contract_reference import ANY
from zklink.primitives.base58 import encode_base58
from zklink.primitives.keccak import keccak256
from zklink.solana.client.program import SYSTEM
from zklink.solana.interface import accounts
from zklink.solana.interface.codec import Layout

Question = tuple[str, dict[str, Any]]
KEYS: Final = [keccak256(bytes([number])) for number in range(8)]
NAMES: Final = [encode_base58(key) for key in KEYS]
PROGRAM, BLOCKHASH = NAMES[0], NAMES[1]
TOKEN_PROGRAM: Final = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
NOW: Final = 1_800_000_000
SEED: Final = "0x" + "07" * 32
SWAP: Final = {
    "tokenIn": "1", "l1Amount": str(2**63), "destination": "3", "tokenOut": "2", "via": "4", "minOut": str(2**112 - 1),
    "operatorFee": "1", "fillFee": "2", "recipient": "0x" + "00" * 12 + "ab" * 20, "refundTo": NAMES[2],
    "deadline": str(NOW), "fee": "20000",
}  # fmt: skip


def pack(layout: Layout, **given: Any) -> str:
    """An account of this layout: what is not given is zero."""
    values: dict[str, Any] = {}
    for field in layout.fields:
        zero: Any = bytes(field.size // field.count) if field.kind in ("key", "signer") else 0
        values[field.name] = zero if field.count == 1 else [zero] * field.count
    return f"0x{layout.pack(**{**values, **given}).hex()}"


def bridge(**given: Any) -> str:
    prices, coming, since = [0, 10, 20, 30] + [0] * 9, [0, 11, 25, 5] + [0] * 9, [0, NOW, NOW + 700, NOW + 60] + [0] * 9
    doors = {"prices": prices, "next_prices": coming, "prices_from": since}
    places = {"swap_queue": KEYS[3], "sol": KEYS[4], "chain": 5, "deployment_hash": KEYS[5]}
    return pack(accounts.BRIDGE, tag=accounts.BRIDGE_TAG, **doors, **places, **given)


def token(**given: Any) -> str:
    own: dict[str, Any] = {"mint": KEYS[6], "vault": KEYS[7], "program": KEYS[2], "scale": 1_000, "is_paused": 1}
    return pack(accounts.TOKEN, tag=accounts.TOKEN_TAG, **{**own, **given})


def list_solana_questions() -> Iterator[Question]:
    """Every call where it answers, and for each kind of refusal."""
    for data in ("0x", "0x00", "0x0000ff", "0x" + "ff" * 32, "0x" + "00" * 32, f"0x{KEYS[0].hex()}"):
        yield "encode_base58", {"bytes": data}
    for text, length in (("", None), ("11", 2), (NAMES[0], 32), (NAMES[0], 31), ("0OIl", None), ("z" * 44, 33)):
        yield "decode_base58", {"text": text} if length is None else {"text": text, "length": length}
    for key in (
        *KEYS,
        bytes(32),
        b"\x01" + bytes(31),
        b"\x01" + bytes(30) + b"\x80",
        b"\xff" * 32,
        b"\x02" + bytes(31),
    ):
        yield "is_key", {"bytes": f"0x{key.hex()}"}
    yield from _list_deployments()
    yield from (("program_places", {"program": name, "token": "65535"}) for name in NAMES[:4])
    yield "holding", {"owner": NAMES[1], "mint": NAMES[2], "token_program": TOKEN_PROGRAM}
    yield "solana_message", {"payer": NAMES[0], "calls": _list_calls(), "blockhash": BLOCKHASH}
    yield "sign_ed25519", {"seed": SEED, "message": "0x" + "ab" * 200}


def _list_deployments() -> Iterator[Question]:
    """A deployment of two chains, and what is none."""
    genesis = bytes(range(1, 33))
    evm = {
        "chain": 1, "caip2": "eip155:137", "genesis": "137", "address_format": 1, "contracts": {"bridge": ANY},
    }  # fmt: skip
    solana = {
        "chain": 5, "caip2": f"solana:{encode_base58(genesis)[:32]}", "genesis": str(int.from_bytes(genesis, "big")),
        "address_format": 2, "contracts": {"bridge": NAMES[0]},
    }  # fmt: skip
    deployment = {"genesis_root": "77", "primary": 1, "token_limit": 64, "account_limit": 4096}
    keys = {name: f"0x{byte * 32}" for name, byte in (("swap", "a1"), ("account", "a2"), ("exit", "a3"))}
    place = {"deployment": deployment, "keys": keys}
    for chains in (
        [evm, solana],
        [evm],
        [{**evm, "genesis": "56", "caip2": "eip155:56"}, solana],
        [evm, {**solana, "contracts": {"bridge": NAMES[1]}}],
        [solana],
        [],
        [evm, {**solana, "chain": 1}],
        [evm, {**solana, "chain": 9}],
        [evm, {**solana, "contracts": {"bridge": ANY}}],
        [{**evm, "contracts": {"bridge": "0x" + "00" * 20}}],
    ):
        yield "deployment_hash", {**place, "chains": chains}
    yield "deployment_hash", {**place, "chains": [evm], "deployment": {**deployment, "primary": 2}}
    yield "deployment_hash", {**place, "chains": [evm], "deployment": {**deployment, "token_limit": 65}}
    yield "deployment_hash", {**place, "chains": [evm], "keys": {**keys, "exit": keys["swap"]}}
    yield "deployment_hash", {**place, "chains": [evm], "keys": {"swap": keys["swap"]}}


def list_account_questions() -> Iterator[Question]:
    """The same of those that read the program's accounts."""
    yield "program_token", {"data": token()}
    yield "program_token", {"data": token(mint=bytes(32))}
    yield from (("door_price", {"data": bridge(), "kind": kind, "now": NOW}) for kind in range(4))
    place = {"program": PROGRAM, "seed": SEED, "bridge": bridge(), "blockhash": BLOCKHASH}
    yield "program_swap", {**place, "token": token(), "swap": SWAP}
    yield (
        "program_swap",
        {**place, "token": token(program=bytes(SYSTEM)), "swap": {**SWAP, "via": "0", "tokenOut": "300"}},
    )
    for wrong in ({"fee": str(2**64)}, {"recipient": "0x00"}, {"refundTo": "0x00"}, {"minOut": str(2**112)}):
        yield "program_swap", {**place, "token": token(), "swap": {**SWAP, **wrong}}


def _list_calls() -> list[dict[str, Any]]:
    """Accounts in several roles: a later call signs or writes what an earlier one reads."""

    def meta(place: int, signs: bool, writes: bool) -> dict[str, Any]:
        return {"address": NAMES[place], "isSigner": signs, "isWritable": writes}

    first = [meta(1, False, False), meta(2, False, True), meta(0, False, False), meta(3, True, False)]
    second = [meta(1, True, True), meta(4, False, False), meta(5, True, True), meta(2, False, False)]
    return [
        {"program": NAMES[6], "accounts": first, "data": "0x"},
        {"program": NAMES[7], "accounts": second, "data": "0x" + "05" * 300},
        {"program": NAMES[6], "accounts": [], "data": "0x01"},
    ]
