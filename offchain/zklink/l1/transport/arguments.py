"""Checks the arguments of a contract's function before anything is encoded.

Takes an ABI, a function's name and Python values; raises ArgumentsRefused, which names the argument, the type that the
ABI asks for and the value that was given. web3.py would say `ABIFunctionNotFound`, whatever the mistake is. Never asks
a chain.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from eth_abi.abi import is_encodable
from eth_abi.exceptions import ABITypeError, ParseError

from zklink.protocol.errors import ArgumentsRefused

AbiItem = Mapping[str, Any]
_LONGEST: Final = 60


def check_arguments(abi: Iterable[AbiItem], function: str, arguments: Sequence[object]) -> AbiItem:
    """The function of the ABI for which these values can be encoded. Raises ArgumentsRefused if it has none."""
    functions = [entry for entry in abi if entry["type"] == "function"]
    found = [entry for entry in functions if entry["name"] == function]
    if not found:
        names = ", ".join(sorted({str(entry["name"]) for entry in functions}))
        raise ArgumentsRefused(function, f"the contract has no such function, only {names}")
    refusals = [_find_refusal(entry["inputs"], arguments) for entry in found]
    if all(refusals):
        raise ArgumentsRefused(function, str(refusals[0]))
    return found[refusals.index(None)]


def check_creation(name: str, inputs: Sequence[AbiItem], arguments: Sequence[object]) -> None:
    """ArgumentsRefused unless these are a constructor's arguments."""
    if (refusal := _find_refusal(inputs, arguments)) is not None:
        raise ArgumentsRefused(f"create {name}", refusal)


def spell_type(item: AbiItem) -> str:
    """An ABI type as encoders take it: a struct as its fields' types in brackets."""
    kind = str(item["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(spell_type(part) for part in item['components'])}){kind[5:]}"


def _find_refusal(inputs: Sequence[AbiItem], arguments: Sequence[object]) -> str | None:
    if len(inputs) != len(arguments):
        asked = ", ".join(f"{item['name']}: {item['type']}" for item in inputs) or "none"
        return f"{len(arguments)} arguments where {len(inputs)} are asked for ({asked})"
    wrong = (_find_wrong(str(item["name"]), item, value) for item, value in zip(inputs, arguments, strict=True))
    return next((sentence for sentence in wrong if sentence), None)


def _find_wrong(path: str, item: AbiItem, value: object) -> str | None:
    """A sentence about the innermost value that its type does not take; None if all is well."""
    kind = str(item["type"])
    if _is_encodable(spell_type(item), value):
        return None
    if kind.endswith("]") and isinstance(value, list | tuple):
        inner = {**item, "type": kind[: kind.rindex("[")]}
        parts = (_find_wrong(f"{path}[{index}]", inner, part) for index, part in enumerate(value))
        return next((sentence for sentence in parts if sentence), f"{path}: {len(value)} values do not fit {kind}")
    if kind == "tuple" and isinstance(value, list | tuple):
        components = item["components"]
        if len(components) != len(value):
            names = ", ".join(str(part["name"]) for part in components)
            return f"{path}: {len(value)} fields where {len(components)} are asked for ({names})"
        parts = (_find_wrong(f"{path}.{part['name']}", part, v) for part, v in zip(components, value, strict=True))
        return next((sentence for sentence in parts if sentence), None)
    shown = repr(value)
    shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}.."
    return f"{path} must be {kind}, not {shown} ({type(value).__name__})"


def _is_encodable(kind: str, value: object) -> bool:
    try:
        return bool(is_encodable(kind, value))
    except (ABITypeError, ParseError, TypeError):
        return False
