"""A trace of one transfer over two chains: what it caused, as text and as a page."""

from collections.abc import Iterator

import pytest

from tests.lab.letters import SPECS, WAY, Letters
from tests.support.engines import note_engine
from zklink.lab.chains import open_chains
from zklink.lab.faults import Lost, Repeated
from zklink.lab.sending import Sent
from zklink.lab.trace import Names
from zklink.lab.world import LabWorld


@pytest.fixture(scope="module")
def opened() -> Iterator[Letters]:
    note_engine("revm")
    with LabWorld(open_chains("revm", SPECS)) as world:
        yield Letters(world)


@pytest.fixture
def letters(opened: Letters) -> Iterator[Letters]:
    with opened.world.isolated(), opened.world.by_rounds():
        yield opened


def names(letters: Letters) -> Names:
    return {("left", str(letters.speaker.address)): "Speaker", ("right", str(letters.hearer.address)): "Hearer"}


def say(letters: Letters, amount: int) -> Sent:
    return letters.world.send("left", letters.speaker.functions.say(amount), 1, f"alice says {amount}")


def test_trace__transfer__has_the_call_its_event_and_what_was_brought(letters: Letters) -> None:
    say(letters, 9)
    sent = say(letters, 5)
    letters.world.round(5)
    trace = letters.world.trace(sent, names(letters))
    first, second = trace.steps
    assert (first.chain, first.call, first.outcome, first.depth) == ("left", "Speaker.say(5)", "done", 0)
    assert first.events == ("Speaker: Said(number 2, amount 5)",)
    assert (second.chain, second.outcome, second.depth, second.why) == ("right", "done", 1, f"{WAY}, Said 2")
    assert second.call.startswith("Hearer.hear(2, 5")
    assert first.gas == letters.world.chain("left").w3.eth.get_transaction_receipt(sent.tx_hash)["gasUsed"]  # type: ignore[arg-type]
    assert trace.gas == first.gas + second.gas == sum(trace.gas_by_chain().values())
    assert str(trace).splitlines()[0].startswith("left  alice says 5: Speaker.say(5)  [block ")
    assert str(trace).splitlines()[-1].startswith(f"2 transactions, {trace.gas:,} gas: {first.gas:,} on left, ")


def test_trace__nothing_mined_yet__waits(letters: Letters) -> None:
    (step,) = letters.world.trace(say(letters, 5)).steps
    assert (step.outcome, step.gas, step.events) == ("waits", 0, ())


def test_trace__one_transaction__is_counted_as_one(letters: Letters) -> None:
    assert str(letters.world.trace(say(letters, 5))).splitlines()[-1].startswith("1 transaction, 0 gas")


def test_trace__message_is_lost__ends_there(letters: Letters) -> None:
    letters.world.strike(Lost(WAY))
    sent = say(letters, 5)
    letters.world.round(5)
    assert [step.chain for step in letters.world.trace(sent).steps] == ["left"]


def test_trace__message_is_brought_twice__both_are_there_with_the_reason(letters: Letters) -> None:
    letters.world.strike(Repeated(WAY, 1))
    sent = say(letters, 5)
    letters.world.round(6)
    outcomes = [step.outcome for step in letters.world.trace(sent).steps]
    assert outcomes == ["done", "done", "hearer: heard before"]


def test_page__names_with_signs_of_html__are_escaped_and_each_chain_is_a_column(letters: Letters) -> None:
    sent = say(letters, 5)
    letters.world.round(5)
    page = letters.world.trace(sent, {("left", str(letters.speaker.address)): "<script>"}).to_html("One & all")
    assert "<script>" not in page and "&lt;script&gt;.say(5)" in page and "<h1>One &amp; all</h1>" in page
    assert "<th>left</th><th>right</th>" in page
    assert page.count("<tr>") == 3
