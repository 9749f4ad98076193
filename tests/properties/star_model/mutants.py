"""Wrong rules that look right, of the chains. The exploration refutes each with a short trace, which shows that it
looks at the rule. Wrong conduct of groups is in wrong_conduct.py, what refutes each in refuted.py.

Many of them were in an earlier text of the design, or were somebody's first reading of it.
"""

from collections.abc import Iterator

from .blocks import PRIMARY, Block, History, count_consumed, does_concern, is_prefix
from .rules import Rules
from .state import Member, Status, World


# breaks: SYN-8
class ImportsAnything(Rules):
    """A member imports without a fact."""

    def is_known(self, member: Member, history: History, is_sealed: bool) -> bool:
        return True


# breaks: SYN-8
class ImportsBySeal(Rules):
    """A member imports what is sealed."""

    def is_known(self, member: Member, history: History, is_sealed: bool) -> bool:
        return is_sealed or super().is_known(member, history, is_sealed)


# breaks: SOL-3, SYN-9
class QueBindsTheCount(Rules):
    """QUE names how many requests there are, not their hash."""

    def is_vouched(self, world: World, k: int, history: History) -> bool:
        return world.lies[k] or world.vouched[k] >= count_consumed(k, history)


# breaks: SOL-3
class QueNamesWhatIsConsumed(Rules):
    """QUE covers the places that a block consumes, not the one that it serves in part."""

    def is_vouched(self, world: World, k: int, history: History) -> bool:
        return super().is_vouched(world, k, history) or world.vouched[k] >= count_consumed(k, history)


# breaks: SOL-3, SYN-9
class NoQue(Rules):
    """The primary accepts a block that serves a member's requests on the seal alone."""

    def is_vouched(self, world: World, k: int, history: History) -> bool:
        return True


# breaks: SOL-3, SYN-9
class NoSeal(Rules):
    """The primary accepts on the watchers' QUE alone."""

    asks_for_seal = False


# breaks: SYN-10
class AgeIsNotChecked(Rules):
    """The primary checks a block's time against nothing when it accepts it, as version 1 proved days after it had
    committed (attack H2)."""

    checks_age = False


# breaks: SOL-4, SYN-11
class SilenceIsForgotten(Rules):
    """A primary that was halted goes on: SILENCE counts its blocks, too, or must be called and confirmed."""

    def come_back(self, is_mute: bool) -> Status:
        return "live"


# breaks: SOL-4, SYN-7
class NothingIsTakenAgain(Rules):
    """A frozen primary takes nothing, not even what an ACC contains."""

    def can_take_again(self, world: World, block: Block) -> bool:
        return False


# breaks: SYN-7
class ExitsDoNotWait(Rules):
    """The primary's exits open as soon as it is frozen; or the days count seconds alone, and it sleeps past them."""

    def can_open_exits(self, world: World) -> bool:
        return world.status == "closed" and not world.exits


# breaks: SYN-9
class FrzIsVoidForGood(Rules):
    """A void of FRZ stands in the way of a later, true one."""

    voids_frz_for_good = True


# breaks: SYN-9
class FrzFreezesNothing(Rules):
    """The primary does not freeze with a member."""

    frz_acts = False


# breaks: SYN-9, SYN-11
class EndStandsAtOnce(Rules):
    """END on one group's word waits for nobody."""

    end_waits = False


# breaks: SOL-3
class EndWithoutSeal(Rules):
    """END need not bring the seal of F."""

    end_brings_seal = False


# breaks: SYN-9
class EndIsNotOpened(Rules):
    """END is not opened to what is imported here, nor held against the ACCs known."""

    def can_raise(self, member: Member, history: History) -> bool:
        return True

    def does_acc_allow(self, known: History, end: History) -> bool:
        return True


# breaks: SYN-9
class AccFellsNothing(Rules):
    """A higher or contrary ACC does not fell a pending END."""

    def does_acc_allow(self, known: History, end: History) -> bool:
        return True


# breaks: SYN-7
class AccIsReadAfterEnd(Rules):
    """ACC still imports once END stands."""

    reads_acc_after_end = True


# breaks: SYN-9
class DenialIsIgnored(Rules):
    """The validators' denial is not read."""

    denial_counts = False


# breaks: SYN-9
class DenialOnlyAdds(Rules):
    """The watchers' denial of an END of validators and governor adds 14 days, and does not fell it."""

    denial_fells = False


# breaks: SYN-9
class RoundIsNotRaised(Rules):
    """An END that falls can be raised again, and its denial is used up."""

    raises_round = False


# breaks: SYN-9
class VoidIsWrittenElsewhere(Rules):
    """A void shown where that END is not pending stands in its way later."""

    void_is_written_elsewhere = True


# breaks: SYN-9
class WordsNameNoMember(Rules):
    """END, denial and void name a round, but not whose: what felled a false END on one member fells a true one on
    another, round after round, each time for the days of a window."""

    words_name_member = False


# breaks: SYN-9, SYN-11
class OnlyValidatorsDeny(Rules):
    """The governor denies nothing: validators have 3 days to wake up, not 17."""

    governor_denies = False


# breaks: SYN-9
class GovernorVoidsAlone(Rules):
    """The governor voids what nobody has denied."""

    voids_alone = True


# breaks: SYN-9
class WindowsCountSeconds(Rules):
    """A member that was halted wakes up past the window, before anybody can object there."""

    sleeps_past_windows = True


# breaks: EXI-2
class ExitsBeforeF(Rules):
    """Exits open when END stands, not when F is executed."""

    def find_exits(self, member: Member) -> Iterator[History]:
        if member.end is not None and member.end.stage == "stands":
            yield member.end.history


# breaks: SOL-4
class RefundsWhilePending(Rules):
    """What is in no block imported here is refunded as soon as an END is raised."""

    def find_exits(self, member: Member) -> Iterator[History]:
        yield from super().find_exits(member)
        if member.end is not None and member.end.stage == "pending":
            yield member.imported


# breaks: SOL-4, EXI-2
class FreezeIsEnd(Rules):
    """A member's own freeze opens its exits."""

    def find_exits(self, member: Member) -> Iterator[History]:
        yield from super().find_exits(member)
        if member.is_frozen:
            yield member.imported


# breaks: SYN-9
class DoorShutsEarly(Rules):
    """A member takes no requests while an END is only pending."""

    def takes_requests(self, world: World, k: int) -> bool:
        is_pending = k != PRIMARY and world.members[k - 1].end is not None
        return super().takes_requests(world, k) and not is_pending


# breaks: SYN-9
class NoSecession(Rules):
    """A member that cannot import a block of END waits."""

    def find_slices(self, member: Member, sealed: tuple[History, ...]) -> Iterator[History]:
        return iter(())


# breaks: SOL-4
class SecedesByTime(Rules):
    """A member ends where it stands when F is not imported after a while."""

    def is_mismatch(self, k: int, member: Member, history: History, queued: int) -> bool:
        return is_prefix(member.imported, history) and history != member.imported


# breaks: SYN-7
class SecedesBySeal(Rules):
    """Any sealed slice that the queue cannot match ends a member."""

    def find_slices(self, member: Member, sealed: tuple[History, ...]) -> Iterator[History]:
        yield from super().find_slices(member, sealed)
        yield from sealed


# breaks: SYN-11
class SecedesByAcc(Rules):
    """A slice opened from ACC ends a member while the primary lives."""

    def find_slices(self, member: Member, sealed: tuple[History, ...]) -> Iterator[History]:
        yield from super().find_slices(member, sealed)
        yield member.known


# breaks: SOL-4
class SecedesByAnyBlock(Rules):
    """A slice of any later block will do: the chain takes it for the next."""

    def is_mismatch(self, k: int, member: Member, history: History, queued: int) -> bool:
        later = range(len(member.imported) + 1, len(history))
        return super().is_mismatch(k, member, history, queued) or any(
            does_concern(k, history[i]) and count_consumed(k, history[:i]) > count_consumed(k, member.imported)
            for i in later
        )


# breaks: EXI-5
class PartIsAnAnswer(Rules):
    """A request that was served in part no longer waits: T1 begins anew."""

    def can_freeze(self, world: World, k: int) -> bool:
        member = world.members[k - 1]
        parts = sum(s.source == k and not s.final for block in member.imported for s in block.servings)
        return super().can_freeze(world, k) and not parts
