"""Views of contracts: a call's input and the values of its answer, as web3.py makes them in more than twice the time.

Takes a function of an ABI, Python values, a node's answer. web3.py looks for the function anew at every call, by the
hash of each function of the contract. Never asks a chain.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from eth_abi.codec import ABICodec
from eth_abi.exceptions import DecodingError
from eth_utils import keccak, to_checksum_address
from web3.exceptions import BadFunctionCallOutput

from zklink.l1.transport.arguments import spell_type

AbiItem = Mapping[str, Any]


def encode_view(codec: ABICodec, function: AbiItem, arguments: Sequence[object]) -> bytes:
    """The input of a call; the arguments fit the function. `codec` is web3.py's."""
    types = [spell_type(item) for item in function["inputs"]]
    return _select(f"{function['name']}({','.join(types)})") + bytes(codec.encode(types, arguments))


def decode_view(codec: ABICodec, function: AbiItem, answer: bytes) -> Any:
    """The value that a view answered, or a list of several: addresses with checksum, a struct as a tuple, an array as a
    list. Raises BadFunctionCallOutput.
    """
    outputs = function["outputs"]
    try:
        values = codec.decode([spell_type(item) for item in outputs], answer)
    except DecodingError as error:
        raise BadFunctionCallOutput(f"{function['name']} answered {len(answer)} bytes: {error}") from error
    cleaned = [_clean(str(item["type"]), item, value) for item, value in zip(outputs, values, strict=True)]
    return cleaned[0] if len(cleaned) == 1 else cleaned


def _clean(kind: str, item: AbiItem, value: Any) -> Any:
    if kind.endswith("]"):
        inner = kind[: kind.rindex("[")]
        return [_clean(inner, item, part) for part in value]
    if kind == "tuple":
        return tuple(_clean(str(part["type"]), part, v) for part, v in zip(item["components"], value, strict=True))
    return _checksum(value) if kind == "address" else value


@lru_cache(maxsize=4096)
def _checksum(address: str) -> str:
    return str(to_checksum_address(address))


@lru_cache(maxsize=4096)
def _select(signature: str) -> bytes:
    return bytes(keccak(text=signature)[:4])
