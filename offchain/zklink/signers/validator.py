"""A validator: seals blocks.

A block is sealed when its requests are final on their chains, the primary's own too. A second block at one number only
when a final block of the primary shows that the first one, or one below it, is too old. None at a number for which this
validator has signed ACC, none far above that, and none once a member is frozen. Whether the block is right in every
other respect is the primary's to find out: it has the proof.
"""

from dataclasses import replace
from typing import Final

from zklink.operations.requests import Request
from zklink.protocol.bridge_hashes import ZERO_HASH, next_queue_hash
from zklink.protocol.errors import (
    AgainstOwnWord,
    AlreadySealed,
    MemberIsFrozen,
    NotFinal,
    ParentUnknown,
    RpcUnavailable,
    SealsTooFarAhead,
    TimeImpossible,
)
from zklink.protocol.facts import Accepted, Seal
from zklink.protocol.ids import DRIFT_SECONDS, MAX_AGE_SECONDS, ChainId
from zklink.signers.journal import Sealed
from zklink.signers.proposal import Proposal
from zklink.signers.signer import Signer

SEALS_AHEAD: Final = 8
"""Blocks above the last ACC that are sealed: what watchers that lie could name in END (ADR 0019)."""


class Validator(Signer):
    """One validator's key."""

    _frozen: frozenset[ChainId] = frozenset()

    def seal(self, proposal: Proposal) -> bytes:
        """The seal of a block. Raises MemberIsFrozen, TimeImpossible, AgainstOwnWord, AlreadySealed, SealsTooFarAhead,
        ParentUnknown, NotFinal, and the errors of words that are no block.
        """
        with self._lock:
            sealed = self._describe(proposal)
            self._check_members()
            if sealed not in self._given.seals:
                self._check_time(sealed)
                self._check_place(sealed)
                self._check_requests(proposal)
                self._save(replace(self._given, seals=(*self._given.seals, sealed)))
            return self._sign(Seal(sealed.number, sealed.sync_hash))

    def _describe(self, proposal: Proposal) -> Sealed:
        block, sync_hash = proposal.full.block, proposal.sync_hash(self._deployment.deployment_hash)
        return Sealed(proposal.number, block.timestamp, proposal.previous, sync_hash)

    def _check_members(self) -> None:
        """No member is frozen, as far as its node answers: a member that is away must not stop the others."""
        for chain, reader in self._chains.items():
            if chain == self._deployment.primary or chain in self._frozen:
                continue
            try:
                is_frozen = reader.is_frozen(reader.newest().number)
            except RpcUnavailable:
                continue
            self._frozen |= {chain} if is_frozen else set()
        if self._frozen:
            raise MemberIsFrozen(min(self._frozen))

    def _check_time(self, sealed: Sealed) -> None:
        """The primary could accept the block now. One far ahead of its clock would never grow too old, and no other one
        could ever take its place.
        """
        now = self._primary.newest().timestamp
        if not sealed.timestamp - DRIFT_SECONDS <= now <= sealed.timestamp + MAX_AGE_SECONDS:
            raise TimeImpossible(sealed.number, sealed.timestamp, now)

    def _check_place(self, sealed: Sealed) -> None:
        """The block comes next on what is sealed or accepted, not too far ahead, and no other one there can still be
        accepted.
        """
        final = self._primary.final()
        if final is None:
            raise NotFinal(self._deployment.primary, "its first block")
        tip = self._primary.tip(final.number)
        base = max(self.covered, Accepted(tip.number, tip.sync_hash), key=lambda place: place.number)
        if sealed.number <= base.number:
            raise AgainstOwnWord(sealed.number, base.number)
        if sealed.number > self.covered.number + SEALS_AHEAD:
            raise SealsTooFarAhead(sealed.number, self.covered.number)
        if sealed.parent != base and all(sealed.parent != seal.place for seal in self._given.seals):
            raise ParentUnknown(sealed.number)
        for rival in self._given.seals:
            if rival.number == sealed.number and not self._is_dead(rival, base, final.timestamp):
                raise AlreadySealed(sealed.number)

    def _is_dead(self, rival: Sealed, base: Accepted, final_time: int) -> bool:
        """Whether the primary can never accept a sealed block: it or one below it is too old at a final time of the
        primary, or it does not build on `base`, the last block with ACC or finally accepted.
        """
        below: Sealed | None = rival
        while below is not None and below.number > base.number:
            if below.timestamp + MAX_AGE_SECONDS < final_time:
                return True
            rival, below = below, next((s for s in self._given.seals if s.place == below.parent), None)
        return rival.parent.number == base.number and rival.parent != base

    def _check_requests(self, proposal: Proposal) -> None:
        """Each chain's queue has these requests, in this order and finally, where the block says that they stand."""
        for chain, requests in proposal.requests():
            reader, lane = self._chains[chain], proposal.full.block.lane
            final, last = reader.final(), proposal.served.get(chain, 0)
            first = last - len(requests)
            if final is None or first < 0:
                raise NotFinal(chain, f"request {last}")
            before = reader.queue_hash(lane, first, final.number) if first else self._deployment.deployment_hash
            found = reader.queue_hash(lane, last, final.number)
            if ZERO_HASH in (before, found) or _roll(before, requests) != found:
                raise NotFinal(chain, f"request {last}, as the block has it")


def _roll(queue_hash: bytes, requests: tuple[Request, ...]) -> bytes:
    for request in requests:
        queue_hash = next_queue_hash(queue_hash, request.words())
    return queue_hash
