"""What the JavaScript module must answer: each question of calls.mjs, answered by the Python package."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, Final

from eth_abi.abi import decode
from eth_abi.exceptions import EncodingError
from eth_account import Account
from eth_utils import is_checksum_address, to_checksum_address
from web3.exceptions import Web3Exception

from tests.javascript import solana_reference
from tests.javascript.contract_reference import (
    ANY,
    DAI,
    PERMIT,
    authorization,
    call_authorization,
    call_door,
    call_permit2,
    digest_permit,
    encode,
    guess_separators,
    permit2,
    read_order,
    read_place,
    read_relay,
    read_separator,
    show,
    unhex,
)  # fmt: skip
from zklink.api.answers.routes import find_best
from zklink.l1.contracts.bridge_structs import evm_address, universal_address
from zklink.l1.contracts.entry import (
    compute_order_nonce,
)
from zklink.operations.deposit import DepositRequest
from zklink.operations.signed import sign
from zklink.operations.swap import SwapRequest
from zklink.primitives.babyjubjub import Point
from zklink.primitives.eddsa import PrivateKey
from zklink.primitives.poseidon import poseidon
from zklink.protocol import words
from zklink.protocol.addresses import bind_owner, find_bound_chain, is_recipient
from zklink.protocol.errors import WrongSignature, ZkLinkError
from zklink.protocol.ids import AccountId, AddressFormat, ChainId, Nonce, TokenId
from zklink.protocol.layer2_key import build_layer2_key_data, compute_layer2_key_digest, derive_layer2_seed
from zklink.protocol.messages import compute_key_change_digest
from zklink.protocol.packing import pack_fee, round_up_fee, unpack_fee
from zklink.protocol.signing import compute_public_key_hash
from zklink.schema.operations import BYTE_FIELDS, TYPES, decode_operation, encode_operation
from zklink.state.rows import Pool
from zklink.transition.swap import compute_out

Json = Any


class Refused(Exception):
    """The reference refuses where the package has no function of its own."""


def read_operation(type_name: str, given: Mapping[str, str]) -> Any:
    values = {name: unhex(text) if name in BYTE_FIELDS else int(text) for name, text in given.items()}
    return TYPES[type_name](**values)


def swap_request(given: Mapping[str, Any]) -> list[str]:
    values: Any = {
        name: unhex(value) if name in ("recipient", "refund_to") else int(value) for name, value in given.items()
    }
    return list(map(str, SwapRequest(**values).words()))


def deposit_request(given: Mapping[str, Any]) -> list[str]:
    texts: dict[str, Callable[[Any], Any]] = {"owner": unhex, "refund_to": unhex, "by_owner": bool}
    values: Any = {name: texts.get(name, int)(value) for name, value in given.items()}
    return list(map(str, DepositRequest(**values).words()))


def deposit_request_back(given: list[str]) -> dict[str, Any]:
    return _show_fields(DepositRequest.from_words(list(map(int, given))))


def _show_fields(request: Any) -> dict[str, Any]:
    found = asdict(request)
    return {name: show(value) if isinstance(value, bytes) else _show_number(value) for name, value in found.items()}


def _show_number(value: int) -> int | str:
    return value if isinstance(value, bool) else str(value)


def swap_request_back(given: list[str]) -> dict[str, Any]:
    return _show_fields(SwapRequest.from_words(list(map(int, given))))


def layer2_key(deployment: str, owner: str, signature: str, index: int) -> str:
    seed = derive_layer2_seed(unhex(signature))
    hash_ = compute_layer2_key_digest(unhex(deployment), unhex(owner), index)
    r, s = unhex(signature)[:32], unhex(signature)[32:64]
    try:
        signer = Account._recover_hash(hash_, vrs=(27 + unhex(signature)[64] % 27, r, s))
    except Exception as error:
        raise WrongSignature("no key has made it") from error
    if signer != to_checksum_address(owner):
        raise WrongSignature(f"it is of {signer}")
    return str(compute_public_key_hash(PrivateKey.from_seed(seed).public_key))


def parse_amount(text: str, decimals: int) -> str:
    whole, point, fraction = text.partition(".")
    if not (text.isascii() and whole.isdecimal() and (fraction.isdecimal() or not point)) or len(text) > 97:
        raise Refused
    if len(fraction.rstrip("0")) > decimals:
        raise Refused
    return str(int(whole) * 10**decimals + int((fraction.rstrip("0") or "0").ljust(decimals, "0") if decimals else 0))


def format_amount(units: str, decimals: int) -> str:
    text = f"{Decimal(int(units)).scaleb(-decimals):f}" if len(units) < 28 else _format_long(units, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _format_long(units: str, decimals: int) -> str:
    return f"{int(units) // 10**decimals}.{int(units) % 10**decimals:0{decimals}d}" if decimals else units


def check_address(address: str) -> str:
    letters = address[2:]
    if letters not in (letters.lower(), letters.upper()) and not is_checksum_address(address):
        raise Refused
    return show(universal_address(address))


def best_route(pools: list[Json], token_in: int, token_out: int, amount: str) -> list[str] | None:
    rows = {
        (pool["token_a"], pool["token_b"]): Pool(int(pool["reserve_a"]), int(pool["reserve_b"]), 1, pool["fee_bps"], 1)
        for pool in pools
    }
    empty = Pool(0, 0, 0, 0, 0)
    state: Any = SimpleNamespace(
        pools=lambda: list(rows.items()), pool=lambda a, b: rows.get((min(a, b), max(a, b)), empty)
    )
    route = find_best(state, TokenId(token_in), TokenId(token_out), int(amount), None)
    if route is None:
        return None
    assert all(left.amount_out == right.amount_in for left, right in pairwise(route.trades))
    return [route.via, amount, *(str(trade.amount_out) for trade in route.trades)]  # type: ignore[list-item]


def decode_plain(types: list[str], data: str) -> list[Any]:
    found = decode(types, unhex(data))
    return [
        show(value) if isinstance(value, bytes) else _show_plain(kind, value)
        for kind, value in zip(types, found, strict=True)
    ]


def _show_plain(kind: str, value: Any) -> Any:
    if kind == "address":
        return to_checksum_address(value)
    return str(value) if kind.startswith("uint") else value


def layouts(record: str) -> Any:
    return getattr(words, f"{record}_LAYOUTS")


def ints(values: Mapping[str, str]) -> dict[str, int]:
    return {name: int(value) for name, value in values.items()}


def signed_message(type: str, operation: Json, domain: str) -> str:
    return str(read_operation(type, operation).message(int(domain)))


def sign_operation(type: str, operation: Json, domain: str, seed: str) -> Json:
    return encode_operation(sign(read_operation(type, operation), int(domain), PrivateKey.from_seed(unhex(seed))))


def is_signed(signed: Json, domain: str) -> bool:
    operation = decode_operation(signed)
    return operation.is_valid(int(domain))  # type: ignore[union-attr]


def public_key(seed: str) -> list[str]:
    key: Point = PrivateKey.from_seed(unhex(seed)).public_key
    return [str(key.x), str(key.y), str(compute_public_key_hash(key))]


def layer2_data(deployment: str, owner: str, index: int) -> Json:
    place = unhex(deployment), unhex(owner), index
    return {"data": build_layer2_key_data(*place), "digest": show(compute_layer2_key_digest(*place))}


def key_change(deployment: str, account: str, nonce: str, publicKeyHash: str, validUntil: str) -> str:
    numbers = AccountId(int(account)), Nonce(int(nonce)), int(publicKeyHash), int(validUntil)
    return show(compute_key_change_digest(unhex(deployment), *numbers))


CALLS: Final[Mapping[str, Callable[..., Json]]] = {
    "pack_word": lambda record, index, values: str(layouts(record)[index].pack(**ints(values))),
    "unpack_word": lambda record, index, word: {k: str(v) for k, v in layouts(record)[index].unpack(int(word)).items()},
    "swap_request": lambda **given: swap_request(given),
    "swap_request_back": lambda words: swap_request_back(words),
    "deposit_request": lambda **given: deposit_request(given),
    "deposit_request_back": lambda words: deposit_request_back(words),
    "universal_address": check_address,
    "evm_address": lambda address: evm_address(unhex(address)),
    "bind_owner": lambda owner, chain: show(bind_owner(unhex(owner), ChainId(chain))),
    "bound_chain": lambda owner: find_bound_chain(unhex(owner)),
    "is_recipient": lambda address, format, chain: is_recipient(unhex(address), AddressFormat(format), ChainId(chain)),
    "pack_fee": lambda fee: pack_fee(int(fee)),
    "unpack_fee": lambda packed: str(unpack_fee(int(packed))),
    "round_up_fee": lambda fee: str(round_up_fee(int(fee))),
    "parse_amount": parse_amount,
    "format_amount": format_amount,
    "poseidon": lambda inputs: str(poseidon(list(map(int, inputs)))),
    "public_key": public_key,
    "message": signed_message,
    "sign": sign_operation,
    "is_signed": is_signed,
    "layer2_seed": lambda signature: show(derive_layer2_seed(unhex(signature))),
    "layer2_key": layer2_key,
    "layer2_data": layer2_data,
    "key_change": key_change,
    "permit": lambda domain, permit: digest_permit(domain, PERMIT, permit),
    "dai_permit": lambda domain, permit: digest_permit(domain, DAI, permit),
    "permit2": permit2,
    "authorization": authorization,
    "order_nonce": lambda place, door, order, relay: show(
        compute_order_nonce(read_place(place), read_order(door, order), ANY, read_relay(relay))
    ),
    "call_door": call_door,
    "call_permit2": call_permit2,
    "call_authorization": call_authorization,
    "call_full_exit": lambda account, token, second, mask: encode(
        "Bridge", "full_exit", int(account), int(token), unhex(second), int(mask)
    ),
    "call_set_key": lambda account, public_key_hash: encode("Bridge", "set_key", int(account), int(public_key_hash)),
    "call_approve": lambda spender, amount: encode("TestToken", "approve", spender, int(amount)),
    "guess_domains": guess_separators,
    "read_domain": read_separator,
    "decode": decode_plain,
    "compute_out": lambda dx, x, y, fee: str(compute_out(int(dx), int(x), int(y), fee)),
    "best_route": best_route,
    **solana_reference.CALLS,
}  # fmt: skip
REFUSALS: Final = (ZkLinkError, ValueError, OverflowError, Refused, EncodingError, Web3Exception)


def answer(call: str, arguments: Json) -> Json:
    """`{"answer": ..}`, or `{"refused": name}` with the class of the package's error."""
    try:
        return {"answer": {**CALLS, **solana_reference.ACCOUNT_CALLS}[call](**arguments)}
    except REFUSALS as error:
        return {"refused": type(error).__name__}


def field_names(type_name: str) -> list[str]:
    """The fields of an operation, in the order of its class."""
    return [field.name for field in fields(TYPES[type_name])]
