"""Ties a test to the promises of docs/invariants.md that it would refute if they were broken."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

Item = TypeVar("Item", bound=Callable[..., Any])

ATTRIBUTE = "upholds"
"""Where the ids are kept on a test function or class."""

_ID = re.compile(r"[A-Z]{3}-[1-9]\d*")


def upholds(*ids: str) -> Callable[[Item], Item]:
    """Attach ids such as "SOL-1" to a test function or class; `get_upheld` reads them."""
    for promise in ids:
        if not _ID.fullmatch(promise):
            raise ValueError(f"{promise!r} is not the id of a promise")

    def mark(item: Item) -> Item:
        setattr(item, ATTRIBUTE, (*get_upheld(item), *ids))
        return item

    return mark


def get_upheld(item: object) -> tuple[str, ...]:
    """The ids attached to a test function or class."""
    ids: tuple[str, ...] = getattr(item, ATTRIBUTE, ())
    return ids
