"""Guards the border to a node: what comes back as an error, and what libraries log on the way, has no secrets in it.

Takes a web3; from then on every exception and every error answer that leaves its provider is redacted, and so are the
records of web3.py's and urllib3's loggers. Never changes a result.
"""

import logging
from collections.abc import Callable
from typing import Any, Final, cast

from web3 import Web3
from web3.middleware import Web3Middleware
from web3.types import RPCEndpoint, RPCResponse

from zklink.l1.transport.redaction import keep_secret, redact, redact_data, redact_error

NAME: Final = "zklink redaction"
LOGGERS: Final = (
    "urllib3.connectionpool",
    "urllib3.util.retry",
    "web3._utils.http_session_manager.HTTPSessionManager",
    "web3.manager.RequestManager",
    "web3.providers.HTTPProvider",
    "web3.providers.WebSocketProvider",
    "websockets.client",
)


class RedactionMiddleware(Web3Middleware):
    """Stands next to the provider, so nothing that it says passes unseen."""

    def wrap_make_request(
        self, make_request: Callable[[RPCEndpoint, Any], RPCResponse]
    ) -> Callable[[RPCEndpoint, Any], RPCResponse]:
        def request(method: RPCEndpoint, params: Any) -> RPCResponse:
            try:
                answer = make_request(method, params)
            except Exception as error:
                redact_error(error)
                raise
            return cast("RPCResponse", _redact_answer(answer))

        return request

    def wrap_make_batch_request(self, make_batch_request: Callable[..., Any]) -> Callable[..., Any]:
        def request(requests: Any) -> Any:
            try:
                answers = make_batch_request(requests)
            except Exception as error:
                redact_error(error)
                raise
            return [_redact_answer(answer) for answer in answers] if isinstance(answers, list) else answers

        return request


def guard(w3: Web3) -> None:
    """Guard a web3, once however often it is called, and learn what of its node's address is secret."""
    provider: Any = w3.provider
    options = getattr(provider, "_request_kwargs", None) or {}
    keep_secret(str(getattr(provider, "endpoint_uri", None) or ""), options.get("headers"))
    if isinstance(auth := options.get("auth"), tuple):
        keep_secret(f"http://{':'.join(map(str, auth))}@")
    if NAME not in w3.middleware_onion:
        w3.middleware_onion.inject(RedactionMiddleware, NAME, layer=0)
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_redact_record)  # the same filter is added once


def _redact_answer(answer: Any) -> Any:
    """An answer that becomes an exception, redacted; a result as it is."""
    is_result = isinstance(answer, dict) and "result" in answer and answer.get("error") is None
    return answer if is_result else redact_data(answer)


def _redact_record(record: logging.LogRecord) -> bool:
    record.msg, record.args = redact(record.getMessage()), ()
    if record.exc_info and record.exc_info[1] is not None:
        redact_error(record.exc_info[1])
    return True
