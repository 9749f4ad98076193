"""What both groups sign: ACC, END and its denial.

Takes facts that somebody asks for, and what the chains say to this signer itself; gives signatures. Contracts cannot
check any of these rules (docs/star-model.md, "What honest groups sign"). Never signs two histories for one number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import RLock
from typing import Final

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.errors import AgainstOwnWord, EndIsTrue, EndNotTrue, NotFinal, PathTooShort
from zklink.protocol.facts import Accepted, End, EndDenial, Fact
from zklink.protocol.ids import MAX_AGE_SECONDS, SILENCE_SECONDS, BlockNumber, ChainId
from zklink.signers.history import Path
from zklink.signers.journal import Given, SignerJournal
from zklink.signers.ports import ChainReader, EndWord

HALT_SECONDS: Final = MAX_AGE_SECONDS
"""A primary whose newest block is older, by the world's clock, is halted: only then does that clock count."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment as signers need it; `started_at` is when its primary began (UNIX seconds)."""

    deployment_hash: bytes
    primary: ChainId
    started_at: int

    @property
    def genesis(self) -> Accepted:
        """Block 0."""
        return Accepted(BlockNumber(0), self.deployment_hash)


class Signer:
    """One key with its own view of every chain. `clock` is the world's time in UNIX seconds."""

    def __init__(
        self,
        account: LocalAccount,
        deployment: Deployment,
        chains: Mapping[ChainId, ChainReader],
        journal: SignerJournal,
        clock: Callable[[], float],
    ) -> None:
        self._account, self._deployment, self._chains = account, deployment, chains
        self._primary = chains[deployment.primary]
        self._journal, self._clock = journal, clock
        self._lock = RLock()  # two jobs may ask at a time; its word changes in one step
        self._given = journal.load() or Given(deployment.genesis)

    @property
    def address(self) -> str:
        """The signer's checksummed address."""
        return str(self._account.address)

    @property
    def covered(self) -> Accepted:
        """The last ACC that this signer has signed; at first the genesis."""
        return self._given.accepted

    def accepted(self, fact: Accepted, path: Path) -> bytes:
        """ACC. `path` leads from `covered` over this block to the last one that is final on the primary.

        A block below `covered` needs a path from it to `covered`. Raises NotFinal, and AgainstOwnWord for any other
        history than that of `covered`.
        """
        with self._lock:
            if fact.number <= self.covered.number:
                if not path.leads(fact, self.covered):
                    raise AgainstOwnWord(fact.number, self.covered.number)
            else:
                self._check_accepted(fact, path)
                self._save(self._cover_by(fact))
            return self._sign(fact)

    def end(self, fact: End, path: Path) -> EndWord:
        """END of a member, in its present round; with it ACC for the same block.

        `path` leads from `covered`, or from the primary's last block if that is below, to the end. Raises EndNotTrue,
        PathTooShort.
        """
        with self._lock:
            place = Accepted(fact.number, fact.sync_hash)
            self._check_end(place, path)
            if self._read_round(fact.member) != fact.round:
                raise EndNotTrue(fact.number, f"chain {fact.member} is not in round {fact.round}")
            self._save(replace(self._cover_by(place), end=place))
            return EndWord(self._sign(fact), self._sign(place))

    def denial(self, fact: EndDenial, path: Path) -> bytes:
        """The denial of an END that is pending on a member. Raises EndIsTrue, also if another END is pending, and
        PathTooShort: whoever asks must show what the history ends with.
        """
        with self._lock:
            member, place = self._chains[fact.member], Accepted(fact.number, fact.sync_hash)
            state = member.end_state(member.newest().number)
            if state.round != fact.round or state.end != place:
                raise EndIsTrue(fact.member, fact.number, "it is not pending there")
            try:
                self._check_end(place, path)
            except EndNotTrue:
                return self._sign(fact)
            raise EndIsTrue(fact.member, fact.number, "the history ends there")

    # -- inside --------------------------------------------------------------------------------------------------

    def _check_accepted(self, fact: Accepted, path: Path) -> None:
        """The primary's final history has this block, and it is above all that this signer has signed ACC for."""
        final = self._primary.final()
        tip = None if final is None else _place(self._primary.tip(final.number))
        if tip is None or tip.number < fact.number:
            raise NotFinal(self._deployment.primary, f"block {fact.number}")
        if not path.leads(self.covered, fact):
            raise AgainstOwnWord(fact.number, self.covered.number)
        if not path.leads(fact, tip):
            raise NotFinal(self._deployment.primary, f"this block {fact.number}")

    def _check_end(self, place: Accepted, path: Path) -> None:
        """Raise EndNotTrue unless the history has ended, and with this block."""
        if not self._has_ended():
            raise EndNotTrue(place.number, "the primary is neither frozen, finally, nor silent for long enough")
        last = self._find_last(path)
        if last != place:
            raise EndNotTrue(place.number, f"the last block is {last.number}")

    def _has_ended(self) -> bool:
        """The primary's freeze is final, or SILENCE has passed: by its final block or, if it is halted, by the world's
        clock.
        """
        final = self._primary.final()
        if final is not None and self._primary.is_frozen(final.number):
            return True
        newest, now = self._primary.newest(), self._clock()
        last = self._primary.tip(newest.number).timestamp or self._deployment.started_at
        return now - newest.timestamp > HALT_SECONDS and now - last > SILENCE_SECONDS

    def _find_last(self, path: Path) -> Accepted:
        """The highest block seen, final or not, or with ACC; or the one for which this signer has signed END, unless it
        has signed ACC for a higher one since: then the primary went on.
        """
        end = self._given.end
        if end is not None and self.covered.number <= end.number:
            return end
        seen = _place(self._primary.tip(self._primary.newest().number))
        lower, higher = sorted((seen, self.covered), key=lambda place: place.number)
        if not path.leads(lower, higher):
            raise PathTooShort(lower.number, higher.number)
        return higher

    def _read_round(self, member: ChainId) -> int:
        reader = self._chains[member]
        return reader.end_state(reader.newest().number).round

    def _cover_by(self, place: Accepted) -> Given:
        """The signer's word with one more ACC: seals up to it are no longer needed."""
        seals = tuple(seal for seal in self._given.seals if seal.number > place.number)
        return replace(self._given, accepted=place, seals=seals)

    def _save(self, given: Given) -> None:
        """Keep the word before it is given."""
        self._journal.save(given)
        self._given = given

    def _sign(self, fact: Fact) -> bytes:
        digest = Hash32(fact.digest(self._deployment.deployment_hash))
        return bytes(self._account.unsafe_sign_hash(digest).signature)


def _place(tip: Tip) -> Accepted:
    return Accepted(tip.number, tip.sync_hash)
