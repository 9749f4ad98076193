"""Wrong conduct of honest groups: what they may never sign, though no contract could tell."""

from .blocks import History
from .mutants import SecedesByAcc
from .rules import Rules
from .state import World


# breaks: SOL-3
class QueBeforeItIsFinal(Rules):
    """Watchers sign QUE for requests that the member may still forget."""

    que_is_final = False


# breaks: SYN-7
class OwnRequestsNeedNotBeFinal(Rules):
    """Validators seal requests that the primary may still forget: it matches its own queue anyway."""

    own_requests_are_final = False


# breaks: SYN-8
class AccBeforeItIsFinal(Rules):
    """ACC is signed for a block that the primary may still forget."""

    acc_is_final = False


# breaks: SOL-4, SYN-11
class EndBeforeFreezeIsFinal(Rules):
    """END is signed when the primary is frozen, though it may forget that."""

    def has_ended(self, world: World) -> bool:
        return super().has_ended(world) or world.status == "frozen"


# breaks: SYN-7, SYN-11
class EndWhileItLives(Rules):
    """Both groups sign END when they like, since they agree."""

    waits_for_end = False


# breaks: SYN-7
class EndNamesWhatIsFinal(Rules):
    """END names the last final block, not the last one seen."""

    def find_last(self, world: World) -> History:
        return world.signed if world.status in ("halted", "mute") else super().find_last(world)


# breaks: SYN-7
class EndSignsNoAcc(Rules):
    """Who signs END for a block that is not final signs no ACC for it."""

    end_signs_acc = False


# breaks: SYN-8
class SealsBesideAcc(Rules):
    """Who signed ACC(n, H) seals another block at n once the primary has forgotten that one."""

    def _is_against_acc(self, world: World, history: History) -> bool:
        return False


# breaks: SYN-8
class SealsTwice(Rules):
    """Validators judge by their own clock when a sealed block has aged out."""

    def may_seal_again(self, world: World, history: History) -> bool:
        return True


# breaks: SYN-8
class SealsByTheNewestBlock(Rules):
    """They judge by the primary's newest block, though it may forget that."""

    def aged_out(self, world: World) -> frozenset[object]:
        return frozenset(world.late)


class SealsOnAfterMismatch(Rules):
    """They seal on after a member was frozen."""

    stops_at_mismatch = False


# breaks: SYN-11
class SecedesWhileSealsAreInFlight(SecedesByAcc, SealsOnAfterMismatch):
    """The same, and a slice opened from ACC ends a member."""
