"""Renders the C header of the timelock's program: constants, calls, accounts, refusals, and what the timelock reads and
calls of the governed program. Never writes a file (`zklink generate` does).
"""

from collections.abc import Iterator
from typing import Final

from zklink.protocol import ids
from zklink.solana.interface import accounts as governed
from zklink.solana.interface.header import NOTICE, render_calls, render_layouts
from zklink.solana.interface.instructions import SET_PRICE, SET_TOKEN
from zklink.solana.interface.timelock import accounts, texts
from zklink.solana.interface.timelock.instructions import TIMELOCK_INSTRUCTIONS
from zklink.solana.interface.timelock.refusals import TimelockRefusal

TIMELOCK_HEADER: Final = "contracts/solana/timelock/generated.h"


def render_timelock_header() -> dict[str, str]:
    """The generated header: path from the repository's root to its text."""
    lines = [NOTICE, "#pragma once", '#include "../machine.h"', "", *_constants(), ""]
    lines += [*render_calls(TIMELOCK_INSTRUCTIONS), "", *render_layouts(accounts.LAYOUTS), "", "enum {"]
    lines += [f"  E_{reason.name} = {reason.number}, // {reason.value}" for reason in TimelockRefusal]
    return {TIMELOCK_HEADER: "\n".join([*lines, "};"]) + "\n"}


def _constants() -> Iterator[str]:
    bridge, token = governed.BRIDGE, governed.TOKEN
    values = {
        "DAY": ids.DAY,
        "GROUP_DELAY_SECONDS": ids.GROUP_DELAY_SECONDS,
        "GRACE_SECONDS": ids.GRACE_SECONDS,
        "FOUNDING_SECONDS": ids.FOUNDING_SECONDS,
        "FEE_NOTICE_SECONDS": ids.FEE_NOTICE_SECONDS,
        "NATIVE_FEE_BITS": ids.NATIVE_FEE_BITS,
        "PRICE_KINDS": governed.PRICE_KINDS,
        "MAX_CALLS": accounts.MAX_CALLS,
        "MAX_CALL_ACCOUNTS": accounts.MAX_CALL_ACCOUNTS,
        "WAITING": accounts.WAITING,
        "EXECUTED": accounts.EXECUTED,
        "CANCELLED": accounts.CANCELLED,
        "SIGNS": texts.SIGNS,
        "WRITES": texts.WRITES,
        "PINNED": texts.PINNED,
        "BRIDGE_PRICES_AT": bridge.offset("prices"),
        "BRIDGE_NEXT_PRICES_AT": bridge.offset("next_prices"),
        "BRIDGE_PRICES_FROM_AT": bridge.offset("prices_from"),
        "BRIDGE_PRICES_END": bridge.offset("prices_from") + 8 * governed.PRICE_KINDS,
        "TOKEN_BYTES": token.size,
        "TOKEN_MINIMUM_AT": token.offset("minimum"),
        "TOKEN_CAP_AT": token.offset("cap"),
        "TOKEN_IS_PAUSED_AT": token.offset("is_paused"),
        "SET_TOKEN_NUMBER": SET_TOKEN.number,
        "SET_TOKEN_ACCOUNTS": len(SET_TOKEN.roles),
        "GOVERNED_PRICE_NUMBER": SET_PRICE.number,
        "GOVERNED_PRICE_ACCOUNTS": len(SET_PRICE.roles),
    }
    yield "enum {"
    yield from (f"  {name} = {value}," for name, value in values.items())
    yield "};"
    yield f"#define MAX_SLOTS_PER_DAY {accounts.MAX_SLOTS_PER_DAY}ull"
    for name, tag in (
        ("TIMELOCK", accounts.TIMELOCK_TAG),
        ("PROPOSAL", accounts.PROPOSAL_TAG),
        ("BRIDGE", governed.BRIDGE_TAG),
        ("TOKEN", governed.TOKEN_TAG),
    ):
        yield f"#define {name}_TAG 0x{tag:x}ull"
