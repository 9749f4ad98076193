"""How the parts of a node are: takes what each says of itself, gives the whole. Safe to use from several threads."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Condition(Enum):
    """How a part is."""

    NOT_READY = "not_ready"
    """It has not begun its work yet."""
    READY = "ready"
    AFFECTED = "affected"
    """It works, and something fails or is late; `detail` says what."""
    SHUTTING_DOWN = "shutting_down"
    STOPPED = "stopped"
    """It works no more, and does not begin again by itself."""


@dataclass(frozen=True, slots=True)
class Health:
    """A part's condition, and why it is not simply ready."""

    condition: Condition
    detail: str = ""


WELL = Health(Condition.READY)
_IN_ORDER = (Condition.STOPPED, Condition.SHUTTING_DOWN, Condition.NOT_READY, Condition.AFFECTED, Condition.READY)


class HealthBoard:
    """The health of every part by its name."""

    def __init__(self, parts: tuple[str, ...] = ()) -> None:
        self._lock = threading.Lock()
        self._parts = dict.fromkeys(parts, Health(Condition.NOT_READY, "not asked yet"))

    def note(self, part: str, health: Health) -> None:
        """What a part says of itself now."""
        with self._lock:
            self._parts[part] = health

    def note_all(self, parts: Mapping[str, Health]) -> None:
        """What several parts say."""
        with self._lock:
            self._parts.update(parts)

    def read(self) -> dict[str, Health]:
        """Every part's health."""
        with self._lock:
            return dict(self._parts)

    @property
    def overall(self) -> Condition:
        """The condition of the part that is worst; ready if there are none."""
        found = {health.condition for health in self.read().values()}
        return next((condition for condition in _IN_ORDER if condition in found), Condition.READY)

    @property
    def is_ready(self) -> bool:
        """Whether the node does its work, affected or not."""
        return self.overall in (Condition.READY, Condition.AFFECTED)
