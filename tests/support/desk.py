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
"""The bridge of every chain of the desk, unless a test names another."""
EVM_BITS, ANY_BITS = 160, 256
"""The widths of addresses of the two formats."""
Z = 0xC0FFEE << 200 | 12_345
"""Where slices are evaluated, unless a test says otherwise."""

NO_PART = bytes(32)
"""No request has been served in part."""

Words = tuple[int, ...]


class Content(NamedTuple):
    """What a slice contains, as its reader gives it; `consents` is how many signatures it has used. `part` is the queue
    after a request that is served in part, empty for none.
    """

    value: int
    queue_hash: bytes
    part: bytes
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
        bridge: int = BRIDGE,
        part: bytes = NO_PART,
    ) -> Content:
        """The content of a slice. Raises Reverted."""
        task = (lane, chain, bits, bridge, DEPLOYMENT_HASH, part, z, may_change_keys)
        found, used = self.contract.read(task, b"".join(consents), pack_words(words))
        value, queue_hash, left, requests, queued_at, _ = found
        return Content(value, bytes(queue_hash), bytes(left), requests, queued_at, used)

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


def expected_content(words: Words, z: int = Z, part: bytes = NO_PART) -> Content:
    """What a slice contains, as Python sees it. Raises ProtocolError for words that are no records."""
    queue_hash, requests, queued_at, changes = DEPLOYMENT_HASH, 0, 0, 0
    for kind, record in split_records(words):
        if kind == Kind.FULL_EXIT_PART:
            whole = (record[0] - (kind - Kind.FULL_EXIT << 240), *record[1:])
            part, queued_at = next_queue_hash(queue_hash, whole), record[2] & TIME_MASK
        elif kind in REQUEST_KINDS:
            queue_hash, part, queued_at = next_queue_hash(queue_hash, record), NO_PART, record[2] & TIME_MASK
            requests += 1
        changes += kind == Kind.CHANGE_PUB_KEY
    return Content(evaluate(words, z), queue_hash, part, requests, queued_at, changes)


def sign_change(change: KeyChange, key: PrivateKey, deployment_hash: bytes = DEPLOYMENT_HASH) -> bytes:
    """An owner's consent to a new key."""
    digest = compute_key_change_digest(
        deployment_hash, change.account, change.nonce, change.public_key_hash, change.valid_until
    )
    return sign(digest, key)
