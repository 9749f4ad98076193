"""Plans of faults: drawn from one seed, shrunk to the fewest that still fail, saved and read again."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from tests.lab.letters import NOBODY, SPECS, WAY, Letters
from tests.support.engines import note_engine
from tests.support.tries import at_least
from zklink.lab.chain import LocalChain
from zklink.lab.chains import LocalChains, open_chains
from zklink.lab.errors import NoSuchChain, PlanInapplicable
from zklink.lab.faults import FAULTS, Delayed, Fault, FaultPlan, Forged, Halt, Lost, Reordered, Reorg, Repeated, Skew
from zklink.lab.faults.hunt import hunt, run_plan, shrink_plan
from zklink.lab.faults.strategies import faults, plans
from zklink.lab.places import Places
from zklink.lab.world import LabWorld

EVERYWHERE = Places(
    "revm", ("left", "right", "solana"), (WAY,), ("Said",), ("0x01",), ("left", "solana"), (("solana", "litesvm"),)
)


@pytest.fixture(scope="module")
def opened() -> Iterator[LocalChains[LocalChain]]:
    with open_chains("revm", SPECS) as chains:
        yield chains


@pytest.fixture
def world(opened: LocalChains[LocalChain]) -> Iterator[LabWorld]:
    note_engine("revm")
    with opened.isolated():
        yield LabWorld(opened)


def say_two(letters: Letters) -> Any:
    """A play: two people say something; in the end nobody has heard more than was said."""

    def play(world: LabWorld) -> None:
        letters.say(5, 1)
        world.round()
        letters.say(7, 2)
        world.round(6)
        assert letters.heard <= letters.said, "heard more than was said"

    return play


def hunt_and_tell(letters: Letters, kinds: list[type[Fault]], seed: int = 3) -> list[str]:
    """The faults that a developer reads."""
    world = letters.world
    with pytest.raises(AssertionError, match="heard more than was said") as caught:
        hunt(world, say_two(letters), plans(world.places, kinds), seed=seed)
    story, line = caught.value.__notes__
    assert line == f"found with --lab-seed={seed}"
    return [line.strip() for line in story.partition("\n\nThe story:")[0].splitlines()[1:]]


def test_hunt__counts_twice__the_one_fault_that_matters(world: LabWorld) -> None:
    told = hunt_and_tell(Letters(world, checks_twice=False), [Repeated, Halt, Delayed, Skew])
    assert told == [
        "It fails with this fault:",
        "round 1: left -> right: the next message is brought twice, at once",
    ]


def test_hunt__believes_anybody__a_forgery(world: LabWorld) -> None:
    told = hunt_and_tell(Letters(world, carrier=NOBODY, checks_twice=False), [Forged, Lost, Reordered])
    assert told == ["It fails with this fault:", "round 2: left -> right: a stranger forges a message"]


def test_hunt__one_confirmation__a_reorganisation_after_the_credit(world: LabWorld) -> None:
    told = hunt_and_tell(Letters(world), [Reorg, Skew, Halt])
    lost = "left replaces its last 1 block; none of their transactions comes back"
    assert told[0] == "It fails with this fault:"
    assert [line.partition(": ")[2] for line in told[1:]] == [lost]


def test_hunt__bridge_that_checks__finds_nothing(world: LabWorld) -> None:
    letters = Letters(world, confirmations=4)
    kinds = [Repeated, Forged, Delayed, Reordered, Lost, Halt, Skew]
    hunt(world, say_two(letters), plans(world.places, kinds), seed=2, examples=40)
    assert (letters.said, world.story.lines) == (0, [])


def test_hunt__same_seed__draws_the_same_plans(world: LabWorld) -> None:
    def draw(seed: int) -> list[str]:
        seen: list[str] = []
        hunt(world, lambda stage: seen.append(str(FaultPlan(tuple(stage.strikes)))), seed=seed, examples=10)
        return seen

    first = draw(11)
    assert len(set(first)) > 5
    assert first[0] == "no fault"
    assert draw(11) == first
    assert draw(12) != first


def test_hunt__fails_without_faults__says_so(world: LabWorld) -> None:
    def play(stage: LabWorld) -> None:
        raise AssertionError("always")

    with pytest.raises(AssertionError, match="always") as caught:
        hunt(world, play)
    assert caught.value.__notes__[0].startswith("\nIt fails without any fault.\n")


def test_shrink__much_noise__leaves_what_still_fails(world: LabWorld) -> None:
    letters = Letters(world, checks_twice=False)
    noise = FaultPlan.of((1, Halt("right", 2)), (2, Skew("left", -300)), (1, Delayed(WAY, 1)), (1, Reorg("right", 3)))
    plan = noise + FaultPlan.of((1, Repeated(WAY, 1)))
    assert shrink_plan(world, plan, say_two(letters)) == FaultPlan.of((1, Repeated(WAY, 0)))


def test_shrink__two_that_only_fail_together__both_stay() -> None:
    def fails(plan: FaultPlan) -> bool:
        kinds = {type(strike.fault): strike.fault for strike in plan.strikes}
        halt, skew = kinds.get(Halt), kinds.get(Skew)
        return isinstance(halt, Halt) and isinstance(skew, Skew) and halt.rounds >= 3 and skew.seconds <= -77

    plan = FaultPlan.of((4, Halt("left", 8)), (2, Lost(WAY)), (6, Skew("left", -900)), (3, Forged(WAY)))
    assert plan.shrink(fails) == FaultPlan.of((1, Halt("left", 3)), (1, Skew("left", -77)))


def test_shrink__does_not_fail__one_sentence(world: LabWorld) -> None:
    with pytest.raises(PlanInapplicable, match="the play does not fail under it"):
        shrink_plan(world, FaultPlan(), say_two(Letters(world)))


@given(plans(EVERYWHERE))
def test_json__any_plan__is_read_as_it_was(plan: FaultPlan) -> None:
    assert FaultPlan.from_json(plan.to_json()) == plan


def test_strategies__each_kind__is_drawn_where_it_can_be() -> None:
    def kinds(places: Places) -> set[str]:
        seen: set[str] = set()

        @at_least(400)
        @given(faults(places))
        def look(fault: Any) -> None:
            seen.add(fault.title)

        look()
        return seen

    assert kinds(EVERYWHERE) == set(FAULTS)
    only_chains = kinds(Places("test", ("left",)))
    assert only_chains == {"Drift", "Halt", "MissedBlocks", "Skew", "SlowBlocks"}
    beside_py_evm = kinds(Places("test", ("solana",), solana=(("solana", "litesvm"),)))
    assert beside_py_evm == only_chains | {"Reorg", "Withheld", "Dropped"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"at": 1, "fault": "Rain"}, "Rain cannot be played: there is no such fault; there are Reorg"),
        ({"at": 1, "fault": "Halt", "chain": "left", "days": 1}, "it has no field days; it has chain, rounds"),
        ({"at": 1, "fault": "Halt", "chain": "left"}, "Halt cannot be played: it says nothing of its rounds"),
        ({"at": True, "fault": "Halt", "chain": "left", "rounds": 1}, "it has no round `at`"),
        ({"fault": "Halt", "chain": "left", "rounds": 1}, "it has no round `at`"),
    ],
)
def test_json__not_a_plan__one_sentence(data: dict[str, Any], words: str) -> None:
    with pytest.raises(PlanInapplicable, match=words):
        FaultPlan.from_json([data])


@pytest.mark.parametrize("data", ['[{"at": 1}]', {"at": 1}, ["Halt"], None])
def test_json__no_list_of_objects__one_sentence(data: Any) -> None:
    with pytest.raises(PlanInapplicable, match="a plan cannot be played: it is a list of objects, as `to_json` gives"):
        FaultPlan.from_json(data)


def test_plan__of_another_world__is_refused_before_anything_happens(world: LabWorld) -> None:
    plan = FaultPlan.of((1, Halt("left", 1)), (2, Halt("middle", 1)))
    with pytest.raises(NoSuchChain):
        plan.check(world)
    with pytest.raises(PlanInapplicable, match="rounds begin with 1, not 0"):
        FaultPlan.of((0, Halt("left", 1))).check(world)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"fault": "Halt", "rounds": "two"}, "Halt cannot be played: rounds is a whole number, not 'two'"),
        ({"fault": "Halt", "rounds": None}, "rounds is a whole number, not None"),
        ({"fault": "Halt", "rounds": 1.5}, "rounds is a whole number, not 1.5"),
        ({"fault": "Halt", "rounds": True}, "rounds is a whole number, not True"),
        ({"fault": "Reorg", "depth": 1, "back": 3}, "Reorg cannot be played: back is a list of places from 0"),
        ({"fault": "Reorg", "depth": 1, "back": ["first"]}, "back is a list of places from 0"),
        ({"fault": "Reorg", "depth": 1, "back": [True]}, "back is a list of places from 0"),
        ({"fault": "Reorg", "depth": 1, "back": [0, -1]}, "back is a list of places from 0"),
    ],
)
def test_plan__value_of_another_kind__is_refused_before_anything_happens(
    world: LabWorld, fields: dict[str, Any], words: str
) -> None:
    plan = FaultPlan.from_json([{"at": 1, "chain": "left", **fields}])
    with pytest.raises(PlanInapplicable, match=words):
        run_plan(world, plan, lambda world: world.round())
    assert str(world.story) == ""
