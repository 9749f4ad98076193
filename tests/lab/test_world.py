"""The stage: rounds, what is carried, what each fault does, and going back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web3 import Web3

from tests.lab.letters import NOBODY, SPECS, WAY, Letters
from tests.support.engines import ENGINES, note_engine
from zklink.devnet.anvil_command import anvil_path
from zklink.lab.chain import LocalChain
from zklink.lab.chains import LocalChains, open_chains
from zklink.lab.committee import Committee
from zklink.lab.contracts import compile_vyper, deploy
from zklink.lab.errors import FaultUnavailable, NeverCame, NoSuchChain, NoSuchWay, PlanInapplicable
from zklink.lab.faults import (
    BadNode,
    Censored,
    Delayed,
    Drift,
    Fault,
    FaultPlan,
    FeeSpike,
    Forged,
    FullPool,
    Halt,
    Lost,
    MissedBlocks,
    Reordered,
    Reorg,
    Repeated,
    Replaced,
    Skew,
    SlowBlocks,
    Withheld,
)
from zklink.lab.faults.hunt import run_plan
from zklink.lab.world import LabWorld


@pytest.fixture(scope="module", params=["revm", "anvil"])
def opened(request: pytest.FixtureRequest) -> Iterator[LocalChains[LocalChain]]:
    with open_chains(request.param, SPECS, anvil_path) as chains:
        yield chains


@pytest.fixture
def world(opened: LocalChains[LocalChain]) -> Iterator[LabWorld]:
    """Two chains on which a test can do what it likes."""
    note_engine(ENGINES[opened.backend])
    with opened.isolated():
        yield LabWorld(opened)


@pytest.fixture
def revm_world() -> Iterator[LabWorld]:
    with open_chains("revm", SPECS) as chains:
        yield LabWorld(chains)


def lines(world: LabWorld, where: str) -> list[tuple[int, str]]:
    return [(line.round, line.text) for line in world.story.lines if line.where == where]


def test_story__honest_courier__one_line_a_step(world: LabWorld) -> None:
    letters = Letters(world)
    with world.by_rounds():
        letters.say(5)
        world.round()
        letters.say(7)
        world.settle()
        assert (letters.said, letters.heard) == (12, 12)
        assert str(world.story).splitlines() == [
            "round 0   left           somebody says 5",
            "round 1   left -> right  Said 1: number 1, amount 5",
            "          left           somebody says 7",
            "round 2   right          Said 1 arrives",
            "          left -> right  Said 2: number 2, amount 7",
            "round 3   right          Said 2 arrives",
        ]


def test_story__step_that_a_contract_refuses__is_told_with_the_reason_once(world: LabWorld) -> None:
    letters = Letters(world)
    call = letters.hearer.functions.hear(1, 5, [])
    with world.by_rounds():
        world.send("right", call, 1, "a stranger brings 5")
        world.round(3)
        assert lines(world, "right") == [
            (0, "a stranger brings 5"),
            (1, "refused: a stranger brings 5 (hearer: not the carrier)"),
        ]
    moment = world.snapshot()
    world.send("right", call, 1, "a stranger brings 6")
    assert lines(world, "right")[-1][1] == "refused: a stranger brings 6 (hearer: not the carrier)"
    world.restore(moment)
    world.round()
    assert len(lines(world, "right")) == 2


TELLER = """
# pragma version 0.4.3
event To:
    who: address

@external
def tell(who: address):
    log To(who=who)
"""


def test_story__address_with_a_name__is_told_by_it(world: LabWorld, tmp_path: Path) -> None:
    (tmp_path / "Teller.vy").write_text(TELLER)
    bob, left = "0x" + "aB" * 20, world.chain("left")
    world.name(bob, "bob")
    teller = deploy(left, compile_vyper(tmp_path / "Teller.vy"))
    world.courier.carry(left, teller, "To", world.chain("right"), lambda message: {"to": bob})
    for who in (bob, "0x" + "12" * 20):
        world.send("left", teller.functions.tell(Web3.to_checksum_address(who)), 0)
        world.round()
    assert [text for _, text in lines(world, WAY)] == ["To 1: who bob", "To 2: who 0x121212.."]


def test_courier__signature_without_abi__carries_the_same(world: LabWorld) -> None:
    letters = Letters(world)
    left, right, seen = world.chain("left"), world.chain("right"), []

    def deliver(message: Any) -> Any:
        seen.append(dict(message.args))
        return letters.hearer.functions.hear(100 + message.args["number"], message.args["arg1"], [])

    world.courier.carry(left, letters.speaker.address, "Said(uint256 indexed number, uint256)", right, deliver)
    letters.say(5)
    world.settle()
    assert seen == [{"number": 1, "arg1": 5}]
    assert letters.heard == 10


def test_courier__confirmations__waits_for_them(world: LabWorld) -> None:
    letters = Letters(world, confirmations=3)
    with world.by_rounds():
        letters.say(5)
        world.round(3)
        assert letters.heard == 0
        assert lines(world, WAY) == [(3, "Said 1: number 1, amount 5")]
        world.round()
        assert letters.heard == 5


def test_committee__threshold_signs__accepted_and_strangers_are_not(world: LabWorld) -> None:
    letters = Letters(world, carrier=NOBODY, committee=Committee.of(3, 2))
    letters.say(5)
    world.settle()
    assert letters.heard == 5
    world.strike(Forged(WAY))
    world.settle()
    assert letters.heard == 5
    assert world.courier.refused(WAY)[0][1] == "hearer: not a member"


def test_forged__nobody_checks__is_believed(world: LabWorld) -> None:
    letters = Letters(world, carrier=NOBODY, checks_twice=False)
    letters.say(5)
    world.settle()
    world.strike(Forged(WAY, which=1, by=100))
    world.settle()
    assert letters.heard == 5 + 105
    assert any("a stranger brings a forged Said 1: number 1, amount 105" in text for _, text in lines(world, WAY))


# -- messages ------------------------------------------------------------------------------------------------------


def play(world: LabWorld, letters: Letters, *strikes: tuple[int, Fault], rounds: int = 12) -> None:
    """Three people say 1, 2 and 4 in rounds 1, 2 and 3, with these faults."""
    plan = FaultPlan.of(*strikes)
    plan.check(world)
    with world.by_rounds(plan.strikes):
        for who, amount in enumerate((1, 2, 4)):
            letters.say(amount, who)
            world.round()
        world.round(rounds)


def test_delayed__first_message__arrives_later_than_the_second(world: LabWorld) -> None:
    letters = Letters(world)
    play(world, letters, (1, Delayed(WAY, 3)))
    assert letters.heard == 7
    assert [text for _, text in lines(world, "right")] == ["Said 2 arrives", "Said 3 arrives", "Said 1 arrives"]


def test_lost__two__only_the_third_arrives(world: LabWorld) -> None:
    letters = Letters(world)
    play(world, letters, (1, Lost(WAY, 2)))
    assert letters.heard == 4


def test_repeated__checked__is_refused_once(world: LabWorld) -> None:
    letters = Letters(world)
    play(world, letters, (1, Repeated(WAY, 2)))
    assert letters.heard == 7
    assert (4, "Said 1 is refused: hearer: heard before") in lines(world, "right")


def test_repeated__unchecked__counts_twice(world: LabWorld) -> None:
    letters = Letters(world, checks_twice=False)
    play(world, letters, (1, Repeated(WAY, 2)))
    assert letters.heard == 8
    assert (4, "Said 1 arrives again") in lines(world, "right")


def test_reordered__three_rounds__last_is_first(world: LabWorld) -> None:
    letters = Letters(world)
    play(world, letters, (1, Reordered(WAY, 5)))
    assert letters.heard == 7
    arrivals = [text for _, text in lines(world, "right") if "arrives" in text]
    assert arrivals == ["Said 3 arrives", "Said 2 arrives", "Said 1 arrives"]
    assert int(letters.hearer.functions.last().call()) == 1


def test_censored__one_kind_or_source__only_for_its_rounds(world: LabWorld) -> None:
    letters = Letters(world)
    play(world, letters, (1, Censored(WAY, 4, event="Said", source=letters.speaker.address)))
    assert [number for number, _ in lines(world, "right")] == [5, 5, 5]


def test_faults__what_is_not_there__one_sentence_each(world: LabWorld) -> None:
    letters = Letters(world)
    cases: tuple[tuple[Fault, type[Exception], str], ...] = (
        (Halt("middle", 1), NoSuchChain, "no chain is called middle; there are left, right"),
        (Lost("right -> left"), NoSuchWay, "nothing is carried right -> left; there are left -> right"),
        (Censored(WAY, 1, event="Heard"), PlanInapplicable, "nothing from Heard is carried; there are Said"),
        (Halt("left", 0), PlanInapplicable, "Halt cannot be played: rounds is at least 1, not 0"),
        (BadNode("left", "sleepy", 1), PlanInapplicable, "no node does sleepy; there are away, dropped sends"),
    )
    for fault, kind, words in cases:
        with pytest.raises(kind, match=words):
            world.strike(fault)
    assert letters.heard == 0
    assert world.story.lines == []


# -- chains --------------------------------------------------------------------------------------------------------


def test_reorg__nothing_comes_back__what_was_said_is_gone(world: LabWorld) -> None:
    letters = Letters(world, checks_twice=False)
    play(world, letters, (2, Reorg("left", 1, back=())))
    assert letters.said == 6
    assert letters.heard == 7  # carried with one confirmation: credited for nothing
    told = "FAULT: the last 1 block is replaced by others; gone for good: somebody says 1"
    assert (2, told) in lines(world, "left")


def test_reorg__deeper_than_the_play__takes_only_its_own_blocks(world: LabWorld) -> None:
    letters = Letters(world)
    height = world.chain("left").w3.eth.block_number
    play(world, letters, (1, Reorg("left", 5)), (3, Reorg("left", 50)))
    assert (1, "FAULT: a reorganisation finds no block of this play yet") in lines(world, "left")
    assert letters.speaker.functions.count().call(block_identifier=height) == 0
    assert letters.said == 7


def test_reorg__of_a_delivery__is_delivered_again(world: LabWorld) -> None:
    letters = Letters(world)
    play(world, letters, (3, Reorg("right", 1, back=())))
    assert letters.heard == 7
    assert (3, "the delivery of Said 1 is gone, and is made again") in lines(world, "right")


def test_halt__of_the_destination__nothing_arrives_meanwhile(world: LabWorld) -> None:
    letters = Letters(world)
    play(world, letters, (1, Halt("right", 6)))
    assert {number for number, text in lines(world, "right") if "arrives" in text} == {7}


@pytest.mark.parametrize(
    ("fault", "blocks"), [(MissedBlocks("left", 3), 9), (SlowBlocks("left", 3, 9), 6), (Halt("left", 12), 0)]
)
def test_blocks__slow_or_missing__so_many_are_made(world: LabWorld, fault: Fault, blocks: int) -> None:
    chain = world.chain("left")
    before = chain.w3.eth.block_number
    with world.by_rounds(FaultPlan.of((1, fault)).strikes):
        world.round(12)
    assert chain.w3.eth.block_number - before == blocks


def test_clocks__skew_and_drift__each_chain_has_its_own(world: LabWorld) -> None:
    starts = {chain.name: chain.head_timestamp() for chain in world.chains}
    with world.by_rounds(FaultPlan.of((1, Skew("left", 100)), (2, Drift("right", 50)), (4, Skew("left", -50))).strikes):
        world.round(10)
    passed = {chain.name: chain.head_timestamp() - starts[chain.name] for chain in world.chains}
    # The left clock is at 106 after three rounds; set back, it is at 70 after ten: until then blocks follow by seconds.
    assert passed == {"left": 106 + 7, "right": 2 + 9 * 3}


def test_fee_spike__poor_offers_wait__and_go_on_after_it(revm_world: LabWorld) -> None:
    world = revm_world
    letters = Letters(world)
    with world.by_rounds(FaultPlan.of((1, FeeSpike("left", 500, 3))).strikes):
        sent = letters.say(5)
        world.round(3)
        assert sent.receipt() is None
        assert world.chain("left").w3.eth.get_block("latest")["baseFeePerGas"] == 500 * 10**9
        world.round()
        assert sent.is_done


def test_replaced__by_its_sender__the_first_never_happens(world: LabWorld) -> None:
    letters = Letters(world)
    play(world, letters, (1, Replaced("left")))
    assert letters.said == 6
    assert (1, "FAULT: somebody says 1 is replaced by an empty transaction") in lines(world, "left")


def test_withheld__two_rounds__is_mined_in_the_third(revm_world: LabWorld) -> None:
    letters = Letters(revm_world)
    play(revm_world, letters, (1, Withheld("left", 2)))
    assert (1, "FAULT: withheld for 2 rounds: somebody says 1") in lines(revm_world, "left")
    assert [number for number, _ in lines(revm_world, WAY)] == [2, 3, 3]
    assert letters.heard == 7


def test_full_pool__user_waits__the_node_takes_it_later(revm_world: LabWorld) -> None:
    letters = Letters(revm_world)
    play(revm_world, letters, (1, FullPool("left", 2)))
    assert letters.said == 7
    assert (1, "the node refuses: txpool is full (somebody says 2)") in lines(revm_world, "left")
    assert (3, "the node takes it now (somebody says 2)") in lines(revm_world, "left")


def test_unavailable__on_anvil__says_which_chains_have_it(world: LabWorld) -> None:
    for fault in (FullPool("left", 1), Withheld("left", 1), FeeSpike("left", 9, 1)):
        if world.chains.backend == "revm":
            fault.check(world)
            continue
        with pytest.raises(FaultUnavailable, match=f"left: {fault.title} needs chains made of revm"):
            fault.check(world)


def test_bad_node__for_two_rounds__the_program_sees_it_and_the_chain_does_not(world: LabWorld) -> None:
    letters, (w3, _) = Letters(world), world.node("left")
    letters.say(5)
    address: Any = letters.speaker.address
    found = []
    plan = FaultPlan.of((1, BadNode("left", "empty logs", 2)))
    world.each_round(lambda: found.append(len(w3.eth.get_logs({"address": address, "fromBlock": 0}))))
    with world.by_rounds(plan.strikes):
        world.round(4)
    assert found == [0, 0, 1, 1]
    assert len(world.chain("left").w3.eth.get_logs({"address": address, "fromBlock": 0})) == 1


# -- going back ----------------------------------------------------------------------------------------------------


def test_isolated__chains_messages_and_story__are_as_before(world: LabWorld) -> None:
    letters = Letters(world)
    letters.say(1)
    world.settle()
    before = (str(world.story), world.round_number, letters.heard)
    with pytest.raises(ZeroDivisionError), world.isolated():
        letters.say(2)
        world.round(3)
        world.strike(Lost(WAY))
        assert letters.heard == 3
        raise ZeroDivisionError
    assert (str(world.story), world.round_number, letters.heard) == before
    letters.say(4)
    world.settle()
    assert letters.heard == 5
    assert [message.number for message in world.courier.arrived()] == [1, 2]


def test_until__never__says_what_and_how_long(world: LabWorld) -> None:
    with pytest.raises(NeverCame, match="the moon is blue: not within 3 rounds"):
        world.until(lambda: False, "the moon is blue", 3)


def test_run_plan__failure__has_faults_and_story_and_leaves_no_trace(world: LabWorld) -> None:
    letters = Letters(world, checks_twice=False)

    def once(stage: LabWorld) -> None:
        letters.say(3)
        stage.settle()
        assert letters.heard <= letters.said

    with pytest.raises(AssertionError) as caught:
        run_plan(world, FaultPlan.of((1, Repeated(WAY, 0))), once)
    assert caught.value.__notes__ == [
        "\nIt fails with this fault:\n"
        "  round 1: left -> right: the next message is brought twice, at once\n"
        "\n"
        "The story:\n"
        "round 0   left           somebody says 3\n"
        "round 1   left -> right  Said 1: number 1, amount 3\n"
        "          left -> right  FAULT: Said 1 is carried twice\n"
        "round 2   right          Said 1 arrives\n"
        "          right          Said 1 arrives again"
    ]
    assert (letters.said, letters.heard, world.story.lines) == (0, 0, [])


def test_send__py_evm_has_no_key__says_which_chains_need_none() -> None:
    note_engine("py-evm")
    with LabWorld(open_chains("test", SPECS)) as world:
        words = f"left: a transaction of {NOBODY}, whose key it has not, needs chains made of revm, anvil or fork"
        with pytest.raises(FaultUnavailable, match=words):
            world.send("left", {"to": NOBODY}, NOBODY)
