"""Calls of contracts without their compiled ABI: a signature, its arguments, and the types of the answer.

Takes plain values; gives calldata, and values back. The signatures are those of contracts/; a test compares them with
what the compiler says. Never asks a chain.
"""

from typing import Any, Final

from eth_abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError

from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import ArgumentsRefused

WORD_BYTES: Final = 32
ORDER: Final = "(uint16,uint256,uint8,uint16,uint16,uint112,uint112,uint112,bytes32,address,uint40)"
DEPOSIT: Final = "(uint16,uint256,bytes32,uint32,address)"
PERMIT: Final = "(uint256,uint256,uint8,bytes32,bytes32)"

BRIDGE: Final = {
    "swap": f"swap({ORDER})",
    "swap_with_permit": f"swap_with_permit({ORDER},{PERMIT})",
    "deposit": f"deposit({DEPOSIT})",
    "deposit_with_permit": f"deposit_with_permit({DEPOSIT},{PERMIT})",
    "full_exit": "full_exit(uint32,uint16,bytes32,uint8)",
    "set_key": "set_key(uint32,uint256)",
    "withdraw_pending_balance": "withdraw_pending_balance(uint16,address,uint256)",
    "deployment_hash": "deployment_hash()",
    "parts": "parts()",
    "is_frozen": "is_frozen()",
    "quote_full_exit": "quote_full_exit()",
    "pending_balance": "pending_balance(address,uint16)",
    "custody": "custody(uint16)",
}
REGISTRY: Final = {
    "token_config": "token_config(uint16)",
    "token_scale": "token_scale(uint16)",
    "is_paused": "is_paused(uint16)",
    "is_token": "is_token(address)",
    "price_state": "price_state(uint8)",
}
TOKEN: Final = {
    "balanceOf": "balanceOf(address)",
    "allowance": "allowance(address,address)",
    "approve": "approve(address,uint256)",
}
ENTRY: Final = {
    "swap_with_permit2": f"swap_with_permit2({ORDER},(uint256,address),address,(uint256,uint256,bytes),address)",
}
EVENTS: Final = {
    "PayoutPaid": "PayoutPaid(bytes32,address,uint16,uint256,uint8)",
    "PayoutFilled": "PayoutFilled(bytes32,address,address,bytes32,uint16,uint112,uint112)",
}


def encode_call(signature: str, *arguments: object) -> bytes:
    """Calldata of a function. Raises ArgumentsRefused."""
    name, types = split_signature(signature)
    try:
        return keccak256(signature.encode())[:4] + encode(types, arguments)
    except (EncodingError, OverflowError, TypeError, ValueError) as error:
        raise ArgumentsRefused(name, str(error)) from error


def decode_answer(types: str, answer: bytes) -> tuple[Any, ...] | None:
    """The values of an answer of these types, separated by spaces; None if it is none."""
    kinds = types.split()
    try:
        # Some libraries make the decoder fill up what is missing.
        return decode(kinds, answer) if len(answer) >= WORD_BYTES * len(kinds) else None
    except (DecodingError, OverflowError, UnicodeDecodeError):
        return None


def split_signature(signature: str) -> tuple[str, list[str]]:
    """(name, types of the arguments) of a signature; tuples stay whole."""
    name, _, rest = signature.partition("(")
    found, depth, begin = [], 0, 0
    inside = rest[:-1]
    for place, character in enumerate(inside):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            found.append(inside[begin:place])
            begin = place + 1
    return name, [*found, inside[begin:]] if inside else []
