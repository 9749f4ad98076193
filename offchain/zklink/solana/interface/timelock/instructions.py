"""The timelock's calls: for each its number, its accounts in order, and its data."""

from typing import Final

from zklink.solana.interface.codec import KEY, Field
from zklink.solana.interface.forms import define, roles

INIT: Final = define(
    0,
    "init",
    roles("authority sw", "timelock w", "program_data", "system_program"),
    Field("owner", KEY),
    Field("program", KEY),
    Field("slots_per_day", "u64"),
    Field("swift", "u64"),
)
"""Makes the timelock, once, by its program's upgrade authority, which is given up next. The founding begins. `swift`
has a bit for each of the governed program's calls that the owner makes at once.
"""

PROPOSE: Final = define(
    1,
    "propose",
    roles("owner s", "payer sw", "timelock w", "proposal w", "system_program"),
    Field("calls", "u8"),
    has_tail=True,
)
"""The owner proposes so many calls; the tail is their text. The proposal is the next number's."""

EXECUTE: Final = define(2, "execute", roles("timelock", "proposal w"), has_more=True)
"""Makes the calls of a proposal, for anybody, once: after the delay and within the grace. For each call its program and
its accounts follow, in order. One that fails undoes all, and the proposal waits on.
"""

CANCEL: Final = define(3, "cancel", roles("owner s", "timelock", "proposal w"))
"""The owner takes a proposal back: one that waits, or one that nobody has executed in time."""

CLOSE_PROPOSAL: Final = define(4, "close_proposal", roles("payer sw", "proposal w"))
"""Who has paid for a proposal that is executed or cancelled gets its rent back."""

ACT: Final = define(5, "act", roles("owner s", "timelock", "program"), has_tail=True, has_more=True)
"""The owner makes a swift call at once, or any call while the system is founded. The call's accounts follow; the tail
is its data.
"""

CLOSE_FOUNDING: Final = define(6, "close_founding", roles("owner s", "timelock w"))
"""The owner ends the founding for good."""

SET_OWNER: Final = define(7, "set_owner", roles("timelock sw"), Field("account", KEY))
"""Names the next owner, zero for nobody: by a call of the timelock to itself alone."""

ACCEPT_OWNERSHIP: Final = define(8, "accept_ownership", roles("heir s", "timelock w"))
"""Whoever is named becomes the owner. What waits, waits on."""

TIGHTEN_TOKEN: Final = define(
    9,
    "tighten_token",
    roles("owner s", "program", "timelock", "bridge", "token w"),
    Field("is_paused", "u8"),
    Field("minimum", "u64"),
    Field("cap", "u64"),
)
"""The owner pauses a token of the governed program, or lets less of it in, at once: the minimum is not below the
present one, the cap not above, and a paused token stays paused.
"""

SET_SETTER: Final = define(10, "set_setter", roles("timelock sw"), Field("account", KEY))
"""Names who sets prices, zero for nobody: by a call of the timelock to itself alone."""

SET_PRICE_BOUNDS: Final = define(
    11,
    "set_price_bounds",
    roles("timelock sw"),
    Field("kind", "u8"),
    Field("low", "u64"),
    Field("high", "u64"),
)
"""Bounds what the setter may ask for a door, in lamports: by a call of the timelock to itself alone."""

SET_PRICE: Final = define(
    12,
    "set_price",
    roles("setter s", "program", "timelock w", "bridge w"),
    Field("kind", "u8"),
    Field("price", "u64"),
)
"""The setter sets a price of the governed program within its bounds: a rise counts an hour later, and the highest price
at most doubles within a day.
"""

TIMELOCK_INSTRUCTIONS: Final = (
    INIT,
    PROPOSE,
    EXECUTE,
    CANCEL,
    CLOSE_PROPOSAL,
    ACT,
    CLOSE_FOUNDING,
    SET_OWNER,
    ACCEPT_OWNERSHIP,
    TIGHTEN_TOKEN,
    SET_SETTER,
    SET_PRICE_BOUNDS,
    SET_PRICE,
)

SWIFT: Final = ("announce_members", "withdraw_members", "remove_member", "raise_end", "deny_end", "void_end")
"""Calls of the bridge's program that the owner makes at once: those that admit nothing or wait by themselves, or answer
an alarm of days. An announcement that is withdrawn leaves the members who are there.
"""
