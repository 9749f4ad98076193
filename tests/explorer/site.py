"""The explorer over the network, as a browser meets it."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from tests.api.scene import Scene
from zklink.api.app import build_app
from zklink.api.desk import InlineDesk
from zklink.api.server import ApiServer
from zklink.explorer.pages import build_pages

T = TypeVar("T")


class Turns:
    """Either the server answers a question about the node, or the test drives it: a desk for two threads."""

    def __init__(self) -> None:
        self.lock, self._desk = threading.Lock(), InlineDesk()

    def ask(self, question: Callable[[], T]) -> Future[T]:
        with self.lock:
            return self._desk.ask(question)


class Site:
    """A scene that is served; `url` is where."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self._turns = scene, Turns()
        self._server = ApiServer(
            build_app(scene.sources, self._turns, scene.limits, pages=build_pages), "127.0.0.1", 0, scene.limits
        )

    @property
    def url(self) -> str:
        return self._server.url

    @contextmanager
    def run(self) -> Iterator[None]:
        """The site is up."""
        self._server.start()
        yield
        self._server.stop()

    def act(self, action: Callable[[], T]) -> T:
        """What drives the node, while the server asks it nothing."""
        with self._turns.lock:
            return action()
