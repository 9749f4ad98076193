"""Data that does not follow docs/protocol.md."""

from dataclasses import dataclass

from zklink.protocol.errors.base import ProtocolError


@dataclass(eq=False)
class FieldOutOfRange(ProtocolError):
    """A value does not fit into its field."""

    layout: str
    field: str
    value: int
    bits: int

    def __str__(self) -> str:
        return f"{self.layout}.{self.field} = {self.value} does not fit into {self.bits} bits"


@dataclass(eq=False)
class FieldMismatch(ProtocolError):
    """A word was packed with missing or unknown fields."""

    layout: str
    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.layout}: missing {list(self.missing)}, unknown {list(self.unknown)}"


@dataclass(eq=False)
class CallRefused(ProtocolError):
    """Calldata with a number or a length that a contract's types do not take."""

    what: str
    value: int
    limit: int

    def __str__(self) -> str:
        return f"{self.what} is {self.value:#x}, above {self.limit:#x}"


@dataclass(eq=False)
class UnusedBitsSet(ProtocolError):
    """A word has bits set that its layout keeps zero, or is longer than 248 bits."""

    layout: str
    word: int

    def __str__(self) -> str:
        return f"{self.layout}: unused bits are set in {self.word:#x}"


@dataclass(eq=False)
class WrongRecordKind(ProtocolError):
    """A record starts with a kind that is not expected there."""

    expected: tuple[int, ...]
    kind: int

    def __str__(self) -> str:
        return f"record of kind {self.kind} where {list(self.expected)} is expected"


@dataclass(eq=False)
class WrongRecordField(ProtocolError):
    """A record of this kind has another value in a field that its kind fixes."""

    what: str
    field: str
    expected: int
    value: int

    def __str__(self) -> str:
        return f"{self.what}: {self.field} is {self.value}, not {self.expected}"


@dataclass(eq=False)
class WrongWordCount(ProtocolError):
    """A record or a list of words has the wrong length."""

    what: str
    expected: int
    count: int

    def __str__(self) -> str:
        return f"{self.what} has {self.count} words, not {self.expected}"


@dataclass(eq=False)
class WrongAddressLength(ProtocolError):
    """A universal address is exactly 32 bytes."""

    what: str
    length: int

    def __str__(self) -> str:
        return f"{self.what} has {self.length} bytes, not 32"


@dataclass(eq=False)
class WrongSignature(ProtocolError):
    """A signature that makes a layer-2 key must be the 65 bytes of a plain account's ECDSA signature."""

    reason: str

    def __str__(self) -> str:
        return f"this signature makes no layer-2 key: {self.reason}"


@dataclass(eq=False)
class NotAScalar(ProtocolError):
    """A number that must be a canonical field element is not below the modulus."""

    what: str
    value: int

    def __str__(self) -> str:
        return f"{self.what} = {self.value} is not below the scalar field's modulus"


@dataclass(eq=False)
class UnknownPreset(ProtocolError):
    """No preset has this name."""

    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"no preset is called {self.name!r}; there are {', '.join(self.known)}"


@dataclass(eq=False)
class BadChainTable(ProtocolError):
    """The deployment's chain table is not ascending, not unique or out of range, a bridge in it is no address of its
    chain's format, or the primary is no EVM chain.
    """

    reason: str

    def __str__(self) -> str:
        return f"chain table: {self.reason}"
