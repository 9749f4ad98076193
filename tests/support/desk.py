"""The reader of blocks and the registry of keys alone, on one EVM: no state, and of a bridge only whom it knows.

Takes drafts (tests/support/drafts/draft.py), honest or bent; gives what the reader makes of them, and what Python says.
"""

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from eth_abi import decode

from tests.support.compile_vyper import Replacements, load
from tests.support.drafts.draft import REQUEST_KINDS, Draft
from tests.support.evm import EvmChain, EvmContract
from tests.support.three_chains import CHAIN_MASK, PRIMARY, START_TIME
from zklink.operations.change_pub_key import KeyChange
from zklink.protocol.bridge_hashes import compute_inputs_hash, compute_payouts_hash, next_queue_hash
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import ChainId, Kind, Lane

DEPLOYMENT_HASH = bytes(range(32))
TIME_MASK = 2**40 - 1
SENDER = "0x" + "11" * 20

READING = ("uint256", "bytes32", "uint256", "bytes32", "bytes32", "bytes32")
"""A Reading, as the ABI gives it."""

Words = tuple[int, ...]


@dataclass
class Desk:
    """A reader with its registry, and what stands for the bridge that calls it."""

    evm: EvmChain
    keys: EvmContract
    bridge: EvmContract
    reader: EvmContract

    @contextmanager
    def rollback(self) -> Any:
        """Undo the consents that are recorded, and forget who gets known, inside."""
        with self.evm.rollback():
            yield

    def consent(self, change: KeyChange) -> None:
        """The owner's own transaction. Raises Reverted."""
        owner = "0x" + change.owner[12:].hex()
        self.keys.authorise(DEPLOYMENT_HASH, change.account, change.nonce, change.public_key_hash, sender=owner)

    def know(self, owner: bytes) -> None:
        """The owner acts here: from now on the bridge knows it."""
        self.bridge.remember("0x" + owner[12:].hex())

    def read(self, draft: Draft, chain: ChainId) -> tuple[Any, ...]:
        """The reading of an honest CommitBlock. Raises Reverted."""
        return self.read_raw(draft, chain, draft.commit_args(chain))

    def read_raw(self, draft: Draft, chain: ChainId, arguments: Sequence[object]) -> tuple[Any, ...]:
        """The reading of any CommitBlock in the place of this draft. Raises Reverted."""
        position = (
            chain,
            chain == draft.primary,
            CHAIN_MASK,
            draft.domain,
            DEPLOYMENT_HASH,
            draft.number,
            draft.old_root,
            DEPLOYMENT_HASH,
        )
        call = self.reader.encode("read_block", position, tuple(arguments))
        return decode(READING, self.bridge.read(self.reader.address, call))


def open_desk(replacements: Replacements = ()) -> Desk:
    """Deploy both, perhaps from mutated sources."""
    evm = EvmChain(137, START_TIME)
    evm.fund(SENDER)
    keys = evm.deploy(SENDER, load("KeyRegistry", replacements))
    return Desk(
        evm,
        keys,
        evm.deploy(SENDER, load("KnownOwners")),
        evm.deploy(SENDER, load("BlockReader", replacements), keys.address),
    )


def make_draft(lane: Lane, slices: dict[ChainId, Words], **changes: Any) -> Draft:
    """A block of the desk's deployment."""
    draft = Draft(
        domain=compute_lane_domain(DEPLOYMENT_HASH, lane),
        number=7,
        timestamp=START_TIME,
        old_root=4_711,
        new_root=4_712,
        commitment=815,
        slices=slices,
        primary=PRIMARY,
        lane=lane,
    )
    return replace(draft, **changes)


def expected_reading(draft: Draft, chain: ChainId) -> tuple[Any, ...]:
    """What the block says to the chain, as Python sees it."""
    requests = [record for record in draft.records(chain) if Kind(record[0] >> 240) in REQUEST_KINDS]
    queue_hash = DEPLOYMENT_HASH
    for record in requests:
        queue_hash = next_queue_hash(queue_hash, record)
    return (
        len(requests),
        queue_hash,
        requests[-1][2] & TIME_MASK if requests else 0,
        compute_payouts_hash(draft.payouts(chain)),
        draft.block_commitment,
        compute_inputs_hash(draft.inputs),
    )


def flat(*records: Sequence[int]) -> Words:
    """One slice."""
    return tuple(word for record in records for word in record)
