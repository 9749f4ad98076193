"""The rows of docs/tokens.md for doubles, in place of contracts that are published nowhere, and for what befalls a
token when a bridge holds some.
"""

from dataclasses import replace
from typing import Final

from zklink.bench.third_party.token_table import CIRCLE, DOUBLE, FINE, WORKS, Conduct, TokenRow, refuse
from zklink.protocol.ids import NO_CLASS, TokenClass

_BLOCKED: Final = TokenClass.CAN_BE_BLOCKED
_REFUSES: Final = TokenClass.REFUSES_NOTHING
_OWED: Final = "pays 0%, the rest is owed"
_ON_THE_WAY: Final = "entry: another amount arrived"
_BY_PERMIT2: Final = "TRANSFER_FROM_FAILED"
_REFUSED: Final = "tokens: transfer in refused"


def _pay(out: str, taken_in: str = WORKS, permit: str = "none", entry: str = WORKS) -> Conduct:
    return Conduct(taken_in=taken_in, paid_out=out, refunded=out, permit=permit, entry=entry)


def _always(seen: str, entry: str) -> Conduct:
    return Conduct(taken_in=seen, paid_out=seen, refunded=seen, permit=seen, entry=entry)


DOUBLES: Final = (
    TokenRow(
        "price feed",
        DOUBLE,
        NO_CLASS,
        refuse("registry: balance not readable"),
        "Refused: it has decimals, and is no token.",
    ),
    TokenRow("DAI", DOUBLE, NO_CLASS, Conduct(permit="DAI's, at an entry"), FINE),
    TokenRow("no answer to transfers (USDT, BNB)", DOUBLE, _BLOCKED, Conduct(), "Works: no answer is a yes."),
    TokenRow(
        "approval from zero only (USDT)",
        DOUBLE,
        NO_CLASS,
        Conduct(),
        "Works; an entry sets a left allowance to zero first.",
    ),
    TokenRow("no approval of nothing (BNB)", DOUBLE, NO_CLASS, Conduct(), FINE),
    TokenRow("no transfer of nothing (LEND)", DOUBLE, _REFUSES, Conduct(), "Works: nothing is never sent."),
    TokenRow(
        "no transfer to oneself",
        DOUBLE,
        _REFUSES,
        Conduct(),
        "Works; the registry, which tries a transfer of nothing to itself, notes that it refuses.",
    ),
    TokenRow(
        "largest number is everything (cUSDCv3)",
        DOUBLE,
        NO_CLASS,
        Conduct(),
        "Works: the books never name such a number.",
    ),
    TokenRow("allowance is never used up", DOUBLE, NO_CLASS, Conduct(), FINE),
    TokenRow("2 decimals (GUSD)", DOUBLE, NO_CLASS, Conduct(), "Works with 2 decimals on layer 2."),
    TokenRow("24 decimals (YAM V2)", DOUBLE, NO_CLASS, Conduct(), "Works with at least 6 decimals on layer 2."),
    TokenRow(
        "balances of shares (AMPL)",
        DOUBLE,
        TokenClass.REBASING,
        Conduct(),
        "Works until its supply changes: see below. Register a wrapped form.",
    ),
    TokenRow("a double of any token", DOUBLE, NO_CLASS, Conduct(), "Works, for comparison with what befalls it below."),
    TokenRow(
        "fee on transfer (STA, PAXG)",
        DOUBLE,
        TokenClass.FEE_ON_TRANSFER,
        _pay("pays 99%, nothing is owed", "credits 99% for 100%", "credits 99% for 100%", _ON_THE_WAY),
        "Works as far as it can: what arrives is credited, a recipient gets less than was sent. Not at an entry.",
    ),
    TokenRow(
        "fee on top",
        DOUBLE,
        TokenClass.FEE_ON_TRANSFER,
        _pay("works; the bridge is short", "credits 100% for 101%", "credits 100% for 101%", _REFUSED),
        "Must not be registered: each payment costs the bridge more than its books say.",
    ),
    TokenRow(
        "a unit less arrives (stETH)",
        DOUBLE,
        TokenClass.REBASING,
        _always("bridge: amount not convertible", _ON_THE_WAY),
        "Refused at the door, where layer 2 has fewer decimals. Register its wrapped form.",
    ),
    TokenRow(
        "a unit less arrives, as many decimals as layer 2",
        DOUBLE,
        TokenClass.REBASING,
        _pay(
            "pays all but 1, nothing is owed", "credits all but 1 for 100%", "credits all but 1 for 100%", _ON_THE_WAY
        ),
        "Works as far as it can; not sensible.",
    ),
    TokenRow("answers false", DOUBLE, NO_CLASS, refuse("registry: transfer answers no"), "Refused."),
    TokenRow(
        "answers two", DOUBLE, NO_CLASS, refuse("registry: transfer answers no"), "Refused: two is neither yes nor no."
    ),
    TokenRow("answers far too much", DOUBLE, NO_CLASS, refuse("registry: transfer answers no"), "Refused."),
    TokenRow(
        "answers true and keeps it",
        DOUBLE,
        NO_CLASS,
        _pay("pays 0%, nothing is owed"),
        "Must not be registered: it says that it has paid, and has not.",
    ),
    TokenRow("uses all gas", DOUBLE, _REFUSES, _always(_REFUSED, _BY_PERMIT2), "Never comes in."),
)
"""Habits of tokens whose sources are not published as packages, and of none."""

TROUBLES: Final = (
    TokenRow(
        "its issuer blocks the recipient",
        "Circle's dollar (USDC 2.2)",
        _BLOCKED,
        replace(CIRCLE, paid_out=_OWED, refunded=_OWED),
        "The recipient is owed, and pulls it to another address.",
    ),
    TokenRow(
        "its issuer blocks the bridge",
        "Circle's dollar (USDC 2.2)",
        _BLOCKED,
        _pay(_OWED, *("Blacklistable: account is blacklisted",) * 3),
        "All is owed until the issuer unblocks it; a risk of each such token.",
    ),
    TokenRow(
        "its issuer pauses it",
        "Circle's dollar (USDC 2.2)",
        _BLOCKED,
        _pay(_OWED, "Pausable: paused", "Pausable: paused", _BY_PERMIT2),
        "All is owed until the issuer lets it move.",
    ),
    TokenRow(
        "the recipient's hook refuses",
        "OpenZeppelin 4, ERC-777",
        TokenClass.CALLS_HOLDERS,
        Conduct(paid_out=_OWED, refunded=_OWED),
        "The recipient is owed, and pulls it to another address.",
    ),
    TokenRow(
        "paused",
        "OpenZeppelin 5, pausable",
        _BLOCKED,
        _pay(_OWED, "d93c0665", "d93c0665", _BY_PERMIT2),
        "The same; the reason is EnforcedPause.",
    ),
    TokenRow(
        "balances shrink by half",
        "balances of shares (AMPL)",
        TokenClass.REBASING,
        _pay("works; the bridge is short", *("bridge: token is short",) * 3),
        "Must not be registered: whoever leaves last gets nothing. Nobody brings more in.",
    ),
    TokenRow(
        "balances double",
        "balances of shares (AMPL)",
        TokenClass.REBASING,
        Conduct(),
        "What has grown belongs to nobody.",
    ),
    TokenRow(
        "begins to charge on transfers",
        "a double of any token",
        NO_CLASS,
        _pay("pays 99%, nothing is owed", "credits 99% for 100%", "credits 99% for 100%", _ON_THE_WAY),
        "As one that always did.",
    ),
    TokenRow(
        "begins to answer false",
        "a double of any token",
        NO_CLASS,
        _pay(_OWED, *(_REFUSED,) * 2, _BY_PERMIT2),
        "All is owed until it moves again.",
    ),
    TokenRow(
        "begins to use all gas",
        "a double of any token",
        NO_CLASS,
        _pay(_OWED, _REFUSED, _REFUSED, _BY_PERMIT2),
        "All is owed; a payment uses bounded gas, and blocks go on.",
    ),
)
"""What befalls a token when a bridge holds some; `source` is the row of the token."""
