"""Alarms: what they are called, how bad each is, and the book of those that are on. Takes what a look finds; gives logs
as alarms come and go, metrics and health. Never looks at a chain.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog

from zklink.l1.transport.redaction import redact
from zklink.service.health import WELL, Condition, Health, HealthBoard
from zklink.service.metrics import Metrics

DEPLOYMENT: Final = "deployment"
"""In the place of a chain's name: what concerns all of them."""


class AlarmName(StrEnum):
    """What can be wrong. The names stand in logs and metrics, and stay as they are."""

    UNREAD = "unread"
    HEAD_STANDS = "head_stands"
    FINAL_LOST = "final_lost"
    FROZEN = "frozen"
    FREEZE_CALLED = "freeze_called"
    FREEZE_ANNOUNCED = "freeze_announced"
    END_RAISED = "end_raised"
    END_STANDS = "end_stands"
    SILENCE = "silence"
    LAG = "lag"
    UNPAID = "unpaid"
    REQUEST_WAITS = "request_waits"
    INSOLVENT = "insolvent"
    CUSTODY = "custody"
    HISTORY_BROKEN = "history_broken"
    FOUNDING = "founding"
    GROUP_ANNOUNCED = "group_announced"
    PROPOSAL_WAITS = "proposal_waits"
    OWNER_NAMED = "owner_named"
    OWNER_CHANGED = "owner_changed"
    AUTHORITY_CHANGED = "authority_changed"
    AUTHORITY_HELD = "authority_held"
    RENT_LENT = "rent_lent"
    WORDS_NOT_KEPT = "words_not_kept"


CRITICAL: Final = frozenset(
    {
        AlarmName.FINAL_LOST,
        AlarmName.FROZEN,
        AlarmName.FREEZE_CALLED,
        AlarmName.FREEZE_ANNOUNCED,
        AlarmName.END_RAISED,
        AlarmName.END_STANDS,
        AlarmName.SILENCE,
        AlarmName.INSOLVENT,
        AlarmName.CUSTODY,
        AlarmName.HISTORY_BROKEN,
        AlarmName.OWNER_CHANGED,
        AlarmName.AUTHORITY_CHANGED,
    }
)
"""Alarms for which somebody is to get up; the others are warnings."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something is wrong with a chain, or with the deployment; `text` says what, and who can do what about it. `until`
    is when a window is over (UNIX seconds), 0 for none. The same alarm with another `mark` is news.
    """

    name: AlarmName
    place: str
    text: str
    until: int = 0
    mark: str = ""

    @property
    def level(self) -> str:
        """`critical` or `warning`."""
        return "critical" if self.name in CRITICAL else "warning"


class AlarmBook:
    """The alarms that are on, by place."""

    def __init__(self, places: Iterable[str], metrics: Metrics, board: HealthBoard) -> None:
        self._metrics, self._board, self._places = metrics, board, tuple(places)
        self._on: dict[tuple[str, AlarmName, str], Alarm] = {}
        for place in self._places:
            self._count(place)

    @property
    def on(self) -> tuple[Alarm, ...]:
        """All alarms that are on, the critical ones first."""
        return tuple(sorted(self._on.values(), key=lambda alarm: (alarm.level, alarm.place, alarm.name)))

    def enter(self, place: str, found: Iterable[Alarm], *, is_whole: bool = True) -> None:
        """What a look at a place finds; what is not among it is over if `is_whole`: the look was not cut short."""
        now = {(place, alarm.name, alarm.mark): alarm for alarm in found}
        logger = structlog.get_logger("zklink.watch")
        for key, alarm in now.items():
            if key not in self._on:
                fields = {"until": alarm.until} if alarm.until else {}
                getattr(logger, alarm.level)(alarm.name.value, place=place, detail=redact(alarm.text), **fields)
        for key, alarm in self._of(place).items():
            if key not in now and is_whole:
                del self._on[key]
                logger.info(f"{alarm.name.value}_over", place=place)
        self._on.update(now)
        self._count(place)
        text = redact("; ".join(alarm.text for alarm in self._of(place).values()))
        self._board.note(name_part(place), Health(Condition.AFFECTED, text) if text else WELL)

    def _of(self, place: str) -> dict[tuple[str, AlarmName, str], Alarm]:
        return {key: alarm for key, alarm in self._on.items() if key[0] == place}

    def _count(self, place: str) -> None:
        on = list(self._of(place).values())
        for name in AlarmName:
            mine = [alarm for alarm in on if alarm.name is name]
            level = "critical" if name in CRITICAL else "warning"
            self._metrics.alarms.labels(place, name.value, level).set(len(mine))
            self._metrics.alarm_until.labels(place, name.value).set(max((alarm.until for alarm in mine), default=0))


def name_part(place: str) -> str:
    """How a place is called in health."""
    return place if place == DEPLOYMENT else f"chain {place}"
