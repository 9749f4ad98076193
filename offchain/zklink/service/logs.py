"""Logs of a node: one record a line, JSON or for people. Takes events and the records of the standard library; shows no
secret: every text passes `redact`.
"""

import logging
import sys
from collections.abc import MutableMapping
from dataclasses import fields
from enum import Enum
from typing import Any, Final, TextIO

import structlog

from zklink.l1.transport.redaction import redact_data
from zklink.node.events import (
    ChainFrozen,
    ChainMoved,
    Event,
    FillLost,
    OperationDropped,
    Retried,
    RolledBack,
)

LOUD: Final = {ChainFrozen: "error", RolledBack: "warning", FillLost: "warning", Retried: "warning"}
QUIET: Final = (ChainMoved,)
"""Events that happen all the time."""
_HIDDEN: Final = ("key", "secret", "password", "passphrase", "token_value", "seed", "mnemonic", "authorization")
_MASK: Final = "***"
_LEFT_OUT: Final = ("at", "request", "results")


def configure_logs(kind: str, level: str, stream: TextIO = sys.stderr) -> None:
    """Log to `stream`, as `json` or `console`, from this level on; for a whole process."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    last = structlog.processors.JSONRenderer() if kind == "json" else structlog.dev.ConsoleRenderer(colors=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("urllib3", "web3", "asyncio", "httpx", "httpcore", "alembic", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def hide_secrets(logger: object, method: str, record: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide what is named like a secret, and known secrets wherever they stand."""
    for name, value in record.items():
        if name.startswith("_"):
            continue
        is_named = any(name == hidden or name.endswith(f"_{hidden}") for hidden in _HIDDEN)
        record[name] = _MASK if is_named else redact_data(value)
    return record


def log_event(event: Event) -> None:
    """One record for an event of a node: for `Node.listen`."""
    name = "".join(f" {c.lower()}" if c.isupper() else c for c in type(event).__name__).strip()
    level = "debug" if isinstance(event, QUIET) else LOUD.get(type(event), "info")
    if isinstance(event, OperationDropped):
        level = "warning"
    names = [field.name for field in fields(event) if field.name not in _LEFT_OUT]
    shown = {name: _show(getattr(event, name)) for name in names}
    if "key" in shown:
        shown["payout" if "Fill" in type(event).__name__ else "of"] = shown.pop("key")
    getattr(structlog.get_logger("zklink.node"), level)(name, **shown)


def _show(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, tuple | list):
        return [_show(item) for item in value]
    return value if isinstance(value, int | float | str | None) else str(value)
