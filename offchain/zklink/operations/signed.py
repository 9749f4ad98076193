"""A signed operation: the operation, the key and the signature (docs/protocol.md, section 4)."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from zklink.primitives.babyjubjub import Point
from zklink.primitives.eddsa import PrivateKey, Signature, verify
from zklink.protocol.ids import AccountId, Kind
from zklink.protocol.signing import compute_public_key_hash


class Signable(Protocol):
    """An operation that an account's key can sign."""

    @property
    def kind(self) -> Kind:
        """The first byte of its message."""

    @property
    def account(self) -> AccountId:
        """The account whose key signs."""

    def message(self, domain: int) -> int:
        """M, a field element that binds every field of the operation."""


T = TypeVar("T", bound=Signable)
T_co = TypeVar("T_co", bound=Signable, covariant=True)


@dataclass(frozen=True, slots=True)
class Signed(Generic[T_co]):
    """An operation as it comes from its signer; nothing is checked yet."""

    operation: T_co
    public_key: Point
    signature: Signature

    @property
    def public_key_hash(self) -> int:
        """The hash that the account must hold; ValueError unless both coordinates are canonical."""
        return compute_public_key_hash(self.public_key)

    def is_valid(self, domain: int) -> bool:
        """Whether the signature holds for this operation under this key in the account lane's `domain`."""
        return verify(self.public_key, self.operation.message(domain), self.signature)


def sign(operation: T, domain: int, private_key: PrivateKey) -> Signed[T]:
    """Sign an operation for the deployment whose account lane has this domain."""
    return Signed(operation, private_key.public_key, private_key.sign(operation.message(domain)))
