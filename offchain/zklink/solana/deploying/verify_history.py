"""Whether the code at a program's address is the only one that ever was there: then whatever the program owns was made
by this code.

Takes a program and a node that keeps history; gives one check. An account's content cannot say who wrote it: whoever
deploys other code first can leave accounts that look like the program's own. The loader notes in which slot a program
was deployed or upgraded last. So the transaction that deployed it, in that slot, shows that nothing came since, if none
before it deployed the program: today the loader allows that once, ever, and it is to allow it again after a program was
closed (SIMD-0432). The loader notes the slot, too, when somebody pays for more room (`solana program extend`): then the
transactions since must show that no upgrade was among them, and a node that does not keep what programs called cannot.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Any, Final

from zklink.l1.deployment.checks import Check
from zklink.protocol.errors import RpcRefused, RpcUnavailable
from zklink.solana.client.acts import list_calls, list_signatures
from zklink.solana.client.loader import LOADER
from zklink.solana.client.node import FINALIZED, SolanaNode
from zklink.solana.deploying.loader import DEPLOY, UPGRADE, Loaded
from zklink.solana.deploying.loading import Loading

MOST_READ: Final = 200
"""Transactions among which the one that deployed a program is looked for, where no record names it: it is the first."""
MOST_LISTED: Final = 20_000
"""Transactions that a look reads: anybody can name a program's code in one of no use, at the price of its fee."""
_PLACES: Final = {DEPLOY: 2, UPGRADE: 1}
"""At which place of the loader's call the program stands."""

Shown = Any


def verify_history(name: str, own: Loading, loaded: Loaded | None, recorded: str, node: SolanaNode) -> Iterator[Check]:
    """That this is a program's first code. `loaded` is the code that the loader has there, `recorded` the transaction
    that deployed it; empty to look for it. Of several nodes as many must show it as the quorum, and none may show the
    contrary. Raises RpcUnavailable.
    """
    what = f"{own.name}: that no other code was there before"
    if loaded is None:
        yield Check(name, what, False, f"the loader has no code of {own.id}")
        return
    said = [_look(own, loaded.slot, recorded, single) for single in node.split()]
    faults = [fault for fault in said if isinstance(fault, str)]
    unread = [f"{each}: ask a node that keeps the whole history" for each in said if isinstance(each, Exception)]
    is_shown = len(said) - len(faults) - len(unread) >= node.pool.roster.policy.quorum
    yield Check(name, what, is_shown and not faults, "" if is_shown and not faults else "; ".join(faults or unread))


def _look(own: Loading, slot: int, recorded: str, node: SolanaNode) -> str | Exception | None:
    """What a node shows against it, or why it shows nothing; None if it shows that this is the first code."""
    try:
        return _find_fault(own, slot, recorded, node) or None
    except (RpcRefused, RpcUnavailable, _Unreadable) as error:
        return error


class _Unreadable(Exception):
    """The node's history does not show it."""


def _find_fault(own: Loading, slot: int, recorded: str, node: SolanaNode) -> str:
    """What speaks against it; empty for nothing. `slot` is the loader's."""
    listed = [] if recorded else _list(own, None, node)
    names = [recorded] if recorded else _list_done(listed)
    shown = (_read(signature, node) for signature in names[:MOST_READ])
    deployed = next((each for each in shown if each is not None and _has_done(each, own, DEPLOY)), None)
    if deployed is None:
        raise _Unreadable(f"this node does not show that {recorded or 'any transaction'} deployed {own.id}")
    began, first = int(deployed["slot"]), str(deployed["signature"])
    if recorded:
        listed = _list(own, first if began == slot else None, node)
    before, since = (listed, []) if recorded and began == slot else _part(own, listed, first)
    for signature in _list_done(before):
        each = _read_whole(signature, node)
        if _has_done(each, own, DEPLOY):
            return f"deployed in slot {began}, and before in slot {each['slot']}: what code had it then?"
    if began == slot:
        return ""
    for signature in _list_done(since):
        each = _read_whole(signature, node)
        if _has_done(each, own, UPGRADE) or _has_done(each, own, DEPLOY):
            return f"deployed in slot {began}, it got other code in slot {each['slot']}: what code had it before?"
    return ""


def _list(own: Loading, before: str | None, node: SolanaNode) -> list[Shown]:
    """What has named a program's code, up to a transaction, the oldest first."""
    found = list[Shown]()
    while page := list_signatures(node, str(own.data), FINALIZED, before=before):
        found += page
        if len(found) > MOST_LISTED:
            raise _Unreadable(f"more than {MOST_LISTED} transactions have named the code of {own.id}")
        before = str(page[-1]["signature"])
    return found[::-1]


def _list_done(listed: Sequence[Shown]) -> list[str]:
    """Those that succeeded."""
    return [str(each["signature"]) for each in listed if each["err"] is None]


def _part(own: Loading, listed: Sequence[Shown], first: str) -> tuple[Sequence[Shown], Sequence[Shown]]:
    """What came before the transaction `first`, and since. Raises _Unreadable if it is not among them."""
    for at, each in enumerate(listed):
        if each["signature"] == first:
            return listed[:at], listed[at + 1 :]
    raise _Unreadable(f"this node does not list what was done to the code of {own.id} since it was deployed")


def _read(signature: str, node: SolanaNode) -> Shown | None:
    shown = node.transaction(signature, FINALIZED)
    return None if shown is None else {**shown, "signature": signature}


def _read_whole(signature: str, node: SolanaNode) -> Shown:
    """A transaction with what programs called in it."""
    shown = _read(signature, node)
    if shown is None:
        raise _Unreadable(f"this node lists {signature} and does not have it")
    if shown["meta"].get("innerInstructions") is None:
        raise _Unreadable(f"this node does not keep what programs called in {signature}")
    return shown


def _has_done(shown: Shown, own: Loading, call: int) -> bool:
    """Whether a transaction has deployed or upgraded the program."""
    if shown["meta"]["err"] is not None:
        return False
    return any(
        called == str(LOADER) and data[:4] == struct.pack("<I", call) and _at(places, _PLACES[call]) == str(own.id)
        for called, places, data in list_calls(shown)
    )


def _at(places: Sequence[str], at: int) -> str:
    return places[at] if at < len(places) else ""
