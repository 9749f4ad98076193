# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title MemberEnd
@license Apache-2.0
@author The zklink authors
@notice How a member ends. Anybody freezes it when a request has waited for three days, and a day more, or when its queue
        cannot match the next block of an ACC. When the primary has ended, END says at which block the history ends here:
        on the word of both groups at once, on that of one after a window in which others object. When that block is
        executed, exits may open. A member whose queue cannot match the next block of END ends where it is.
@dev The groups say what is true, this contract who must be heard (docs/star-model.md, ADR 0018 and 0019).
@custom:emergency The governor denies the watchers' END (14 days more, once), and voids it when the validators deny it. It
                  says END with the validators when the watchers do not. Nobody stops an END that stands.
@custom:security Windows count seconds and blocks, so a chain that was halted cannot wake up past them.
"""

from .interfaces import IEnd
from .interfaces import IGroups
from .interfaces import IHistory
from .interfaces import IMemberEnd
from .interfaces import IMemberHistory
from .modules import constants
from .modules import end_contest
from .modules import end_evidence
from .modules import end_partners
from .modules import end_views
from .modules import freeze_calls
from .modules import member_end_views
from .modules import paths
from .modules import windows

implements: IEnd
implements: IMemberEnd

initializes: windows
initializes: end_partners
initializes: freeze_calls[end_partners := end_partners, windows := windows]
initializes: end_contest[windows := windows]
initializes: paths
initializes: end_evidence[end_contest := end_contest, end_partners := end_partners, paths := paths]
initializes: member_end_views[end_contest := end_contest, paths := paths]
initializes: end_views[end_partners := end_partners, freeze_calls := freeze_calls, windows := windows]

exports: (end_views.freeze_call, end_views.bridge, end_views.history, end_views.groups, end_views.blocks_per_day)
exports: (member_end_views.ended, member_end_views.end_state, member_end_views.is_opened)


@deploy
def __init__(bridge: address, history: address, groups_: address):
    """
    @notice Fixes the partners.
    @param bridge The bridge of this chain, at an address that is known before.
    @param history Its history, at an address that is known before.
    @param groups_ The groups of this chain.
    @custom:upholds GOV-1
    """
    end_partners.__init__(bridge, history, groups_)
    windows.__init__(staticcall IGroups(groups_).blocks_per_day())


# --- freeze ---


@external
def call_freeze(lane: uint8, words: DynArray[uint256, 5]):
    """
    @notice Says, for anyone, that the oldest request of a lane has waited for more than EXPIRY_SECONDS (three days).
    @param lane 1 swaps, 2 deposits and full exits.
    @param words The words of that request: five, or four in lane 2.
    @custom:upholds QUE-2
    """
    freeze_calls.call(lane, words)


@external
def confirm_freeze(lane: uint8):
    """
    @notice Freezes the chain, for anyone, a day and a day's blocks after the call, if that request still waits.
    @param lane 1 swaps, 2 deposits and full exits.
    @custom:upholds QUE-2
    """
    freeze_calls.confirm(lane)


@external
def show_mismatch(
    next_block: IHistory.Block,
    claims: DynArray[uint256, 16],
    later: DynArray[bytes32, constants.MAX_LATER],
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
    words: Bytes[16384],
):
    """
    @notice Shows, for anyone, that the own queue cannot match the block after the last imported one. Opened from an ACC
            that freezes this chain; opened from the standing END, this chain ends at its last imported block.
    @param next_block That block.
    @param claims The hashes and evaluations of the other slices, as in import_blocks.
    @param later Block commitments from it to the block that the fact names.
    @param validators Their signatures of ACC; not read once END stands.
    @param watchers Their signatures of ACC; not read once END stands.
    @param words The words of the block's own slice.
    @custom:upholds SYN-9
    """
    tip: IHistory.Tip = staticcall IHistory(end_partners.HISTORY).tip()
    is_unmatched: bool = False
    block_commitment: bytes32 = empty(bytes32)
    is_unmatched, block_commitment = staticcall IMemberHistory(end_partners.HISTORY).is_unmatched(
        next_block, claims, words
    )
    assert is_unmatched, "end: the queue matches"
    next_hash: bytes32 = keccak256(abi_encode(tip.sync_hash, block_commitment))
    if end_contest.state.stands:
        assert self._does_lead_to_end(tip.number + 1, next_hash, later), "end: no mismatch in END"
        end_contest.secede(tip.number, tip.sync_hash)
        extcall IMemberHistory(end_partners.HISTORY).set_end(tip.number, tip.sync_hash)
    else:
        last: uint64 = tip.number + 1 + convert(len(later), uint64)
        end_evidence.check_accepted(last, paths.fold(next_hash, later), validators, watchers)
        log IMemberEnd.MismatchShown(number=tip.number, sync_hash=tip.sync_hash)
        extcall end_partners.BRIDGE.freeze()


# --- END ---


@external
def open_path(
    base: uint64,
    base_hash: bytes32,
    number: uint64,
    sync_hash: bytes32,
    path: DynArray[bytes32, constants.MAX_LATER],
):
    """
    @notice Remembers, for anyone, that a later history contains an earlier one, over as many calls as it takes (ADR 0025).
    @param base The number of the earlier block.
    @param base_hash The sync hash up to it.
    @param number Where the path begins: the base, or a block that was shown to contain it.
    @param sync_hash The sync hash up to that.
    @param path Block commitments from there on.
    @custom:upholds SYN-9
    """
    paths.extend(base, base_hash, number, sync_hash, path)


@external
def raise_end(
    number: uint64,
    sync_hash: bytes32,
    later: DynArray[bytes32, constants.MAX_LATER],
    seal: Bytes[constants.MAX_EVIDENCE_BYTES],
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
):
    """
    @notice Raises END from anybody. On the word of both groups it stands at once, whatever waits. On the watchers' it
            waits for three days. On the validators' the governor alone can raise it, and it waits for 14.
    @param number The last block of the history, F.
    @param sync_hash The hash of the history up to it.
    @param later Block commitments from the last imported block to F.
    @param seal The validators' seal of F; not read for the genesis, which nobody seals, nor where the validators say END:
           then their word is given, and members who came after F have no older one.
    @param validators Their signatures of END; empty if they do not say it.
    @param watchers Their signatures of END; empty if they do not say it.
    @custom:upholds SYN-4, SYN-9, SYN-11
    """
    if len(validators) == 0:
        end_evidence.check_seal(number, sync_hash, seal)
    tip: IHistory.Tip = end_evidence.check_above_tip(number, sync_hash, later)
    paths.publish(tip.number, tip.sync_hash, later)
    word: uint8 = end_evidence.read_word(number, sync_hash, validators, watchers)
    end_contest.begin(word, number, sync_hash)
    if word == end_contest.BOTH_GROUPS:
        self._stand()


@external
def deny_end(evidence: Bytes[constants.MAX_EVIDENCE_BYTES]):
    """
    @notice Denies the END that waits. The validators' denial of the watchers' END, or the governor's, adds 14 days, once;
            the watchers' denial fells an END of validators and governor.
    @param evidence The signatures of those who deny it, validators or watchers; empty: the caller is the governor.
    @custom:upholds SYN-9, SYN-11
    """
    end_contest.check_waits()
    if len(evidence) == 0:
        end_partners.check_governor()
        end_contest.deny(end_contest.BY_GOVERNOR)
    elif end_contest.state.word == end_contest.WATCHERS:
        end_evidence.check_denial(constants.VALIDATORS_GROUP, evidence)
        end_contest.deny(end_contest.BY_VALIDATORS)
    else:
        end_evidence.check_denial(constants.WATCHERS_GROUP, evidence)
        end_contest.deny(end_contest.BY_WATCHERS)


@external
def void_end():
    """
    @notice Voids the watchers' END that the validators have denied, by the governor alone. The governor never picks a
            history, nor stops one alone.
    @custom:upholds SYN-9, SYN-11
    """
    end_partners.check_governor()
    end_contest.check_waits()
    assert end_contest.state.denied_by_validators, "end: validators do not deny it"
    end_contest.fall()


@external
def fell_end(
    number: uint64,
    sync_hash: bytes32,
    ends_hash: bytes32,
    path: DynArray[bytes32, constants.MAX_LATER],
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
):
    """
    @notice Fells the END that waits, for anyone, by an ACC that contradicts it: for a block above it, or for another
            history at or below it.
    @param number The block that ACC names.
    @param sync_hash The hash of the history up to it.
    @param ends_hash What END's own history has at that number; not read above END.
    @param path Block commitments from there to END; not read above END.
    @param validators Their signatures of ACC.
    @param watchers Their signatures of ACC.
    @custom:upholds SYN-9
    """
    end_contest.check_waits()
    end_evidence.check_accepted(number, sync_hash, validators, watchers)
    if number <= end_contest.state.number:
        assert ends_hash != sync_hash, "end: ACC agrees with END"
        assert self._does_lead_to_end(number, ends_hash, path), "end: not END's own history"
    end_contest.fall()


@external
def stand_end(later: DynArray[bytes32, constants.MAX_LATER]):
    """
    @notice Lets the END that waits stand, for anyone, when its window is over.
    @param later Block commitments from the last imported block, as it is now, to END.
    @custom:upholds SYN-9, SYN-11
    """
    end_contest.check_waits()
    assert end_contest.is_window_over(), "end: within its window"
    tip: IHistory.Tip = end_evidence.check_above_tip(
        end_contest.state.number, end_contest.state.sync_hash, later
    )
    self._stand()


# --- views ---


@external
@view
def is_frozen() -> bool:
    """
    @notice Whether this chain takes no requests: it is frozen, over a request, a mismatch or END.
    """
    return staticcall end_partners.BRIDGE.is_frozen()


@external
@view
def may_open() -> bool:
    """
    @notice Whether exodus may begin: END stands, its last block is imported, and all payouts of this chain are paid.
    @custom:upholds EXI-2, SYN-9
    """
    tip: IHistory.Tip = staticcall IHistory(end_partners.HISTORY).tip()
    return end_contest.state.stands and tip.number == end_contest.state.number and tip.unpaid == 0


@external
@view
def is_for(bridge: address, history: address, groups_: address, is_primary: bool) -> bool:
    """
    @notice Whether this is the end of a bridge with these partners, on a chain of this role.
    @param bridge The bridge.
    @param history Its history.
    @param groups_ The groups of its chain.
    @param is_primary Whether it is the primary's.
    """
    return not is_primary and end_partners.is_for(bridge, history, groups_)


# --- inside ---


@internal
def _stand():
    end_contest.stand()
    extcall IMemberHistory(end_partners.HISTORY).set_end(end_contest.state.number, end_contest.state.sync_hash)
    if not staticcall end_partners.BRIDGE.is_frozen():
        extcall end_partners.BRIDGE.freeze()


@internal
@view
def _does_lead_to_end(number: uint64, sync_hash: bytes32, path: DynArray[bytes32, constants.MAX_LATER]) -> bool:
    return paths.does_lead(number, sync_hash, end_contest.state.number, end_contest.state.sync_hash, path)
