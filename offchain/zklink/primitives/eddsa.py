"""EdDSA over BabyJubjub with Poseidon, as circomlib's `EdDSAPoseidonVerifier` checks it in a circuit.

A signature (R8, S) of a field element M under the key A holds iff S * BASE8 = R8 + 8 h A with
h = Poseidon(R8.x, R8.y, A.x, A.y, M). Keys and nonces come from a 32-byte seed with BLAKE-512 as in circomlibjs
(`prv2pub`, `signPoseidon`), so that both libraries give the same keys and the same signatures.

Not in constant time: sign where nobody measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, NamedTuple

from zklink.primitives import babyjubjub, machine_lanes
from zklink.primitives.babyjubjub import BASE8, COFACTOR, POINT_BYTES, SUBORDER, Point, is_on_curve, is_small_order
from zklink.primitives.blake512 import blake512
from zklink.primitives.field import is_scalar
from zklink.primitives.poseidon import poseidon, poseidon_many
from zklink.primitives.signature_program import SignatureProgram

SEED_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

LANES_FROM: Final = 2
"""So many signatures take eight lanes less time than one at a time."""
LANES_AFTER: Final = 4_096
"""So many have taken about as long as it takes to compile the lanes, if nothing else has."""

PublicKey = Point


class Signature(NamedTuple):
    """A signature in the circuit's form, unchecked."""

    r8: Point
    s: int


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A signing key; `from_seed` makes one. Its secrets do not appear in its `repr`."""

    public_key: PublicKey
    _scalar: int = field(repr=False)
    _nonce_key: bytes = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> "PrivateKey":
        """Derive the key from 32 secret bytes; ValueError for another length."""
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a seed has {SEED_BYTES} bytes, not {len(seed)}")
        digest = blake512(seed)
        pruned = bytearray(digest[:32])
        pruned[0] &= 0xF8  # a multiple of the cofactor
        pruned[31] = pruned[31] & 0x7F | 0x40
        scalar = int.from_bytes(pruned, "little")
        return cls(babyjubjub.multiply(BASE8, scalar // COFACTOR), scalar, digest[32:])

    def sign(self, message: int) -> Signature:
        """Sign a canonical field element, always with the same signature; ValueError for any other number."""
        if not is_scalar(message):
            raise ValueError("EdDSA signs canonical field elements")
        nonce_bytes = blake512(self._nonce_key + message.to_bytes(32, "little"))
        nonce = int.from_bytes(nonce_bytes, "little") % SUBORDER
        r8 = babyjubjub.multiply(BASE8, nonce)
        challenge = poseidon([*r8, *self.public_key, message])
        return Signature(r8, (nonce + challenge * self._scalar) % SUBORDER)


def is_public_key(point: Point) -> bool:
    """Tell whether signatures under this key can hold: a point on the curve that is not of small order."""
    return is_on_curve(point) and not is_small_order(point)


def verify(public_key: PublicKey, message: int, signature: Signature) -> bool:
    """Tell whether a signature holds; never raises for integers.

    False as well for S outside [0, SUBORDER), a message or coordinate outside [0, R), a key or R8 off the curve or of
    order 1, 2, 4 or 8. A key with a component of small order is as good as without it, as in the circuit (8 A).
    """
    r8, s = signature
    if not (0 <= s < SUBORDER and is_scalar(message)):
        return False
    if not all(is_on_curve(point) and not is_small_order(point) for point in (public_key, r8)):
        return False
    challenge = poseidon([*r8, *public_key, message])
    return babyjubjub.is_balanced(s, r8, public_key, challenge)


def verify_many(signed: Sequence[tuple[PublicKey, int, Signature]]) -> list[bool]:
    """What `verify` says of each key, message and signature; in lanes of the processor, if it has them and there is
    much to do.
    """
    program = _choose(len(signed))
    if program is None:
        return [verify(*item) for item in signed]
    verdicts = [False] * len(signed)
    places = [place for place, item in enumerate(signed) if _is_canonical(*item)]
    hashed = poseidon_many([(*signed[place][2].r8, *signed[place][0], signed[place][1]) for place in places])
    rows = [
        (signed[place][0], signed[place][2].r8, challenge, signed[place][2].s)
        for place, challenge in zip(places, hashed, strict=True)
    ]
    for place, verdict in zip(places, program.check(rows), strict=True):
        verdicts[place] = verdict
    return verdicts


def _is_canonical(public_key: PublicKey, message: int, signature: Signature) -> bool:
    """Whether all numbers are in their ranges."""
    r8, s = signature
    return 0 <= s < SUBORDER and all(map(is_scalar, (message, *public_key, *r8)))


@dataclass(slots=True)
class _Tally:
    """Signatures that came in batches so far, in this process."""

    signatures: int = 0


_tally: Final = _Tally()


def _choose(count: int) -> SignatureProgram | None:
    """What checks so many signatures fastest; None for one at a time."""
    if count < LANES_FROM:
        return None
    _tally.signatures += count
    return _in_lanes() if _tally.signatures >= LANES_AFTER or machine_lanes.is_loaded() else None


@cache
def _in_lanes() -> SignatureProgram | None:
    runs = machine_lanes.load()
    return None if runs is None else SignatureProgram(runs)


def pack_signature(signature: Signature) -> bytes:
    """Encode a signature in 64 bytes: R8 packed, then S in little-endian order."""
    return babyjubjub.pack_point(signature.r8) + signature.s.to_bytes(SIGNATURE_BYTES - POINT_BYTES, "little")


def unpack_signature(packed: bytes) -> Signature | None:
    """The signature with this packing, or None if its length is wrong or R8 is no point; the rest is for `verify`."""
    if len(packed) != SIGNATURE_BYTES:
        return None
    r8 = babyjubjub.unpack_point(packed[:POINT_BYTES])
    return None if r8 is None else Signature(r8, int.from_bytes(packed[POINT_BYTES:], "little"))
