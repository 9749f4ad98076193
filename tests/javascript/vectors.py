"""Writes tests/vectors/javascript.json, which the node tests and pytest read: `python -m tests.javascript.vectors`.

Takes fixed questions, gives them with the answers of the Python package.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from eth_abi.abi import encode as abi_encode
from eth_account import Account

from tests.javascript.contract_reference import ANY
from tests.javascript.reference import answer
from tests.javascript.solana_vectors import list_solana_questions
from zklink.client.permits import EIP_5267
from zklink.protocol.layer2_key import ORDER, build_layer2_key_data

PATH: Final = Path(__file__).resolve().parents[1] / "vectors" / "javascript.json"
Question = tuple[str, dict[str, Any]]

DEPLOYMENT: Final = "0x" + bytes(range(32)).hex()
OWNER: Final = Account.from_key(b"\x01" * 32)
OTHER: Final = "0x" + "22" * 20
UNIVERSAL: Final = "0x" + "00" * 12 + "ab" * 20
FULL: Final = "0x" + "ff" * 32
SEED: Final = "0x" + "07" * 32
DOMAIN: Final = str(2**247 + 5)
LAST: Final = str(2**112 - 1)
TOKEN: Final = {"name": "USD Coin", "version": "2", "chainId": 137, "verifyingContract": ANY}
PLACE: Final = {"evmChainId": "137", "entry": OTHER, "bridge": ANY, "permit2": "0x" + "33" * 20}
RELAY: Final = {"relayerFee": "1000", "relayer": OTHER}
SWAP: Final = {
    "tokenIn": "1", "l1Amount": str(10**20), "destination": "3", "tokenOut": "2", "via": "4", "minOut": "99",
    "operatorFee": "1", "fillFee": "2", "recipient": UNIVERSAL, "refundTo": OTHER, "deadline": "1800000000",
}  # fmt: skip
DEPOSIT: Final = {"tokenId": "1", "l1Amount": "5", "owner": UNIVERSAL, "account": "9", "refundTo": OTHER}
ORDERS: Final = {"swap": SWAP, "deposit": DEPOSIT}
REQUEST: Final = {
    "source": "2", "destination": "3", "request_id": "7", "token_in": "1", "token_out": "2", "amount": "100",
    "min_out": "99", "operator_fee": "1", "fill_fee": "2", "deadline": "1800000000", "queued_at": "1790000000",
    "recipient": UNIVERSAL, "refund_to": FULL, "native_fee_gwei": "5", "via": "4",
}  # fmt: skip
DEPOSIT_REQUEST: Final = {
    "source": "2", "request_id": "7", "token": "1", "amount": "100", "owner": UNIVERSAL, "refund_to": UNIVERSAL,
    "queued_at": "1790000000", "account": "3", "by_owner": True, "native_fee_gwei": "5",
}  # fmt: skip
COMMON: Final = {"account": "5", "nonce": "6", "valid_until": "1800000000"}
POOL: Final = {"token_a": "1", "token_b": "2", "fee": "2050", "fee_token": "1"}
LIMITS: Final = {"limit_a": "1000", "limit_b": "2000"}
OPERATIONS: Final[dict[str, dict[str, str]]] = {
    "Transfer": {**COMMON, "token": "1", "amount": "10", "fee": "3", "recipient": FULL},
    "Withdraw": {
        **COMMON, "token": "1", "amount": "10", "fee": "3", "chain": "2", "recipient": UNIVERSAL, "fill_fee": "1",
    },
    "ForcedExit": {**COMMON, "target": "8", "token": "1", "chain": "2", "fee": "3", "fee_token": "2"},
    "ChangePubKey": {**COMMON, "public_key_hash": str(2**250), "chain": "1", "fee": "3", "fee_token": "2"},
    "ClaimFees": {**COMMON, "account": "0", "token": "1", "amount": "10", "fee": "3"},
    "CreatePool": {**COMMON, **POOL, "pool_fee": "30"},
    "AddLiquidity": {**COMMON, **POOL, **LIMITS, "limit_shares": "7"},
    "RemoveLiquidity": {**COMMON, **POOL, **LIMITS, "limit_shares": "7"},
    "PoolSwap": {**COMMON, **POOL, **LIMITS},
    "Order": {
        "account": "5", "slot": "1", "order_nonce": "6", "valid_until": "1800000000", "token_sell": "1",
        "token_buy": "2", "amount_sell": LAST, "amount_buy": "3", "fee_rate": "15",
    },
}  # fmt: skip


def list_questions() -> Iterator[Question]:
    """Every call once where it answers, and for each kind of refusal."""
    yield from _list_words()
    yield from _list_numbers()
    yield from _list_signatures()
    yield from _list_contract_calls()
    yield from list_solana_questions()


def _list_words() -> Iterator[Question]:
    yield "pack_word", {"record": "SWAP_REQUEST", "index": 3, "values": {"recipient_lo": str(2**248 - 1)}}
    yield "pack_word", {"record": "SWAP_REQUEST", "index": 3, "values": {"recipient_lo": str(2**248)}}
    yield "pack_word", {"record": "SWAP_REQUEST", "index": 3, "values": {"recipient": "1"}}
    yield "unpack_word", {"record": "PAYOUT", "index": 2, "word": str(2**199)}
    yield "unpack_word", {"record": "PAYOUT", "index": 2, "word": str(2**247)}
    yield "unpack_word", {"record": "PAYOUT", "index": 1, "word": str(2**248)}
    yield "swap_request", REQUEST
    yield "swap_request", {**REQUEST, "amount": str(2**112)}
    yield "swap_request", {**REQUEST, "recipient": "0x1234"}
    yield "swap_request_back", {"words": answer("swap_request", REQUEST)["answer"]}
    yield "swap_request_back", {"words": ["0"] * 5}
    yield "swap_request_back", {"words": ["0"] * 4}
    yield "deposit_request", DEPOSIT_REQUEST
    yield "deposit_request_back", {"words": answer("deposit_request", DEPOSIT_REQUEST)["answer"]}
    for owner in (UNIVERSAL, "0x02" + UNIVERSAL[4:], FULL, "0x" + "00" * 32, "0x12"):
        yield "bound_chain", {"owner": owner}
        yield from (("is_recipient", {"address": owner, "format": form, "chain": 2}) for form in (1, 2))
    yield "universal_address", {"address": OWNER.address}
    yield "evm_address", {"address": UNIVERSAL}
    yield "evm_address", {"address": FULL}
    yield "bind_owner", {"owner": UNIVERSAL, "chain": 8}


def _list_numbers() -> Iterator[Question]:
    for fee in ("0", "2047", "2048", "2050", "20479", str(2**112 - 1), str(2**112)):
        yield "pack_fee", {"fee": fee}
        yield "round_up_fee", {"fee": fee}
    yield from (("unpack_fee", {"packed": packed}) for packed in ("0", "4095", "65535", "65536"))
    for text in ("0", "1.5", "001.500", "0.000001", "0.0000001", "1.", ".5", "-1", "1e3", "", "1 ", "٣"):
        yield "parse_amount", {"text": text, "decimals": 6}
    for units, decimals in (("0", 6), ("1", 6), ("1500000", 6), ("12", 0), (str(10**40 + 1), 18)):
        yield "format_amount", {"units": units, "decimals": decimals}
    yield "compute_out", {"dx": "1000", "x": "50000", "y": "70000", "fee": 30}
    pools = [
        {"token_a": 1, "token_b": 2, "reserve_a": "1000000", "reserve_b": "10", "fee_bps": 30},
        {"token_a": 1, "token_b": 3, "reserve_a": "1000000", "reserve_b": "2000000", "fee_bps": 30},
        {"token_a": 2, "token_b": 3, "reserve_a": "1000000", "reserve_b": "2000000", "fee_bps": 5},
    ]
    for token_in, token_out in ((1, 2), (2, 1), (1, 1), (1, 9)):
        yield "best_route", {"pools": pools, "token_in": token_in, "token_out": token_out, "amount": "5000"}


def _list_signatures() -> Iterator[Question]:
    yield from (("poseidon", {"inputs": list(map(str, range(count)))}) for count in (1, 2, 4, 5, 16))
    yield "public_key", {"seed": SEED}
    for name, operation in OPERATIONS.items():
        yield "message", {"type": name, "operation": operation, "domain": DOMAIN}
    yield "sign", {"type": "Withdraw", "operation": OPERATIONS["Withdraw"], "domain": DOMAIN, "seed": SEED}
    signed = answer("sign", {"type": "Order", "operation": OPERATIONS["Order"], "domain": DOMAIN, "seed": SEED})[
        "answer"
    ]
    yield "is_signed", {"signed": signed, "domain": DOMAIN}
    yield "is_signed", {"signed": {**signed, "fee_rate": "16"}, "domain": DOMAIN}
    yield "is_signed", {"signed": signed, "domain": str(int(DOMAIN) + 1)}
    for wrong in ({"amount": str(2**112)}, {"fee": "2049"}, {"recipient": "0x00"}):
        operation = {**OPERATIONS["Transfer"], **wrong}
        yield "message", {"type": "Transfer", "operation": operation, "domain": DOMAIN}
    address = OWNER.address.lower()
    data = build_layer2_key_data(bytes(range(32)), bytes.fromhex(address[2:]), 0)
    signature = bytes(OWNER.sign_typed_data(full_message=data).signature)
    high = (
        signature[:32]
        + (ORDER - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
        + bytes([55 - signature[64]])
    )
    yield "layer2_data", {"deployment": DEPLOYMENT, "owner": address, "index": 0}
    for form in (signature, high, signature[:64], signature[:64] + b"\x02", b"\0" * 65):
        yield "layer2_seed", {"signature": f"0x{form.hex()}"}
    for index, owner in ((0, address), (1, address), (0, OTHER)):
        place = {"deployment": DEPLOYMENT, "owner": owner, "index": index}
        yield "layer2_key", {**place, "signature": f"0x{signature.hex()}"}
    yield (
        "key_change",
        {"deployment": DEPLOYMENT, "account": "3", "nonce": "1", "publicKeyHash": "77", "validUntil": "99"},
    )
    permit = {"owner": OWNER.address, "spender": OTHER, "value": "5", "nonce": "0", "deadline": "1800000000"}
    yield "permit", {"domain": TOKEN, "permit": permit}
    dai = {"holder": OWNER.address, "spender": OTHER, "nonce": "0", "expiry": "1800000000", "allowed": True}
    yield "dai_permit", {"domain": TOKEN, "permit": dai}
    for door, order in ORDERS.items():
        shared = {"place": PLACE, "door": door, "order": order, "relay": RELAY}
        yield "permit2", {**shared, "token": ANY, "nonce": "4", "deadline": "1800000000"}
        yield "authorization", {**shared, "domain": TOKEN, "signer": OWNER.address, "valid_before": "1800000000"}
        yield "order_nonce", shared


def _list_contract_calls() -> Iterator[Question]:
    permit = {"value": "5", "deadline": "1800000000", "v": "27", "r": FULL, "s": DEPLOYMENT}
    for door, order in ORDERS.items():
        yield from (
            ("call_door", {"door": door, "order": order, "how": how})
            for how in ({}, {"upTo": True}, {"permit": permit})
        )
        shared = {"door": door, "order": order, "relay": RELAY, "owner": OWNER.address, "fee_to": OTHER}
        by_permit2 = {"nonce": "1", "deadline": "2", "signature": "0x" + "ab" * 65}
        yield "call_permit2", {**shared, "permit": by_permit2}
        yield "call_authorization", {**shared, "authorization": {"validBefore": "2", "signature": "0x"}}
    yield "call_full_exit", {"account": "1", "token": "2", "second": UNIVERSAL, "mask": "7"}
    yield "call_set_key", {"account": "1", "public_key_hash": "5"}
    yield "call_approve", {"spender": OTHER, "amount": str(2**256 - 1)}
    for version in (None, "1", "2", "7"):
        yield "guess_domains", {"name": "USD Coin", "version": version, "chain": "137", "token": ANY}
    for used in (b"\x0f", b"\x0d", b"\x1f", b"\x1b"):
        described: tuple[Any, ...] = (used, "USD Coin", "2", 137, ANY, bytes([9] * 32), [])
        yield "read_domain", {"data": f"0x{abi_encode(EIP_5267.split(), described).hex()}"}
    text = "00" * 31 + "20" + "00" * 31 + "03" + "616263" + "00" * 29
    yield "decode", {"types": ["string"], "data": f"0x{text}"}
    yield (
        "decode",
        {"types": ["uint256", "address", "bool"], "data": f"0x{'00' * 31}05{'00' * 12}{'ab' * 20}{'00' * 31}01"},
    )


def render() -> str:
    """The text of the file."""
    vectors = [{"call": call, "arguments": given, **answer(call, given)} for call, given in list_questions()]
    lines = ",\n ".join(json.dumps(vector) for vector in vectors)
    return f"[\n {lines}\n]\n"


if __name__ == "__main__":
    PATH.write_text(render())
