# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title fact_digests
@license Apache-2.0
@notice What is signed of a fact (EIP-712): takes a deployment's hash and the fact, gives 32 bytes. Pure.
@dev The same as offchain/zklink/protocol/facts.py, whose type hashes it uses.
"""

from ..interfaces import IGroups
from . import constants


@internal
@pure
def of_seal(deployment_hash: bytes32, number: uint64, sync_hash: bytes32) -> bytes32:
    """
    @notice Seal(number, syncHash).
    """
    return self._sign(deployment_hash, keccak256(abi_encode(constants.SEAL_TYPE_HASH, number, sync_hash)))


@internal
@pure
def of_accepted(deployment_hash: bytes32, number: uint64, sync_hash: bytes32) -> bytes32:
    """
    @notice Accepted(number, syncHash).
    """
    return self._sign(deployment_hash, keccak256(abi_encode(constants.ACCEPTED_TYPE_HASH, number, sync_hash)))


@internal
@pure
def of_queues(deployment_hash: bytes32, queues: DynArray[IGroups.QueueFact, constants.MAX_QUEUES]) -> bytes32:
    """
    @notice Queues(queues): a list in EIP-712 is the hash of its entries' hashes.
    """
    hashes: DynArray[bytes32, constants.MAX_QUEUES] = []
    for queue: IGroups.QueueFact in queues:
        hashes.append(keccak256(abi_encode(constants.QUEUE_TYPE_HASH, queue)))
    packed: Bytes[32 * constants.MAX_QUEUES + 32] = abi_encode(hashes, ensure_tuple=False)
    entries: bytes32 = keccak256(slice(packed, 32, 32 * len(hashes)))
    return self._sign(deployment_hash, keccak256(abi_encode(constants.QUEUES_TYPE_HASH, entries)))


@internal
@pure
def of_frozen(deployment_hash: bytes32, chain_id: uint8, round: uint32) -> bytes32:
    """
    @notice Frozen(chain, round).
    """
    return self._sign(deployment_hash, keccak256(abi_encode(constants.FROZEN_TYPE_HASH, chain_id, round)))


@internal
@pure
def of_end(deployment_hash: bytes32, member: uint8, number: uint64, sync_hash: bytes32, round: uint32) -> bytes32:
    """
    @notice End(member, number, syncHash, round).
    """
    return self._sign(
        deployment_hash, keccak256(abi_encode(constants.END_TYPE_HASH, member, number, sync_hash, round))
    )


@internal
@pure
def of_denial(deployment_hash: bytes32, member: uint8, number: uint64, sync_hash: bytes32, round: uint32) -> bytes32:
    """
    @notice EndDenial(member, number, syncHash, round).
    """
    return self._sign(
        deployment_hash, keccak256(abi_encode(constants.END_DENIAL_TYPE_HASH, member, number, sync_hash, round))
    )


@external
@pure
def compute_seal_digest(deployment_hash: bytes32, number: uint64, sync_hash: bytes32) -> bytes32:
    """
    @notice The 32 bytes that validators sign to seal a block.
    @param deployment_hash The deployment that the fact belongs to.
    @param number The block's number.
    @param sync_hash The hash of the history up to it.
    """
    return self.of_seal(deployment_hash, number, sync_hash)


@external
@pure
def compute_accepted_digest(deployment_hash: bytes32, number: uint64, sync_hash: bytes32) -> bytes32:
    """
    @notice The 32 bytes that both groups sign for ACC.
    @param deployment_hash The deployment that the fact belongs to.
    @param number The block's number.
    @param sync_hash The hash of the history up to it.
    """
    return self.of_accepted(deployment_hash, number, sync_hash)


@external
@pure
def compute_queues_digest(
    deployment_hash: bytes32, queues: DynArray[IGroups.QueueFact, constants.MAX_QUEUES]
) -> bytes32:
    """
    @notice The 32 bytes that watchers sign for QUE.
    @param deployment_hash The deployment that the fact belongs to.
    @param queues At most 14, in the order in which they are shown.
    """
    return self.of_queues(deployment_hash, queues)


@external
@pure
def compute_frozen_digest(deployment_hash: bytes32, member: uint8, round: uint32) -> bytes32:
    """
    @notice The 32 bytes that watchers sign for FRZ.
    @param deployment_hash The deployment that the fact belongs to.
    @param member The member that is frozen.
    @param round Its round.
    """
    return self.of_frozen(deployment_hash, member, round)


@external
@pure
def compute_end_digest(
    deployment_hash: bytes32, member: uint8, number: uint64, sync_hash: bytes32, round: uint32
) -> bytes32:
    """
    @notice The 32 bytes that a group signs for END.
    @param deployment_hash The deployment that the fact belongs to.
    @param member The member whose history ends.
    @param number The block's number.
    @param sync_hash The hash of the history up to it.
    @param round Its round.
    """
    return self.of_end(deployment_hash, member, number, sync_hash, round)


@external
@pure
def compute_denial_digest(
    deployment_hash: bytes32, member: uint8, number: uint64, sync_hash: bytes32, round: uint32
) -> bytes32:
    """
    @notice The 32 bytes that a group signs against an END.
    @param deployment_hash The deployment that the fact belongs to.
    @param member The member whose history ends.
    @param number The block's number.
    @param sync_hash The hash of the history up to it.
    @param round Its round.
    """
    return self.of_denial(deployment_hash, member, number, sync_hash, round)


@internal
@pure
def _sign(deployment_hash: bytes32, struct_hash: bytes32) -> bytes32:
    domain_separator: bytes32 = keccak256(
        abi_encode(
            constants.SYNC_DOMAIN_TYPE_HASH,
            constants.SYNC_DOMAIN_NAME_HASH,
            constants.SYNC_DOMAIN_VERSION_HASH,
            deployment_hash,
        )
    )
    return keccak256(concat(b"\x19\x01", domain_separator, struct_hash))
