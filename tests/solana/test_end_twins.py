"""The ends of the program and of the contracts are twins: whatever is said in whatever order, both refuse it for the
same reason, or both are in the same state after it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from tests.support.drafts.end_words import VALIDATORS, WATCHERS
from tests.support.drafts.escape import NO_EVIDENCE, end_of
from tests.support.drafts.rig import Rig
from tests.support.evm import Reverted
from tests.support.solana.blocks import History
from tests.support.solana.ends import Ends
from tests.support.solana.machine import Refused
from tests.support.solana.site import open_site
from tests.support.three_chains import GOVERNOR, STRANGER, A
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.primitives.keccak import keccak256
from zklink.protocol.facts import EndDenial, Group
from zklink.protocol.ids import DAY, BlockNumber
from zklink.solana.interface.refusals import Refusal

BLOCKS: Final = 3
GROUPS: Final = {"watchers": (WATCHERS,), "validators": (VALIDATORS,), "both": (VALIDATORS, WATCHERS), "nobody": ()}
DENIERS: Final = {"validators": VALIDATORS, "watchers": WATCHERS}
SAME: Final = {Refusal.GOVERNOR: "end: not the governor"}
"""The contract's reason where the program has another."""


def other_hash(number: int) -> bytes:
    """A history that neither line has."""
    return keccak256(b"another history" + bytes([number]))


class Contract:
    """Member A of a rig."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.here = rig, rig[A]
        for _ in range(BLOCKS):
            rig.accept(rig.draft())

    def raise_end(self, who: str, number: int, by_governor: bool) -> None:
        fact = end_of(self.rig, A, number, self.here.end.end_state()[0])
        evidence = [self.rig.groups.end(fact, group) if group in GROUPS[who] else NO_EVIDENCE for group in Group]
        later = self.rig.blocks.commitments(self.here.tip().number, number)
        seal = self.rig.groups.seal(number, fact.sync_hash)
        sender = GOVERNOR if by_governor else STRANGER
        self.here.end.raise_end(number, fact.sync_hash, list(later), seal, *evidence, sender=sender)

    def deny(self, who: str) -> None:
        round_, _, _, _, _, number, sync_hash, *_ = self.here.end.end_state()
        fact = EndDenial(A, BlockNumber(number), bytes(sync_hash), round_)
        word = self.rig.groups.sign(fact, DENIERS[who]) if who in DENIERS else NO_EVIDENCE
        self.here.end.deny_end(word, sender=GOVERNOR if who == "governor" else STRANGER)

    def void(self) -> None:
        self.here.end.void_end(sender=GOVERNOR)

    def fell(self, number: int, is_other: bool) -> None:
        sync_hash = other_hash(number) if is_other else self.rig.blocks.sync_hash(number)
        acc = self.rig.groups.acc(number, sync_hash)
        ends, end = self.rig.blocks.sync_hash(number), self.here.end.end_state()[5]
        path = list(self.rig.blocks.commitments(number, end)) if number <= end else []
        self.here.end.fell_end(number, sync_hash, ends, path, *acc, sender=STRANGER)

    def stand(self) -> None:
        later = self.rig.blocks.commitments(self.here.tip().number, self.here.end.end_state()[5])
        self.here.end.stand_end(list(later), sender=STRANGER)

    def bring(self) -> None:
        number = self.here.tip().number + 1
        top = self.here.end.ended()[0] or number
        self.here.import_blocks(
            self.rig.blocks.import_call(A, number, number, max(top, number), by_end=self.here.end.end_state()[2])
        )

    def wait(self, seconds: int, is_halted: bool) -> None:
        if is_halted:
            self.here.evm.halt(seconds)
        else:
            self.here.evm.time += seconds

    def state(self) -> tuple[Any, ...]:
        state, ended = self.here.end.end_state(), self.here.history.end()
        is_ours = bytes(state[6]) == self.rig.blocks.sync_hash(state[5])
        frozen = self.here.bridge.is_frozen()
        return (*state[:6], is_ours, state[7], self.here.tip().number, frozen, ended[0], self.here.end.may_open())


class Program:
    """A site."""

    def __init__(self) -> None:
        self.ends = Ends(History(open_site()))
        self.ends.extend(count=BLOCKS)

    def raise_end(self, who: str, number: int, by_governor: bool) -> None:
        self.ends.raise_end(number, *GROUPS[who], by=by_governor)

    def deny(self, who: str) -> None:
        self.ends.deny(DENIERS.get(who), by=who == "governor")

    def void(self) -> None:
        self.ends.void()

    def fell(self, number: int, is_other: bool) -> None:
        sync_hash = other_hash(number) if is_other else self.ends.sync_hash(number)
        end = self.ends.site.state()["end_number"]
        self.ends.fell(number, sync_hash, self.ends.path(number, max(end, number)))

    def stand(self) -> None:
        self.ends.stand()

    def bring(self) -> None:
        state = self.ends.site.state()
        number = self.ends.tip + 1
        self.ends.bring(max(state["end_number"], number) if state["has_end"] else None)

    def wait(self, seconds: int, is_halted: bool) -> None:
        self.ends.wait(seconds, 1 if is_halted else None)

    def state(self) -> tuple[Any, ...]:
        known = self.ends.site.state()
        names = "end_round", "end_word", "has_end", "end_denied_by_validators", "end_denied_by_governor", "end_number"
        is_ours = known["end_hash"] == self.ends.sync_hash(known["end_number"])
        ended = known["end_number"] if known["has_end"] else 0
        may_open = bool(known["has_end"]) and known["number"] == ended and known["unpaid"] == 0
        values = [known[name] for name in names]
        return (*values, is_ours, known["end_at"], known["number"], bool(known["frozen_at"]), ended, may_open)


Step = tuple[Any, ...]
RAISE = st.tuples(st.just("raise_end"), st.sampled_from(sorted(GROUPS)), st.integers(0, BLOCKS), st.booleans())
DENY = st.tuples(st.just("deny"), st.sampled_from(["validators", "watchers", "governor", "stranger"]))
FELL = st.tuples(st.just("fell"), st.integers(0, BLOCKS), st.booleans())
WAIT = st.tuples(st.just("wait"), st.sampled_from([DAY, 3 * DAY, 14 * DAY]), st.booleans())
ALONE = st.sampled_from([("void",), ("stand",), ("bring",)])

ELSEWHERE: Final = {"end: the queue matches", "end: no mismatch in END", "end: not END's own history"}
"""What other tests meet."""
SCRIPTS: Final = (
    "both 2, bring, bring, bring, both 3, stand, deny governor, void, fell 3",
    "both 0, bring",
    "watchers 1, deny validators, both 3",
    f"watchers 3, watchers 2, wait {3 * DAY - 1}, stand, wait 1, stand, bring",
    f"watchers 0, wait {3 * DAY}, stand",
    f"watchers 3, halt {100 * DAY}, stand, wait {3 * DAY}, stand",
    f"watchers 3, void, deny governor, deny governor, wait {3 * DAY}, stand, deny validators, deny governor, "
    f"deny validators, wait {14 * DAY - 1}, stand, wait 1, stand",
    f"watchers 3, deny validators, void, stand, void, watchers 1, wait {3 * DAY}, stand",
    f"validators 3, validators 3 governor, deny governor, void, deny validators, wait {14 * DAY - 1}, stand, wait 1, "
    "stand",
    f"validators 2 governor, deny watchers, deny watchers, validators 2 governor, wait {14 * DAY}, stand",
    "fell 1 other, watchers 2, fell 1, fell 2, fell 2 other, watchers 2, fell 0 other, watchers 1, fell 3, watchers 1, "
    "deny stranger, deny watchers",
    f"bring, bring, both 1, watchers 2, bring, wait {3 * DAY}, stand, nobody 3, both 3",
)
"""Who raises END at which block; who denies; the ACC of which block, of another history; seconds that pass."""


def read_script(text: str) -> list[Step]:
    """The steps of a script."""
    return [read_step(*part.split()) for part in text.split(", ")]


def read_step(name: str, *rest: str) -> Step:
    """One step of a script."""
    if name in GROUPS:
        return "raise_end", name, int(rest[0]), rest[1:] == ("governor",)
    if name == "fell":
        return name, int(rest[0]), rest[1:] == ("other",)
    if name in ("wait", "halt"):
        return "wait", int(rest[0]), name == "halt"
    return name, *rest


def attempt(side: Contract | Program, step: Step) -> str:
    """Make a step; why it is refused, empty where it is not."""
    act: Callable[..., None] = getattr(side, step[0])
    try:
        act(*step[1:])
    except Reverted as error:
        reason = error.reason
    except Refused as error:
        assert isinstance(error.reason, Refusal), error
        reason = SAME.get(error.reason, error.reason.value)
    else:
        return ""
    # Which signature is wrong a contract says more exactly.
    return "groups" if reason.startswith("groups: ") else reason


def follow(rig: Rig, steps: Sequence[Step]) -> set[str]:
    """Make the steps on both and compare; gives the reasons that were met, and the steps that went through."""
    contract, program, met = Contract(rig), Program(), set()
    for step in steps:
        if step[0] == "bring" and contract.state()[8] == BLOCKS:
            continue
        reason = attempt(contract, step)
        assert attempt(program, step) == reason, step
        assert program.state() == contract.state(), step
        met.add(reason or str(step[0]))
    return met


@upholds("SYN-9", "SYN-11", "QUE-4")
def test_end__scripts_that_meet_every_rule__the_same_on_both(session_rig: Rig) -> None:
    met = set()
    for text in SCRIPTS:
        with session_rig.rollback():
            met |= follow(session_rig, read_script(text))
    steps_made = {"raise_end", "deny", "void", "fell", "stand", "bring", "wait"}
    reasons = {SAME.get(item, item.value) for item in Refusal if item.value.startswith("end: ")} - ELSEWHERE
    assert met == steps_made | reasons | {"groups", "import: not up to END", "end: not the governor"}


@given(st.lists(RAISE | DENY | FELL | WAIT | ALONE, min_size=8, max_size=14))
@tries(8, deadline=None)
def test_end__anything_in_any_order__the_same_on_both(session_rig: Rig, steps: list[Step]) -> None:
    with session_rig.rollback():
        follow(session_rig, steps)
