"""A sync committee whose keys the tests know."""

from collections.abc import Iterable, Sequence

from eth_keys.datatypes import PrivateKey

from zklink.primitives.keccak import keccak256
from zklink.protocol.messages import SyncMessage, compute_digest


class KnownCommittee:
    """Five members, three of whom are needed."""

    THRESHOLD = 3

    def __init__(self) -> None:
        keys = [PrivateKey(keccak256(f"member {i}".encode())) for i in range(5)]
        self.keys = sort_keys(keys)
        self.stranger = PrivateKey(keccak256(b"no member"))

    @property
    def members(self) -> list[str]:
        """Their addresses, ascending."""
        return [key.public_key.to_address() for key in self.keys]

    @staticmethod
    def sign(digest: bytes, key: PrivateKey) -> bytes:
        """65 bytes r || s || v."""
        signature = key.sign_msg_hash(digest)
        return bytes(signature.r.to_bytes(32, "big") + signature.s.to_bytes(32, "big") + bytes([signature.v + 27]))

    def evidence(self, digest: bytes, keys: Sequence[PrivateKey] | None = None) -> bytes:
        """Signatures of these keys; without any, of just enough members."""
        return b"".join(self.sign(digest, key) for key in (self.keys[: self.THRESHOLD] if keys is None else keys))

    def sign_message(
        self, message: SyncMessage, deployment_hash: bytes, keys: Sequence[PrivateKey] | None = None
    ) -> bytes:
        """Evidence for a message of a deployment, with signatures in the order of `keys`."""
        return self.evidence(compute_digest(message, deployment_hash), keys)


def sort_keys(keys: Iterable[PrivateKey]) -> list[PrivateKey]:
    """Ascending by address, as evidence must be."""
    return sorted(keys, key=lambda key: int(key.public_key.to_address(), 16))
