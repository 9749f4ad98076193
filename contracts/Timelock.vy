# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Timelock
@license Apache-2.0
@author The zklink authors
@notice The governor of one chain's registry, groups and end: takes an owner's proposals, and calls what was proposed
        when everybody who disagrees has had time to leave. Never calls anything else but what its constructor lists as
        swift. Never holds funds.
@dev The delay is GROUP_DELAY_SECONDS, above every deadline of the star together and 14 days more, in seconds and in
     blocks (modules/windows.vy). Anybody executes, within GRACE_SECONDS after the delay. One proposal is up to eight
     calls, all of which succeed or none.
@custom:emergency The owner acts at once where its act admits nothing: it pauses what comes in, tightens limits, removes
                  a member of a group, voids or denies what watchers say. The owner cancels any proposal. Nobody stops
                  the delay, and nobody can reopen the founding.
@custom:security In the first FOUNDING_SECONDS (7 days), until the owner closes them, the owner calls anything at once:
                 tokens are registered then. Nobody should bring money in before `is_founding` is false. A thief of the
                 owner's key proposes what everybody sees 55 days before it can act.
"""

from .interfaces import ITimelock
from .modules import constants
from .modules import windows

implements: ITimelock

initializes: windows

MAX_CALLS: constant(uint256) = 8
MAX_SWIFT: constant(uint256) = 16
# The largest swift call is `raise_end` with a whole path and three words: 11,684 bytes.
MAX_ACT_BYTES: constant(uint256) = 12_288

# The time after which the founding is over in any case; 0 when it has been closed. UNIX seconds.
founding_ends: public(uint256)
owner: public(address)
# Who owns the timelock when it accepts; empty for nobody.
coming_owner: public(address)
is_swift: public(HashMap[address, HashMap[bytes4, bool]])

# The moment of each proposal that waits, 0 for none.
proposals: HashMap[bytes32, uint256]


@deploy
def __init__(owner_: address, blocks_per_day_: uint256, swift: DynArray[ITimelock.Swift, MAX_SWIFT]):
    """
    @notice Fixes what is swift, and begins the founding.
    @param owner_ The first owner; not zero.
    @param blocks_per_day_ The blocks of this chain that the delay needs for each of its days.
    @param swift Functions that the owner calls at once: none that admits anything or changes who has a word. Not of this
           contract.
    @custom:upholds GOV-1, GOV-2
    """
    assert owner_ != empty(address), "timelock: zero owner"
    windows.__init__(blocks_per_day_)
    self.owner = owner_
    self.founding_ends = block.timestamp + constants.FOUNDING_SECONDS
    log ITimelock.OwnerChanged(owner=owner_)
    for one: ITimelock.Swift in swift:
        assert one.target != empty(address) and one.target != self, "timelock: swift target"
        self.is_swift[one.target][one.selector] = True
        log ITimelock.SwiftAllowed(target=one.target, selector=one.selector)


# --- what waits ---


@external
def propose(calls: DynArray[ITimelock.Call, MAX_CALLS], salt: bytes32) -> bytes32:
    """
    @notice Proposes calls, by the owner. Anybody can execute them GROUP_DELAY_SECONDS (and as many days' blocks) later.
    @param calls One to eight, in the order in which they are made.
    @param salt Tells proposals of the same calls apart.
    @return The proposal's id.
    @custom:upholds GOV-2
    """
    self._check_owner()
    assert len(calls) > 0, "timelock: nothing proposed"
    proposal_id: bytes32 = self._compute_id(calls, salt)
    assert self.proposals[proposal_id] == 0, "timelock: proposed already"
    self.proposals[proposal_id] = windows.now()
    log ITimelock.Proposed(proposal_id=proposal_id, calls=calls, salt=salt)
    return proposal_id


@external
@payable
def execute(calls: DynArray[ITimelock.Call, MAX_CALLS], salt: bytes32) -> bytes32:
    """
    @notice Makes the calls of a proposal, for anyone, once: after the delay, and within GRACE_SECONDS of it. One that
            fails undoes all, with its own reason, and the proposal waits on.
    @dev What is sent along is what the calls take; nothing stays here.
    @param calls As they were proposed.
    @param salt As it was proposed.
    @return The proposal's id.
    @custom:upholds GOV-2
    """
    proposal_id: bytes32 = self._compute_id(calls, salt)
    moment: uint256 = self.proposals[proposal_id]
    assert moment != 0, "timelock: not proposed"
    began_at: uint256 = 0
    began_in: uint256 = 0
    began_at, began_in = windows.unpack(moment)
    assert windows.is_over(began_at, began_in, constants.GROUP_DELAY_SECONDS), "timelock: too early to execute"
    is_late: bool = windows.is_over(began_at, began_in, constants.GROUP_DELAY_SECONDS + constants.GRACE_SECONDS)
    assert not is_late, "timelock: too late to execute"
    self.proposals[proposal_id] = 0
    value_wei: uint256 = 0
    for one: ITimelock.Call in calls:
        value_wei += one.value_wei
    assert value_wei == msg.value, "timelock: not the calls' value"
    for one: ITimelock.Call in calls:
        self._call(one.target, one.data, one.value_wei)
    log ITimelock.Executed(proposal_id=proposal_id)
    return proposal_id


@external
def cancel(proposal_id: bytes32):
    """
    @notice Takes a proposal back, by the owner: one that waits, or one that nobody has executed in time.
    @param proposal_id The proposal.
    @custom:upholds GOV-2
    """
    self._check_owner()
    assert self.proposals[proposal_id] != 0, "timelock: nothing to cancel"
    self.proposals[proposal_id] = 0
    log ITimelock.Cancelled(proposal_id=proposal_id)


# --- what does not wait ---


@external
def act(target: address, data: Bytes[MAX_ACT_BYTES]):
    """
    @notice Calls a swift function at once, by the owner; while the system is being founded, any function.
    @param target The contract.
    @param data The call, its function's selector first.
    @custom:upholds GOV-2, GOV-3
    """
    self._check_owner()
    assert len(data) >= 4, "timelock: no function"
    selector: bytes4 = convert(slice(data, 0, 4), bytes4)
    assert self.is_swift[target][selector] or self._is_founding(), "timelock: not swift"
    self._call(target, data, 0)
    log ITimelock.Acted(target=target, selector=selector)


@external
def close_founding():
    """
    @notice Ends the founding, by the owner, for good: from now on only what is listed is swift.
    @custom:upholds GOV-2
    """
    self._check_owner()
    assert self._is_founding(), "timelock: founding is over"
    self.founding_ends = 0
    log ITimelock.FoundingClosed()


# --- the owner ---


@external
@reentrant
def set_owner(account: address):
    """
    @notice Names the next owner, by a call of this contract to itself alone; it owns the timelock when it accepts.
    @dev Not locked, because `execute` and `act` hold the lock when they call it; nobody else can.
    @param account Anybody; zero for nobody.
    @custom:upholds GOV-2
    """
    assert msg.sender == self, "timelock: not by a proposal"
    self.coming_owner = account
    log ITimelock.OwnerNamed(coming=account)


@external
def accept_ownership():
    """
    @notice Makes the caller the owner, if it was named. What waits, waits on.
    @custom:upholds GOV-2
    """
    assert msg.sender == self.coming_owner, "timelock: not the coming owner"
    self.coming_owner = empty(address)
    self.owner = msg.sender
    log ITimelock.OwnerChanged(owner=msg.sender)


# --- views ---


@external
@view
def is_founding() -> bool:
    """
    @notice Whether the owner can call anything at once: nobody should bring money in yet.
    """
    return self._is_founding()


@external
@view
def proposed(proposal_id: bytes32) -> (uint256, uint256):
    """
    @notice The time (UNIX seconds) and the block of a proposal that waits; zero for none.
    @param proposal_id The proposal.
    """
    return windows.unpack(self.proposals[proposal_id])


@external
@view
def compute_id(calls: DynArray[ITimelock.Call, MAX_CALLS], salt: bytes32) -> bytes32:
    """
    @notice The id of a proposal, on this chain and of this contract alone.
    @param calls Its calls.
    @param salt Its salt.
    """
    return self._compute_id(calls, salt)


@external
@view
def delay() -> uint256:
    """
    @notice The delay in seconds; as many days' blocks belong to it.
    """
    return constants.GROUP_DELAY_SECONDS


@external
@view
def blocks_per_day() -> uint256:
    """
    @notice The blocks of this chain that the delay needs for each of its days.
    """
    return windows.BLOCKS_PER_DAY


@internal
@view
def _compute_id(calls: DynArray[ITimelock.Call, MAX_CALLS], salt: bytes32) -> bytes32:
    return keccak256(abi_encode(chain.id, self, calls, salt))


@internal
@view
def _is_founding() -> bool:
    return block.timestamp < self.founding_ends


@internal
@view
def _check_owner():
    assert msg.sender == self.owner, "timelock: not the owner"


@internal
def _call(target: address, data: Bytes[MAX_ACT_BYTES], value_wei: uint256):
    """
    @notice Makes a call that must succeed; a reason goes up as it is.
    """
    assert target.is_contract, "timelock: target has no code"
    raw_call(target, data, value=value_wei)
