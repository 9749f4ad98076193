"""The groups' words, wherever they are: read off the chains or a file, or asked from the groups' signers.

Takes facts; gives evidence, or None and the reason. Never judges a fact: contracts check evidence, and signers look at
the chains themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from zklink.protocol.errors import EvidenceMissing
from zklink.protocol.facts import Accepted, End, EndDenial, Frozen, Group
from zklink.protocol.ids import BlockNumber
from zklink.recovery.accepted_history import AcceptedHistory, list_commitments
from zklink.recovery.judge import Judge
from zklink.recovery.words_kept import Both, WordsKept
from zklink.signers.history import Path
from zklink.signers.ports import EndWord, Validators, Watchers
from zklink.signers.ports import Group as SignersGroup

T = TypeVar("T")
S = TypeVar("S", bound=SignersGroup)

NOT_TAKEN = "the groups of that chain have other members than the signers that are connected here"
NOBODY = "no signer is connected here, and no chain's calldata and no file of words has it"


@dataclass
class GroupsAsked:
    """Who can be asked; without signers only what chains show is known. `reason` says why the last answer was None."""

    validators: Validators | None = None
    watchers: Watchers | None = None
    kept: WordsKept = field(default_factory=WordsKept)
    reason: str = ""

    def all_covered(self) -> set[Accepted]:
        """The last block for which each group has signed ACC, as far as it can be asked."""
        return {group.covered for group in (self.validators, self.watchers) if group is not None}

    def find_accepted(self, history: AcceptedHistory, place: Accepted, judge: Judge) -> Both | None:
        """ACC for a block of the history, of both groups, that the judge's chain takes."""
        kept = judge.choose_both(self.kept, place)
        if kept is not None:
            return kept
        path = self._lead_from(history, place)
        validators = self._ask(self.validators, lambda group: group.accepted(place, path(group.covered)))
        watchers = validators and self._ask(self.watchers, lambda group: group.accepted(place, path(group.covered)))
        if not validators or not watchers:
            return None
        self.kept.keep_both(place, validators, watchers)
        return self._judge(judge.choose_both(self.kept, place))

    def find_end(self, history: AcceptedHistory, fact: End, judge: Judge) -> Both:
        """END, of the validators and of the watchers; empty for a group that does not say it, or whose word the judge's
        chain does not take. What both say makes an ACC, too (ADR 0018).
        """
        place = Accepted(fact.number, fact.sync_hash)
        path = self._lead_from(history, place)

        def ask(group: SignersGroup) -> EndWord:
            return group.end(fact, path(group.covered))

        kept = self._choose_end(fact, judge)
        if all(kept):
            return kept
        watchers, validators = self._ask(self.watchers, ask), self._ask(self.validators, ask)
        if validators and watchers:
            self.kept.keep_both(place, validators.accepted, watchers.accepted)
        self.kept.keep_both(fact, validators.end if validators else b"", watchers.end if watchers else b"")
        return self._choose_end(fact, judge)

    def find_denial(self, history: AcceptedHistory, fact: EndDenial, group: Group, judge: Judge) -> bytes | None:
        """A group's denial of an END that is pending on the judge's chain."""
        kept = judge.choose(self.kept, fact, group)
        if kept:
            return kept
        signers = self.validators if group is Group.VALIDATORS else self.watchers
        path = self._lead_from(history, Accepted(fact.number, fact.sync_hash))
        self.kept.keep(fact, group, self._ask(signers, lambda asked: asked.denial(fact, path(asked.covered))) or b"")
        return judge.choose(self.kept, fact, group) or None

    def find_frozen(self, fact: Frozen, judge: Judge) -> bytes | None:
        """FRZ of a member, that the primary takes."""
        kept = judge.choose(self.kept, fact, Group.WATCHERS)
        if kept:
            return kept
        said = self._ask(self.watchers, lambda group: group.frozen(fact))
        self.kept.keep(fact, Group.WATCHERS, said or b"")
        return said and self._judge(judge.choose(self.kept, fact, Group.WATCHERS) or None)

    def _choose_end(self, fact: End, judge: Judge) -> Both:
        return judge.choose(self.kept, fact, Group.VALIDATORS), judge.choose(self.kept, fact, Group.WATCHERS)

    def _judge(self, evidence: T | None) -> T | None:
        """What the signers have just said, if the chain takes it."""
        if evidence is None:
            self.reason = NOT_TAKEN
        return evidence

    def _ask(self, group: S | None, ask: Callable[[S], T]) -> T | None:
        if group is None:
            self.reason = NOBODY
            return None
        try:
            return ask(group)
        except EvidenceMissing as error:
            self.reason = str(error)
            return None

    def _lead_from(self, history: AcceptedHistory, place: Accepted) -> Callable[[Accepted], Path]:
        """For a group: the way from the last ACC of its signers, or from the primary's tip if that is below, up to a
        block or to the tip, whichever is higher.
        """

        def lead(covered: Accepted) -> Path:
            tip = Accepted(history.height, history.sync_hash(history.height))
            low, *_, top = sorted((covered, tip, place), key=lambda each: each.number)
            blocks = history.lead(low.number, low.sync_hash, top.sync_hash)
            return Path(BlockNumber(low.number), list_commitments(blocks or ()))

        return lead


def list_accepted(kept: WordsKept, history: AcceptedHistory, base: Accepted, reach: int) -> Sequence[Accepted]:
    """The blocks with an ACC that a chain standing at `base` can be shown, the highest first: at most `reach` above."""
    found = [
        place
        for place in kept.facts(Accepted)
        if base.number < place.number <= base.number + reach
        and history.lead(base.number, base.sync_hash, place.sync_hash) is not None
    ]
    return sorted(found, key=lambda place: -place.number)
