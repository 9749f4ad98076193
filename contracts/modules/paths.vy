# pragma version 0.4.3
"""
@title paths
@license Apache-2.0
@notice Whether one history contains another: takes block commitments, gives whether they lead from an earlier block to a
        later one. What it remembers and publishes is true of hashes alone, on any chain and for ever.
@dev A sync hash is keccak256(previous sync hash, block commitment), so a path that ends in it goes through the only
     hashes that it can go through.
"""

from ..interfaces import IMemberEnd
from . import constants

# By hash of (base number, base hash, number, hash): the later history contains the earlier one.
opened: HashMap[bytes32, bool]


@internal
@pure
def fold(sync_hash: bytes32, path: DynArray[bytes32, constants.MAX_LATER]) -> bytes32:
    """
    @notice The sync hash after the blocks with these commitments.
    """
    result: bytes32 = sync_hash
    for block_commitment: bytes32 in path:
        result = keccak256(abi_encode(result, block_commitment))
    return result


@internal
@view
def does_lead(
    base: uint64,
    base_hash: bytes32,
    number: uint64,
    sync_hash: bytes32,
    path: DynArray[bytes32, constants.MAX_LATER],
) -> bool:
    """
    @notice Whether the history (number, sync_hash) contains (base, base_hash).
    @param path The commitments from base to number; it may be empty if that was opened before.
    """
    if base + convert(len(path), uint64) == number:
        return self.fold(base_hash, path) == sync_hash
    return len(path) == 0 and self.opened[self._key(base, base_hash, number, sync_hash)]


@internal
def publish(number: uint64, sync_hash: bytes32, path: DynArray[bytes32, constants.MAX_LATER]):
    """
    @notice Lets everybody read a path, whoever called.
    """
    if len(path) > 0:
        log IMemberEnd.PathShown(number=number, sync_hash=sync_hash, path=path)


@internal
def extend(
    base: uint64,
    base_hash: bytes32,
    number: uint64,
    sync_hash: bytes32,
    path: DynArray[bytes32, constants.MAX_LATER],
):
    """
    @notice Remembers that the history which `path` leads to from (number, sync_hash) contains (base, base_hash).
    @param number The base itself, or a block that was opened to it before.
    """
    assert self.does_lead(base, base_hash, number, sync_hash, []), "end: not opened so far"
    self.publish(number, sync_hash, path)
    last: uint64 = number + convert(len(path), uint64)
    self.opened[self._key(base, base_hash, last, self.fold(sync_hash, path))] = True


@internal
@pure
def _key(base: uint64, base_hash: bytes32, number: uint64, sync_hash: bytes32) -> bytes32:
    return keccak256(abi_encode(base, base_hash, number, sync_hash))
