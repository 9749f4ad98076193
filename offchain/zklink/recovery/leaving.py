"""The whole way out for anyone: every chain to exodus, then exits.

Takes a driver of exodus and exit orders; sends the transactions that are due on every chain, and reports each step.
Asks the chains first, so anyone can run it again at any time. Never waits: a later run goes on.
"""

from collections.abc import Sequence
from typing import Final

from zklink.protocol.errors import (
    ExitsRefused,
    FeeCeilingReached,
    NodesDisagree,
    RpcUnavailable,
    TransactionExpired,
    TransactionReplaced,
    TransactionStuck,
)
from zklink.recovery.exit_proofs import ExitOrder
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.outcome import Done, Finished, Waiting
from zklink.recovery.ways import Say, Way

PASSING: Final = (
    RpcUnavailable,
    NodesDisagree,
    TransactionStuck,
    TransactionReplaced,
    TransactionExpired,
    FeeCeilingReached,
)
"""Failures that a later run may not have; what was sent is continued."""


def leave(rescue: ExodusDriver, orders: Sequence[ExitOrder], say: Say) -> bool:
    """Send everything that the chains allow now; true if nothing is left to do.

    A chain whose node is away, or whose transactions are not mined, does not hold up the others: it is said, and a
    later run goes on. Raises ExitsRefused once everything else is sent, and what else `ExodusDriver.advance` raises.
    """
    is_done, refused = True, list[str]()
    for chain, way in rescue.ways.items():
        try:
            if _advance(rescue.read.name(chain), way, say, may_freeze=rescue.may_freeze):
                way.send_exits([order for order in orders if order.chain == chain], say)
            else:
                is_done = False
        except ExitsRefused as error:
            refused += error.refused
        except PASSING as error:
            say(f"{error}; it is tried again by a later run")
            is_done = False
    if refused:
        raise ExitsRefused(tuple(refused))
    return is_done


def _advance(name: str, way: Way, say: Say, *, may_freeze: bool) -> bool:
    """Send everything that a chain takes now; true if its exodus is complete."""
    while True:
        match way.advance(may_freeze=may_freeze):
            case Done(what):
                say(f"{name}: {what}")
            case Waiting(why):
                say(f"{name}: waiting, {why}")
                return False
            case Finished():
                return True
