"""Whether the code at a program's address is the only one that ever was there: then whatever the program owns was made
by this code.

Takes a program and a node that keeps history; gives one check. An account's content cannot say who wrote it: whoever
deploys other code first can leave accounts that look like the program's own. The loader lets a program be deployed at
an address once, ever, and notes in which slot it was deployed or upgraded last. So the transaction that deployed it, in
that slot, shows that nothing was there before or since. The loader notes the slot, too, when somebody pays for more
room (`solana program extend`): then the transactions since must show that no upgrade was among them.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Any, Final

from zklink.l1.deployment.checks import Check
from zklink.protocol.errors import RpcRefused, RpcUnavailable
from zklink.solana.client.acts import list_calls, list_signatures
from zklink.solana.client.loader import LOADER
from zklink.solana.client.node import FINALIZED, SolanaNode
from zklink.solana.deploying.loader import DEPLOY, UPGRADE, read_program_data
from zklink.solana.deploying.loading import Loading

MOST_READ: Final = 200
"""Transactions that a look reads: anybody can name a program's code in a transaction of no use."""
MOST_LISTED: Final = 20_000
_PLACES: Final = {DEPLOY: 2, UPGRADE: 1}
"""At which place of the loader's call the program stands."""

Shown = Any


def verify_history(name: str, own: Loading, recorded: str, node: SolanaNode) -> Iterator[Check]:
    """That this is a program's first code. `recorded` is the transaction that deployed it; empty to look for it. Raises
    RpcUnavailable.
    """
    what = f"{own.name}: that no other code was there before"
    [found] = node.accounts([str(own.data)], FINALIZED)[1]
    loaded = None if found is None or found.owner != str(LOADER) else read_program_data(found.data)
    if loaded is None:
        yield Check(name, what, False, f"the loader has no code of {own.id}")
        return
    try:
        fault = _find_fault(own, loaded.slot, recorded, node)
    except (RpcRefused, RpcUnavailable, _Unreadable) as error:
        fault = f"{error}: ask a node that keeps the whole history"
    yield Check(name, what, not fault, fault)


class _Unreadable(Exception):
    """The node's history does not show it."""


def _find_fault(own: Loading, slot: int, recorded: str, node: SolanaNode) -> str:
    """What speaks against it; empty for nothing. `slot` is the loader's."""
    names = [recorded] if recorded else _list_after(own, "", node)
    shown = [each for each in (_read(signature, node) for signature in names[:MOST_READ]) if each is not None]
    deployed = next((each for each in shown if _has_done(each, own, DEPLOY)), None)
    if deployed is None:
        raise _Unreadable(f"this node does not show that {recorded or 'any transaction'} deployed {own.id}")
    began = int(deployed["slot"])
    if began == slot:
        return ""
    since = _list_after(own, str(deployed["signature"]), node)
    if len(since) > MOST_READ:
        raise _Unreadable(f"{len(since)} transactions have named the code of {own.id} since it was deployed")
    for signature in since:
        each = _read(signature, node)
        if each is None:
            raise _Unreadable(f"this node lists {signature} and does not have it")
        if _has_done(each, own, UPGRADE):
            return f"deployed in slot {began}, it was upgraded in slot {each['slot']}: what code had it before?"
    return ""


def _list_after(own: Loading, first: str, node: SolanaNode) -> list[str]:
    """The successful transactions of a program's code after `first`, the oldest first; all of them without it."""
    found, before = list[str](), None
    while len(found) < MOST_LISTED:
        page = list_signatures(node, str(own.data), FINALIZED, before=before)
        if not page:
            break
        for each in page:
            if each["signature"] == first:
                return found[::-1]
            if each["err"] is None:
                found.append(str(each["signature"]))
        before = str(page[-1]["signature"])
    if first or len(found) >= MOST_LISTED:
        raise _Unreadable(f"this node does not list what was done to the code of {own.id} since it was deployed")
    return found[::-1]


def _read(signature: str, node: SolanaNode) -> Shown | None:
    shown = node.transaction(signature, FINALIZED)
    return None if shown is None else {**shown, "signature": signature}


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
