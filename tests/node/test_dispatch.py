"""The dispatcher: at its pace while idle, at once after work, later and later after failures, and never again after
what is fatal.
"""

from dataclasses import dataclass, field

import pytest

from zklink.node.dispatcher import Dispatcher
from zklink.node.events import Event, Retried
from zklink.node.pacing import BackoffPolicy
from zklink.node.workers import InlineWorkers
from zklink.protocol.errors import HistoryDiverged, RpcUnavailable


@dataclass
class Setting:
    now: float = 100.0
    events: list[Event] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    was_busy: bool = False

    def __post_init__(self) -> None:
        backoff = BackoffPolicy(first_seconds=1.0, longest_seconds=4.0)
        self.dispatcher = Dispatcher(InlineWorkers(), lambda: self.now, backoff, self.events.append)

    def job(self) -> int:
        self.calls.append(self.now)
        if self.errors:
            raise self.errors.pop(0)
        return 1

    def round(self, seconds: float) -> None:
        self.dispatcher.start("lane", self.job, lambda result: self.was_busy, idle_seconds=2.0)
        self.dispatcher.collect()
        self.now += seconds


@pytest.fixture
def setting() -> Setting:
    return Setting()


def test_start__idle__waits_the_idle_time(setting: Setting) -> None:
    for _ in range(5):
        setting.round(1.0)
    assert setting.calls == [100.0, 102.0, 104.0]


def test_start__busy__goes_on_at_once(setting: Setting) -> None:
    setting.was_busy = True
    for _ in range(3):
        setting.round(0.25)
    assert setting.calls == [100.0, 100.25, 100.5]


def test_start__nothing_changed__runs_again_only_when_something_has() -> None:
    setting = Setting()
    for seen in ("a", "a", "a", "b", "b"):
        setting.dispatcher.start("lane", setting.job, lambda result: False, 0.0, seen=seen)
        setting.dispatcher.collect()
        setting.now += 1.0
    assert setting.calls == [100.0, 103.0]


def test_start__failed_with_nothing_changed__runs_again_all_the_same() -> None:
    setting = Setting(errors=[OSError("x")])
    for _ in range(4):
        setting.dispatcher.start("lane", setting.job, lambda result: False, 0.0, seen="a")
        setting.dispatcher.collect()
        setting.now += 1.0
    assert setting.calls == [100.0, 101.0]


def test_start__failures__reported_and_further_and_further_apart(setting: Setting) -> None:
    setting.errors = [
        RpcUnavailable("a", "status", 3, "refused"),
        OSError("broken"),
        ValueError("odd"),
        ValueError("odd"),
    ]
    for _ in range(24):
        setting.round(0.5)
    assert setting.calls[:5] == [100.0, 101.0, 103.0, 107.0, 111.0]
    retries = [event for event in setting.events if isinstance(event, Retried)]
    assert [(retry.failures, retry.delay_seconds) for retry in retries] == [(1, 1.0), (2, 2.0), (3, 4.0), (4, 4.0)]
    assert retries[0].reason == "a: status failed 3 times: refused"
    assert retries[1].reason == "OSError: broken"


def test_start__native_code_panics__reported_and_tried_again(setting: Setting) -> None:
    class PanicException(BaseException):
        pass

    setting.errors = [PanicException("list index out of range")]
    for _ in range(3):
        setting.round(1.0)
    assert setting.calls == [100.0, 101.0]
    [retry] = [event for event in setting.events if isinstance(event, Retried)]
    assert retry.reason == "PanicException: list index out of range"


def test_start__success_after_failures__counts_from_one_again(setting: Setting) -> None:
    setting.errors = [OSError("x")]
    for _ in range(8):
        setting.round(0.5)
    setting.errors = [OSError("y")]
    for _ in range(4):
        setting.round(0.5)
    assert [event.failures for event in setting.events if isinstance(event, Retried)] == [1, 1]


def test_collect__fatal_error__raised_and_not_retried(setting: Setting) -> None:
    setting.errors = [HistoryDiverged(1, 2)]
    with pytest.raises(HistoryDiverged):
        setting.round(1.0)
    assert setting.events == []
