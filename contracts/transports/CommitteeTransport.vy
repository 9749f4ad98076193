# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title CommitteeTransport
@license Apache-2.0
@author The zklink authors
@notice Decides by the signatures of a committee whether a sync message is authentic: takes the message and signatures,
        reverts unless enough members, always more than half, have signed it. Never changes its members.
@dev The signed message names the deployment, not a chain, so the same signatures serve every chain of the deployment.
@custom:emergency Nothing to stop; nobody can change it. When too few members sign, messages stop and blocks wait.
@custom:security A dishonest quorum can make chains disagree about accepted blocks, and can announce a false freeze. It
                 cannot make a chain release more than came in there.
"""

from ..interfaces import ISyncTransport
from ..modules import constants

implements: ISyncTransport

MAX_MEMBERS: constant(uint256) = 16

member_count: public(uint256)
threshold: public(immutable(uint256))
is_member: public(HashMap[address, bool])


@deploy
def __init__(members: DynArray[address, MAX_MEMBERS], required: uint256):
    """
    @notice Fixes the committee.
    @param members Distinct signing addresses.
    @param required Signatures needed: more than half of the members, at most all.
    @custom:upholds SYN-3
    """
    assert len(members) > 0, "committee: empty"
    assert required <= len(members), "committee: more than members"
    assert 2 * required > len(members), "committee: no majority"
    for member: address in members:
        assert member != empty(address), "committee: zero member"
        assert not self.is_member[member], "committee: member twice"
        self.is_member[member] = True
    self.member_count = len(members)
    threshold = required


@external
@view
def check_message(deployment_hash: bytes32, message: ISyncTransport.SyncMessage, evidence: Bytes[2048]):
    """
    @notice Reverts unless enough members have signed the message (EIP-712).
    @param deployment_hash The deployment that the message belongs to.
    @param message The message.
    @param evidence Signatures r || s || v of 65 bytes each, ordered by strictly ascending signer.
    @custom:upholds SYN-1, SYN-3, SYN-4
    """
    count: uint256 = len(evidence) // constants.SIGNATURE_BYTES
    assert len(evidence) % constants.SIGNATURE_BYTES == 0, "committee: evidence length"
    assert count >= threshold, "committee: too few signatures"
    digest: bytes32 = self._digest(deployment_hash, message)
    previous: uint256 = 0
    for i: uint256 in range(count, bound=31):
        at: uint256 = unsafe_mul(constants.SIGNATURE_BYTES, i)
        r: uint256 = extract32(evidence, at, output_type=uint256)
        s: uint256 = extract32(evidence, at + 32, output_type=uint256)
        v: uint256 = convert(slice(evidence, at + 64, 1), uint256)
        assert s <= constants.HALF_ORDER, "committee: large s"
        # An invalid signature recovers to the zero address, which is no member.
        signer: address = ecrecover(digest, v, r, s)
        assert self.is_member[signer], "committee: not a member"
        assert convert(signer, uint256) > previous, "committee: signer order"
        previous = convert(signer, uint256)


@external
@view
def compute_digest(deployment_hash: bytes32, message: ISyncTransport.SyncMessage) -> bytes32:
    """
    @notice The 32 bytes that a member signs.
    @param deployment_hash The deployment that the message belongs to.
    @param message The message.
    """
    return self._digest(deployment_hash, message)


@internal
@pure
def _digest(deployment_hash: bytes32, message: ISyncTransport.SyncMessage) -> bytes32:
    domain_separator: bytes32 = keccak256(
        abi_encode(
            constants.SYNC_DOMAIN_TYPE_HASH,
            constants.SYNC_DOMAIN_NAME_HASH,
            constants.SYNC_DOMAIN_VERSION_HASH,
            deployment_hash,
        )
    )
    struct_hash: bytes32 = keccak256(abi_encode(constants.SYNC_MESSAGE_TYPE_HASH, message))
    return keccak256(concat(b"\x19\x01", domain_separator, struct_hash))
