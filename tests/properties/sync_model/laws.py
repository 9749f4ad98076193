"""The promises, as predicates on a situation. Each returns what is wrong, or nothing.

They see all chains at once, which no chain can. `settled` is how the situation ends at worst (situations.py); a promise
about the future, such as "whatever has been executed will be in the common root", compares the situation with it.
"""

from collections.abc import Callable, Iterator
from itertools import combinations

from .rules import CHAINS, PRIMARY, Block, Chain, History, Rules
from .situations import Situation

Law = Callable[[Rules, Situation, Situation], str | None]
"""Of a situation and its end."""

Step = Callable[[Situation, Situation], str | None]
"""Of a situation and one that a step leads to."""


def one_history(rules: Rules, situation: Situation, settled: Situation) -> str | None:
    """SYN-8: no two chains ever accept different blocks at one number."""
    for one, other in combinations(situation, 2):
        for number, blocks in enumerate(zip(one.accepted_history, other.accepted_history, strict=False), start=1):
            if blocks[0] is not blocks[1]:
                return f"{one.me} accepted {blocks[0]} and {other.me} accepted {blocks[1]} at {number}"
    return None


def no_forged_request_is_paid(rules: Rules, situation: Situation, settled: Situation) -> str | None:
    """SOL-3, with honest transports: no chain executes a block with a request that was never queued."""
    for chain in situation:
        for block in executed_blocks(chain):
            if block.forged:
                return f"{chain.me} executed {block}"
    return None


def execute_excludes_abort(rules: Rules, situation: Situation, settled: Situation) -> str | None:
    """SYN-7: no chain knows a block to be aborted that some chain has executed."""
    for executor in situation:
        for number in range(1, executor.executed + 1):
            for chain in situation:
                if rules.is_aborted(chain, executor.proven[:number]):
                    return f"{executor.me} executed {number}, and for {chain.me} it is aborted"
    return None


def executed_is_common(rules: Rules, situation: Situation, settled: Situation) -> str | None:
    """SYN-7: whatever some chain has executed is at or below the block at which exodus will begin, everywhere."""
    for executor in situation:
        for chain in settled:
            if chain.exodus is not None and executor.executed > chain.exodus:
                return f"{executor.me} executed {executor.executed}, and {chain.me} can begin exodus at {chain.exodus}"
    return None


def one_root(rules: Rules, situation: Situation, settled: Situation) -> str | None:
    """SYN-7: all exits open against one root, now and later."""
    for one in situation:
        for other in (*situation, *settled):
            if None not in (one.exodus, other.exodus) and one.exodus != other.exodus:
                return f"exits open at {one.exodus} on {one.me} and at {other.exodus} on {other.me}"
    return None


def no_timeout_unlocks(rules: Rules, situation: Situation, settled: Situation) -> str | None:
    """SYN-7: a chain unlocks what is in doubt on facts alone: the FRZ of every other chain has reached it."""
    for chain in situation:
        if chain.exodus is not None and not all(chain.heard[k].frozen is not None for k in CHAINS if k != chain.me):
            return f"{chain.me} began exodus without the FRZ of all chains"
    return None


def one_end(rules: Rules, situation: Situation, settled: Situation) -> str | None:
    """EXI-2, SOL-4: no request is cancelled on its chain when another chain has executed, so paid by, the block that
    consumes it. (On its own chain nothing is executed any more: `is_one_way`.)"""
    for chain in situation:
        for executor in situation:
            if executor is chain:
                continue
            for number, block in enumerate(executed_blocks(executor), start=1):
                if chain.exodus is not None and chain.me in block.slices and number > chain.exodus:
                    return f"{chain.me} cancelled its request of {number}, and {executor.me} executed it"
    return None


def can_end(rules: Rules, situation: Situation, settled: Situation) -> str | None:
    """No doubt for ever: with the validator gone and every ACC lost, each chain can fix L, execute it and begin
    exodus."""
    for chain in settled:
        if chain.exodus is None:
            last = rules.find_last_common_block(chain)
            return f"{chain.me} is stuck: L = {last}, accepted {chain.accepted}, executed {chain.executed}"
    return None


def money_adds_up(rules: Rules, situation: Situation, settled: Situation) -> str | None:
    """In the end each chain holds exactly what the root of L says: what came in, less what it paid and refunded."""
    for chain in settled:
        if chain.exodus is not None and (wrong := balance(chain, settled[PRIMARY].proven)):
            return f"{chain.me} holds {wrong:+d} against the root"
    return None


def balance(chain: Chain, history: History) -> int:
    """Holdings minus reserve. Every chain has queued one request for each number, worth `worth`."""
    holds = reserve = 0
    for number in range(1, len(history) + 1):
        holds += worth(number, chain.me)
        if number > (chain.exodus or 0) or chain.me not in history[number - 1].slices:
            holds -= worth(number, chain.me)  # not consumed: cancelled and refunded
    for number, block in enumerate(executed_blocks(chain), start=1):
        holds -= sum(worth(number, source) for source, target in find_payments(block) if target == chain.me)
    for number, block in enumerate(history[: chain.exodus], start=1):
        for source, target in find_payments(block):
            reserve += worth(number, source) * ((source == chain.me) - (target == chain.me))
    return holds - reserve


def worth(number: int, source: int) -> int:
    """Every request has an amount that no sum of others makes up."""
    return 1 << 2 * (len(CHAINS) * (number - 1) + source)


def find_payments(block: Block) -> Iterator[tuple[int, int]]:
    """Each chain that a block consumes a request of pays the next such chain's user; one alone pays its own."""
    chains = sorted(block.slices)
    return zip(chains, (*chains[1:], *chains[:1]), strict=True)


def executed_blocks(chain: Chain) -> History:
    return chain.proven[: chain.executed]


def is_one_way(before: Situation, after: Situation) -> str | None:
    """SYN-7, EXI-2, of every step: nothing accepted, executed or frozen is ever taken back, and exodus is the end."""
    for old, new in zip(before, after, strict=True):
        if old is new:
            continue
        if new.accepted_history[: old.accepted] != old.accepted_history or new.executed < old.executed:
            return f"{old.me} took back a block"
        if old.frozen not in (None, new.frozen):
            return f"{old.me} thawed"
        if old.exodus is not None and (old.exodus, old.executed) != (new.exodus, new.executed):
            return f"{old.me} executed a block after exodus began"
    return None


LAWS: tuple[Law, ...] = (
    one_history,
    no_forged_request_is_paid,
    execute_excludes_abort,
    executed_is_common,
    one_root,
    no_timeout_unlocks,
    one_end,
)
"""Of every situation."""

END_LAWS: tuple[Law, ...] = (can_end, money_adds_up)
"""Of every end; situations that end alike need not be asked again."""
