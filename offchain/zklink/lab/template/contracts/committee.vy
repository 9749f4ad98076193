# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Committee: members who vouch for what the other chain says
@notice A statement is believed if at least `threshold` members have signed it, in ascending order of their addresses.
"""

MAX_MEMBERS: constant(uint256) = 7

members: public(DynArray[address, MAX_MEMBERS])
threshold: public(uint256)


@internal
def _initialise(members: DynArray[address, MAX_MEMBERS], threshold: uint256):
    assert self.threshold == 0, "committee: initialised before"
    assert threshold != 0 and threshold <= len(members), "committee: threshold"
    self.members = members
    self.threshold = threshold


@internal
@view
def _check(digest: bytes32, signatures: DynArray[Bytes[65], MAX_MEMBERS]):
    assert self.threshold != 0, "committee: not initialised"
    assert len(signatures) >= self.threshold, "committee: too few signatures"
    previous: uint256 = 0
    for signature: Bytes[65] in signatures:
        assert len(signature) == 65, "committee: signature length"
        v: uint256 = convert(slice(signature, 64, 1), uint256)
        signer: address = ecrecover(digest, v, extract32(signature, 0), extract32(signature, 32))
        assert convert(signer, uint256) > previous, "committee: order of signers"
        assert signer in self.members, "committee: not a member"
        previous = convert(signer, uint256)
