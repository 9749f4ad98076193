"""A block as validators are asked to seal it: everything that the primary gets, so that a validator computes its hashes
itself. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zklink.operations.change_pub_key import KeyChange
from zklink.operations.full_exit import FullExitPart
from zklink.operations.requests import Request
from zklink.protocol.block_preimage import BlockPlace, compute_full_preimage
from zklink.protocol.bridge_blocks import FullBlock
from zklink.protocol.bridge_hashes import next_sync_hash
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.transition.replay.replay_records import read_records


@dataclass(frozen=True, slots=True)
class Proposal:
    """Block `number` on top of `previous` (a sync hash) and `old_root`. `served`: by chain of which it serves requests,
    the highest place of the chain's queue that it uses, one that it serves in part included.
    """

    number: BlockNumber
    previous: bytes
    old_root: int
    full: FullBlock
    served: Mapping[ChainId, int]

    def sync_hash(self, deployment_hash: bytes) -> bytes:
        """The sync hash of the history with this block. WrongWordCount if its words do not fit its counts."""
        block = self.full.block
        place = BlockPlace(compute_lane_domain(deployment_hash, block.lane), self.number, self.old_root)
        return next_sync_hash(self.previous, compute_full_preimage(self.full, place).block_commitment())

    def requests(self) -> Iterator[tuple[ChainId, tuple[Request, ...]]]:
        """The requests that it serves, by chain, in the order of their slice, each once. Raises ReplayRefused for words
        that are no records.
        """
        records = read_records(self.number, self.full.block.lane, self.full.slices)
        for chain, found in sorted(records.chain_records.items()):
            served: list[Request] = []
            for record in found:
                request = record.request if isinstance(record, FullExitPart) else record
                if not isinstance(request, KeyChange) and served[-1:] != [request]:
                    served.append(request)
            if served:
                yield chain, tuple(served)
