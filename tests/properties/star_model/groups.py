"""What honest groups sign, and what they refuse to sign. Contracts cannot check any of this; words in quotes are the
design's.

Takes a world and who is honest in it, gives what a group may say now. A group that is bad says anything (steps.py).
"""

from .blocks import PRIMARY, History, agree, find_highest_place, has_forged, is_prefix
from .state import Adversary, World, put

OVER = ("closed", "mute")
"""The primary has ended: its freeze is final, or SILENCE has passed."""


class Groups:
    """Validators, watchers, governor."""

    # Validators

    stops_at_mismatch = True
    """Once a member is frozen, "honest validators seal nothing more"."""
    own_requests_are_final = True
    """Validators seal a request of the primary, too, only when it is final there."""

    def may_seal(self, adversary: Adversary, world: World, history: History) -> bool:
        """Whether the seal of this history's last block can exist: honest validators seal what is queued (or what a
        member's chain made them believe), and "who signed ACC(n, H) signs nothing else at n"."""
        if not history[-1].sealable:
            return False
        if adversary.validators == "bad":
            return True
        if not history[-1].provable or self._is_against_acc(world, history) or self._has_stopped(world, history):
            return False
        return all(
            (k != PRIMARY and adversary.member_forgets)
            or (not has_forged(k, history) and find_highest_place(k, history) <= queued)
            for k, queued in enumerate(self._count_servable(adversary, world))
        )

    def _count_servable(self, adversary: Adversary, world: World) -> tuple[int, ...]:
        """By chain: how many requests may be served. A member's wait for QUE on the primary."""
        if adversary.reorgs and self.own_requests_are_final:
            return put(world.queued, PRIMARY, world.vouched[PRIMARY])
        return world.queued

    def _is_against_acc(self, world: World, history: History) -> bool:
        return len(world.signed) >= len(history) and not is_prefix(history, world.signed)

    def _has_stopped(self, world: World, history: History) -> bool:
        if len(history) <= len(world.accepted) or is_prefix(history, world.signed):
            return False
        return self.stops_at_mismatch and any(member.is_frozen or member.exits is not None for member in world.members)

    def is_sealed(self, adversary: Adversary, world: World, history: History) -> bool:
        """Whether somebody can show the seal of this history; it seals everything below, too."""
        if world.seals is not None:
            return not history or history in world.seals
        if is_prefix(history, world.accepted) or is_prefix(history, world.signed):
            return True
        return all(self.may_seal(adversary, world, history[:number]) for number in range(1, len(history) + 1))

    def may_seal_again(self, world: World, history: History) -> bool:
        """ "Never twice for one number unless the first has aged out: a final block of P is more than MAX_AGE younger
        than it, or than a block under it"."""
        return all(
            any(block in self.aged_out(world) for block in other[len(world.accepted) :])
            for other in world.seals or ()
            if len(other) == len(history) and other != history
        )

    def aged_out(self, world: World) -> frozenset[object]:
        return frozenset(world.gone)

    # Watchers

    que_is_final = True
    """ "Watchers sign a fact only when its chain calls the block final." """
    acc_is_final = True

    # END

    waits_for_end = True
    """ "Nobody signs END, even together, before P's freeze is final or SILENCE_SECONDS have passed." """
    end_signs_acc = True
    """Who signs END(F, H) signs ACC(F, H) with it: if the primary comes back without F, it can take F again."""

    def has_ended(self, world: World) -> bool:
        return world.status in OVER or not self.waits_for_end

    def find_last(self, world: World) -> History:
        """What honest signers name in END: "the highest block seen, final or not"."""
        is_hidden = world.is_unseen and world.status in ("halted", "mute")
        seen = world.accepted[:-1] if is_hidden else world.accepted
        return world.signed if len(world.signed) > len(seen) and agree(world.signed, seen) else seen

    def is_true(self, world: World, history: History) -> bool:
        """Whether END may name this history; what is not true is denied and voided by whoever is awake."""
        return world.status in OVER and history == self.find_last(world)
