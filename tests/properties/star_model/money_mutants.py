"""Wrong rules for full exits, each refuted. The first is version 1's, and its trace attack H1."""

from collections.abc import Iterator
from dataclasses import dataclass

from .money import CHAINS, HOME, ExitRules


class ConsumedByAnySlot(ExitRules):
    """Version 1: min(balance, reserve) on the chain that was asked, whatever that is, and the request is consumed."""

    def find_paying_chain(self, reserves: tuple[int, ...], mask: tuple[int, ...]) -> tuple[int, ...]:
        return (HOME,)

    def is_final(self, balance: int, reserves: tuple[int, ...], mask: tuple[int, ...], paying: int) -> bool:
        return True


class ConsumedWhenTheChainIsDry(ExitRules):
    """Consumed when the paying chain has nothing left."""

    def is_final(self, balance: int, reserves: tuple[int, ...], mask: tuple[int, ...], paying: int) -> bool:
        return balance == 0 or reserves[paying] == 0


class ConsumedWhenHomeIsDry(ExitRules):
    """Consumed when the chain that was asked has nothing left."""

    def is_final(self, balance: int, reserves: tuple[int, ...], mask: tuple[int, ...], paying: int) -> bool:
        return balance == 0 or reserves[HOME] == 0


class OperatorPicksTheAmount(ExitRules):
    """A slot pays any part."""

    def find_amounts(self, balance: int, reserve: int) -> Iterator[int]:
        yield from range(min(balance, reserve) + 1)


class PaysTheBalance(ExitRules):
    """A slot pays the balance, whatever the chain has."""

    def find_amounts(self, balance: int, reserve: int) -> Iterator[int]:
        yield balance


class OperatorPicksTheChain(ExitRules):
    """Any masked chain may pay, also one that has nothing."""

    def find_paying_chain(self, reserves: tuple[int, ...], mask: tuple[int, ...]) -> tuple[int, ...]:
        return mask

    def is_final(self, balance: int, reserves: tuple[int, ...], mask: tuple[int, ...], paying: int) -> bool:
        return balance == 0 or reserves[paying] == 0


@dataclass(frozen=True, slots=True)
class MoneyMutant:
    """A wrong rule, the law that it breaks, and a purse that shows it."""

    rules: ExitRules
    law: str
    balance: int = 2
    reserves: tuple[int, ...] = (1, 2, 1)
    capital: int = 1
    mask: tuple[int, ...] = CHAINS

    @property
    def name(self) -> str:
        return type(self.rules).__name__


# breaks: EXI-5, SOL-3
MONEY_MUTANTS = (
    MoneyMutant(ConsumedByAnySlot(), "is_not_starved", balance=1, reserves=(1, 1, 0)),
    MoneyMutant(ConsumedWhenTheChainIsDry(), "is_not_starved"),
    MoneyMutant(ConsumedWhenHomeIsDry(), "never_leaves_a_reserve"),
    MoneyMutant(OperatorPicksTheAmount(), "empties_a_reserve"),
    MoneyMutant(OperatorPicksTheChain(), "is_not_starved"),
    MoneyMutant(PaysTheBalance(), "is_never_short"),
)
