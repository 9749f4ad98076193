"""What a bridge checks: the rules of the primary and of a member, each in one place. Words in quotes are the design's.

Takes one chain's state and the facts that somebody shows it, gives yes or no. Knows nothing of time (whatever a clock
may allow is allowed at any moment, see steps.py) and nothing of proofs. Wrong rules override single parts: mutants.py.
"""

from collections.abc import Iterator

from .blocks import (
    PRIMARY,
    Block,
    History,
    count_consumed,
    does_concern,
    find_highest_place,
    has_forged,
    is_prefix,
)
from .state import Member, Status, World


class Chains:
    """The primary and its members."""

    # The primary

    asks_for_seal = True
    checks_age = True
    voids_frz_for_good = False
    """A void of FRZ "raises the round, so that a later, true one counts"."""

    def can_accept(self, world: World, block: Block, is_sealed: bool) -> bool:
        """ "P accepts in one call: all slices, seal, QUE evidence, proof", "matches its own queue", "not older than
        MAX_AGE now"."""
        history = (*world.accepted, block)
        return (
            world.status == "live"
            and block.provable
            and self.does_match(PRIMARY, history, world.queued[PRIMARY])
            and (is_sealed or not self.asks_for_seal)
            and self.is_young(world, block)
            and all(self.is_vouched(world, k, history) for k in range(1, len(world.queued)) if does_concern(k, block))
        )

    def is_young(self, world: World, block: Block) -> bool:
        return not self.checks_age or block not in world.late

    def is_vouched(self, world: World, k: int, history: History) -> bool:
        """QUE: "these queues have these hashes at exactly these counts"; it "names the highest place used"."""
        if has_forged(k, history):
            return world.lies[k]
        return world.vouched[k] >= find_highest_place(k, history)

    def can_take_again(self, world: World, block: Block) -> bool:
        """ "Until its exits open it accepts again what an ACC of both groups contains, of any age", also frozen."""
        history = (*world.accepted, block)
        return (
            world.status in ("live", "frozen", "closed")
            and not world.exits
            and len(history) <= len(world.signed)
            and is_prefix(history, world.signed)
            and self.does_match(PRIMARY, history, world.queued[PRIMARY])
        )

    def come_back(self, is_mute: bool) -> Status:
        """After a halt: "accept itself refuses, with no call, day or blocks, when P has accepted nothing for
        SILENCE_SECONDS of its own clock"."""
        return "closed" if is_mute else "live"

    def can_open_exits(self, world: World) -> bool:
        """ "On P when F is executed and those days are over": days, and blocks, in which it takes what ACC contains."""
        if world.status != "closed" or world.exits:
            return False
        return not any(self.can_take_again(world, block) for block in world.signed[len(world.accepted) :][:1])

    frz_acts = True
    """FRZ of a member "acts a day later": the primary freezes."""

    # Requests

    def takes_requests(self, world: World, k: int) -> bool:
        """ "A frozen chain, or one where END stands, takes no requests."""
        if k == PRIMARY:
            return world.status == "live"
        member = world.members[k - 1]
        return not (member.is_frozen or member.exits is not None or self.does_end_stand(member))

    # A member

    reads_acc_after_end = False
    """ "Once END stands, only what it contains is imported; ACC is not read any more." """

    def does_match(self, k: int, history: History, queued: int) -> bool:
        """Own slices against the own queue, request by request; one served in part is "hashed against the queue's next
        place"."""
        return not has_forged(k, history) and find_highest_place(k, history) <= queued

    def can_import(self, world: World, k: int, block: Block, is_sealed: bool) -> bool:
        """ "ACC (or END) evidence for the last block or a later one", own slice, proof; "k refuses nothing but a
        mismatch with its own queue or a wrong proof"."""
        member = world.members[k - 1]
        history = (*member.imported, block)
        return (
            (member.exits is None or self.reads_acc_after_end)
            and block.provable
            and self.is_known(member, history, is_sealed)
            and self.does_match(k, history, world.queued[k])
        )

    def is_known(self, member: Member, history: History, is_sealed: bool) -> bool:
        if member.end is not None and member.end.stage == "stands":
            if is_prefix(history, member.end.history):
                return True
            return self.reads_acc_after_end and is_prefix(history, member.known)
        return is_prefix(history, member.known)

    def does_end_stand(self, member: Member) -> bool:
        return member.end is not None and member.end.stage == "stands"

    def hear_acc(self, member: Member, history: History) -> Member:
        """A longer ACC is kept. "An ACC of both groups for m > F, or for another hash at m <= F, voids" a pending
        END."""
        stands = self.does_end_stand(member)
        if len(history) <= len(member.known) or (stands and not self.reads_acc_after_end):
            return member
        member = member._replace(known=history)
        if member.end is not None and not stands and not self.does_acc_allow(history, member.end.history):
            return self.fell(member)
        return member

    def does_acc_allow(self, known: History, end: History) -> bool:
        return is_prefix(known, end)

    # Its end

    raises_round = True
    """ "An END that falls raises the member's round, so old ENDs and old denials cannot be replayed." """
    words_name_member = True
    """END, its denial and its void name the member whose round they carry, as FRZ does."""
    end_waits = True
    """ "Watchers alone: after a window of 3 days. Validators and governor: after 14 days." """
    end_brings_seal = True
    """ "END brings F's seal." """
    denial_fells = True
    """ "The watchers' denial fells an END of validators and governor." """
    denial_counts = True
    void_is_written_elsewhere = False
    """ "A void is shown where that END is pending and leaves no mark elsewhere." """
    sleeps_past_windows = False
    """ "Windows count seconds and blocks of the chain that waits, so that a chain which was halted cannot wake up past
    them." """
    governor_denies = True
    """The governor's denial of the watchers' END adds 14 days, too."""
    voids_alone = False
    """A void needs the denial of validators, or of watchers: "the governor never picks a history", nor does it alone
    stop one."""

    def can_raise(self, member: Member, history: History) -> bool:
        """END "is opened down to the block imported here and agrees with every ACC known"."""
        return history not in member.struck and is_prefix(member.imported, history) and is_prefix(member.known, history)

    def fell(self, member: Member) -> Member:
        """A pending END falls."""
        if not self.words_name_member:
            return member._replace(end=None, round=member.round + 1)
        if self.raises_round or member.end is None:
            return member._replace(end=None)
        return member._replace(end=None, spent=member.spent | {member.end.history})

    def can_deny(self, member: Member) -> bool:
        """One denial for each END and round."""
        return (
            self.denial_counts
            and member.end is not None
            and member.end.stage in ("pending", "delayed")
            and member.end.history not in member.spent
        )

    def can_void(self, member: Member) -> bool:
        if member.end is None or member.end.stage == "stands":
            return False
        return member.end.stage == "denied" or self.voids_alone

    def can_delay(self, member: Member) -> bool:
        """Whether the governor's denial counts: once for each END of the watchers."""
        return (
            self.governor_denies
            and member.end is not None
            and member.end.stage == "pending"
            and member.end.word == "watchers"
        )

    def find_exits(self, member: Member) -> Iterator[History]:
        """ "On k when END stands and F is executed." """
        if member.end is not None and member.end.stage == "stands" and member.imported == member.end.history:
            yield member.end.history

    # Secession

    def find_slices(self, member: Member, sealed: tuple[History, ...]) -> Iterator[History]:
        """What a slice may be opened from to end this member: a standing END."""
        if member.end is not None and member.end.stage == "stands":
            yield member.end.history

    def is_mismatch(self, k: int, member: Member, history: History, queued: int) -> bool:
        """Whether "the slice of the block next to its last imported one" is one "that its own queue cannot match"."""
        imported = len(member.imported)
        if len(history) <= imported or not is_prefix(member.imported, history):
            return False
        return not self.does_match(k, history[: imported + 1], queued)

    def can_secede(self, world: World, k: int, sealed: tuple[History, ...]) -> bool:
        """ "With a standing END the same showing ends k at its last imported block: exits open there." """
        member = world.members[k - 1]
        return any(
            self.is_mismatch(k, member, history, world.queued[k]) for history in self.find_slices(member, sealed)
        )

    def can_be_shown_mismatch(self, world: World, k: int) -> bool:
        """The same "opened from an ACC: that freezes k"."""
        member = world.members[k - 1]
        return not member.is_frozen and self.is_mismatch(k, member, member.known, world.queued[k])

    def can_freeze(self, world: World, k: int) -> bool:
        """ "Called when its oldest request is in no block accepted there for T1"; one that is served in part waits
        on."""
        member = world.members[k - 1]
        return not member.is_frozen and count_consumed(k, member.imported) < world.queued[k]
