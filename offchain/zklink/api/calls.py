"""One call of a method, whichever door it came through: checks the request, keeps the caller's allowance and the time,
runs the answer where it may run, and turns every failure into a refusal of the table.

Takes requests as plain JSON values; gives answers. A failure that is nobody's refusal is logged here, with its trace,
and its caller learns nothing but `internal`.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec

from zklink.api.allowance import Allowances
from zklink.api.answers import ANSWERS
from zklink.api.desk import Desk
from zklink.api.limits import Limits
from zklink.api.sources import Sources
from zklink.protocol.errors import DatabaseFailed, RequestRefused, ZkLinkError
from zklink.schema.api.methods import BY_NAME, Method
from zklink.schema.api.operations import SubmitRequest, read_signed
from zklink.schema.api.refusals import Problem
from zklink.schema.api.scalars import Answer

LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NodeQuestion:
    """A request whose answer is made on the thread that drives the node."""

    sources: Sources
    name: str
    request: msgspec.Struct

    def __call__(self) -> Answer:
        self.sources.check_ready()
        return ANSWERS[self.name].function(self.sources, self.request)


def expect_operations(sources: Sources, questions: Iterable[object]) -> None:
    """Have the signatures of all operations that these questions hand in checked together."""
    requests = (question.request for question in questions if isinstance(question, NodeQuestion))
    expected = []
    for request in requests:
        if isinstance(request, SubmitRequest):
            with suppress(ZkLinkError):  # the question itself is answered with it
                expected.append(read_signed(request.operation))
    if len(expected) > 1:
        sources.node.sequencer.expect(expected)


class Calls:
    """Answers the methods of the table. For the event loop's thread."""

    def __init__(self, sources: Sources, desk: Desk, limits: Limits) -> None:
        self.sources, self.limits = sources, limits
        self.allowances = Allowances(limits.allowance, limits.allowance_per_second, limits.callers)
        self._desk = desk

    async def answer(self, caller: str, method: Method, values: Mapping[str, Any], *, strict: bool = True) -> Answer:
        """The answer to a request. `strict` is off for values that came as text. Raises RequestRefused only."""
        self.allowances.spend(caller, method.cost)
        try:
            request = msgspec.convert(values, method.request, strict=strict)
        except msgspec.ValidationError as error:
            raise RequestRefused("invalid_request", str(error)) from error
        return await self.run(method, request)

    async def run(self, method: Method, request: msgspec.Struct) -> Answer:
        """The answer to a request that was checked and paid for. Raises RequestRefused only."""
        answerer = ANSWERS[method.name]
        try:
            if answerer.asks_chains:
                return await self._ask_beside(partial(answerer.function, self.sources, request))
            if not answerer.on_node:
                return answerer.function(self.sources, request)
            return await self._ask_node(NodeQuestion(self.sources, method.name, request))
        except RequestRefused:
            raise
        except DatabaseFailed as error:
            LOG.warning("%s: %s", method.name, error)
            raise RequestRefused("not_ready", "the node's database does not answer at present") from error
        except Exception as error:
            LOG.exception("%s failed", method.name)
            raise RequestRefused("internal", "a mistake of this program; it is logged") from error

    async def _ask_beside(self, question: Callable[[], Answer]) -> Answer:
        try:
            return await asyncio.wait_for(asyncio.to_thread(question), self.limits.answer_seconds)
        except TimeoutError:
            raise RequestRefused("timed_out", "a chain did not answer in time") from None

    async def _ask_node(self, question: Any) -> Answer:
        try:
            answer: Answer = await asyncio.wait_for(
                asyncio.wrap_future(self._desk.ask(question)), self.limits.answer_seconds
            )
        except TimeoutError:
            raise RequestRefused("timed_out", "the node did not answer in time") from None
        return answer


def find_method(name: str) -> Method:
    """A method by its name. Raises RequestRefused."""
    method = BY_NAME.get(name)
    if method is None:
        raise RequestRefused("no_such_method", f"there is no method {name[:64]!r}", {"method": name[:64]})
    return method


def describe_problem(error: RequestRefused) -> Problem:
    """A refusal as doors show it."""
    return Problem(code=error.code, message=error.message, details=dict(error.details))
