"""The program's own accounts as a node shows them: the bridge, and both queues' rings.

Takes a node; gives what stood there in one slot of a level. Nothing is read from logs, which a caller can fill.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge_structs import ComingGroup, GroupMembers
from zklink.primitives.base58 import encode_base58
from zklink.protocol.bridge_hashes import ZERO_HASH, Tip
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.facts import Group
from zklink.protocol.ids import BlockNumber, Lane
from zklink.solana.client.node import FINALIZED, AccountData, Level, SolanaNode
from zklink.solana.interface import accounts
from zklink.solana.interface.codec import Layout

RINGS: Final[Mapping[Lane, tuple[Layout, int]]] = {
    Lane.SWAP: (accounts.SWAP_ENTRY, accounts.SWAP_ENTRIES),
    Lane.ACCOUNT: (accounts.ACCOUNT_ENTRY, accounts.ACCOUNT_ENTRIES),
}
"""A place of each lane's ring, and how many there are."""


@dataclass(frozen=True, slots=True)
class BridgeReading:
    """The bridge in one slot. `fields` are those of `accounts.BRIDGE`, `rings` the queues if they were asked for."""

    slot: int
    fields: Mapping[str, Any]
    rings: Mapping[Lane, bytes]

    @property
    def deployment_hash(self) -> bytes:
        """The deployment that the bridge is of."""
        return bytes(self.fields["deployment_hash"])

    @property
    def tip(self) -> Tip:
        """The last block that it has imported; `unpaid` counts those that are not executed."""
        known = self.fields
        has_end = bool(known["has_end"])
        number = BlockNumber(known["number"])
        return Tip(number, known["timestamp"], known["unpaid"], has_end, known["root"], known["sync_hash"])

    @property
    def is_frozen(self) -> bool:
        """Whether it takes no requests any more."""
        return bool(self.fields["frozen_at"])

    def members(self, group: Group) -> GroupMembers:
        """The signers of a group, and how many of them it takes."""
        known = self.fields
        listed = known["validators"] if group is Group.VALIDATORS else known["watchers"]
        return _read_list(listed, known["group_counts"][group - 1], known["group_thresholds"][group - 1])

    @property
    def coming(self) -> ComingGroup | None:
        """What the governor has announced; None for nothing. `announced_in` is a slot."""
        known = self.fields
        if not known["coming_group"]:
            return None
        signers = _read_list(known["coming_members"], known["coming_count"], known["coming_threshold"])
        return ComingGroup(Group(known["coming_group"]), signers, known["announced_at"], known["announced_in"])

    def block_place(self, number: int) -> bytes | None:
        """The account from which a block was imported; None if it is not, or not one of the newest."""
        tip = self.tip.number
        if not max(0, tip - accounts.BLOCK_PLACES) < number <= tip:
            return None
        return bytes(self.fields["imported_from"][number % accounts.BLOCK_PLACES])

    def total(self, lane: Lane) -> int:
        """How many requests a queue has had."""
        return int(self.fields["totals"][lane - 1])

    def queue_hash(self, lane: Lane, count: int) -> bytes:
        """The rolling hash of a queue's first `count` requests; zero if it has not so many, or has forgotten it."""
        total = self.total(lane)
        if count == total:
            return bytes(self.fields["queue_hashes"][lane - 1])
        if count == 0:
            return self.deployment_hash
        if not total - RINGS[lane][1] < count < total:
            return ZERO_HASH
        return bytes(self.entry(lane, count)["hash"])

    def entry(self, lane: Lane, request_id: int) -> dict[str, Any]:
        """The place of a request in its ring: `hash` and `words`."""
        layout, places = RINGS[lane]
        at = accounts.QUEUE_HEAD.size + request_id % places * layout.size
        return layout.unpack(self.rings[lane][at : at + layout.size])


class SolanaBridge:
    """One program's bridge at a node. `program` and `address` are 32 bytes; the chain table has the address."""

    def __init__(self, node: SolanaNode, program: bytes, address: bytes) -> None:
        self.node = node
        self._program, self._address = encode_base58(program), encode_base58(address)
        self._queues: tuple[str, str] | None = None

    def read(self, level: Level = FINALIZED) -> BridgeReading:
        """The bridge alone. Raises RpcUnavailable, also where there is none yet at that level."""
        slot, [found] = self.node.accounts([self._address], level)
        return BridgeReading(slot, self._fields(found), {})

    @property
    def address(self) -> str:
        """Its address, in base58."""
        return self._address

    def queue(self, lane: Lane) -> str:
        """Where a lane's ring is, in base58. Raises RpcUnavailable."""
        if self._queues is None:
            fields = self.read().fields
            self._queues = encode_base58(fields["swap_queue"]), encode_base58(fields["account_queue"])
        return self._queues[lane - 1]

    def read_queues(self, level: Level = FINALIZED) -> BridgeReading:
        """The bridge and both rings, in one slot. Raises RpcUnavailable."""
        return self.read_beside((), level)[1]

    def read_beside(
        self, others: Sequence[str], level: Level = FINALIZED
    ) -> tuple[int, BridgeReading, list[AccountData | None]]:
        """The same with other accounts, and the slot. Raises RpcUnavailable."""
        asked = [self._address, *map(self.queue, Lane), *others]
        slot, [bridge, *found] = self.node.accounts(asked, level)
        fields, queues = self._fields(bridge), found[: len(Lane)]
        sizes = accounts.SWAP_QUEUE_SIZE, accounts.ACCOUNT_QUEUE_SIZE
        rings = {lane: self._data(each, size) for lane, each, size in zip(Lane, queues, sizes, strict=True)}
        return slot, BridgeReading(slot, fields, rings), found[len(Lane) :]

    def _fields(self, found: AccountData | None) -> dict[str, Any]:
        fields = accounts.BRIDGE.unpack(self._data(found, accounts.BRIDGE.size))
        if fields["tag"] != accounts.BRIDGE_TAG:
            raise self._unusable("the account is no bridge")
        return fields

    def _data(self, found: AccountData | None, size: int) -> bytes:
        if found is None or found.owner != self._program or len(found.data) != size:
            raise self._unusable("an account of the bridge is not there, or is another program's")
        return found.data

    def _unusable(self, detail: str) -> RpcUnavailable:
        return RpcUnavailable(self.node.name, "getMultipleAccounts", 1, detail)


def _read_list(places: Sequence[bytes], count: int, threshold: int) -> GroupMembers:
    return GroupMembers(tuple(map(to_checksum_address, places[:count])), threshold)
