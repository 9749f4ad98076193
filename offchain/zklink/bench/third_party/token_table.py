"""What happens to each kind of token: the rows of docs/tokens.md, which tests/tokens compares with the contracts; those
of doubles are in token_doubles.py.

A row says where the contract comes from, what the governor should say of it at registration, and what is seen: in, out,
refund, permit, and through an entry contract.
"""

from dataclasses import dataclass
from typing import Final

from zklink.bench.third_party.origins import OZ5, SOLADY, name_source
from zklink.protocol.ids import NO_CLASS, TokenClass

WORKS: Final = "works"
_BLOCKED: Final = TokenClass.CAN_BE_BLOCKED


@dataclass(frozen=True, slots=True)
class Conduct:
    """What is seen of a token; WORKS, or what happens instead. After a registration that is refused nothing else is
    asked.
    """

    registered: str = WORKS
    taken_in: str = WORKS
    paid_out: str = WORKS
    refunded: str = WORKS
    permit: str = "none"
    entry: str = WORKS


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token, or what befalls one when a bridge holds some. `source` is a package, lines of ours on top of one, or a
    double; the class is what a registry keeps.
    """

    name: str
    source: str
    token_class: TokenClass
    conduct: Conduct
    verdict: str


def refuse(reason: str) -> Conduct:
    """Of a contract that no registry takes."""
    return Conduct(reason, *("-",) * 5)


PERMITS: Final = Conduct(permit="EIP-2612")
CIRCLE: Final = Conduct(permit="EIP-2612; EIP-3009, at an entry")
DOUBLE: Final = "double"
_LINES: Final = "a few lines on "
FINE: Final = "Works."

REAL: Final = (
    TokenRow(
        "Circle's dollar (USDC 2.2)", name_source("FiatTokenV2_2"), _BLOCKED | TokenClass.UPGRADABLE, CIRCLE, FINE
    ),
    TokenRow(
        "WETH9",
        name_source("WETH9"),
        NO_CLASS,
        Conduct(),
        "Works; it swallows calls that it does not know, so a permit for it means nothing.",
    ),
    TokenRow(
        "LINK", name_source("LinkToken"), NO_CLASS, Conduct(), "Works; it refuses to be sent to its own contract."
    ),
    TokenRow("UNI", name_source("Uni"), NO_CLASS, PERMITS, "Works, up to 2^96 - 1 units."),
    TokenRow(
        "ZRX",
        name_source("ZRXToken"),
        NO_CLASS,
        Conduct(),
        "Works; where others revert, it answers false, which is a refusal.",
    ),
    TokenRow("shares of a Uniswap V2 pair", name_source("UniswapV2Pair"), NO_CLASS, PERMITS, FINE),
    TokenRow(
        "aToken of Aave V3",
        name_source("AToken"),
        TokenClass.REBASING,
        PERMITS,
        "Works, but not sensible: interest on what a bridge holds belongs to nobody. Register its wrapped form.",
    ),
    TokenRow("OpenZeppelin 4, minter and pauser", name_source("ERC20PresetMinterPauser"), _BLOCKED, Conduct(), FINE),
    TokenRow(
        "OpenZeppelin 4, ERC-777",
        name_source("ERC777PresetFixedSupply"),
        TokenClass.CALLS_HOLDERS,
        Conduct(),
        "Works: hooks find every door locked.",
    ),
    TokenRow("OpenZeppelin 5 with permits", _LINES + OZ5, NO_CLASS, PERMITS, FINE),
    TokenRow(
        "OpenZeppelin 5, votes",
        _LINES + OZ5,
        NO_CLASS,
        Conduct(),
        "Works; a bridge never delegates the votes of what it holds.",
    ),
    TokenRow("OpenZeppelin 5, pausable", _LINES + OZ5, _BLOCKED, Conduct(), FINE),
    TokenRow(
        "OpenZeppelin 5, ERC-1363",
        _LINES + OZ5,
        NO_CLASS,
        Conduct(),
        "Works; it calls receivers only where it is asked to.",
    ),
    TokenRow(
        "OpenZeppelin 5, share of an ERC-4626 vault",
        _LINES + OZ5,
        NO_CLASS,
        Conduct(),
        "Works: shares keep their number while their worth changes.",
    ),
    TokenRow("OpenZeppelin 5, wrapper", _LINES + OZ5, NO_CLASS, Conduct(), FINE),
    TokenRow(
        "OpenZeppelin 5, flash mints",
        _LINES + OZ5,
        NO_CLASS,
        Conduct(),
        FINE,
    ),
    TokenRow("Solady", _LINES + SOLADY, NO_CLASS, PERMITS, FINE),
    TokenRow(
        "OpenZeppelin 4, ERC-721",
        name_source("ERC721PresetMinterPauserAutoId"),
        NO_CLASS,
        refuse("registry: decimals not readable"),
        "Refused: things are no amounts.",
    ),
    TokenRow(
        "ERC-4337's EntryPoint",
        name_source("EntryPoint"),
        NO_CLASS,
        refuse("registry: decimals not readable"),
        "Refused: it has balances, and is no token.",
    ),
)
"""Contracts as their authors publish them, or as few lines as make one of theirs a whole."""
