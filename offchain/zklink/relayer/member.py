"""A committee member: signs what it has itself seen accepted, and final, on a chain.

Takes a chain's acceptances that have the chain's confirmations; gives EIP-712 signatures. Never signs from
hearsay, and never two hashes for one number of one chain: that would be evidence against it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from zklink.protocol.errors import ConflictingAcceptance, NotFinal
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.messages import SyncMessage, compute_digest


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A bridge's BlockAccepted event: every block up to `number` is accepted there, their rolling hash is
    `sync_hash`.
    """

    number: BlockNumber
    sync_hash: bytes
    block_number: int


class AcceptanceSource(Protocol):
    """Port: what a member reads of one chain."""

    def confirmed_height(self) -> int:
        """The newest L1 block that counts as final for this member; -1 if there is none."""
        ...

    def acceptances(self, first_block: int, last_block: int) -> Sequence[Acceptance]:
        """BlockAccepted events in a range of L1 blocks, both ends included, in the chain's order."""
        ...


class CommitteeMember:
    """One key with its own view of every chain."""

    def __init__(
        self, account: LocalAccount, sources: Mapping[ChainId, AcceptanceSource], deployment_hash: bytes
    ) -> None:
        self._account = account
        self._sources = sources
        self._deployment_hash = deployment_hash
        self._seen: dict[ChainId, dict[BlockNumber, bytes]] = {chain: {} for chain in sources}
        self._scanned: dict[ChainId, int] = dict.fromkeys(sources, -1)

    @property
    def address(self) -> str:
        """The member's checksummed address."""
        return str(self._account.address)

    def watch(self, chain: ChainId) -> BlockNumber:
        """Read what became final on `chain`; the last block number accepted there, 0 if none.

        Raises ConflictingAcceptance when the chain now says another hash for a number: a reorganisation deeper
        than the confirmations.
        """
        source, seen = self._sources[chain], dict(self._seen[chain])
        height = source.confirmed_height()
        if height > self._scanned[chain]:
            for acceptance in source.acceptances(self._scanned[chain] + 1, height):
                if seen.setdefault(acceptance.number, acceptance.sync_hash) != acceptance.sync_hash:
                    raise ConflictingAcceptance(chain, acceptance.number)
            self._seen[chain] = seen  # replaced as a whole: signing may run on another thread
            self._scanned[chain] = height
        return max(seen, default=BlockNumber(0))

    def messages(self, chain: ChainId) -> tuple[SyncMessage, ...]:
        """Every acceptance of `chain` this member would sign for, ascending."""
        return tuple(SyncMessage(chain, number, sync_hash) for number, sync_hash in sorted(self._seen[chain].items()))

    def sign(self, message: SyncMessage) -> bytes:
        """65 bytes r || s || v. Raises NotFinal for anything but an acceptance that this member has seen itself."""
        if self._seen.get(message.source_chain, {}).get(message.number) != message.sync_hash:
            raise NotFinal(message.source_chain, message.number)
        signed = self._account.unsafe_sign_hash(Hash32(compute_digest(message, self._deployment_hash)))
        return bytes(signed.signature)
