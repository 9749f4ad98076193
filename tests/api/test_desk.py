"""Questions for the node's thread: taken together, shown before they are answered, answered in order, or refused."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from tests.api.scene import Scene
from tests.api.test_submissions import Owner
from zklink.api.calls import NodeQuestion, expect_operations
from zklink.api.desk import ThreadDesk
from zklink.protocol.errors import RequestRefused
from zklink.schema.api.methods import BY_NAME
from zklink.transition import checks

Questions = Sequence[Callable[[], Any]]


def fail() -> int:
    raise ValueError("no answer")


def test_serve__several_wait__shown_together_and_answered_in_order() -> None:
    desk, shown, said = ThreadDesk(), list[Questions](), list[int]()
    desk.prepare = shown.append

    def say(number: int) -> int:
        said.append(number)
        return number

    questions = [partial(say, number) for number in range(3)]
    answers = [desk.ask(question) for question in questions]
    desk.serve(0)
    while len(said) < 3:
        desk.serve(0)
    assert said == [0, 1, 2] and [answer.result(0) for answer in answers] == said
    assert list(map(list, shown)) == [questions]


def test_serve__preparing_fails__each_is_answered_all_the_same() -> None:
    desk = ThreadDesk()

    def prepare(questions: Questions) -> None:
        raise ValueError(len(questions))

    desk.prepare = prepare
    answers = [desk.ask(lambda: 1), desk.ask(fail)]
    desk.serve(0)
    desk.serve(0)
    assert answers[0].result(0) == 1
    with pytest.raises(ValueError, match="no answer"):
        answers[1].result(0)


def test_serve__an_asker_has_gone__its_question_is_not_answered() -> None:
    desk, said = ThreadDesk(), list[int]()
    gone, there = desk.ask(lambda: said.append(1)), desk.ask(lambda: said.append(2))
    assert gone.cancel()
    while not there.done():
        desk.serve(0)
    assert said == [2]


def test_close__some_were_taken_and_some_wait__all_are_refused() -> None:
    desk = ThreadDesk()
    answers = [desk.ask(lambda: 1) for _ in range(3)]
    desk.serve(0)
    answers.append(desk.ask(lambda: 1))
    desk.close()
    assert answers[0].result(0) == 1
    for answer in answers[1:]:
        with pytest.raises(RequestRefused, match="shutting down"):
            answer.result(0)
    with pytest.raises(RequestRefused, match="shutting down"):
        desk.ask(lambda: 1)


def test_ask__more_than_may_wait__refused() -> None:
    desk = ThreadDesk(waiting=2)
    for _ in range(2):
        desk.ask(lambda: 1)
    with pytest.raises(RequestRefused, match="more questions"):
        desk.ask(lambda: 1)


def test_expect_operations__what_is_handed_in__its_signatures_are_known_then(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question of another kind, and one whose operation cannot be read, are left to their answers."""
    monkeypatch.setattr(checks, "_verdicts", {})
    owner, method = Owner(scene), BY_NAME["submit"]
    encoded = [owner.encode(owner.transfer(amount)) for amount in (5, 6)]
    unreadable = {**encoded[0], "public_key": ["1"]}
    requests = [method.request(operation=operation) for operation in (*encoded, unreadable)]
    questions = [NodeQuestion(scene.sources, "submit", request) for request in requests]
    expect_operations(scene.sources, [questions[0], questions[2], fail])
    assert not checks._verdicts
    expect_operations(scene.sources, [*questions, fail])
    assert list(checks._verdicts.values()) == [True, True]
