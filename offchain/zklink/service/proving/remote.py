"""A node's proof desk, reached over HTTP from the machine of a prover."""

from typing import Any, Final

import httpx

from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import NodeUnreachable, ProofRefused
from zklink.service.proving import wire
from zklink.service.proving.desk import Made, Task

TIMEOUT_SECONDS: Final = 30.0


class RemoteDesk:
    """A ProofDesk. Every call raises NodeUnreachable."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, transport=transport)
        self._host = redact(url)

    def lease(self, worker: str) -> Task | None:
        answer = self._ask(wire.LEASE, {"worker": worker})
        if answer.status_code == 204:
            return None
        try:
            return wire.decode_task(answer.json())
        except ValueError as error:
            raise NodeUnreachable(self._host, f"it gave no job: {redact(str(error))[:200]}") from None

    def beat(self, worker: str, task: Task) -> bool:
        answer = self._ask(wire.BEAT, _name(worker, task))
        try:
            return bool(answer.json()["goes_on"])
        except (ValueError, KeyError, TypeError) as error:
            raise NodeUnreachable(self._host, f"an odd answer: {type(error).__name__}") from None

    def publish(self, worker: str, task: Task, made: Made) -> None:
        self._ask(wire.PUBLISH, {**_name(worker, task), **wire.encode_made(made)})

    def give_up(self, worker: str, task: Task, reason: str) -> None:
        self._ask(wire.GIVE_UP, {**_name(worker, task), "reason": reason})

    def _ask(self, path: str, data: dict[str, Any]) -> httpx.Response:
        try:
            answer = self._client.post(path, json=data)
        except httpx.HTTPError as error:
            raise NodeUnreachable(self._host, redact(f"{type(error).__name__}: {error}")) from None
        if answer.status_code == 409:
            raise ProofRefused(str(data.get("id", "")), redact(answer.text)[:200])
        if answer.status_code not in (200, 204):
            raise NodeUnreachable(self._host, f"status {answer.status_code}: {redact(answer.text)[:200]}")
        return answer


def _name(worker: str, task: Task) -> dict[str, Any]:
    return {"worker": worker, "id": task.id.hex(), "attempt": task.attempt}
