"""Rules with a part left out or done otherwise that no promise depends on: what is a second line of defence, and what
carries weight.
"""

from .menus import menu
from .rules import PRIMARY, Actor, Block, Chain, Heard, History, Rules
from .situations import AtOnce, accept, repeat


class OnlyValidatorReverts(Rules):
    """After a freeze, too, only the validator reverts. A frozen chain has nothing to revert: freezing drops what is not
    accepted, and what is imported then can be accepted."""

    def can_revert(self, chain: Chain, actor: Actor) -> bool:
        return actor is Actor.VALIDATOR and super().can_revert(chain, actor)


class OpenImport(Rules):
    """A frozen chain imports any block without a slice of its own, and accepts it only if it is the primary's.
    Strangers can hold it up for as long as they pay for it, but anyone can revert."""

    def can_import(self, chain: Chain, block: Block, actor: Actor) -> bool:
        return chain.me != PRIMARY and chain.me not in block.slices


class ImportByAcc(Rules):
    """A frozen chain imports what any message of the primary opens to, an ACC as well as its FRZ: it has one
    history."""

    def can_import(self, chain: Chain, block: Block, actor: Actor) -> bool:
        is_open = chain.me != PRIMARY and chain.me not in block.slices
        return is_open and self.is_known(chain, PRIMARY, (*chain.proven, block))


class PrimaryNotAskedTwice(Rules):
    """Before a block is executed the primary is not asked again: elsewhere nothing is accepted without its word."""

    def can_execute(self, chain: Chain) -> bool:
        number = chain.executed + 1
        if number > chain.accepted:
            return False
        history = chain.proven[:number]
        return all(self.is_known(chain, k, history) for k in history[-1].slices)


class AcceptsBeforeItFreezes(Rules):
    """A chain that receives a FRZ first accepts what it can, with this message too, and then freezes. The primary's ACC
    could have come before the FRZ anyway."""

    def hear_frz(self, chain: Chain, source: int, history: History) -> Chain:
        if chain.heard[source].frozen is not None:
            return chain
        chain = self._hear(chain, source, Heard(chain.heard[source].accepted, history))
        return self.freeze(repeat(chain, self.can_accept, accept))


WEAKER = (OnlyValidatorReverts(), OpenImport(), ImportByAcc(), PrimaryNotAskedTwice(), AcceptsBeforeItFreezes())
FRZ_AND_ACCEPT_APART = AtOnce(acc=True, end=True)
PLACES = (
    (menu("0a 0b"), FRZ_AND_ACCEPT_APART),
    (menu("01a 12b"), FRZ_AND_ACCEPT_APART),
    (menu("12a 01a", "02a 12!1a"), AtOnce(acc=True, frz=True, end=True)),
)
"""Blocks to choose from, and what is taken at once."""
