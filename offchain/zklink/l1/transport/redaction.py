"""Takes secrets out of text that others wrote: of a node's address only the host is left.

Takes what nodes, web3.py, requests and the system say; gives the same text without path, query, user and password of
any address, without keys and headers, and without the secrets of the nodes in use (`secrets`). Every text from outside
passes here before it reaches an error, an event, a log or a file. Never asks a node.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import unquote

from zklink.l1.transport.secrets import MASK, mask_secrets

_URL: Final = re.compile(r"([a-z][a-z0-9+.-]{0,15})(?::|%3a)(?:/|\\/|%2f){2}([^\s\"'<>`]+)", re.IGNORECASE)
_HOST: Final = re.compile(r"(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d+)?", re.IGNORECASE)
_PATTERNS: Final = (
    (re.compile(r"(?<=\burl: )/\S+", re.IGNORECASE), f"/{MASK}"),
    (re.compile(r"(?<=\bInvalid URL )(['\"]).*?\1", re.IGNORECASE), MASK),
    (re.compile(r"\b(GET|POST|HEAD|OPTIONS|CONNECT) \S+ (?=HTTP/)"), rf"\1 /{MASK} "),
    (
        re.compile(
            r"\b((?:proxy-)?authorization|(?:x-)?api[ _-]?key|x-[\w-]{0,40}(?:key|token|secret)|cookie|password"
            r"|(?:access|auth|secret)[ _-](?:key|token))"
            r"([\"']?\s*(?:[:=,]|\bis\b)\s*b?[\"']?)(?:(?:bearer|basic|token)\s+)?[^\s\"',;(){}\[\]]+",
            re.IGNORECASE,
        ),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"\bbearer\s+[\w.~+/=-]{6,}", re.IGNORECASE), f"Bearer {MASK}"),
    (re.compile(r"\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*"), MASK),
)


def redact(text: str) -> str:
    """The text with the host alone of every address, and without keys and the secrets of known nodes."""
    text = mask_secrets(text)
    text = _URL.sub(_show_host, text)
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    return text


def redact_data(data: Any) -> Any:
    """Redacts every text in a value as JSON has it; bytes and numbers stay."""
    if isinstance(data, str):
        return redact(data)
    if isinstance(data, Mapping):
        return {redact_data(name): redact_data(value) for name, value in data.items()}
    if isinstance(data, list | tuple) and type(data) in (list, tuple):
        return type(data)(redact_data(item) for item in data)
    return data


def redact_error(error: BaseException) -> None:
    """Redacts an exception where it stands, with all that it was caused by, so that its traceback shows no secret."""
    for part in _walk(error):
        part.args = tuple(redact_data(item) for item in part.args)
        for name in {*vars(part), "filename", "reason", "strerror"}:
            value = getattr(part, name, None)
            if isinstance(value, str | dict | list):
                with suppress(AttributeError, TypeError):  # some exceptions of the system let nobody write these
                    setattr(part, name, redact_data(value))


def _show_host(match: re.Match[str]) -> str:
    scheme, found = match.groups()
    rest = found.rstrip("),.;:]}")
    authority, *target = re.split(r"[/?#]", unquote(rest.replace("\\/", "/")), maxsplit=1)
    host = authority.rpartition("@")[2]
    if not _HOST.fullmatch(host) or "@" in "".join(target):  # a password may hold any character
        host = MASK
    return f"{scheme}://{host}{found[len(rest) :]}"


def _walk(error: BaseException) -> Iterator[BaseException]:
    """An exception, and those that it holds or comes from, each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        inner = [*part.args, part.__cause__, part.__context__, getattr(part, "reason", None)]
        inner += getattr(part, "exceptions", ())
        waiting += [item for item in inner if isinstance(item, BaseException)]
