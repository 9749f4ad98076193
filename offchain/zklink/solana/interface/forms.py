"""What a call of the program is: its number, its accounts in order, and its data.

Data is one byte, the number, then the fields, then `tail` if it takes any number of bytes more.
"""

from dataclasses import dataclass
from typing import Any

from zklink.solana.interface.codec import Field, Layout


@dataclass(frozen=True, slots=True)
class Role:
    """One account of a call."""

    name: str
    is_signer: bool = False
    is_writable: bool = False


@dataclass(frozen=True, slots=True)
class Instruction:
    """A call. `more` says that any number of accounts like the last one may follow."""

    number: int
    name: str
    roles: tuple[Role, ...]
    data: Layout
    has_tail: bool = False
    has_more: bool = False

    def encode(self, tail: bytes = b"", **values: Any) -> bytes:
        """The instruction's data; ValueError for other fields, or for a tail where there is none."""
        if tail and not self.has_tail:
            raise ValueError(f"{self.name} takes no tail")
        return bytes([self.number]) + self.data.pack(**values) + tail

    def decode(self, data: bytes) -> tuple[dict[str, Any], bytes]:
        """Fields and tail; ValueError for another call or length."""
        end = 1 + self.data.size
        if data[:1] != bytes([self.number]) or len(data) < end or (len(data) > end and not self.has_tail):
            raise ValueError(f"not the data of {self.name}")
        return self.data.unpack(data[1:end]), data[end:]


def roles(*texts: str) -> tuple[Role, ...]:
    """The accounts of a call, each `name`, or `name` and marks: s signs, w is written."""
    found = []
    for text in texts:
        name, _, marks = text.partition(" ")
        found.append(Role(name, "s" in marks, "w" in marks))
    return tuple(found)


def define(number: int, name: str, accounts: tuple[Role, ...], *fields: Field, **more: bool) -> Instruction:
    """A call with these accounts, and these fields in its data."""
    return Instruction(number, name, accounts, Layout(name, *fields), **more)
