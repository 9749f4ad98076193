"""Guards the border to a node: what comes back as an error, and what libraries log on the way, has no secrets in it.

Takes a web3; from then on every exception and every error answer that leaves its provider is redacted, and so are the
records of web3.py's and urllib3's loggers. Never changes a result.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast
from urllib.parse import quote

from web3 import Web3
from web3.middleware import Web3Middleware
from web3.types import RPCEndpoint, RPCResponse

from zklink.l1.transport.redaction import redact, redact_data, redact_error
from zklink.l1.transport.secrets import keep_secret, keep_words

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


def guard(w3: Web3, *public: str) -> None:
    """Guard a web3, once however often it is called, and learn what of its node's settings is secret; `public` are
    words that are not, such as the chain's name.
    """
    provider: Any = w3.provider
    options: Any = getattr(provider, "_request_kwargs", None) or {}
    session: Any = getattr(getattr(provider, "_request_session_manager", None), "_explicit_session", None)
    keep_secret(str(getattr(provider, "endpoint_uri", None) or ""), options.get("headers"), public)
    keep_secret("", getattr(provider, "websocket_kwargs", None) and provider.websocket_kwargs.get("additional_headers"))
    for settings in (options, vars(session) if session is not None else {}):
        _keep_settings(settings, public)
    if NAME not in w3.middleware_onion:
        w3.middleware_onion.inject(RedactionMiddleware, NAME, layer=0)
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_redact_record)  # the same filter is added once


def _keep_settings(settings: Mapping[str, Any], public: Iterable[str]) -> None:
    """The settings of the requests library, of each request or of a session."""
    auth = settings.get("auth")
    pair = auth if isinstance(auth, tuple) else (getattr(auth, "username", None), getattr(auth, "password", None))
    if all(pair):
        name, password = (part.decode("latin-1") if isinstance(part, bytes) else str(part) for part in pair)
        keep_words((name, password))
        keep_secret(f"http://{quote(name, safe='')}:{quote(password, safe='')}@")
    keep_secret("", settings.get("headers"), public)
    for name in ("params", "cookies"):
        values = settings.get(name) or {}
        keep_words(str(value) for value in (values.values() if isinstance(values, Mapping) else [values]))
    for proxy in (settings.get("proxies") or {}).values():
        keep_secret(str(proxy), public=public)


def _redact_answer(answer: Any) -> Any:
    """An answer that becomes an exception, redacted; a result as it is."""
    is_result = isinstance(answer, dict) and "result" in answer and answer.get("error") is None
    return answer if is_result else redact_data(answer)


def _redact_record(record: logging.LogRecord) -> bool:
    record.msg, record.args = redact(record.getMessage()), ()
    if record.exc_info and record.exc_info[1] is not None:
        redact_error(record.exc_info[1])
    return True
