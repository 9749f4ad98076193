"""What was done to an account by the program's calls, as the cluster's history shows it.

Takes an address; gives the program's instructions that named it, decoded, the newest first. Nodes keep history for days
only, and nothing that decides about money rests on it. Anybody can name an account in a transaction of no use: a look
reads a bounded number of transactions, however many there are.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from solders.transaction import VersionedTransaction

from zklink.operations.swap import SwapRequest
from zklink.primitives.base58 import decode_base58
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.ids import RequestId
from zklink.solana.client.node import CONFIRMED, Level, SolanaNode
from zklink.solana.client.program import Program
from zklink.solana.interface.instructions import INSTRUCTIONS, SWAP

FORMS: Final = {form.number: form for form in INSTRUCTIONS}
MOST_SIGNATURES: Final = 1_000
"""Transactions that a node lists at once."""
MOST_READ: Final = 50
"""Transactions that one look reads."""
MOST_KEPT: Final = 20_000
"""Transactions that a reader remembers."""
SAME: Final = (
    "destination",
    "token_in",
    "token_out",
    "via",
    "min_out",
    "operator_fee",
    "fill_fee",
    "deadline",
    "recipient",
)
"""What a request has of the call that made it, as it stands there."""


@dataclass(frozen=True, slots=True)
class Act:
    """An instruction of the program that took effect: its name, its accounts by role, its fields; where and when."""

    name: str
    places: Mapping[str, str]
    values: Mapping[str, Any]
    signature: str
    slot: int
    time: int


def read_acts(
    node: SolanaNode,
    program: Program,
    key: str,
    level: Level = CONFIRMED,
    until: str | None = None,
    most: int = MOST_READ,
) -> list[Act]:
    """The acts on an account in its last `most` transactions after the transaction `until`, the newest first. Raises
    RpcUnavailable, RpcRefused.
    """
    return read_listed(node, program, key, list_signatures(node, key, level, until, most=most), level)


def list_signatures(
    node: SolanaNode,
    key: str,
    level: Level = CONFIRMED,
    until: str | None = None,
    before: str | None = None,
    most: int = MOST_SIGNATURES,
) -> list[Any]:
    """The last `most` transactions of an account after the transaction `until` and before `before`, as the node lists
    them, the newest first. Raises RpcUnavailable, RpcRefused.
    """
    options: dict[str, object] = {"commitment": level, "limit": min(most, MOST_SIGNATURES)}
    options |= {name: value for name, value in (("until", until), ("before", before)) if value is not None}
    return list(node.call("getSignaturesForAddress", key, options))


def read_listed(
    node: SolanaNode, program: Program, key: str, listed: Iterable[Any], level: Level = CONFIRMED
) -> list[Act]:
    """The acts on an account in such transactions, in their order. Raises RpcUnavailable, RpcRefused."""
    found: list[Act] = []
    for each in listed:
        if each["err"] is None:
            found += reversed(_read_transaction(node, program, key, str(each["signature"]), level))
    return found


def read_next(
    node: SolanaNode, program: Program, key: str, until: str | None, level: Level = CONFIRMED, is_first: bool = False
) -> tuple[list[Act], str | None]:
    """The acts on an account in the first MOST_READ of its transactions after `until`, the newest first, and the
    transaction after which the next look begins. The first look may begin at the end. Of more than a node lists at once
    the older ones are left out. Raises RpcUnavailable, RpcRefused.
    """
    listed = list_signatures(node, key, level, until)
    part = listed[:MOST_READ] if is_first else listed[-MOST_READ:]
    return read_listed(node, program, key, part, level), str(part[0]["signature"]) if part else until


class ActReader:
    """The acts on accounts of one program, as the node lists them now; a transaction is read once."""

    def __init__(self, node: SolanaNode, program: Program, level: Level = CONFIRMED) -> None:
        self._node, self._program, self._level = node, program, level
        self._known: dict[tuple[str, str, int], list[Act]] = {}

    def read(self, key: str) -> tuple[list[Act], bool]:
        """The acts on an account, the newest first, as far as they are read, and whether all are that the node lists at
        once: a look reads MOST_READ transactions, from both ends. Raises RpcUnavailable, RpcRefused.
        """
        listed = [each for each in list_signatures(self._node, key, self._level) if each["err"] is None]
        names = [(key, str(each["signature"]), int(each["slot"])) for each in listed]
        missing = [at for at, name in enumerate(names) if name not in self._known]
        is_whole, half = len(missing) <= MOST_READ, MOST_READ // 2
        for at in missing if is_whole else (*missing[:half], *missing[-half:]):
            self._known[names[at]] = read_listed(self._node, self._program, key, [listed[at]], self._level)
        found = [act for name in names for act in self._known.get(name, ())]
        while len(self._known) > MOST_KEPT:
            del self._known[next(iter(self._known))]
        return found, is_whole


def name_swaps(acts: Iterable[Act], requests: Iterable[SwapRequest]) -> dict[RequestId, Act]:
    """Which act made which request: the acts on a queue, the newest first, and requests of it in ascending order. A
    request whose act is not among them is left out.
    """
    left = [act for act in acts if act.name == SWAP.name]
    named = {}
    for request in reversed(list(requests)):
        terms = {name: getattr(request, name) for name in SAME}
        act = next((act for act in left if all(act.values[name] == value for name, value in terms.items())), None)
        if act is not None:
            left.remove(act)
            named[request.request_id] = act
    return named


def list_calls(shown: Any) -> Iterator[tuple[str, list[str], bytes]]:
    """The calls of a transaction as a node shows it, in order, with those that programs made in them: the program that
    is called, its accounts, the data.
    """
    message = VersionedTransaction.from_bytes(base64.b64decode(shown["transaction"][0])).message
    loaded = shown["meta"].get("loadedAddresses") or {}
    keys = [*map(str, message.account_keys), *loaded.get("writable", ()), *loaded.get("readonly", ())]
    inner = {group["index"]: group["instructions"] for group in shown["meta"].get("innerInstructions") or ()}
    for index, call in enumerate(message.instructions):
        yield keys[call.program_id_index], [keys[at] for at in call.accounts], bytes(call.data)
        for each in inner.get(index, ()):
            places = [keys[at] for at in each["accounts"]]
            yield keys[each["programIdIndex"]], places, decode_base58(str(each["data"]))


def _read_transaction(node: SolanaNode, program: Program, key: str, signature: str, level: Level) -> list[Act]:
    shown = node.transaction(signature, level)
    if shown is None:
        raise RpcUnavailable(node.name, "getTransaction", 1, "a transaction of an account's history is not there")
    try:
        return list(_decode_transaction(shown, program, key, signature))
    except Exception as error:  # solders has kinds of its own
        detail = f"a transaction of an account's history cannot be read ({type(error).__name__})"
        raise RpcUnavailable(node.name, "getTransaction", 1, detail) from error


def _decode_transaction(shown: Any, program: Program, key: str, signature: str) -> Iterator[Act]:
    for called, places, data in list_calls(shown):
        form = FORMS.get(data[0]) if data else None
        if form is None or called != str(program.id):
            continue
        named = {role.name: key_ for role, key_ in zip(form.roles, places, strict=False)}
        if key in named.values():
            yield Act(form.name, named, form.decode(data)[0], signature, int(shown["slot"]), int(shown["blockTime"]))
