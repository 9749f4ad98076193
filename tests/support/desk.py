"""The readers of slices alone, on one EVM: any words as the slice of any chain.

Takes words and the owners' signatures; gives what the readers make of them, and what Python says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from eth_keys.datatypes import PrivateKey

from tests.support.compile_vyper import Replacements, load
from tests.support.evm import EvmChain, EvmContract
from tests.support.groups import sign
from tests.support.lines import join
from tests.support.three_chains import START_TIME, A
from zklink.operations.change_pub_key import KeyChange
from zklink.primitives.keccak import keccak256
from zklink.protocol.bridge_blocks import pack_words
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.ids import ChainId, Kind, Lane
from zklink.protocol.messages import compute_key_change_digest
from zklink.protocol.slices import REQUEST_KINDS, evaluate, split_records

DEPLOYMENT_HASH = bytes(range(32))
TIME_MASK = 2**40 - 1
SENDER = "0x" + "11" * 20
BRIDGE = int.from_bytes(keccak256(b"bridge")[12:], "big")
"""The bridge of every chain of the desk."""
EVM_BITS, ANY_BITS = 160, 256
"""The widths of addresses of the two formats."""
Z = 0xC0FFEE << 200 | 12_345
"""Where slices are evaluated, unless a test says otherwise."""

Words = tuple[int, ...]


class Content(NamedTuple):
    """What a slice contains, as its reader gives it; `consents` is how many signatures it has used."""

    value: int
    queue_hash: bytes
    requests: int
    queued_at: int
    consents: int


@dataclass(frozen=True, slots=True)
class Desk:
    """The readers of both lanes."""

    evm: EvmChain
    contract: EvmContract

    def read(
        self,
        lane: Lane,
        words: Sequence[int],
        chain: ChainId = A,
        *,
        bits: int = EVM_BITS,
        z: int = Z,
        consents: Sequence[bytes] = (),
        may_change_keys: bool = True,
    ) -> Content:
        """The content of a slice. Raises Reverted."""
        task = (lane, chain, bits, BRIDGE, DEPLOYMENT_HASH, z, may_change_keys)
        found, used = self.contract.read(task, b"".join(consents), pack_words(words))
        value, queue_hash, requests, queued_at, _ = found
        return Content(value, bytes(queue_hash), requests, queued_at, used)

    def evaluate_data(self, words: Sequence[int], z: int = Z) -> int:
        """Slice 0 at z. Raises Reverted."""
        return int(self.contract.evaluate_data(z, pack_words(words)))

    def compute_hash(self, words: Sequence[int]) -> bytes:
        """The hash of a slice."""
        return bytes(self.contract.compute_hash(0, pack_words(words)))

    def count_key_changes(self, words: Sequence[int]) -> int:
        """How many key changes a slice has."""
        return int(self.contract.count_key_changes(0, pack_words(words)))


def open_desk(replacements: Replacements = ()) -> Desk:
    """Deploy the readers, perhaps from mutated sources."""
    evm = EvmChain(137, START_TIME, is_roomy=bool(replacements))
    evm.fund(SENDER)
    return Desk(evm, evm.deploy(SENDER, load("SliceDesk", replacements), DEPLOYMENT_HASH))


def expected_content(words: Words, z: int = Z) -> Content:
    """What a slice contains, as Python sees it. Raises ProtocolError for words that are no records."""
    records = list(split_records(words))
    requests = [record for kind, record in records if kind in REQUEST_KINDS]
    queue_hash = DEPLOYMENT_HASH
    for record in requests:
        queue_hash = next_queue_hash(queue_hash, record)
    queued_at = requests[-1][2] & TIME_MASK if requests else 0
    changes = sum(kind == Kind.CHANGE_PUB_KEY for kind, _ in records)
    return Content(evaluate(words, z), queue_hash, len(requests), queued_at, changes)


def sign_change(change: KeyChange, key: PrivateKey, deployment_hash: bytes = DEPLOYMENT_HASH) -> bytes:
    """An owner's consent to a new key."""
    digest = compute_key_change_digest(deployment_hash, change.account, change.nonce, change.public_key_hash)
    return sign(digest, key)


flat = join
