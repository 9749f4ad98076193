# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title PrimaryEnd
@license Apache-2.0
@author The zklink authors
@notice How the primary ends. Anybody freezes it when a request has waited for three days, and a day more; when the
        watchers say that a member is frozen, and a day passes without the governor's void; or when it has accepted
        nothing for two days. Three days after the freeze its exits may open. Takes requests, facts and time, gives the
        word to freeze and to open. Never holds funds, and never says what the history is.
@dev Silence needs no call to stop blocks: the history itself accepts nothing new then. The three days are for blocks
     that an ACC contains and that the primary has lost in a halt: it takes them again (docs/star-model.md).
@custom:emergency The governor voids FRZ of a member: within a day, at once. Nobody can stop a freeze over a request or
                  over silence, or shorten or lengthen a wait.
@custom:security Windows count seconds and blocks, so a chain that was halted cannot wake up past them.
"""

from .interfaces import IEnd
from .interfaces import IGroups
from .interfaces import IHistory
from .interfaces import IPrimaryEnd
from .interfaces import IPrimaryHistory
from .modules import constants
from .modules import end_partners
from .modules import end_views
from .modules import freeze_calls
from .modules import windows

implements: IEnd
implements: IPrimaryEnd

initializes: windows
initializes: end_partners
initializes: freeze_calls[end_partners := end_partners, windows := windows]
initializes: end_views[end_partners := end_partners, freeze_calls := freeze_calls, windows := windows]

exports: (
    end_views.freeze_call,
    end_views.bridge,
    end_views.history,
    end_views.groups,
    end_views.blocks_per_day,
)

# By member: the round that its FRZ must name.
rounds: HashMap[uint8, uint32]
# By member: the moment at which FRZ was shown, 0 while none waits.
announced: HashMap[uint8, uint256]


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


# --- freeze over a request ---


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


# --- freeze with a member ---


@external
def announce_freeze(member: uint8, round: uint32, watchers: Bytes[constants.MAX_EVIDENCE_BYTES]):
    """
    @notice Takes FRZ from anybody: the watchers say that this member is frozen.
    @param member The member.
    @param round Its round here.
    @param watchers Their signatures of FRZ(member, round).
    @custom:upholds SYN-4, SYN-9
    """
    own: uint8 = staticcall end_partners.BRIDGE.chain_id()
    # The governor has at most one void to say for each member.
    assert 0 < member and convert(member, uint256) <= constants.MAX_CHAINS and member != own, "freeze: not a member"
    assert self.announced[member] == 0, "freeze: announced already"
    assert round == self.rounds[member], "freeze: of another round"
    deployment_hash: bytes32 = staticcall end_partners.BRIDGE.deployment_hash()
    is_said: bool = staticcall end_partners.GROUPS.check_frozen(deployment_hash, member, round, watchers)
    self.announced[member] = windows.now()
    log IPrimaryEnd.FreezeAnnounced(member=member, round=round)


@external
def void_freeze(member: uint8):
    """
    @notice Voids FRZ of a member, by the governor alone. It raises the round, so a later, true FRZ counts.
    @param member The member.
    @custom:upholds SYN-9
    """
    end_partners.check_governor()
    assert self.announced[member] != 0, "freeze: nothing to void"
    round: uint32 = self.rounds[member]
    self.announced[member] = 0
    self.rounds[member] = round + 1
    log IPrimaryEnd.FreezeVoided(member=member, round=round)


@external
def freeze_for(member: uint8):
    """
    @notice Freezes the primary, for anyone, a day and a day's blocks after FRZ of a member was shown and not voided.
    @param member The member.
    @custom:upholds SYN-9
    """
    assert self.announced[member] != 0, "freeze: not announced"
    began_at: uint256 = 0
    began_in: uint256 = 0
    began_at, began_in = windows.unpack(self.announced[member])
    assert windows.is_over(began_at, began_in, constants.FREEZE_DELAY_SECONDS), "freeze: within the day"
    extcall end_partners.BRIDGE.freeze()


# --- freeze over silence ---


@external
def freeze_for_silence():
    """
    @notice Freezes the primary, for anyone, at once, when it has accepted nothing for SILENCE_SECONDS (two days).
    @custom:upholds SYN-9
    """
    assert staticcall IPrimaryHistory(end_partners.HISTORY).is_silent(), "freeze: not silent"
    extcall end_partners.BRIDGE.freeze()


# --- views ---


@external
@view
def is_frozen() -> bool:
    """
    @notice Whether the primary accepts nothing new: it is frozen or silent.
    """
    return (
        staticcall end_partners.BRIDGE.is_frozen()
        or staticcall IPrimaryHistory(end_partners.HISTORY).is_silent()
    )


@external
@view
def may_open() -> bool:
    """
    @notice Whether exodus may begin: EXIT_DELAY_SECONDS (three days) and as many days' blocks after the freeze, when
            all payouts of this chain are paid.
    @custom:upholds EXI-2, SYN-9
    """
    if not staticcall end_partners.BRIDGE.is_frozen():
        return False
    began_at: uint256 = 0
    began_in: uint256 = 0
    began_at, began_in = staticcall end_partners.BRIDGE.frozen_at()
    is_paid: bool = (staticcall IHistory(end_partners.HISTORY).tip()).unpaid == 0
    return is_paid and windows.is_over(began_at, began_in, constants.EXIT_DELAY_SECONDS)


@external
@view
def announcement(member: uint8) -> (uint32, uint256, uint256):
    """
    @notice The round of a member's FRZ, and the time and the block at which it was shown; zero where none waits.
    @param member The member.
    """
    began_at: uint256 = 0
    began_in: uint256 = 0
    began_at, began_in = windows.unpack(self.announced[member])
    return self.rounds[member], began_at, began_in


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
    return is_primary and end_partners.is_for(bridge, history, groups_)
