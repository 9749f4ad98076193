"""The history of an END that waits: the commitments that lead up to it, with which an ACC is shown to contradict it.

Takes what was read of all chains. The way is the primary's own, or the one that a member's end has published when END
was raised or its path opened, whoever called. Never believes an event: commitments fold to END's hash, or are not its.
"""

from collections.abc import Iterable

from zklink.l1.contracts.bridge_events import PathShown
from zklink.l1.contracts.bridge_structs import EndState
from zklink.protocol.bridge_hashes import next_sync_hash
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.recovery.accepted_history import AcceptedHistory, list_commitments
from zklink.recovery.chains_read import ChainsRead


def read_end_path(read: ChainsRead, chain: ChainId, state: EndState) -> tuple[Accepted, tuple[bytes, ...]]:
    """A block, of the primary if the way is known so far down, and the commitments from there up to END's."""
    bridge, history = read.bridges[chain], read.history()
    blocks = history.lead(0, history.sync_hash(0), state.sync_hash)
    if blocks is not None:
        return Accepted(BlockNumber(0), history.sync_hash(0)), list_commitments(blocks)
    first, last = read.deployment.chains[chain].from_block, bridge.client.head().number
    shown = bridge.member_end.events_named([PathShown], first, last)
    paths = ((event.sync_hash, event.path) for event in shown if isinstance(event, PathShown))
    return trace_path(history, Accepted(state.number, state.sync_hash), paths)


def trace_path(
    history: AcceptedHistory, top: Accepted, paths: Iterable[tuple[bytes, Iterable[bytes]]]
) -> tuple[Accepted, tuple[bytes, ...]]:
    """The way from a block of the primary, or from as far down as the paths lead, up to `top`. A path is the sync hash
    from which it leads on, and commitments.
    """
    before: dict[bytes, tuple[bytes, bytes]] = {}
    for sync_hash, path in paths:
        at = sync_hash
        for commitment in path:
            following = next_sync_hash(at, commitment)
            before[following] = (at, commitment)
            at = following
    number, at, way = int(top.number), top.sync_hash, list[bytes]()
    while number > 0 and at in before and not history.has(number, at):
        at, commitment = before[at]
        way.append(commitment)
        number -= 1
    return Accepted(BlockNumber(number), at), tuple(reversed(way))
