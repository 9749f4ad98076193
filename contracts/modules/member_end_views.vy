# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title member_end_views
@license Apache-2.0
@notice What a member's end answers beyond end_views: the contest about END, and opened paths. The contract exports these
        functions; each is locked, because the pragma above holds for this file. Never changes anything.
"""

from ..interfaces import IMemberEnd
from . import end_contest
from . import paths

uses: end_contest
uses: paths


@external
@view
def ended() -> (uint64, bytes32):
    """
    @notice Number and sync hash of the block at which this chain ends; zero while no END stands.
    """
    if not end_contest.state.stands:
        return 0, empty(bytes32)
    return end_contest.state.number, end_contest.state.sync_hash


@external
@view
def end_state() -> IMemberEnd.EndState:
    """
    @notice What has been said of this member's end.
    """
    return end_contest.state


@external
@view
def is_opened(base: uint64, base_hash: bytes32, number: uint64, sync_hash: bytes32) -> bool:
    """
    @notice Whether open_path has shown that the history (number, sync_hash) contains (base, base_hash).
    @param base The number of the earlier block.
    @param base_hash The sync hash up to it.
    @param number The number of the later block.
    @param sync_hash The sync hash up to that.
    """
    return paths.does_lead(base, base_hash, number, sync_hash, [])
