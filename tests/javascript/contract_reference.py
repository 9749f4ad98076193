"""The part of the reference that concerns contracts: orders, what wallets sign, and calls by the compiled ABI."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_account.messages import encode_typed_data
from web3 import Web3
from web3.contract.contract import Contract

from zklink.client.permits import EIP_5267
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import DepositOrder, SwapOrder
from zklink.l1.contracts.entry import EntryPlace, Relay, TypedData, build_authorization_data, build_permit2_data
from zklink.l1.contracts.permits import compute_separator, guess_domains, read_domain
from zklink.primitives.keccak import keccak256
from zklink.protocol.entry_orders import DEPOSIT_FIELDS, SWAP_FIELDS
from zklink.protocol.ids import AccountId, TokenId

Json = Any
ANY: Final = "0x" + "11" * 20
SWAP_NAMES: Final = {
    "tokenIn": "token_in", "l1Amount": "l1_amount", "destination": "destination", "tokenOut": "token_out", "via": "via",
    "minOut": "min_out", "operatorFee": "operator_fee", "fillFee": "fill_fee", "deadline": "deadline",
}  # fmt: skip
PERMIT: Final = "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"
DAI: Final = "address holder,address spender,uint256 nonce,uint256 expiry,bool allowed"


def unhex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def show(data: bytes) -> str:
    return f"0x{data.hex()}"


def read_order(door: str, given: Mapping[str, Any]) -> SwapOrder | DepositOrder:
    """An order that its contract's types can hold; EncodingError for another one."""
    order = build_order(door, given)
    fields = SWAP_FIELDS if door == "swap" else DEPOSIT_FIELDS
    values = order.abi(ANY)
    abi_encode([kind for _, kind in fields[: len(values)]], values)
    return order


def build_order(door: str, given: Mapping[str, Any]) -> SwapOrder | DepositOrder:
    if door == "swap":
        numbers: Any = {name: int(given[key]) for key, name in SWAP_NAMES.items()}
        return SwapOrder(**numbers, recipient=unhex(given["recipient"]), refund_to=given["refundTo"])
    return DepositOrder(
        TokenId(int(given["tokenId"])),
        int(given["l1Amount"]),
        unhex(given["owner"]),
        AccountId(int(given["account"])),
        given["refundTo"],
    )


def read_place(given: Mapping[str, Any]) -> EntryPlace:
    return EntryPlace(int(given["evmChainId"]), given["entry"], given["bridge"], given["permit2"])


def read_relay(given: Mapping[str, Any]) -> Relay:
    return Relay(int(given["relayerFee"]), given["relayer"])


def digest(data: TypedData) -> str:
    typed = encode_typed_data(dict(data.domain), dict(data.types), dict(data.message))
    return show(keccak256(b"\x19" + typed.version + typed.header + typed.body))


def digest_permit(domain: Mapping[str, Any], type_text: str, message: Mapping[str, Any]) -> str:
    pairs = (part.split() for part in type_text.split(","))
    types = {"Permit": [{"name": name, "type": kind} for kind, name in pairs]}
    values = {name: int(value) if str(value).isdecimal() else value for name, value in message.items()}
    return digest(TypedData(domain, types, values))


@cache
def load(contract: str) -> type[Contract]:
    """A compiled contract's ABI."""
    return Web3().eth.contract(abi=load_contract(contract).abi_list())


def encode(contract: str, function: str, *arguments: object) -> str:
    return str(load(contract).encode_abi(function, args=list(arguments)))


def guess_separators(name: str, version: str | None, chain: str, token: str) -> list[str]:
    """The separators of the domains that tokens use, in the order in which they are tried."""
    return [show(compute_separator(domain)) for domain in guess_domains(name, version, int(chain), token)]


def read_separator(data: str) -> str:
    """The separator of the domain that a token describes (EIP-5267)."""
    return show(compute_separator(read_domain(abi_decode(EIP_5267.split(), unhex(data)))))


def call_door(door: str, order: Json, how: Json) -> str:
    struct, permit = read_order(door, order).abi(ANY), how.get("permit")
    if permit is not None:
        signed = (*(int(permit[name]) for name in ("value", "deadline", "v")), unhex(permit["r"]), unhex(permit["s"]))
        return encode("Bridge", f"{door}_with_permit", struct, signed)
    return encode("Bridge", f"{door}_up_to" if how.get("upTo") else door, struct)


def call_permit2(door: str, order: Json, relay: Json, owner: str, permit: Json, fee_to: str) -> str:
    signed = (int(permit["nonce"]), int(permit["deadline"]), unhex(permit["signature"]))
    struct = read_order(door, order).abi(ANY)
    return encode("Entry", f"{door}_with_permit2", struct, read_relay(relay).abi(), owner, signed, fee_to)


def call_authorization(door: str, order: Json, relay: Json, owner: str, authorization: Json, fee_to: str) -> str:
    signed = (int(authorization["validBefore"]), unhex(authorization["signature"]))
    struct = read_order(door, order).abi(ANY)
    return encode("Entry", f"{door}_with_authorization", struct, read_relay(relay).abi(), owner, signed, fee_to)


def permit2(place: Json, token: str, door: str, order: Json, relay: Json, nonce: str, deadline: str) -> str:
    struct = read_order(door, order)
    return digest(
        build_permit2_data(read_place(place), token, struct, ANY, read_relay(relay), int(nonce), int(deadline))
    )


def authorization(
    place: Json, domain: Json, door: str, order: Json, signer: str, relay: Json, valid_before: str
) -> str:
    struct = read_order(door, order)
    return digest(
        build_authorization_data(read_place(place), domain, struct, signer, read_relay(relay), int(valid_before))
    )
