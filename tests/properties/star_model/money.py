"""Full exits: one token, three chains, one account whose full exit waits on chain 0.

Takes rules, reserves, the account's balance, and what the operator has of its own; visits every world. The operator
deposits, withdraws and serves slots in any order, and for ever; nobody else moves. Words in
quotes are the design's.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from .explore import Breach

HOME = 0
CHAINS = (0, 1, 2)


class Purse(NamedTuple):
    """A world of money."""

    balance: int
    """Of the account that waits."""
    operators: int
    """What the operator has on layer 2,"""
    capital: int
    """and outside."""
    reserves: tuple[int, ...]
    is_consumed: bool = False
    is_dribbled: bool = False
    """A slot paid less than it could."""


class ExitRules:
    """What the circuit fixes of one serving."""

    def find_paying_chain(self, reserves: tuple[int, ...], mask: tuple[int, ...]) -> tuple[int, ...]:
        """ "c if reserve[c] > 0, else the next chain of the mask, cyclically, with a reserve, else c"."""
        around = sorted(mask, key=lambda chain: (chain - HOME) % len(CHAINS))
        return next(((chain,) for chain in around if reserves[chain]), (HOME,))

    def find_amounts(self, balance: int, reserve: int) -> Iterator[int]:
        """ "It pays min(balance, reserve[d])."""
        yield min(balance, reserve)

    def is_final(self, balance: int, reserves: tuple[int, ...], mask: tuple[int, ...], paying: int) -> bool:
        """ "Final iff afterwards the balance or every masked reserve is 0"."""
        return balance == 0 or all(reserves[chain] == 0 for chain in mask)


def is_not_starved(mask: tuple[int, ...], purse: Purse) -> str | None:
    """EXI-5: a full exit is consumed only when the balance is gone."""
    if purse.is_consumed and purse.balance:
        return f"the exit is consumed with {purse.balance} left, reserves {purse.reserves}"
    return None


def is_never_short(mask: tuple[int, ...], purse: Purse) -> str | None:
    """SOL-3: no chain pays what it does not have."""
    return f"reserves are {purse.reserves}" if min(purse.reserves) < 0 else None


def never_leaves_a_reserve(mask: tuple[int, ...], purse: Purse) -> str | None:
    """With any mask: it is not consumed while a masked chain could pay more."""
    if purse.is_consumed and purse.balance and any(purse.reserves[chain] for chain in mask):
        return f"the exit is consumed with {purse.balance} left, reserves {purse.reserves}"
    return None


def can_be_finished(mask: tuple[int, ...], purse: Purse) -> str | None:
    """An honest operator finishes with one slot for each masked chain."""
    rules, balance, reserves = ExitRules(), purse.balance, purse.reserves
    for _ in mask:
        (paying,) = rules.find_paying_chain(reserves, mask)
        (amount,) = rules.find_amounts(balance, reserves[paying])
        balance, reserves = balance - amount, change(reserves, paying, -amount)
        if rules.is_final(balance, reserves, mask, paying):
            return None
    return f"a slot for each chain leaves {balance}, reserves {reserves}"


def empties_a_reserve(mask: tuple[int, ...], purse: Purse) -> str | None:
    """ "A non-final serving empties a reserve": nobody answers with crumbs."""
    return "a serving left both a balance and a reserve" if purse.is_dribbled else None


MONEY_LAWS = (is_not_starved, is_never_short, never_leaves_a_reserve, can_be_finished, empties_a_reserve)


@dataclass(slots=True)
class MoneyResult:
    """What explorations of purses have seen."""

    worlds: int = 0
    breaches: dict[str, Breach] = field(default_factory=dict)


def change(reserves: tuple[int, ...], chain: int, by: int) -> tuple[int, ...]:
    return (*reserves[:chain], reserves[chain] + by, *reserves[chain + 1 :])


def take_steps(rules: ExitRules, mask: tuple[int, ...], purse: Purse) -> Iterator[tuple[str, Purse]]:
    """What the operator can do."""
    balance, operators, capital, reserves = purse[:4]
    for chain in CHAINS:
        if capital:
            yield (
                f"deposits 1 on {chain}",
                purse._replace(operators=operators + 1, capital=capital - 1, reserves=change(reserves, chain, 1)),
            )
        if operators and reserves[chain]:
            yield (
                f"withdraws 1 on {chain}",
                purse._replace(operators=operators - 1, capital=capital + 1, reserves=change(reserves, chain, -1)),
            )
    for paying in rules.find_paying_chain(reserves, mask):
        for amount in rules.find_amounts(balance, reserves[paying]):
            left, after = balance - amount, change(reserves, paying, -amount)
            is_final = rules.is_final(left, after, mask, paying)
            is_dribbled = bool(not is_final and left and after[paying])
            served = Purse(left, operators, capital, after, is_final, is_dribbled)
            yield f"a slot pays {amount} on {paying}", served


def explore_money(
    rules: ExitRules, mask: tuple[int, ...], balance: int, reserves: tuple[int, ...], capital: int
) -> MoneyResult:
    """Every world that the operator can bring about until the exit is consumed."""
    start = Purse(balance, 0, capital, reserves)
    reached: dict[Purse, tuple[str, ...]] = {start: ()}
    queue, result = deque([start]), MoneyResult()
    while queue:
        purse = queue.popleft()
        for law in MONEY_LAWS:
            if law.__name__ not in result.breaches and (wrong := law(mask, purse)):
                result.breaches[law.__name__] = Breach(law.__name__, wrong, reached[purse])
        if purse.is_consumed or min(purse.reserves) < 0:
            continue
        for name, after in take_steps(rules, mask, purse):
            if after not in reached:
                reached[after] = (*reached[purse], name)
                queue.append(after)
    result.worlds = len(reached)
    return result


def find_purses(most: int) -> Iterator[tuple[int, tuple[int, ...], int]]:
    """(balance, reserves, capital): all reserves together are at most `most`, and cover all balances."""
    for reserves in product(range(most), repeat=len(CHAINS)):
        if sum(reserves) <= most:
            for balance in range(1, sum(reserves) + 1):
                for capital in range(most):
                    yield balance, reserves, capital
