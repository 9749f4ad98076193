"""The pace of a live chain: a thread that calls for a block every so many seconds of the machine's time.

Takes what mines a block; never reads a chain.
"""

import threading
import time
from collections.abc import Callable


class BlockClock:
    """Mines at a steady pace: block n is due at start + n * block time, so delays do not add up.

    A thread of ours rather than anvil's own interval: only anvil's command line takes fractions of a second, and
    deployments want instant blocks first.
    """

    def __init__(self, name: str, interval_seconds: float, mine: Callable[[], None]) -> None:
        self._interval, self._mine = interval_seconds, mine
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"clock-{name}", daemon=True)
        self.failures: list[str] = []

    def start(self) -> None:
        """Start mining."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for a block that is being mined."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        interval = self._interval
        due = time.monotonic() + interval
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            try:
                self._mine()
            except Exception as error:
                self.failures.append(f"{type(error).__name__}: {error}")
            # After a long pause go on from now: a burst of late blocks would be no clock.
            due = max(due + interval, time.monotonic() + interval / 4)
