"""Where each chain ends, and the states there: exits are proven against them.

Takes what was read of all chains; gives for each chain the block whose root its exits are, or would be, open against.
They are the same on all chains unless one has seceded. Never sends anything.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.prover.progress import SILENT, Progress
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.rebuild import rebuild
from zklink.state.state import State


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """The block at which a chain ends; `is_known` is false as long as it can still go on."""

    place: Accepted
    is_known: bool


def find_ends(read: ChainsRead) -> dict[ChainId, ChainEnd]:
    """The end of each chain; where it is not known yet, or no node answers, the primary's last block. Raises what
    `ChainsRead.history` does.
    """
    history = read.history()
    last = Accepted(history.height, history.sync_hash(history.height))
    ends = {}
    for chain, bridge in read.bridges.items():
        end = ChainEnd(last, False)
        try:
            if bridge.exodus.is_begun():
                end = ChainEnd(Accepted(*bridge.history.accepted()), True)
            elif chain in read.members and any(bridge.member_end.ended()[1]):
                end = ChainEnd(Accepted(*bridge.member_end.ended()), True)
        except RpcUnavailable:
            pass
        ends[chain] = end
    for chain, program in read.programs.items():
        place = None
        with suppress(RpcUnavailable):
            place = program.find_end()
        ends[chain] = ChainEnd(last, False) if place is None else ChainEnd(place, True)
    return ends


def find_block(read: ChainsRead, number: int) -> dict[ChainId, ChainEnd]:
    """One block of the primary, for all chains. Raises HistoryIncomplete, and what `ChainsRead.history` does."""
    place = Accepted(BlockNumber(number), read.history().sync_hash(number))
    ends = find_ends(read)
    return {chain: ChainEnd(place, end.is_known and end.place == place) for chain, end in ends.items()}


def rebuild_ends(
    read: ChainsRead, ends: Mapping[ChainId, ChainEnd], progress: Progress = SILENT
) -> dict[ChainId, State]:
    """The state at the end of each chain, from the primary's calldata alone. Raises HistoryIncomplete, ReplayMismatch,
    ReplayIncomplete, ReplayRefused.
    """
    deployment = read.deployment
    state, at = deployment.genesis.state(), Accepted(read.genesis.number, read.genesis.sync_hash)
    states = {at: state}
    for place in sorted({end.place for end in ends.values()}, key=lambda place: place.number):
        blocks = read.history().lead(at.number, at.sync_hash, place.sync_hash)
        if blocks is None:  # another line: two chains have ended beside each other
            blocks, state = read.lead(deployment.primary, read.genesis, place), deployment.genesis.state()
        state, at = rebuild(state, blocks, progress), place
        states[place] = state
    return {chain: states[end.place] for chain, end in ends.items()}
