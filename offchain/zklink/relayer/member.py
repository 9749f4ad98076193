"""A committee member: signs acceptances and freezes that it has itself seen on a chain, with confirmations.

Takes a chain's acceptances and its freeze, once they have the chain's confirmations; gives EIP-712 signatures. Never
signs a fact that it has not read itself, in the chain's logs and in the bridge's own views, and never two hashes for
one number of one chain: that would be evidence against it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, Self

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from zklink.l1.log_cursor import LogCursor
from zklink.protocol.errors import ConflictingAcceptance, LogsIncomplete, NotFinal
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.messages import MessageKind, SyncMessage, compute_digest

NONE: Final = BlockNumber(0)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A bridge's BlockAccepted event: every block up to `number` is accepted there, and their rolling hash is
    `sync_hash`. If its kind is FRZ, it is the bridge's Frozen event: no later block will be accepted there.
    """

    number: BlockNumber
    sync_hash: bytes
    block_number: int
    kind: MessageKind = MessageKind.ACC


class AcceptanceSource(Protocol):
    """Port: one chain as a member reads it."""

    def confirmed_height(self) -> int:
        """The newest L1 block that counts as final for this member; -1 if there is none."""
        ...

    def acceptances(self, first_block: int, last_block: int) -> Sequence[Acceptance]:
        """BlockAccepted and Frozen events in a range of L1 blocks, both ends included, in the chain's order, as a node
        shows them.
        """
        ...

    def forget(self) -> None:
        """Ask the node again for what was asked before: an answer was wrong."""
        ...

    def standing(self, height: int) -> "Standing":
        """What the bridge's views said at L1 block `height`. Raises RpcUnavailable."""
        ...

    def sync_hash(self, number: BlockNumber, height: int) -> bytes:
        """The bridge's rolling hash up to a block, at L1 block `height`; zero if it has no such block. Raises
        RpcUnavailable.
        """
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a bridge had accepted at one L1 block: the last block, the hash up to it, and whether it was frozen."""

    accepted: BlockNumber
    sync_hash: bytes
    is_frozen: bool


@dataclass(frozen=True, slots=True)
class AcceptanceTally:
    """The last acceptance that a chain's logs show, and whether they show a freeze. A later acceptance covers one that
    the logs leave out.
    """

    chain: ChainId
    source: AcceptanceSource
    accepted: BlockNumber = NONE
    sync_hash: bytes = b""
    is_frozen: bool = False

    def after(self, events: Sequence[Acceptance]) -> Self:
        tally = self
        for event in events:
            tally = replace(tally, is_frozen=tally.is_frozen or event.kind is MessageKind.FRZ)
            if event.number >= max(tally.accepted, 1):
                tally = replace(tally, accepted=event.number, sync_hash=event.sync_hash)
        return tally

    def check(self, height: int) -> None:
        """Raise LogsIncomplete unless the bridge's views say the same."""
        at = self.source.standing(height)
        found = Standing(self.accepted, self.sync_hash or at.sync_hash, self.is_frozen)
        if found != at:
            self.source.forget()
            raise LogsIncomplete(f"chain {self.chain}", f"they give {_spell(found)}, and the bridge has {_spell(at)}")


class CommitteeMember:
    """One key with its own view of every chain."""

    def __init__(
        self, account: LocalAccount, sources: Mapping[ChainId, AcceptanceSource], deployment_hash: bytes
    ) -> None:
        self._account = account
        self._sources = sources
        self._deployment_hash = deployment_hash
        self._seen: dict[ChainId, dict[BlockNumber, bytes]] = {chain: {} for chain in sources}
        self._frozen: dict[ChainId, SyncMessage] = {}
        self._cursors = {
            chain: LogCursor(f"chain {chain}", source.acceptances, 0, AcceptanceTally(chain, source))
            for chain, source in sources.items()
        }

    @property
    def address(self) -> str:
        """The member's checksummed address."""
        return str(self._account.address)

    def watch(self, chain: ChainId) -> BlockNumber:
        """Read the newly final events of `chain`; the last block number accepted there, 0 if none.

        Raises ConflictingAcceptance when logs and views of the chain now say another hash for a number: a
        reorganisation deeper than the confirmations. Raises LogsIncomplete while logs and views contradict each other.
        """
        source, cursor, seen = self._sources[chain], self._cursors[chain], dict(self._seen[chain])
        frozen = self._frozen.get(chain)
        height = source.confirmed_height()
        for event in cursor.advance(height):
            message = SyncMessage(chain, event.number, event.sync_hash, event.kind)
            is_other_freeze = event.kind is MessageKind.FRZ and frozen not in (None, message)
            if is_other_freeze or seen.get(event.number, event.sync_hash) != event.sync_hash:
                cursor.restart()
                self._check_conflict(message, height)
            if event.kind is MessageKind.FRZ:
                frozen = message
            else:
                seen[event.number] = event.sync_hash
        self._seen[chain] = seen  # replaced as a whole: signing may run on another thread
        if frozen is not None:
            self._frozen[chain] = frozen
        return max(seen, default=BlockNumber(0))

    def messages(self, chain: ChainId) -> tuple[SyncMessage, ...]:
        """Every acceptance of `chain` this member would sign for, ascending, and its freeze at the end."""
        accepted = (SyncMessage(chain, number, sync_hash) for number, sync_hash in sorted(self._seen[chain].items()))
        frozen = self._frozen.get(chain)
        return (*accepted, *(() if frozen is None else (frozen,)))

    def sign(self, message: SyncMessage) -> bytes:
        """The member's signature, 65 bytes r || s || v. Raises NotFinal for a message that this member has not seen
        confirmed itself, in logs and in the bridge's own hash; RpcUnavailable.
        """
        chain, number = message.source_chain, message.number
        is_accepted = message.kind is MessageKind.ACC and self._seen.get(chain, {}).get(number) == message.sync_hash
        if not is_accepted and self._frozen.get(chain) != message:
            raise NotFinal(message.source_chain, message.number)
        source = self._sources[chain]
        if source.sync_hash(number, source.confirmed_height()) != message.sync_hash:
            raise NotFinal(message.source_chain, message.number)
        signed = self._account.unsafe_sign_hash(Hash32(compute_digest(message, self._deployment_hash)))
        return bytes(signed.signature)

    def _check_conflict(self, message: SyncMessage, height: int) -> None:
        """An event contradicts what this member has seen: raise ConflictingAcceptance if the bridge agrees with the
        event, else LogsIncomplete.
        """
        chain, number = message.source_chain, message.number
        if self._sources[chain].sync_hash(number, height) == message.sync_hash:
            raise ConflictingAcceptance(chain, number)
        raise LogsIncomplete(f"chain {chain}", f"they give another block {number} than the bridge")


def _spell(at: Standing) -> str:
    return f"block {at.accepted} with hash 0x{at.sync_hash.hex()}{', frozen' if at.is_frozen else ''}"
