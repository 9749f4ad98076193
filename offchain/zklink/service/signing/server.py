"""A signer that runs as a process: it answers whoever has its secret, and says how it is.

Takes a signer and its database; serves one method besides health and metrics. The signer judges every question by its
own chains and its own journal, as always.
"""

import hmac
import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import DatabaseFailed, SignerFailed, ZkLinkError
from zklink.service.health import WELL, Condition, Health, HealthBoard
from zklink.service.http import build_routes
from zklink.service.metrics import Metrics
from zklink.service.server import HttpServer
from zklink.service.settings.signer import SignerSettings
from zklink.service.signing.wire import (
    MAX_BYTES,
    ROUTE,
    AskAccepted,
    AskDenial,
    AskEnd,
    AskFrozen,
    AskQueues,
    AskSeal,
    Question,
    SignerAnswer,
    decode_question,
    encode_answer,
)
from zklink.signers.ports import ChainReader
from zklink.signers.validator import Validator
from zklink.signers.watcher import Watcher
from zklink.storage.database import Database

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0


class SignerService:
    """A whole signer. `run` returns after `stop`. `readers` are its chains by name, whose nodes `clients` ask."""

    def __init__(
        self,
        settings: SignerSettings,
        signer: Validator | Watcher,
        secret: str,
        database: Database,
        readers: Mapping[str, ChainReader],
        place: str,
        clients: Iterable[ChainClient],
    ) -> None:
        """The port is taken. Raises SettingsInvalid for one that cannot be had."""
        self._signer, self._secret, self._database, self._readers = signer, secret, database, readers
        self.board = HealthBoard(("database", *(f"chain {name}" for name in readers)))
        self.metrics = Metrics()
        self.metrics.rpc.add(clients)
        self._stop = threading.Event()
        routes = [*build_routes(self.board, self.metrics, None), Route(ROUTE, self._answer, methods=["POST"])]
        self._server = HttpServer(Starlette(routes=routes), settings.http.host, settings.http.port, place)
        self.port = self._server.port

    def stop(self) -> None:
        """End soon. Safe to call from a signal or any thread."""
        self._stop.set()

    def run(self) -> None:
        """Look after the chains and the database until `stop`."""
        log.info("signer %s answers on port %d", self._signer.address, self.port)
        try:
            while not self._stop.is_set():
                self.look()
                self._stop.wait(LOOK_SECONDS)
        finally:
            self._server.close()
            self._database.close()

    def look(self) -> None:
        """Note how the chains and the database are."""
        for name, reader in self._readers.items():
            try:
                self.metrics.head.labels(name).set(reader.newest().number)
                self.board.note(f"chain {name}", WELL)
            except ZkLinkError as error:
                self.board.note(f"chain {name}", Health(Condition.AFFECTED, redact(str(error))))
        try:
            self._database.check()
            self.board.note("database", WELL)
        except DatabaseFailed as error:
            self.board.note("database", Health(Condition.AFFECTED, str(error)))

    async def _answer(self, request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            self.metrics.signer_answers.labels("stranger").inc()
            return PlainTextResponse("it answers those alone who have its secret", status_code=401)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BYTES:
                return PlainTextResponse(f"a question has at most {MAX_BYTES} bytes", status_code=413)
        try:
            question = decode_question(body.decode())
        except ValueError as error:
            return PlainTextResponse(redact(str(error)), status_code=400)
        answer = await run_in_threadpool(self.answer, question)
        return PlainTextResponse(encode_answer(answer))

    def answer(self, question: Question) -> SignerAnswer:
        """The signer's word, or why there is none."""
        try:
            words = ask(self._signer, question)
        except ZkLinkError as error:
            self.metrics.signer_answers.labels("refused").inc()
            log.warning("no word for %s: %s", type(question).__name__, redact(str(error)))
            return SignerAnswer(self._signer.covered, (), redact(str(error)))
        self.metrics.signer_answers.labels("signed").inc()
        return SignerAnswer(self._signer.covered, words)


def ask(signer: Validator | Watcher, question: Question) -> tuple[bytes, ...]:
    """A signer's words. Raises the errors of signers, and SignerFailed for what its role does not say."""
    match question, signer:
        case AskAccepted(fact, path), _:
            return (signer.accepted(fact, path),)
        case AskEnd(fact, path), _:
            word = signer.end(fact, path)
            return word.end, word.accepted
        case AskDenial(fact, path), _:
            return (signer.denial(fact, path),)
        case AskSeal(), Validator():
            return (signer.seal(question.proposal()),)
        case AskQueues(queues), Watcher():
            return (signer.queues(queues),)
        case AskFrozen(fact), Watcher():
            return (signer.frozen(fact),)
    raise SignerFailed(signer.address, "another role says that")
