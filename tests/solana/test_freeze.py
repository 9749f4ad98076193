"""Freezes over a request: called and confirmed as on the contracts, step by step; and what a queue cannot match."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.drafts.escape import provider_words
from tests.support.drafts.rig import Rig
from tests.support.evm import Reverted
from tests.support.solana.account_doors import deposit, full_exit, plant
from tests.support.solana.blocks import History, paid_here
from tests.support.solana.ends import Ends
from tests.support.solana.founding import SRM
from tests.support.solana.machine import Refused, key_of
from tests.support.solana.site import Site
from tests.support.three_chains import STRANGER, A
from tests.support.upholds import upholds
from zklink.protocol.facts import Group
from zklink.protocol.ids import DAY, EXPIRY_SECONDS, FREEZE_DELAY_SECONDS, Lane
from zklink.solana.interface.refusals import Refusal

BOB = key_of("bob").pubkey()
VALIDATORS, WATCHERS = Group


@pytest.fixture
def ends(history: History) -> Ends:
    """The ends of a fresh site."""
    return Ends(history)


class Contract:
    """Member A of a rig, whose provider's deposits wait; blocks of it serve them one by one."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.here, self.served = rig, rig[A], 0

    def call_freeze(self) -> None:
        words = provider_words(self.here, self.here.bridge.request_counts(Lane.ACCOUNT)[1] + 1)
        self.here.end.call_freeze(Lane.ACCOUNT, words, sender=STRANGER)

    def confirm_freeze(self) -> None:
        self.here.end.confirm_freeze(Lane.ACCOUNT, sender=STRANGER)

    def serve(self) -> None:
        self.served += 1
        self.rig.accept(self.rig.draft({A: provider_words(self.here, self.served)}, lane=Lane.ACCOUNT))
        self.rig.import_on(A)

    def wait(self, seconds: int, is_halted: bool) -> None:
        if is_halted:
            self.here.evm.halt(seconds)
        else:
            self.here.evm.time += seconds

    def state(self) -> tuple[Any, ...]:
        return (*self.here.end.freeze_call(Lane.ACCOUNT)[:2], self.here.bridge.is_frozen())


class Program:
    """A site, where as many deposits wait."""

    def __init__(self, ends: Ends) -> None:
        self.ends = ends
        self.requests = [deposit(ends.site) for _ in range(4)]

    def call_freeze(self) -> None:
        self.ends.call_freeze(Lane.ACCOUNT)

    def confirm_freeze(self) -> None:
        self.ends.confirm_freeze(Lane.ACCOUNT)

    def serve(self) -> None:
        self.ends.extend(self.requests[self.ends.tip].words(), Lane.ACCOUNT)
        self.ends.bring()

    def wait(self, seconds: int, is_halted: bool) -> None:
        self.ends.wait(seconds, 1 if is_halted else None)

    def state(self) -> tuple[Any, ...]:
        known = self.ends.site.state()
        return known["freeze_requests"][1], known["freeze_at"][1], bool(known["frozen_at"])


STEPS: list[tuple[Any, ...]] = [
    ("confirm_freeze",),
    ("wait", EXPIRY_SECONDS, False),
    ("call_freeze",),
    ("wait", 1, False),
    ("call_freeze",),
    ("call_freeze",),
    ("confirm_freeze",),
    ("serve",),
    ("wait", FREEZE_DELAY_SECONDS, False),
    ("confirm_freeze",),
    ("call_freeze",),
    ("wait", FREEZE_DELAY_SECONDS - 1, False),
    ("confirm_freeze",),
    ("serve",),
    ("call_freeze",),
    ("wait", 10 * DAY, True),
    ("confirm_freeze",),
    ("wait", FREEZE_DELAY_SECONDS, False),
    ("call_freeze",),
    ("confirm_freeze",),
    ("confirm_freeze",),
    ("call_freeze",),
    ("serve",),
]


def attempt(side: Contract | Program, step: tuple[Any, ...]) -> str:
    """Make a step; why it is refused, empty where it is not."""
    act: Callable[..., None] = getattr(side, step[0])
    try:
        act(*step[1:])
    except Reverted as error:
        return error.reason
    except Refused as error:
        assert isinstance(error.reason, Refusal), error
        return error.reason.value
    return ""


@upholds("QUE-2", "QUE-4")
def test_freeze__over_a_request_that_waits__step_by_step_as_on_the_contracts(rig: Rig, ends: Ends) -> None:
    contract, program, met = Contract(rig), Program(ends), set()
    for step in STEPS:
        reason = attempt(contract, step)
        assert attempt(program, step) == reason, step
        assert program.state() == contract.state(), step
        met.add(reason)
    assert contract.state()[-1]
    wanted = {item.value for item in Refusal if item.value.startswith("freeze: ")} - {Refusal.NO_REQUEST.value}
    assert met == wanted | {"", "bridge: already frozen"}


def test_call_freeze__nothing_waits_or_served_in_part__looks_at_the_queue(ends: Ends) -> None:
    site = ends.site
    ends.wait(100 * DAY)
    for lane in Lane:
        ends.call_freeze(lane, Refusal.NO_REQUEST)
    request = full_exit(site)
    ends.extend(request.part_words(), Lane.ACCOUNT)
    ends.bring()
    ends.wait(EXPIRY_SECONDS + 1)
    ends.call_freeze(Lane.ACCOUNT)
    ends.wait(DAY)
    ends.confirm_freeze(Lane.SWAP, Refusal.NOT_CALLED)
    ends.confirm_freeze(Lane.ACCOUNT)
    assert site.state()["frozen_at"] == site.machine.now()


@upholds("QUE-2")
def test_call_freeze__swap_that_waits__in_its_own_lane(ends: Ends) -> None:
    site = ends.site
    site.swap()
    ends.wait(EXPIRY_SECONDS + 1)
    ends.call_freeze(Lane.SWAP, Refusal.ACCOUNT, queue=site.account_queue)
    ends.call_freeze(Lane.SWAP)
    state = site.state()
    assert (state["freeze_requests"], state["freeze_in"][0]) == ([1, 0], site.machine.svm.get_clock().slot)
    ends.wait(DAY)
    ends.confirm_freeze(Lane.SWAP)
    site.swap(refusal=Refusal.FROZEN)


@pytest.mark.parametrize("lane", [0, 3, 255])
def test_freeze__no_lane__refused(ends: Ends, lane: int) -> None:
    for act in (ends.call_freeze, ends.confirm_freeze):
        act(lane, refusal=Refusal.LANE)  # type: ignore[arg-type]


def test_call_freeze__at_the_end_of_the_ring__reads_the_first_place(ends: Ends) -> None:
    plant(ends.site, totals=[0, 512], consumed=[0, 512])
    deposit(ends.site)
    ends.wait(EXPIRY_SECONDS)
    ends.call_freeze(Lane.ACCOUNT, Refusal.NOT_EXPIRED)
    ends.wait(1)
    ends.call_freeze(Lane.ACCOUNT)
    assert ends.site.state()["freeze_requests"] == [0, 513]


def test_freeze__no_clock__refused(ends: Ends) -> None:
    deposit(ends.site)
    ends.wait(EXPIRY_SECONDS + 1)
    now = ends.site.machine.now()
    ends.site.machine.set_time(0)
    ends.call_freeze(Lane.ACCOUNT, Refusal.CLOCK)
    ends.site.machine.set_time(now)
    ends.call_freeze(Lane.ACCOUNT)
    ends.site.machine.set_time(0)
    ends.confirm_freeze(Lane.ACCOUNT, Refusal.CLOCK)


# --- what the queue cannot match ---


def lie(ends: Ends) -> None:
    """The primary has a block with a deposit that nobody has asked for here."""
    request = deposit(ends.site)
    words = list(request.words())
    words[0] += 1
    ends.extend(words, Lane.ACCOUNT)


def test_show_mismatch__from_acc__freezes_and_nothing_more(ends: Ends) -> None:
    lie(ends)
    ends.bring(refusal=Refusal.REQUESTS)
    ends.show_mismatch()
    state = ends.site.state()
    assert (state["frozen_at"], state["has_end"], state["number"]) == (ends.site.machine.now(), 0, 0)
    ends.show_mismatch(refusal=Refusal.FROZEN_BEFORE)


def test_show_mismatch__more_requests_than_there_are_or_a_later_acc__freezes(site: Site, ends: Ends) -> None:
    request = deposit(site)
    ends.extend((*request.words(), *request.words()), Lane.ACCOUNT)
    ends.extend(count=2)
    ends.show_mismatch(top=3)
    assert site.state()["frozen_at"]


def test_show_mismatch__part_of_another_full_exit__freezes(site: Site, ends: Ends) -> None:
    full_exit(site)
    other = full_exit(site, account=2)
    ends.extend(other.part_words(), Lane.ACCOUNT)
    ends.show_mismatch()
    assert site.state()["frozen_at"]


def test_show_mismatch__queue_that_matches__refused(site: Site, ends: Ends) -> None:
    ends.extend(deposit(site).words(), Lane.ACCOUNT)
    ends.extend(paid_here(SRM, 5, BOB).words())
    ends.show_mismatch(refusal=Refusal.MATCHES)
    ends.bring()
    ends.show_mismatch(refusal=Refusal.MATCHES)
    ends.extend(full_exit(site).part_words(), Lane.ACCOUNT)
    ends.bring()
    ends.show_mismatch(refusal=Refusal.MATCHES)


@upholds("SYN-4")
def test_show_mismatch__without_acc_or_not_the_next_block__refused(site: Site, ends: Ends) -> None:
    lie(ends)
    lie(ends)
    ends.show_mismatch(number=2, refusal=Refusal.VALIDATORS)
    true = site.groups
    for validators, watchers, refusal in (
        (true.watchers, true.watchers, Refusal.VALIDATORS),
        (true.validators, true.validators, Refusal.WATCHERS),
    ):
        site.groups = type(true)(true.deployment_hash, validators, watchers)
        ends.show_mismatch(refusal=refusal)
    site.groups = true
    ends.show_mismatch()
    assert site.state()["frozen_at"]


def test_show_mismatch__block_that_is_malformed_imported_or_no_block__refused(site: Site, ends: Ends) -> None:
    lie(ends)
    place = ends.write_next()
    ends.show_mismatch(block=ends.path(0, 0), refusal=Refusal.ACCOUNT)
    ends.show_mismatch(queue=site.swap_queue, refusal=Refusal.ACCOUNT)
    ends.show_mismatch(block=ends.evidence(), refusal=Refusal.FORM)
    ends.show_mismatch(block=place)


@upholds("SYN-8")
def test_show_mismatch__from_the_standing_end__secedes_at_the_tip(site: Site, ends: Ends) -> None:
    ends.extend()
    ends.bring()
    lie(ends)
    ends.extend(count=2)
    ends.raise_end(4, VALIDATORS, WATCHERS)
    ends.bring(4, refusal=Refusal.REQUESTS)
    ends.show_mismatch(3, Refusal.NO_MISMATCH)
    ends.show_mismatch(3, Refusal.NO_MISMATCH, path=ends.path(2, 4))
    ends.show_mismatch(4)
    state = site.state()
    assert (state["end_number"], state["end_hash"]) == (1, ends.sync_hash(1)) and state["has_end"]
    ends.show_mismatch(4, Refusal.NO_MISMATCH)
    ends.bring(4, refusal=Refusal.BEYOND_END)


def test_show_mismatch__end_that_is_far_away__by_a_path(site: Site, ends: Ends) -> None:
    lie(ends)
    ends.extend(count=3)
    ends.raise_end(4, VALIDATORS, WATCHERS)
    ends.show_mismatch(2, path=ends.path(2, 4))
    assert site.state()["end_number"] == 0 and site.state()["end_hash"] == site.deployment_hash
