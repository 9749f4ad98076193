"""How long a node asks to be left alone. Takes the headers of a reply; gives seconds. Never waits."""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_REST_SECONDS: Final = 3_600.0
"""A node is asked again after so long, whatever it asked for."""


def read_retry_after(headers: Mapping[str, str]) -> float:
    """The seconds of a reply's Retry-After, at most LONGEST_REST_SECONDS; 0 without one, or if nobody can read it."""
    value = str(headers.get("Retry-After", "")).strip()
    try:
        if value.replace(".", "", 1).isdigit():
            return min(float(value), LONGEST_REST_SECONDS)
        if value:
            there = headers.get("Date")
            now = parsedate_to_datetime(there).timestamp() if there else time.time()
            return min(max(0.0, parsedate_to_datetime(value).timestamp() - now), LONGEST_REST_SECONDS)
    except (TypeError, ValueError, ArithmeticError, OSError):
        pass
    return 0.0
