"""One question about a deployment and its answer, as verification gives them. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """`detail` says what was found where it is not what it should be."""

    chain: str
    what: str
    is_right: bool
    detail: str = ""


def check(chain: str, what: str, found: object, expected: object) -> Check:
    """The outcome of a comparison."""
    is_right = found == expected
    return Check(chain, what, is_right, "" if is_right else f"found {_show(found)}, expected {_show(expected)}")


def _show(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
