# pragma version 0.4.3
"""
@title group_members
@license Apache-2.0
@notice The members of both groups: takes lists of members, gives whether evidence is the word of a group. No member is
        in both, and a group's word needs a majority.
"""

from . import constants

# Which group an account is in; 0 none.
group_of: HashMap[address, uint256]
# By group.
lists: HashMap[uint256, DynArray[address, constants.MAX_SIGNERS]]
thresholds: HashMap[uint256, uint256]


@internal
@view
def check_list(
    group: uint256, members: DynArray[address, constants.MAX_SIGNERS], threshold: uint256, governor: address
):
    """
    @notice Reverts unless a list and its threshold can be a group's.
    @param members Strictly ascending accounts that are not in the other group.
    @param threshold How many of them are a majority, or more.
    @param governor In none of the groups.
    """
    assert group == constants.VALIDATORS_GROUP or group == constants.WATCHERS_GROUP, "groups: no such group"
    assert threshold <= len(members), "groups: threshold above members"
    assert 2 * threshold > len(members), "groups: not a majority"
    previous: uint256 = 0
    for member: address in members:
        assert convert(member, uint256) > previous, "groups: member order"
        assert member != governor, "groups: governor in a group"
        assert self.group_of[member] == 0 or self.group_of[member] == group, "groups: member of both"
        previous = convert(member, uint256)


@internal
def replace(group: uint256, members: DynArray[address, constants.MAX_SIGNERS], threshold: uint256):
    """
    @notice Gives a group new members, all at once; the list is checked.
    """
    for member: address in self.lists[group]:
        self.group_of[member] = 0
    for member: address in members:
        self.group_of[member] = group
    self.lists[group] = members
    self.thresholds[group] = threshold


@internal
def remove(group: uint256, member: address):
    """
    @notice Takes one member out of a group whose others can still be its word.
    """
    kept: DynArray[address, constants.MAX_SIGNERS] = []
    for one: address in self.lists[group]:
        if one != member:
            kept.append(one)
    assert len(kept) < len(self.lists[group]), "groups: not a member"
    assert len(kept) >= self.thresholds[group], "groups: too few would remain"
    self.group_of[member] = 0
    self.lists[group] = kept


@internal
@view
def check(group: uint256, digest: bytes32, evidence: Bytes[constants.MAX_EVIDENCE_BYTES]):
    """
    @notice Reverts unless enough members of a group have signed.
    @param evidence Signatures r || s || v of 65 bytes each, by strictly ascending signers of this group and no others.
    """
    count: uint256 = len(evidence) // constants.SIGNATURE_BYTES
    assert len(evidence) % constants.SIGNATURE_BYTES == 0, "groups: evidence length"
    threshold: uint256 = self.thresholds[group]
    # An account in no group is in group 0, which has no word.
    assert threshold > 0, "groups: unknown group"
    assert count >= threshold, "groups: too few signatures"
    previous: uint256 = 0
    for i: uint256 in range(count, bound=constants.MAX_SIGNERS):
        at: uint256 = unsafe_mul(constants.SIGNATURE_BYTES, i)
        r: uint256 = extract32(evidence, at, output_type=uint256)
        s: uint256 = extract32(evidence, at + 32, output_type=uint256)
        v: uint256 = convert(slice(evidence, at + 64, 1), uint256)
        assert s <= constants.HALF_ORDER, "groups: large s"
        # An invalid signature recovers to the zero address, which is in no group.
        signer: address = ecrecover(digest, v, r, s)
        assert self.group_of[signer] == group, "groups: not of this group"
        assert convert(signer, uint256) > previous, "groups: signer order"
        previous = convert(signer, uint256)
