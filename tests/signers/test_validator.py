"""A validator seals what is queued, finally, and never two blocks of which the primary could take either."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sequencer.conftest import ALICE, BOB
from tests.sequencer.operations import deposit, full_exit
from tests.signers.chains import GENESIS, NOW, Draft, K, L, P, World, draft, is_signed, swap
from tests.support.tries import tries
from zklink.operations.full_exit import FullExitPart
from zklink.protocol.errors import (
    AgainstOwnWord,
    AlreadySealed,
    MemberIsFrozen,
    NotFinal,
    ParentUnknown,
    SealsTooFarAhead,
    StateError,
    TimeImpossible,
)
from zklink.protocol.facts import Accepted, Seal
from zklink.protocol.ids import DRIFT_SECONDS, MAX_AGE_SECONDS, Amount
from zklink.signers.history import Path
from zklink.signers.journal import MemorySignerJournal, Sealed
from zklink.signers.validator import SEALS_AHEAD, Validator


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def validator(world: World) -> Validator:
    return world.validator()


def test_seal__queued_and_final__signs_the_hash_of_the_words_themselves(world: World, validator: Validator) -> None:
    requests = [swap(K, 1), swap(K, 2)]
    world.chains[K].queue(*requests)
    block = draft(None, *requests)
    assert is_signed(Seal(block.place.number, block.place.sync_hash), validator.seal(block.proposal), validator.address)
    other = replace(block.proposal, previous=bytes(32))
    with pytest.raises(ParentUnknown):
        validator.seal(other)


@pytest.mark.parametrize("chain", [P, K, L])
def test_seal__request_not_final_yet__waits_on_the_primary_too(
    world: World, validator: Validator, chain: object
) -> None:
    source = P if chain == P else K if chain == K else L
    world.chains[source].queue(swap(source, 1))
    world.chains[source].pending = 1
    block = draft(None, swap(source, 1))
    with pytest.raises(NotFinal):
        validator.seal(block.proposal)
    world.chains[source].mine()
    assert validator.seal(block.proposal)


def test_seal__other_words_order_or_place_than_queued__refused(world: World, validator: Validator) -> None:
    one, two = swap(K, 1), swap(K, 2)
    world.chains[K].queue(one, two)
    wrong = {
        "another amount": draft(None, replace(one, amount=Amount(one.amount + 1))),
        "another order": draft(None, two, one),
        "the first left out": draft(None, two, places={K: 1}),
        "one too many": draft(None, one, two, swap(K, 3)),
        "no place named": draft(None, one, places={}),
    }
    for block in wrong.values():
        with pytest.raises(NotFinal):
            validator.seal(block.proposal)
    assert validator.seal(draft(None, one, two).proposal)


def test_seal__after_what_is_consumed__is_rolled_on_from_there(world: World, validator: Validator) -> None:
    requests = [swap(K, number) for number in (1, 2, 3)]
    world.chains[K].queue(*requests)
    first = draft(None, *requests[:2])
    second = draft(first, requests[2])
    with pytest.raises(ParentUnknown):
        validator.seal(second.proposal)
    validator.seal(first.proposal)
    assert validator.seal(second.proposal)


def test_seal__full_exit_served_in_part__must_be_the_next_request_of_its_queue(
    world: World, validator: Validator
) -> None:
    deposited, leaving = deposit(K, 1), full_exit(K, 2, ALICE)
    world.chains[K].queue_account(deposited, leaving)
    first = draft(None, deposited, FullExitPart(leaving), FullExitPart(leaving))
    for wrong in (
        draft(None, deposited, FullExitPart(replace(leaving, account=BOB))),
        draft(None, FullExitPart(leaving), deposited),
        draft(None, deposited, FullExitPart(leaving), places={K: 1}),
    ):
        with pytest.raises(NotFinal):
            validator.seal(wrong.proposal)
    validator.seal(first.proposal)
    assert validator.seal(draft(first, FullExitPart(leaving), leaving).proposal)


def test_seal__again__gives_the_same_word_also_after_a_restart(world: World) -> None:
    journal = MemorySignerJournal()
    signature = world.validator(journal=journal).seal(draft().proposal)
    again = world.validator(journal=journal)
    assert again.seal(draft().proposal) == signature
    with pytest.raises(AlreadySealed):
        again.seal(draft(mark=1).proposal)


@pytest.mark.parametrize(
    ("seconds", "is_taken"),
    [(DRIFT_SECONDS + 1, False), (DRIFT_SECONDS, True), (-MAX_AGE_SECONDS, True), (-MAX_AGE_SECONDS - 1, False)],
)
def test_seal__time_that_the_primary_refuses__not_sealed_since_it_would_never_grow_too_old(
    validator: Validator, seconds: int, is_taken: bool
) -> None:
    block = draft(timestamp=NOW + seconds)
    if is_taken:
        assert validator.seal(block.proposal)
        return
    with pytest.raises(TimeImpossible):
        validator.seal(block.proposal)
    assert validator.seal(draft().proposal)


def test_seal__second_one_at_a_number__only_when_a_final_block_shows_the_first_too_old(
    world: World, validator: Validator
) -> None:
    validator.seal(draft().proposal)
    rival = draft(mark=1, timestamp=NOW + MAX_AGE_SECONDS)
    world.now += 10 * MAX_AGE_SECONDS  # the validator's own clock does not count
    world.primary.mine(MAX_AGE_SECONDS)
    with pytest.raises(AlreadySealed):
        validator.seal(rival.proposal)
    world.primary.pending = 1
    world.primary.mine()
    with pytest.raises(AlreadySealed):  # too old by the newest block, which the primary may forget
        validator.seal(rival.proposal)
    world.primary.mine()
    assert validator.seal(rival.proposal)


def test_seal__second_one_on_an_old_block__whatever_its_own_age(world: World, validator: Validator) -> None:
    old = draft()
    validator.seal(old.proposal)
    world.primary.mine(MAX_AGE_SECONDS)
    validator.seal(draft(old, timestamp=NOW + MAX_AGE_SECONDS).proposal)
    world.primary.mine()
    new = draft(mark=1, timestamp=NOW + MAX_AGE_SECONDS)
    validator.seal(new.proposal)
    assert validator.seal(draft(new, mark=2, timestamp=NOW + MAX_AGE_SECONDS).proposal)


def test_seal__first_one_is_old_but_accepted__is_not_sealed_again(world: World, validator: Validator) -> None:
    first = draft()
    young = draft(first, timestamp=NOW + MAX_AGE_SECONDS)
    validator.seal(first.proposal)
    world.primary.mine(MAX_AGE_SECONDS)
    validator.seal(young.proposal)
    world.primary.accept(first)
    world.primary.mine()
    for rival in (draft(mark=1, timestamp=NOW + 9), draft(first, mark=1, timestamp=NOW + 9)):
        with pytest.raises((AgainstOwnWord, AlreadySealed)):
            validator.seal(rival.proposal)


def test_seal__rival_builds_on_what_the_primary_did_not_take__does_not_count(
    world: World, validator: Validator
) -> None:
    old = draft()
    validator.seal(old.proposal)
    world.primary.mine(MAX_AGE_SECONDS)
    validator.seal(draft(old, timestamp=NOW + MAX_AGE_SECONDS).proposal)
    world.primary.mine()
    new = draft(mark=1, timestamp=NOW + MAX_AGE_SECONDS)
    validator.seal(new.proposal)
    world.primary.accept(new)
    assert validator.seal(draft(new, mark=2, timestamp=NOW + MAX_AGE_SECONDS).proposal)


def test_seal__number_for_which_acc_is_signed__never_again(world: World, validator: Validator) -> None:
    first = draft()
    world.primary.accept(first)
    validator.accepted(first.place, first.path)
    del world.primary.states[-1]  # the primary has forgotten it
    world.primary.mine(2 * MAX_AGE_SECONDS)
    now = NOW + 2 * MAX_AGE_SECONDS
    with pytest.raises(AgainstOwnWord):
        validator.seal(draft(mark=1, timestamp=now).proposal)
    assert validator.seal(draft(first, timestamp=now).proposal)


def test_seal__acc_does_not_keep_up__stops_after_a_few(world: World, validator: Validator) -> None:
    blocks: list[Draft] = []
    for _ in range(SEALS_AHEAD + 1):
        blocks.append(draft(blocks[-1] if blocks else None))
    for block in blocks[:-1]:
        validator.seal(block.proposal)
    with pytest.raises(SealsTooFarAhead):
        validator.seal(blocks[-1].proposal)
    world.primary.accept(blocks[0])
    validator.accepted(blocks[0].place, blocks[0].path)
    assert validator.seal(blocks[-1].proposal)


def test_seal__a_member_is_frozen__nothing_more(world: World, validator: Validator) -> None:
    world.chains[L].is_away = True
    first = draft()
    validator.seal(first.proposal)
    world.chains[K].mine(is_frozen=True)
    with pytest.raises(MemberIsFrozen):
        validator.seal(draft(first).proposal)
    world.chains[K].is_away = True  # what it said last holds
    with pytest.raises(MemberIsFrozen):
        validator.seal(draft(first).proposal)


# -- the law ----------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("seal"), st.integers(0, 5), st.integers(0, 3)),
        st.tuples(st.just("mine"), st.sampled_from([1, MAX_AGE_SECONDS // 2, MAX_AGE_SECONDS + 1]), st.just(0)),
        st.tuples(st.just("accept"), st.integers(0, 20), st.just(0)),
        st.tuples(st.just("final"), st.just(0), st.just(0)),
        st.tuples(st.just("forget"), st.just(0), st.just(0)),
        st.tuples(st.just("acc"), st.just(0), st.just(0)),
        st.tuples(st.just("restart"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


@dataclass
class Run:
    """A validator, everything that it sealed, and a primary that takes whatever is sealed and young."""

    kind: type[Validator] = Validator

    def __post_init__(self) -> None:
        self.world, self.journal = World(), MemorySignerJournal()
        self.world.primary.pending = 1
        self.world.primary.mine()
        self.sealed: list[Draft] = []
        self.restart()

    def restart(self) -> None:
        self.validator = self.world.validator(journal=self.journal, kind=self.kind)

    def do(self, step: str, which: int, mark: int) -> None:
        primary = self.world.primary
        match step:
            case "seal":
                parent = self.sealed[-which] if 0 < which <= len(self.sealed) else None
                block = draft(parent, timestamp=primary.states[-1].timestamp, mark=mark)
                try:
                    self.validator.seal(block.proposal)
                except StateError:
                    return
                self.sealed += [] if block in self.sealed else [block]
            case "mine":
                primary.mine(which)
            case "accept":
                found = self.open()
                if found:
                    primary.accept(found[which % len(found)])
            case "final":
                primary.mine()
            case "forget" if primary.pending and len(primary.states) > 2:
                del primary.states[-1]
                primary.mine(0, tip=primary.states[-1].tip)
            case "acc":
                final = primary.final()
                assert final is not None
                tip = primary.states[final.number].tip
                path = next((b.path for b in self.sealed if b.place == tip), Path(GENESIS.number))
                if tip != GENESIS and tip.number > self.validator.covered.number:
                    self.validator.accepted(tip, path)
            case "restart":
                self.restart()

    def open(self) -> list[Draft]:
        """What the primary could accept now."""
        state = self.world.primary.states[-1]
        return [
            block
            for block in self.sealed
            if block.proposal.previous == state.tip.sync_hash
            and block.proposal.full.block.timestamp + MAX_AGE_SECONDS >= state.timestamp
        ]

    def choices(self) -> int:
        """How many blocks the primary could accept next, from its final block on and in any history: two are two
        histories of which it may take either.
        """
        state = self.world.primary.states[-2]
        young = [b for b in self.sealed if b.proposal.full.block.timestamp + MAX_AGE_SECONDS >= state.timestamp]
        return len({b.place for b in young if b.proposal.previous == state.tip.sync_hash})


class TestOneSealLaw:
    """At no moment can the primary take either of two blocks that a validator has sealed, whatever it forgets that was
    not final.
    """

    @tries(150)
    @given(STEPS)
    def test_seal__any_order_of_events__one_choice(self, steps: list[tuple[str, int, int]]) -> None:
        run = Run()
        for step in steps:
            run.do(*step)
            assert run.choices() <= 1

    @pytest.mark.parametrize("wrong", ["by the newest block", "as often as it is asked"])
    def test_seal__wrong_rule__is_noticed(self, wrong: str) -> None:
        """The law has teeth: each of these rules breaks it."""
        run = Run(WRONG[wrong])
        for step, which, mark in (("seal", 0, 0), ("mine", MAX_AGE_SECONDS + 1, 0), ("seal", 0, 1)):
            run.do(step, which, mark)
        assert run.choices() == 2


class ByTheNewestBlock(Validator):
    def _is_dead(self, rival: Sealed, base: Accepted, final_time: int) -> bool:
        return super()._is_dead(rival, base, self._primary.newest().timestamp)


class AsOftenAsItIsAsked(Validator):
    def _is_dead(self, rival: Sealed, base: Accepted, final_time: int) -> bool:
        return True


WRONG = {"by the newest block": ByTheNewestBlock, "as often as it is asked": AsOftenAsItIsAsked}
