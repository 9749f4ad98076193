"""The submissions in flight, per account: their nonces, which of them nobody waits for, and what nodes refused.

Takes and gives submissions. A submission is in the books from the moment it has its nonce until its fate is known; one
that was refused gives its nonce free, and is remembered. Never asks a node.
"""

from collections.abc import Sequence
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.l1.transport.submission import Call, Submission
from zklink.l1.transport.submission_log import UNLOGGED, KeptSubmission, SubmissionLog

REFUSED_KEPT: Final = 10_000
"""How many refused submissions are remembered, each of another call."""
LANDED_KEPT: Final = 10_000
"""Of how many nonces it is remembered which transaction used them."""


class Flights:
    """The submissions in flight on one chain. The caller ensures that one thread at a time changes them.

    What the log has of an account comes back when the account is first named. Raises what the log raises.
    """

    def __init__(self, log: SubmissionLog = UNLOGGED) -> None:
        self._log = log
        self._flights: dict[str, list[Submission]] = {}
        self._refused: list[Submission] = []
        self._landed: dict[tuple[str, int], bytes] = {}

    def recall(self, account: LocalAccount) -> Sequence[Submission]:
        """The submissions of an earlier run whose fates are not known, when the account is first named; else none."""
        if account.address in self._flights:
            return ()
        return tuple(self._of(account))

    def keep(self, submission: Submission) -> None:
        """Have the log keep a submission as it is: before a node can get it."""
        self._log.keep(KeptSubmission.of(submission))

    def add(self, submission: Submission) -> None:
        """Keep a submission: its nonce is taken."""
        self._of(submission.account).append(submission)

    def remove(self, submission: Submission) -> None:
        """Remove a submission whose fate is known, or whose nonce is free again."""
        flights = self._of(submission.account)
        if submission in flights:
            flights.remove(submission)
        self._log.drop(submission.id)

    def drop_unsent(self, submission: Submission) -> None:
        """Remove a submission that the log could not keep, and that no node was given."""
        flights = self._of(submission.account)
        if submission in flights:
            flights.remove(submission)

    def __contains__(self, submission: Submission) -> bool:
        return submission in self._of(submission.account)

    def clear(self) -> None:
        """Forget everything."""
        self._flights.clear()
        self._refused.clear()
        self._landed.clear()
        self._log.clear()

    def find_free_nonce(self, account: LocalAccount, first: int) -> int:
        """The first nonce from `first` on that no submission has."""
        taken = self.nonces(account)
        while first in taken:
            first += 1
        return first

    def find_abandoned(self, account: LocalAccount, call: Call, value_wei: int) -> Submission | None:
        """A submission of exactly this call that was given up with its fate unknown."""
        flights = (s for s in self._of(account) if s.is_abandoned)
        return next((s for s in flights if s.is_for(account.address, call, value_wei)), None)

    def abandoned_before(self, submission: Submission) -> list[Submission]:
        """The submissions with lower nonces that were given up, in order: until they are mined, `submission` cannot be
        mined.
        """
        return [earlier for earlier in self.unwatched_before(submission) if earlier.is_abandoned]

    def unwatched_before(self, submission: Submission) -> list[Submission]:
        """The submissions with lower nonces that nobody waits for now, given up or not, in order."""
        flights = self._of(submission.account)
        return sorted((s for s in flights if not s.is_watched and s.nonce < submission.nonce), key=lambda s: s.nonce)

    def nonces(self, account: LocalAccount) -> set[int]:
        """The nonces that are taken."""
        return {submission.nonce for submission in self._of(account)}

    def is_shared(self, submission: Submission) -> bool:
        """Whether another submission has the same nonce."""
        return any(s is not submission and s.nonce == submission.nonce for s in self._of(submission.account))

    def unwatched_beside(self, submission: Submission) -> list[Submission]:
        """The submissions with the same nonce that nobody waits for now."""
        flights = self._of(submission.account)
        return [s for s in flights if s is not submission and not s.is_watched and s.nonce == submission.nonce]

    def refuse(self, submission: Submission) -> None:
        """Remember what a node was asked to take and refused, or what had no effect in a block that is not final: it
        holds no nonce, but it may have an effect all the same.
        """
        self.drop_unsent(submission)
        if submission not in self._refused:
            self._refused.append(submission)
        self._log.keep(KeptSubmission.of(submission, is_refused=True))
        for oldest in self._refused[:-REFUSED_KEPT]:
            self.forget_refused(oldest)

    def find_refused(self, account: LocalAccount, call: Call, value_wei: int) -> Submission | None:
        """What was refused, or had no effect, of exactly this call."""
        self.recall(account)
        return next((s for s in self._refused if s.is_for(account.address, call, value_wei)), None)

    def take_up(self, submission: Submission) -> None:
        """A refused submission is in flight again."""
        self._refused.remove(submission)
        self.add(submission)

    def forget_refused(self, submission: Submission) -> None:
        """It can have no effect any more."""
        if submission in self._refused:
            self._refused.remove(submission)
            self._log.drop(submission.id)

    def note_landed(self, submission: Submission, tx_hash: bytes) -> None:
        """This version of a submission is mined: it has used the nonce."""
        self._landed[submission.account.address, submission.nonce] = tx_hash
        while len(self._landed) > LANDED_KEPT:
            del self._landed[next(iter(self._landed))]

    def find_landed(self, submission: Submission) -> bytes | None:
        """The hash of another submission's transaction that was seen mined with the same nonce."""
        found = self._landed.get((submission.account.address, submission.nonce))
        return None if found in submission.tx_hashes else found

    def _of(self, account: LocalAccount) -> list[Submission]:
        if account.address not in self._flights:
            kept = [(one.is_refused, one.restore(account)) for one in self._log.load(account.address)]
            self._flights[account.address] = [submission for is_refused, submission in kept if not is_refused]
            self._refused += [submission for is_refused, submission in kept if is_refused]
        return self._flights[account.address]
