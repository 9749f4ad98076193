"""A committee member: signs acceptances and freezes that it has itself seen on a chain, with confirmations.

Takes a chain's acceptances and its freeze, once they have the chain's confirmations; gives EIP-712 signatures. Never
signs a fact that it has not read itself, and never two hashes for one number of one chain: that would be evidence
against it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from zklink.protocol.errors import ConflictingAcceptance, NotFinal
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.messages import MessageKind, SyncMessage, compute_digest


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
        """BlockAccepted and Frozen events in a range of L1 blocks, both ends included, in the chain's order."""
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
        self._frozen: dict[ChainId, SyncMessage] = {}
        self._scanned: dict[ChainId, int] = dict.fromkeys(sources, -1)

    @property
    def address(self) -> str:
        """The member's checksummed address."""
        return str(self._account.address)

    def watch(self, chain: ChainId) -> BlockNumber:
        """Read the newly final events of `chain`; the last block number accepted there, 0 if none.

        Raises ConflictingAcceptance when the chain now says another hash for a number: a reorganisation deeper
        than the confirmations.
        """
        source, seen = self._sources[chain], dict(self._seen[chain])
        frozen = self._frozen.get(chain)
        height = source.confirmed_height()
        if height > self._scanned[chain]:
            for acceptance in source.acceptances(self._scanned[chain] + 1, height):
                if acceptance.kind is MessageKind.FRZ:
                    message = SyncMessage(chain, acceptance.number, acceptance.sync_hash, MessageKind.FRZ)
                    frozen = frozen or message
                    if frozen != message or seen.get(message.number, message.sync_hash) != message.sync_hash:
                        raise ConflictingAcceptance(chain, acceptance.number)
                elif seen.setdefault(acceptance.number, acceptance.sync_hash) != acceptance.sync_hash:
                    raise ConflictingAcceptance(chain, acceptance.number)
            self._seen[chain] = seen  # replaced as a whole: signing may run on another thread
            if frozen is not None:
                self._frozen[chain] = frozen
            self._scanned[chain] = height
        return max(seen, default=BlockNumber(0))

    def messages(self, chain: ChainId) -> tuple[SyncMessage, ...]:
        """Every acceptance of `chain` this member would sign for, ascending, and its freeze at the end."""
        accepted = (SyncMessage(chain, number, sync_hash) for number, sync_hash in sorted(self._seen[chain].items()))
        frozen = self._frozen.get(chain)
        return (*accepted, *(() if frozen is None else (frozen,)))

    def sign(self, message: SyncMessage) -> bytes:
        """The member's signature, 65 bytes r || s || v. Raises NotFinal for a message that this member has not seen
        confirmed itself.
        """
        chain, number = message.source_chain, message.number
        is_accepted = message.kind is MessageKind.ACC and self._seen.get(chain, {}).get(number) == message.sync_hash
        if not is_accepted and self._frozen.get(chain) != message:
            raise NotFinal(message.source_chain, message.number)
        signed = self._account.unsafe_sign_hash(Hash32(compute_digest(message, self._deployment_hash)))
        return bytes(signed.signature)
