# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Groups
@license Apache-2.0
@author The zklink authors
@notice Whose word counts on one chain: validators, watchers and the governor. Takes facts and evidence, gives that the
        evidence is good, or reverts. Never says what follows from a fact, and never holds funds.
@dev Evidence is signatures r || s || v of 65 bytes each, by strictly ascending signers of one group: a majority of it,
     or more. What is signed names the deployment, the kind of fact and everything in it (EIP-712,
     offchain/zklink/protocol/facts.py), so evidence of one fact is never evidence of another.
@custom:emergency The governor announces new members of one group, which come in GROUP_DELAY_SECONDS (55 days) later:
                  longer than anybody needs to leave, whatever that group does. It removes a member at once, one of a
                  group in as long a time, while those left can still meet the threshold, which stays. Nothing else here
                  can be changed.
@custom:security No member is in two groups. Three groups are independent only as far as their members are.
"""

from .interfaces import IGroups
from .modules import constants
from .modules import fact_digests
from .modules import group_members
from .modules import windows

implements: IGroups

initializes: group_members
initializes: windows

exports: (
    fact_digests.compute_seal_digest,
    fact_digests.compute_accepted_digest,
    fact_digests.compute_queues_digest,
    fact_digests.compute_frozen_digest,
    fact_digests.compute_end_digest,
    fact_digests.compute_denial_digest,
)

governor: public(immutable(address))

# The group whose members are to be replaced, 0 for none; its new members; since when that is known.
coming_group: uint256
coming_members: DynArray[address, constants.MAX_SIGNERS]
coming_threshold: uint256
announced: uint256
# By group: when a member was last removed, 0 for never.
removed: HashMap[uint256, uint256]


@deploy
def __init__(
    validators: DynArray[address, constants.MAX_SIGNERS],
    validator_threshold: uint256,
    watchers: DynArray[address, constants.MAX_SIGNERS],
    watcher_threshold: uint256,
    governor_: address,
    blocks_per_day: uint256,
):
    """
    @notice Fixes the governor and the first members.
    @param validators At most 16, strictly ascending.
    @param validator_threshold How many of them are the group's word: a majority, or more.
    @param watchers At most 16, strictly ascending; none is a validator.
    @param watcher_threshold How many of them are the group's word: a majority, or more.
    @param governor_ In none of the groups; its denials and voids act at once.
    @param blocks_per_day The blocks of this chain that every window needs for each of its days, on the chain's other
           contracts, too: below what the chain makes in a day.
    @custom:upholds GOV-1, SYN-3
    """
    assert governor_ != empty(address), "groups: zero governor"
    governor = governor_
    windows.__init__(blocks_per_day)
    group_members.check_list(constants.VALIDATORS_GROUP, validators, validator_threshold, governor_)
    group_members.replace(constants.VALIDATORS_GROUP, validators, validator_threshold)
    group_members.check_list(constants.WATCHERS_GROUP, watchers, watcher_threshold, governor_)
    group_members.replace(constants.WATCHERS_GROUP, watchers, watcher_threshold)


# --- replacing a group ---


@external
def announce_members(group: uint8, members: DynArray[address, constants.MAX_SIGNERS], threshold: uint256):
    """
    @notice Announces new members of one group, by the governor; one change at a time, for both groups together.
    @dev Replaces an announcement that waits, and its wait begins anew.
    @param group 1 validators, 2 watchers.
    @param members At most 16, strictly ascending; none is in the other group.
    @param threshold How many of them are the group's word: a majority, or more.
    @custom:upholds GOV-1
    """
    self._check_governor()
    group_members.check_list(convert(group, uint256), members, threshold, governor)
    self.coming_group = convert(group, uint256)
    self.coming_members = members
    self.coming_threshold = threshold
    self.announced = windows.now()
    log IGroups.MembersAnnounced(group=group, members=members, threshold=threshold)


@external
def replace_members():
    """
    @notice Lets announced members in, for anyone, when GROUP_DELAY_SECONDS and as many days' blocks are over.
    @dev What the old members have signed counts no more.
    @custom:upholds GOV-1
    """
    group: uint256 = self.coming_group
    assert group != 0, "groups: nothing announced"
    began_at: uint256 = 0
    began_in: uint256 = 0
    began_at, began_in = windows.unpack(self.announced)
    assert windows.is_over(began_at, began_in, constants.GROUP_DELAY_SECONDS), "groups: too early to replace"
    group_members.replace(group, self.coming_members, self.coming_threshold)
    self.coming_group = 0
    log IGroups.MembersReplaced(group=convert(group, uint8))


@external
def remove_member(group: uint8, member: address):
    """
    @notice Removes a member of a group at once, by the governor: somebody whose key is lost or stolen. The threshold stays,
            so nobody's word becomes cheaper.
    @dev What is announced stays announced: who is removed and stands on the coming list comes back with it. The next one
         waits GROUP_DELAY_SECONDS and as many days' blocks: each makes the silence of those left cheaper.
    @param group 1 validators, 2 watchers.
    @param member One of its members; those left must be as many as the threshold.
    @custom:upholds GOV-2
    """
    self._check_governor()
    group_members.remove(convert(group, uint256), member)
    last: uint256 = self.removed[convert(group, uint256)]
    began_at: uint256 = 0
    began_in: uint256 = 0
    began_at, began_in = windows.unpack(last)
    is_over: bool = last == 0 or windows.is_over(began_at, began_in, constants.GROUP_DELAY_SECONDS)
    assert is_over, "groups: too early to remove"
    self.removed[convert(group, uint256)] = windows.now()
    log IGroups.MemberRemoved(group=group, member=member)


# --- facts ---


@external
@view
def check_seal(
    deployment_hash: bytes32, number: uint64, sync_hash: bytes32, validators: Bytes[constants.MAX_EVIDENCE_BYTES]
) -> bool:
    """
    @notice Reverts unless validators have sealed a block.
    @param deployment_hash The deployment that the fact belongs to.
    @param number The block's number.
    @param sync_hash The hash of the history up to it.
    @param validators Their signatures.
    @return True.
    @custom:upholds SYN-3, SYN-4
    """
    group_members.check(
        constants.VALIDATORS_GROUP, fact_digests.of_seal(deployment_hash, number, sync_hash), validators
    )
    return True


@external
@view
def check_accepted(
    deployment_hash: bytes32,
    number: uint64,
    sync_hash: bytes32,
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
) -> bool:
    """
    @notice Reverts unless both groups say ACC: the primary has accepted this block.
    @param deployment_hash The deployment that the fact belongs to.
    @param number The block's number.
    @param sync_hash The hash of the history up to it.
    @param validators Their signatures.
    @param watchers Their signatures.
    @return True.
    @custom:upholds SYN-1, SYN-3, SYN-4
    """
    digest: bytes32 = fact_digests.of_accepted(deployment_hash, number, sync_hash)
    group_members.check(constants.VALIDATORS_GROUP, digest, validators)
    group_members.check(constants.WATCHERS_GROUP, digest, watchers)
    return True


@external
@view
def check_queues(
    deployment_hash: bytes32,
    queues: DynArray[IGroups.QueueFact, constants.MAX_QUEUES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
) -> bool:
    """
    @notice Reverts unless watchers say QUE: these queues have these hashes at these places.
    @param deployment_hash The deployment that the fact belongs to.
    @param queues The list as they signed it.
    @param watchers Their signatures.
    @return True.
    @custom:upholds SYN-3, SYN-4
    """
    group_members.check(constants.WATCHERS_GROUP, fact_digests.of_queues(deployment_hash, queues), watchers)
    return True


@external
@view
def check_frozen(
    deployment_hash: bytes32, member: uint8, round: uint32, watchers: Bytes[constants.MAX_EVIDENCE_BYTES]
) -> bool:
    """
    @notice Reverts unless watchers say FRZ: this member is frozen.
    @param deployment_hash The deployment that the fact belongs to.
    @param member The member.
    @param round Its round on the primary.
    @param watchers Their signatures.
    @return True.
    @custom:upholds SYN-3, SYN-4
    """
    group_members.check(constants.WATCHERS_GROUP, fact_digests.of_frozen(deployment_hash, member, round), watchers)
    return True


@external
@view
def check_end(
    deployment_hash: bytes32,
    member: uint8,
    number: uint64,
    sync_hash: bytes32,
    round: uint32,
    group: uint8,
    evidence: Bytes[constants.MAX_EVIDENCE_BYTES],
) -> bool:
    """
    @notice Reverts unless a group says END: the history of this member ends at this block.
    @param deployment_hash The deployment that the fact belongs to.
    @param member The member.
    @param number The last block's number.
    @param sync_hash The hash of the history up to it.
    @param round The member's round.
    @param group 1 validators, 2 watchers.
    @param evidence Their signatures.
    @return True.
    @custom:upholds SYN-3, SYN-4
    """
    group_members.check(convert(group, uint256), fact_digests.of_end(deployment_hash, member, number, sync_hash, round), evidence)
    return True


@external
@view
def check_denial(
    deployment_hash: bytes32,
    member: uint8,
    number: uint64,
    sync_hash: bytes32,
    round: uint32,
    group: uint8,
    evidence: Bytes[constants.MAX_EVIDENCE_BYTES],
) -> bool:
    """
    @notice Reverts unless a group denies an END.
    @param deployment_hash The deployment that the fact belongs to.
    @param member The member on which it is raised.
    @param number The number that it names.
    @param sync_hash The hash that it names.
    @param round The member's round.
    @param group 1 validators, 2 watchers.
    @param evidence Their signatures.
    @return True.
    @custom:upholds SYN-3, SYN-4
    """
    group_members.check(convert(group, uint256), fact_digests.of_denial(deployment_hash, member, number, sync_hash, round), evidence)
    return True


# --- views ---


@external
@view
def members(group: uint8) -> (DynArray[address, constants.MAX_SIGNERS], uint256):
    """
    @notice The members of a group, ascending, and how many of them are its word.
    @param group 1 validators, 2 watchers.
    """
    return group_members.lists[convert(group, uint256)], group_members.thresholds[convert(group, uint256)]


@external
@view
def coming() -> (uint8, DynArray[address, constants.MAX_SIGNERS], uint256, uint256, uint256):
    """
    @notice The group whose members are to be replaced (0 for none), its new members and threshold, and the time and the
            block of the announcement.
    """
    began_at: uint256 = 0
    began_in: uint256 = 0
    began_at, began_in = windows.unpack(self.announced)
    return convert(self.coming_group, uint8), self.coming_members, self.coming_threshold, began_at, began_in


@external
@view
def blocks_per_day() -> uint256:
    """
    @notice The blocks of this chain that a window needs for each of its days.
    """
    return windows.BLOCKS_PER_DAY


@internal
@view
def _check_governor():
    assert msg.sender == governor, "groups: not the governor"
