# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title SyncLedger
@license Apache-2.0
@author The zklink authors
@notice The facts that one bridge knows about the other chains: takes authentic messages, remembers up to which block
        each chain has accepted and where it froze, gives the last common block. Never holds funds, and never decides
        about its own chain's blocks.
@dev A contract of its own, because bridge and ledger together exceed the size limit of a contract. A fact is (chain,
     number, hash): that chain has accepted all blocks up to the number, and its hash over them is this one. Facts are
     only ever added.
@custom:emergency Nothing to stop; nobody can change it. While no message comes, blocks wait.
@custom:security A fact is as good as the transport that brought it. No fact can make a chain release more than came in
                 there.
"""

from .interfaces import IBlockReader
from .interfaces import IBridge
from .interfaces import ISyncLedger
from .interfaces import ISyncTransport
from .modules import constants
from .modules import records

implements: ISyncLedger

# The last block that a chain had accepted when it froze; the hash is empty while no freeze is known.
struct Freeze:
    number: uint64
    sync_hash: bytes32


# Every block up to `number` is known to be common; from `is_started` on all freezes are known.
struct Walk:
    number: uint64
    is_started: bool
    is_finished: bool


bridge: public(immutable(address))
transport: public(immutable(address))
reader: public(immutable(address))
DEPLOYMENT_HASH: immutable(bytes32)
CHAIN_ID: immutable(uint8)
PRIMARY_CHAIN: immutable(uint8)
CHAIN_MASK: immutable(uint256)

facts: HashMap[bytes32, bool]
freezes: HashMap[uint8, Freeze]
# The primary's sync hash at each number, as far as it was opened from the primary's freeze.
history: HashMap[uint64, bytes32]
walk: Walk


@deploy
def __init__(
    bridge_: address,
    deployment_hash: bytes32,
    chain_id: uint8,
    primary_chain: uint8,
    chain_mask: uint256,
    transport_: address,
    reader_: address,
):
    """
    @notice Fixes the bridge that this ledger serves.
    @dev The bridge is deployed later, at an address that is known beforehand, and refuses a ledger of another
         deployment.
    @param bridge_ The bridge of this chain.
    @param deployment_hash Hash of the deployment (protocol section 9).
    @param chain_id This chain's protocol id.
    @param primary_chain The chain that fixes the order of blocks.
    @param chain_mask Bit k is set when chain k takes part.
    @param transport_ Decides which messages are authentic.
    @param reader_ The reader of blocks, which opens a sync hash.
    @custom:upholds GOV-1, SYN-3
    """
    assert transport_.is_contract, "sync: transport has no code"
    assert reader_.is_contract, "sync: reader has no code"
    bridge = bridge_
    transport = transport_
    reader = reader_
    DEPLOYMENT_HASH = deployment_hash
    CHAIN_ID = chain_id
    PRIMARY_CHAIN = primary_chain
    CHAIN_MASK = chain_mask


# --- the bridge alone ---


@external
def record_message(message: ISyncTransport.SyncMessage, evidence: Bytes[2048]) -> bool:
    """
    @notice Checks and remembers a message of another chain.
    @dev A message is remembered by its content: one that comes twice, late or out of order changes nothing. A chain
         freezes once, so a second freeze with another block is refused.
    @param message The message.
    @param evidence The evidence that the transport asks for.
    @return Whether the message says something new.
    @custom:upholds SYN-1, SYN-3, SYN-4
    """
    self._check_bridge()
    is_freeze: bool = convert(message.kind, uint256) == constants.FRZ_KIND
    assert is_freeze or convert(message.kind, uint256) == constants.ACC_KIND, "message: unknown kind"
    assert message.source_chain != CHAIN_ID, "message: from this chain"
    assert (CHAIN_MASK >> message.source_chain) & 1 == 1, "message: unknown source"
    assert message.sync_hash != empty(bytes32), "message: zero hash"
    # A chain may freeze before its first block.
    assert is_freeze or message.number > 0, "message: block zero"
    # A static call that only reverts: Vyper has no statement for it, so it is spelled out. The transport has code.
    raw_call(
        transport,
        abi_encode(
            DEPLOYMENT_HASH,
            message,
            evidence,
            method_id=method_id("check_message(bytes32,(uint8,uint8,uint64,bytes32),bytes)"),
        ),
        is_static_call=True,
    )
    is_new: bool = False
    if is_freeze:
        is_new = self._record_freeze(message.source_chain, message.number, message.sync_hash)
    key: bytes32 = self._key(message.source_chain, message.number, message.sync_hash)
    if not self.facts[key]:
        self.facts[key] = True
        is_new = True
    return is_new


@external
def record_own_freeze(number: uint64, sync_hash: bytes32):
    """
    @notice Remembers where this chain froze.
    @param number The last block that it had accepted.
    @param sync_hash Its hash up to that block.
    @custom:upholds SYN-7
    """
    self._check_bridge()
    self._record_freeze(CHAIN_ID, number, sync_hash)


# --- anyone ---


@external
def open_message(source_chain: uint8, number: uint64, sync_hash: bytes32, steps: DynArray[ISyncLedger.Step, constants.MAX_STEPS]):
    """
    @notice Opens a known fact downwards, for anyone: a chain that has accepted a block has accepted the blocks before
            it.
    @dev Hashes that are opened from the primary's freeze become its frozen history. A wrong step has another hash.
    @param source_chain The chain that accepted.
    @param number The last block that it accepted.
    @param sync_hash Its hash over all blocks up to that one.
    @param steps Preimages of the sync hashes at number, number - 1 and so on.
    @custom:upholds SYN-1, SYN-5, SYN-7
    """
    assert self.facts[self._key(source_chain, number, sync_hash)], "sync: unknown fact"
    is_history: bool = source_chain == PRIMARY_CHAIN and self.history[number] == sync_hash
    at: uint64 = number
    expected: bytes32 = sync_hash
    for step: ISyncLedger.Step in steps:
        assert keccak256(abi_encode(step)) == expected, "sync: another history"
        # The hash at 0 is no hash of two words, so this stops above 0.
        at -= 1
        expected = step.previous_sync_hash
        self.facts[self._key(source_chain, at, expected)] = True
        if is_history:
            self.history[at] = expected
        log ISyncLedger.FactOpened(source_chain=source_chain, number=at, sync_hash=expected)


@external
def find_common_block(preimages: DynArray[IBlockReader.Preimage, constants.MAX_PREIMAGES]):
    """
    @notice Finds the last common block, for anyone, once every chain is known to be frozen. Walks up from the lowest
            freeze until a block concerns a chain that froze below it: the block before is the last common one. All
            blocks are common when the walk reaches the primary's last one.
    @dev Protocol section 10. The header of a block is opened against this chain's own hash as far as it has accepted,
         beyond that against the primary's frozen history. Another call goes on where the walk stands.
    @param preimages The preimages of the sync hashes of the next blocks, in order; none is needed when the lowest
           freeze is the primary's.
    @custom:upholds SYN-7, EXI-2
    """
    walk: Walk = self.walk
    assert not walk.is_finished, "sync: common block is known"
    frozen: uint64[constants.SLICE_COUNT] = self._frozen_numbers()
    last: uint64 = frozen[PRIMARY_CHAIN]
    if not walk.is_started:
        walk.is_started = True
        walk.number = last
        for k: uint256 in range(1, constants.SLICE_COUNT):
            if (CHAIN_MASK >> k) & 1 == 1:
                walk.number = min(walk.number, frozen[k])
    for preimage: IBlockReader.Preimage in preimages:
        assert not walk.is_finished and walk.number < last, "sync: opening left over"
        counts: uint256 = self._open(preimage, walk.number + 1)
        for k: uint256 in range(1, constants.SLICE_COUNT):
            if records.count_of(counts, k) > 0 and frozen[k] <= walk.number:
                walk.is_finished = True
        if not walk.is_finished:
            walk.number += 1
    if walk.number == last:
        walk.is_finished = True
    self.walk = walk
    if walk.is_finished:
        log ISyncLedger.CommonBlockFound(number=walk.number)


@external
@view
def is_known(source_chain: uint8, number: uint64, sync_hash: bytes32) -> bool:
    """
    @notice Whether a chain is known to have accepted all blocks up to a number, with this hash.
    @param source_chain The chain that accepted.
    @param number The last block that it accepted.
    @param sync_hash Its hash over all blocks up to that one.
    """
    return self.facts[self._key(source_chain, number, sync_hash)]


@external
@view
def frozen_at(chain_id: uint8) -> (bool, uint64, bytes32):
    """
    @notice Whether a chain is known to be frozen, the last block that it had accepted by then, and its hash.
    @param chain_id Any chain, this one too.
    """
    freeze: Freeze = self.freezes[chain_id]
    return freeze.sync_hash != empty(bytes32), freeze.number, freeze.sync_hash


@external
@view
def frozen_history(number: uint64) -> bytes32:
    """
    @notice The primary's sync hash at a number; empty unless it was opened from the primary's freeze.
    @param number 0 is the genesis.
    """
    return self.history[number]


@external
@view
def common_block() -> (bool, uint64):
    """
    @notice Whether the last common block is known, and the last block that is known to be common.
    """
    return self.walk.is_finished, self.walk.number


@external
@view
def is_for(
    bridge_: address, deployment_hash: bytes32, chain_id: uint8, primary_chain: uint8, chain_mask: uint256
) -> bool:
    """
    @notice Whether this is the ledger of a bridge in a deployment.
    @param bridge_ The bridge.
    @param deployment_hash Hash of the deployment.
    @param chain_id The bridge's protocol id.
    @param primary_chain The chain that fixes the order of blocks.
    @param chain_mask Bit k is set when chain k takes part.
    """
    return (
        bridge_ == bridge
        and deployment_hash == DEPLOYMENT_HASH
        and chain_id == CHAIN_ID
        and primary_chain == PRIMARY_CHAIN
        and chain_mask == CHAIN_MASK
    )


# --- inside ---


@internal
@view
def _check_bridge():
    """
    @notice Reverts unless the caller is the bridge.
    """
    assert msg.sender == bridge, "sync: not the bridge"


@internal
def _record_freeze(chain_id: uint8, number: uint64, sync_hash: bytes32) -> bool:
    """
    @notice Remembers the one freeze of a chain.
    @return Whether it is new.
    """
    freeze: Freeze = self.freezes[chain_id]
    if freeze.sync_hash != empty(bytes32):
        assert freeze.number == number and freeze.sync_hash == sync_hash, "sync: another freeze is known"
        return False
    self.freezes[chain_id] = Freeze(number=number, sync_hash=sync_hash)
    if chain_id == PRIMARY_CHAIN:
        self.history[number] = sync_hash
    return True


@internal
@view
def _frozen_numbers() -> uint64[constants.SLICE_COUNT]:
    """
    @notice Where each chain froze; reverts unless all are known to be frozen.
    """
    numbers: uint64[constants.SLICE_COUNT] = empty(uint64[constants.SLICE_COUNT])
    for k: uint256 in range(1, constants.SLICE_COUNT):
        if (CHAIN_MASK >> k) & 1 == 1:
            freeze: Freeze = self.freezes[convert(k, uint8)]
            assert freeze.sync_hash != empty(bytes32), "sync: a freeze is missing"
            numbers[k] = freeze.number
    return numbers


@internal
@view
def _open(preimage: IBlockReader.Preimage, number: uint64) -> uint256:
    """
    @notice The counts in the header of a block; reverts unless the preimages are those of the known hash.
    """
    expected: bytes32 = self.history[number]
    committed: uint64 = 0
    proven: uint64 = 0
    accepted: uint64 = 0
    executed: uint64 = 0
    committed, proven, accepted, executed = staticcall IBridge(bridge).status()
    if number <= accepted:
        expected = staticcall IBridge(bridge).sync_hash(number)
    sync_hash: bytes32 = empty(bytes32)
    opened: uint64 = 0
    counts: uint256 = 0
    root: uint256 = 0
    sync_hash, opened, counts, root = staticcall IBlockReader(reader).open_block(preimage)
    assert sync_hash == expected and opened == number, "sync: another header"
    return counts


@internal
@pure
def _key(source_chain: uint8, number: uint64, sync_hash: bytes32) -> bytes32:
    return keccak256(abi_encode(source_chain, number, sync_hash))
