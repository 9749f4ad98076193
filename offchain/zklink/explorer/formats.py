"""How pages write numbers, times, hashes and states. Pure; gives plain texts, which templates escape."""

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

NOBREAK: Final = "\u202f"
"""Between groups of three digits."""

SHOWN_DECIMALS: Final = 6
"""In tables; the whole amount stands in the title."""

CENTURY: Final = 36_525 * 86_400
LAST_YEAR: Final = 253_402_300_799
"""Times after the year 9999 are shown as numbers."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a state looks: a word, an icon of `parts.html`, and a tone (`good`, `wait`, `warn`, `bad`, `plain`)."""

    word: str
    icon: str
    tone: str


LOOKS: Final = {
    "unknown": Look("Not seen yet", "question", "plain"),
    "seen": Look("Seen", "clock", "wait"),
    "queued": Look("Queued", "clock", "wait"),
    "sealed": Look("Sealed", "seal", "wait"),
    "accepted": Look("Accepted", "half", "wait"),
    "imported": Look("Imported", "half", "wait"),
    "executed": Look("Executed", "check", "good"),
    "arrived": Look("Arrived", "check", "good"),
    "refunded": Look("Refunded", "back", "warn"),
    "owed": Look("Owed", "alert", "warn"),
    "cancelled": Look("Cancelled", "back", "warn"),
    "stopped": Look("Stopped", "stop", "bad"),
    "waiting": Look("Waiting", "clock", "wait"),
    "resting": Look("In the book", "clock", "plain"),
    "dropped": Look("Dropped", "cross", "bad"),
    "live": Look("Live", "check", "good"),
    "frozen": Look("Frozen", "stop", "bad"),
    "paused": Look("Paused", "stop", "warn"),
    "proven": Look("Proven", "check", "good"),
    "unproven": Look("Proof to come", "clock", "wait"),
    "solvent": Look("Covered", "check", "good"),
    "insolvent": Look("Not covered", "alert", "bad"),
    "ready": Look("Ready", "check", "good"),
    "starting": Look("Starting", "clock", "wait"),
    "audited": Look("Audited", "check", "good"),
    "unaudited": Look("Not audited", "alert", "warn"),
}
"""A word, an icon and a colour for every state: none of the three says it alone."""

UNKNOWN_LOOK: Final = Look("Unknown", "question", "plain")


def look_of(state: str) -> Look:
    """How a state looks; one that has no row looks unknown."""
    return LOOKS.get(state, UNKNOWN_LOOK)


def group_digits(digits: str) -> str:
    """Digits in groups of three: 1234567 as 1 234 567."""
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    head = len(digits) % 3
    groups = [digits[:head]] if head else []
    groups += [digits[at : at + 3] for at in range(head, len(digits), 3)]
    return sign + NOBREAK.join(groups)


def show_units(units: int, decimals: int) -> str:
    """An amount in whole tokens, exact and without zeros at its end: (150, 2) as 1.5."""
    sign, digits = ("-" if units < 0 else ""), str(abs(units)).rjust(decimals + 1, "0")
    whole, part = (digits[:-decimals], digits[-decimals:]) if decimals else (digits, "")
    part = part.rstrip("0")
    return sign + group_digits(whole) + (f".{part}" if part else "")


def show_ratio(ratio: Fraction) -> str:
    """A price with six figures: 61 234.5, 0.000 016 331."""
    if not ratio:
        return "0"
    places = max(0, 6 - len(str(int(ratio)))) if ratio >= 1 else 5 + len(str(int(1 / ratio)))
    return show_units(round(ratio * 10**places), places)


def show_time(seconds: int) -> str:
    """A second of UNIX time, in UTC."""
    if not 0 <= seconds <= LAST_YEAR:
        return group_digits(str(seconds))
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def stamp_time(seconds: int) -> str:
    """The same for the attribute `datetime`."""
    return datetime.fromtimestamp(min(max(seconds, 0), LAST_YEAR), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def show_span(seconds: float) -> str:
    """How long something takes, in its two largest units: 3 725 as 1 h 2 min."""
    whole = round(abs(seconds))
    for size, name, smaller, smaller_name in _SPANS:
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{whole} s"


_SPANS: Final = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))


def show_distance(seconds: int, now: int) -> str:
    """When a second is, seen from another one: `2 min ago`, `in 3 h`; empty while now is unknown."""
    if not now:
        return ""
    if seconds == now:
        return "now"
    if abs(seconds - now) > CENTURY:
        return "in more than a century" if seconds > now else "more than a century ago"
    return f"{show_span(now - seconds)} ago" if seconds < now else f"in {show_span(seconds - now)}"


def show_age(seconds: int, now: int) -> str:
    """How long ago something was. Chains' clocks differ: what one says was a moment after now is just now."""
    return "just now" if now and seconds >= now else show_distance(seconds, now)


def count_things(number: int, thing: str) -> str:
    """A number of things: `1 swap`, `2 swaps`."""
    return f"{group_digits(str(number))} {thing}{'' if number == 1 else 's'}"


def cut_decimals(text: str) -> str:
    """An amount with at most six decimals; an ellipsis says that there are more."""
    whole, _, part = text.partition(".")
    return text if len(part) <= SHOWN_DECIMALS else f"{whole}.{part[:SHOWN_DECIMALS]}…"


def shorten(text: str) -> str:
    """The ends of a long hash, address or CAIP name."""
    return text if len(text) <= 20 else f"{text[:10]}…{text[-6:]}"


def pick_address(caip10: str) -> str:
    """The owner in a CAIP-10 name."""
    return caip10.rpartition(":")[2]


def capitalize_first(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]
