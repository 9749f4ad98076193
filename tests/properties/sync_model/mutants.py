"""Wrong rules that look right. The exploration refutes each with a short trace, which shows that it looks at the rule.

Most of them were somebody's first reading of the protocol.
"""

from dataclasses import dataclass

from .laws import (
    Law,
    Step,
    can_end,
    execute_excludes_abort,
    executed_is_common,
    is_one_way,
    money_adds_up,
    no_forged_request_is_paid,
    no_timeout_unlocks,
    one_end,
    one_history,
    one_root,
)
from .menus import menu
from .rules import CHAINS, PRIMARY, Actor, Block, Chain, History, Rules
from .situations import STEP_BY_STEP, AtOnce, Menu


# breaks: SOL-4, EXI-2, SYN-7
class LowestFrozen(Rules):
    """The last common block is the lowest F of all chains."""

    def find_last_common_block(self, chain: Chain) -> int | None:
        frozen = [self.read_frozen(chain, k) for k in CHAINS]
        return None if None in frozen else min(len(history) for history in frozen if history is not None)


# breaks: SYN-7
class HeadersHeld(Rules):
    """The last common block is looked for among the headers held when the last FRZ arrives, not opened from H_0."""

    def find_last_common_block(self, chain: Chain) -> int | None:
        last = super().find_last_common_block(chain)
        return None if last is None else min(last, chain.accepted)


# breaks: SYN-7
class FrozenPrimaryDecides(Rules):
    """The last common block is F_0: what the primary has accepted counts, whoever is concerned."""

    def find_last_common_block(self, chain: Chain) -> int | None:
        last, primary = super().find_last_common_block(chain), self.read_frozen(chain, PRIMARY)
        return None if last is None or primary is None else len(primary)


# breaks: SYN-8
class NumberOnly(Rules):
    """A message binds the number of a block, not its hash."""

    def is_known(self, chain: Chain, source: int, history: History) -> bool:
        if source == chain.me:
            return super().is_known(chain, source, history)
        said = chain.heard[source]
        return len(history) <= max(len(said.accepted), len(said.frozen or ()))


# breaks: SYN-8
class NoPrimary(Rules):
    """Every chain accepts what it has proven, as the primary does."""

    def can_accept(self, chain: Chain) -> bool:
        return chain.accepted < len(chain.proven)


# breaks: EXI-2, SYN-7
class FrozenPrimaryImports(Rules):
    """A frozen primary goes on to import blocks in which its own slice is empty, as other chains do."""

    def can_import(self, chain: Chain, block: Block, actor: Actor) -> bool:
        return super().can_import(chain, block, actor) or (chain.me == PRIMARY and PRIMARY not in block.slices)

    def can_accept(self, chain: Chain) -> bool:
        return super().can_accept(chain) or (chain.me == PRIMARY and chain.accepted < len(chain.proven))


# breaks: SYN-7
class OnlyValidatorImports(Rules):
    """After a freeze only the validator commits."""

    def can_import(self, chain: Chain, block: Block, actor: Actor) -> bool:
        return actor is Actor.VALIDATOR and super().can_import(chain, block, actor)


# breaks: EXI-2, SYN-7
class FrozenChainImportsItsSlice(Rules):
    """A frozen chain imports every block of the primary's frozen history, also those that have a slice of its own."""

    def can_import(self, chain: Chain, block: Block, actor: Actor) -> bool:
        return chain.me != PRIMARY and self.is_in_primary_history(chain, (*chain.proven, block))


# breaks: EXI-2
class FreezeKeepsProven(Rules):
    """Freezing does not drop what is proven and not accepted."""

    def freeze(self, chain: Chain) -> Chain:
        return chain if chain.frozen is not None else chain._replace(frozen=chain.accepted)


# breaks: EXI-2
class FreezeDropsAccepted(Rules):
    """Freezing drops what is not executed."""

    def freeze(self, chain: Chain) -> Chain:
        if chain.frozen is not None:
            return chain
        kept = chain.executed
        return chain._replace(frozen=kept, accepted=kept, proven=chain.proven[:kept])


# breaks: SYN-7
class StuckStray(Rules):
    """A frozen chain imports any block without a slice of its own (to be accepted it must still be the primary's),
    and only the validator reverts."""

    def can_import(self, chain: Chain, block: Block, actor: Actor) -> bool:
        return chain.me != PRIMARY and chain.me not in block.slices

    def can_revert(self, chain: Chain, actor: Actor) -> bool:
        return actor is Actor.VALIDATOR and super().can_revert(chain, actor)


# breaks: SYN-7
class FrzIsNoAcc(Rules):
    """A FRZ says where a chain has frozen, but does not count as its ACC."""

    def is_known(self, chain: Chain, source: int, history: History) -> bool:
        unfrozen = [said._replace(frozen=None) for said in chain.heard]
        return super().is_known(chain._replace(heard=tuple(unfrozen)), source, history)


# breaks: SYN-7
class FrzIsNotOpened(Rules):
    """A FRZ counts as an ACC for its own number alone: it is not opened to lower ones."""

    def is_known(self, chain: Chain, source: int, history: History) -> bool:
        unfrozen = [said._replace(frozen=None) for said in chain.heard]
        is_acc = super().is_known(chain._replace(heard=tuple(unfrozen)), source, history)
        return is_acc or chain.heard[source].frozen == history


# breaks: SOL-3
class OneChainNotAsked(Rules):
    """A block is executed without asking a concerned chain other than the primary."""

    def can_execute(self, chain: Chain) -> bool:
        number = chain.executed + 1
        return number <= chain.accepted and self.is_known(chain, PRIMARY, chain.proven[:number])


# breaks: SOL-4, EXI-2, SYN-7
class AbortByTimeout(Rules):
    """After a while without its FRZ a chain counts as frozen where it was last heard of."""

    def read_frozen(self, chain: Chain, k: int) -> History | None:
        frozen = super().read_frozen(chain, k)
        return chain.heard[k].accepted if frozen is None and k != chain.me else frozen


# breaks: EXI-2, SYN-7
class CancelBeforeLIsExecuted(Rules):
    """Exodus begins when L is known, not when it is executed here."""

    def can_begin_exodus(self, chain: Chain) -> bool:
        return chain.exodus is None and self.find_last_common_block(chain) is not None


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong rule, the law that it breaks, and blocks that show it."""

    rules: Rules
    law: Law | Step
    menu: Menu
    at_once: AtOnce = STEP_BY_STEP

    @property
    def name(self) -> str:
        return type(self.rules).__name__


# breaks: SYN-7
class AbortedIsNotCancelled(Rules):
    """Exodus cancels what is in no accepted block, but not what is in an aborted one."""

    def begin_exodus(self, chain: Chain) -> Chain:
        return chain._replace(exodus=chain.accepted)


RIVALS = menu("0a 0b")
ACCEPTED = AtOnce(accept=True)
MUTANTS = (
    Mutant(LowestFrozen(), one_end, menu("01a"), ACCEPTED),
    Mutant(HeadersHeld(), one_root, menu("0a"), ACCEPTED),
    Mutant(FrozenPrimaryDecides(), can_end, menu("01a"), ACCEPTED),
    Mutant(NumberOnly(), one_history, RIVALS),
    Mutant(NoPrimary(), one_history, RIVALS),
    Mutant(FrozenPrimaryImports(), one_end, menu("12a"), ACCEPTED),
    Mutant(FrozenPrimaryImports(), execute_excludes_abort, menu("12a"), ACCEPTED),
    Mutant(OnlyValidatorImports(), can_end, menu("01a"), ACCEPTED),
    Mutant(FrozenChainImportsItsSlice(), one_end, menu("01a"), ACCEPTED),
    Mutant(FrozenChainImportsItsSlice(), executed_is_common, menu("01a"), ACCEPTED),
    Mutant(FreezeKeepsProven(), one_end, menu("01a")),
    Mutant(FreezeDropsAccepted(), one_end, menu("01a"), ACCEPTED),
    Mutant(FreezeDropsAccepted(), is_one_way, menu("01a"), ACCEPTED),
    Mutant(StuckStray(), can_end, RIVALS),
    Mutant(FrzIsNoAcc(), can_end, menu("01a"), ACCEPTED),
    Mutant(FrzIsNotOpened(), can_end, menu("01a", "0a"), ACCEPTED),
    Mutant(OneChainNotAsked(), no_forged_request_is_paid, menu("01!1a"), ACCEPTED),
    Mutant(AbortByTimeout(), no_timeout_unlocks, menu("01a"), ACCEPTED),
    Mutant(AbortByTimeout(), one_end, menu("01a"), ACCEPTED),
    Mutant(CancelBeforeLIsExecuted(), one_root, menu("01a"), ACCEPTED),
    Mutant(CancelBeforeLIsExecuted(), one_end, menu("01a"), ACCEPTED),
    Mutant(AbortedIsNotCancelled(), money_adds_up, menu("01a"), ACCEPTED),
)
