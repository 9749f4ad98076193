"""Ties a test to the promises that it would refute if they were broken. Loads nothing."""

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

Item = TypeVar("Item", bound=Callable[..., Any])

ID: Final = r"[A-Z]{2,5}-[1-9]\d*"
"""How a promise is called, such as SOL-1."""

ATTRIBUTE: Final = "upholds"
"""Where the ids are kept on a test function or class."""


def upholds(*ids: str) -> Callable[[Item], Item]:
    """Attach ids such as "SOL-1" to a test function or class; `get_upheld` reads them. Raises ValueError."""
    for promise in ids:
        if not re.fullmatch(ID, promise):
            raise ValueError(f"{promise!r} is not the id of a promise")

    def mark(item: Item) -> Item:
        setattr(item, ATTRIBUTE, (*get_upheld(item), *ids))
        return item

    return mark


def get_upheld(item: object) -> tuple[str, ...]:
    """The ids attached to a test function or class."""
    ids: tuple[str, ...] = getattr(item, ATTRIBUTE, ())
    return ids
