"""Accounts at addresses that follow from who pays and a name: nobody else can make one, and nobody has to keep a key.

Takes a payer and a name; gives calls. Lamports that somebody has sent to an address before do not stop them.
"""

from dataclasses import dataclass

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import (
    AllocateParams,
    AllocateWithSeedParams,
    AssignParams,
    AssignWithSeedParams,
    TransferParams,
    allocate,
    allocate_with_seed,
    assign,
    assign_with_seed,
    transfer,
)


@dataclass(frozen=True, slots=True)
class Seeded:
    """An account of `owner` of so many bytes, made by `payer`; a name has at most 32 bytes."""

    payer: Pubkey
    name: str
    owner: Pubkey
    size: int

    @property
    def key(self) -> Pubkey:
        """Its address."""
        return Pubkey.create_with_seed(self.payer, self.name, self.owner)

    def make(self, rent: int, found: int) -> list[Instruction]:
        """The calls that make it, where `found` lamports lie already; `rent` is what it must hold."""
        there, payer, name, owner = self.key, self.payer, self.name, self.owner
        allocating = AllocateWithSeedParams(address=there, base=payer, seed=name, space=self.size, owner=owner)
        assigning = AssignWithSeedParams(address=there, base=payer, seed=name, owner=owner)
        return [*give_rent(payer, there, rent, found), allocate_with_seed(allocating), assign_with_seed(assigning)]


def make_keyed(payer: Pubkey, there: Pubkey, owner: Pubkey, size: int, rent: int, found: int) -> list[Instruction]:
    """The calls that make an account whose own key signs."""
    allocating, assigning = AllocateParams(pubkey=there, space=size), AssignParams(pubkey=there, owner=owner)
    return [*give_rent(payer, there, rent, found), allocate(allocating), assign(assigning)]


def give_rent(payer: Pubkey, there: Pubkey, rent: int, found: int) -> list[Instruction]:
    """What is missing of an account's rent."""
    if found >= rent:
        return []
    return [transfer(TransferParams(from_pubkey=payer, to_pubkey=there, lamports=rent - found))]
