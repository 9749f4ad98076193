"""Calls that leave no trace, at any height, and the least gas that a transaction needs.

Takes a chain and a message; gives an outcome. To look at an earlier height it puts the values of then into the engine,
and takes them out again.
"""

from dataclasses import replace
from typing import Final

from zklink.lab.revm.chain import RevmChain
from zklink.lab.revm.engine import BlockContext, Message, Outcome
from zklink.lab.revm.state import Account, Address, Changes, Slot

STIPEND: Final = 2_300
PRECISION: Final = 64
"""The search for gas ends when what is left is a 64th of the answer, as in geth."""


def call(chain: RevmChain, message: Message, height: int | None = None, overrides: Changes | None = None) -> Outcome:
    """Execute at the end of a block, as if in that block; None is the block that comes next."""
    with chain.lock:
        context = chain.next_context() if height is None else chain.blocks[height].context
        others = find_past(chain, height)
        if overrides is not None:
            others = Changes(others.accounts | overrides.accounts, others.slots | overrides.slots)
        return _run_with(chain, message, context, others)


def estimate_gas(chain: RevmChain, message: Message) -> tuple[int, Outcome]:
    """The least gas with which the message succeeds in the next block, rounded up a little, and the outcome with all
    of `message.gas`, which is the most that may be given; if that fails, the outcome says why.
    """
    with chain.lock:
        context = chain.next_context()
        first = chain.engine.run(message, context, with_changes=False)
        if not first.is_success:
            return 0, first
        low, high = first.gas_used - 1, message.gas
        guess = min((first.gas_used + first.gas_refunded + STIPEND) * 64 // 63, high)
        while high - low > max(1, high // PRECISION):
            if chain.engine.run(replace(message, gas=guess), context, with_changes=False).is_success:
                high = guess
            else:
                low = guess
            guess = min((high + low) // 2, 2 * max(low, 1))
        return high, first


def find_past(chain: RevmChain, height: int | None) -> Changes:
    """Values that are different now from those at the end of a block."""
    if height is None or height == chain.head.number:
        return Changes()
    return chain.state.find_values_at(chain.marks[height])


def account_at(chain: RevmChain, address: Address, height: int | None) -> Account:
    """An account at the end of a block."""
    return find_past(chain, height).accounts.get(address) or chain.state.account(address)


def slot_at(chain: RevmChain, slot: Slot, height: int | None) -> int:
    """A storage word at the end of a block."""
    return find_past(chain, height).slots.get(slot, chain.state.slot(slot))


def _run_with(chain: RevmChain, message: Message, context: BlockContext, others: Changes) -> Outcome:
    if not others.accounts and not others.slots:
        return chain.engine.run(message, context, with_changes=False)
    now = chain.state.find_values_now(others)
    chain.engine.write(others)
    try:
        return chain.engine.run(message, context, with_changes=False)
    finally:
        chain.engine.write(now)
