"""What waits for a broker: a payout that its chain has paid waits no more, whoever paid it, also after a restart."""

from collections.abc import Iterator

import pytest

from tests.broker.test_broker import DEPLOYMENT, FAR, POLICY, SCALE, A, B, FakeFillPort, candidate, fill, key_of, look
from zklink.broker.broker import Broker
from zklink.broker.records import Attempt, FillOutcome, FillState
from zklink.broker.waiting import ASKED_AT_ONCE
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.ids import BlockNumber


@pytest.fixture
def port() -> FakeFillPort:
    return FakeFillPort()


def start(port: FakeFillPort) -> Broker:
    """A broker that remembers nothing of the run before."""
    return Broker(DEPLOYMENT, {B: port}, POLICY, {A: 3, B: 3})


def ask(broker: Broker) -> tuple[Attempt, ...]:
    asked = broker.list_asked(B)
    return broker.clear(asked, broker.ask(B, asked))


@pytest.mark.parametrize(
    ("state", "outcome"), [(FillState.OTHERS, FillOutcome.TAKEN), (FillState.EXECUTED, FillOutcome.TOO_LATE)]
)
def test_clear__paid_by_somebody_else__waits_no_more_also_after_a_restart(
    port: FakeFillPort, state: FillState, outcome: FillOutcome
) -> None:
    paid, open_ = candidate(1, amount=5_000), candidate(2, amount=5_000)
    port.states[key_of(paid)] = state
    for broker in (start(port), start(port)):
        broker.offer([paid, open_])
        [news] = ask(broker)
        assert (news.candidate, news.outcome, news.l1_amount) == (paid, outcome, 4_990 * SCALE)
        assert (broker.waiting, broker.positions, port.spent) == ((open_,), (), 0)
        assert ask(broker) == ()


def test_clear__paid_by_this_broker_in_a_run_before__on_the_books_again(port: FakeFillPort) -> None:
    fill(start(port), candidate())
    broker = start(port)
    broker.offer([candidate()])
    assert [news.outcome for news in ask(broker)] == [FillOutcome.FOUND_FILLED]
    assert broker.waiting == ()
    assert [(position.key, position.is_retracted) for position in broker.positions] == [(key_of(candidate()), False)]


def test_clear__this_broker_has_begun_to_pay_since_it_asked__left_to_the_attempt(port: FakeFillPort) -> None:
    broker = start(port)
    broker.offer([candidate()])
    asked = broker.list_asked(B)
    attempt = broker.attempt(candidate())
    found = broker.ask(B, asked)
    assert [each.outcome for each in found] == [FillOutcome.FOUND_FILLED]
    assert broker.clear(asked, found) == ()
    assert broker.record(attempt)
    [position] = broker.positions
    assert (position.l1_block, position.is_retracted) == (1, False)


def test_list_asked__in_doubt_here__left_to_those_who_ask_about_fills(port: FakeFillPort) -> None:
    broker = start(port)
    broker.offer([candidate()])
    port.refusal = RpcUnavailable("b", "fill", 1, "gone")
    broker.record(broker.attempt(candidate()))
    assert broker.waiting == (candidate(),)
    assert broker.list_asked(B) == ()


def test_list_asked__more_than_are_asked_at_once__in_turns(port: FakeFillPort) -> None:
    broker = start(port)
    cases = [candidate(number) for number in range(1, 2 * ASKED_AT_ONCE + 2)]
    broker.offer(cases)
    last = cases[-1]
    port.states[key_of(last)] = FillState.OTHERS

    def turns() -> Iterator[int]:
        for _ in range(3):
            assert len(broker.list_asked(B)) <= ASKED_AT_ONCE
            yield len(ask(broker))

    assert list(turns()) == [0, 0, 1]
    assert last not in broker.waiting and len(broker.waiting) == len(cases) - 1
    port.states[key_of(cases[-2])] = FillState.OTHERS
    assert sum(turns()) == 1, "the turns go on after the first round"
    assert broker.list_asked(A) == ()


def test_note_executed__all_payouts_of_these_blocks__wait_no_more_and_are_not_taken_again(port: FakeFillPort) -> None:
    first, second = candidate(1, block=1), candidate(2, block=2)
    broker = start(port)
    broker.offer([first, second])
    broker.note_executed(A, BlockNumber(2))
    assert list(broker.waiting) == [first, second]
    broker.note_executed(B, BlockNumber(1))
    assert list(broker.waiting) == [second]
    again = start(port)
    again.note_executed(B, BlockNumber(1))
    assert again.offer([first, second]) == {}
    assert again.waiting == (second,)


def test_note_executed__the_same_again__what_a_reorganisation_put_back_waits(port: FakeFillPort) -> None:
    broker = start(port)
    fill(broker, candidate(1, expires=FAR))
    broker.note_executed(B, BlockNumber(1))
    port.states[key_of(candidate())] = FillState.OPEN
    assert len(look(broker).lost) == 1
    broker.note_executed(B, BlockNumber(1))
    assert broker.waiting == (candidate(),)
