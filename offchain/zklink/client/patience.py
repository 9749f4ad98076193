"""How long something is asked again, and how long is waited for.

Takes a transport's clock; gives pauses, and says when time is over. Never asks anything itself.
"""

from dataclasses import dataclass, field
from typing import Final

from zklink.client.transport import Transport

ASK_SECONDS: Final = 20.0
"""How long one question is asked again while nobody answers it."""
FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 3.0
MOST_DOUBLINGS: Final = 8


@dataclass(slots=True)
class Patience:
    """So many seconds from its beginning on."""

    transport: Transport
    seconds: float
    _begun: float = field(init=False)
    _pauses: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._begun = self.transport.now()

    @property
    def left(self) -> float:
        """Seconds that are left; below zero when they are over."""
        return self._begun + self.seconds - self.transport.now()

    @property
    def is_over(self) -> bool:
        return self.left <= 0

    async def pause(self, seconds: float = 0.0) -> bool:
        """Wait, longer each time, but at least `seconds`. False at once if so much time is not left."""
        pause = max(seconds, min(FIRST_PAUSE_SECONDS * 2**self._pauses, LONGEST_PAUSE_SECONDS))
        self._pauses = min(self._pauses + 1, MOST_DOUBLINGS)
        if pause > self.left:
            return False
        await self.transport.sleep(pause)
        return True

    async def tick(self, seconds: float) -> None:
        """Wait so long, or until the time is over if that is sooner."""
        await self.transport.sleep(max(0.0, min(seconds, self.left)))
