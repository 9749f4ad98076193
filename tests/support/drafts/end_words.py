"""Helpers of the contest about END on member A of the rig: who says what.

Everything is sent by a stranger, unless a rule names the governor.
"""

from collections.abc import Sequence

from tests.support.drafts.escape import NO_EVIDENCE, stand_end
from tests.support.drafts.rig import Rig
from tests.support.three_chains import GOVERNOR, STRANGER, A
from zklink.protocol.facts import End, Group
from zklink.protocol.ids import DENIAL_WINDOW_SECONDS, END_WINDOW_SECONDS

VALIDATORS, WATCHERS = Group
DAYS_3, DAYS_14 = END_WINDOW_SECONDS, DENIAL_WINDOW_SECONDS
NOBODY, BY_WATCHERS, BY_VALIDATORS_AND_GOVERNOR, BY_BOTH = range(4)
"""Whose word an END is."""


def make_blocks(rig: Rig, accepted: int, imported: int = 0) -> None:
    """Blocks that concern nobody, on the primary and, the first of them, on A."""
    for _ in range(accepted):
        rig.accept(rig.draft())
    if imported:
        rig[A].import_blocks(rig.blocks.import_call(A, 1, imported))


def deny(rig: Rig, fact: End, group: Group) -> None:
    rig[fact.member].end.deny_end(rig.groups.denial(fact, group), sender=STRANGER)


def deny_as_governor(rig: Rig) -> None:
    rig[A].end.deny_end(NO_EVIDENCE, sender=GOVERNOR)


def word(rig: Rig) -> int:
    """Whose END is raised on A."""
    return int(rig[A].end.end_state()[1])


def round_of(rig: Rig) -> int:
    return int(rig[A].end.end_state()[0])


def stand(rig: Rig) -> None:
    """Let the END of A stand, at this moment."""
    stand_end(rig, A, -1)


def fell_by(rig: Rig, number: int, ends_hash: bytes = bytes(32), path: Sequence[bytes] = ()) -> None:
    """Show the ACC of a block of the line."""
    said = (rig.blocks.sync_hash(number), ends_hash, list(path), *rig.blocks.acc(number))
    rig[A].end.fell_end(number, *said, sender=STRANGER)
