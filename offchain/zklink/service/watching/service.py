"""A watch that runs until it is told to end: one thread looks, another serves health and metrics."""

import logging
import threading

from starlette.applications import Starlette

from zklink.service.http import build_routes
from zklink.service.server import HttpServer
from zklink.service.settings.watch import WatchSettings
from zklink.service.watching.watch import Watch

log = logging.getLogger(__name__)


class WatchService:
    """A whole watch. `run` on the thread that shall look."""

    def __init__(self, settings: WatchSettings, watch: Watch, place: str) -> None:
        """The port is taken. Raises SettingsInvalid for one that cannot be had."""
        self.watch, self._pause, self._stop = watch, settings.pace.look_seconds, threading.Event()
        app = Starlette(routes=build_routes(watch.board, watch.metrics, None))
        self._server = HttpServer(app, settings.http.host, settings.http.port, place)
        self.port = self._server.port

    def stop(self) -> None:
        """End soon. Safe to call from a signal or any thread."""
        self._stop.set()

    def run(self) -> None:
        """Look again and again until `stop`. Raises WrongChain and HistoryDisagrees for settings that do not fit."""
        log.info("the watch runs; health and metrics are on port %d", self.port)
        try:
            self.watch.check()
            while not self._stop.is_set():
                self.watch.round()
                self._stop.wait(self._pause)
        finally:
            self._server.close()
