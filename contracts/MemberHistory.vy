# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title MemberHistory
@license Apache-2.0
@notice The history of a deployment, on a member: imports the blocks that the primary has accepted, with this chain's slice
        in full, and has what they pay here paid. Refuses nothing but a wrong proof, and requests that are not the next
        ones of its own queue.
@custom:emergency Once END stands, imports what END contains and nothing else; the end contract says so, and nobody can
                  take it back. Nothing ever stops `execute`. Nothing here can be upgraded.
@custom:security Every function is locked against reentrancy, views too. All state is written before anything is paid.
"""

from .interfaces import IBridge
from .interfaces import IGroups
from .interfaces import IHistory
from .interfaces import IMemberEnd
from .interfaces import IMemberHistory
from .modules import account_slices
from .modules import block_reader
from .modules import calldata
from .modules import owner_consents
from .modules import constants
from .modules import deployment
from .modules import owed_payouts
from .modules import proofs
from .modules import records
from .modules import tips

implements: IHistory
implements: IMemberHistory

initializes: tips
initializes: deployment
initializes: owner_consents
initializes: account_slices[owner_consents := owner_consents]
initializes: block_reader[deployment := deployment, account_slices := account_slices]
initializes: proofs
initializes: owed_payouts

BRIDGE: immutable(IBridge)
GROUPS: immutable(IGroups)
END: immutable(IMemberEnd)
EXODUS: immutable(address)

# The block at which this history ends; number 0 while no END stands.
end_number: uint64
end_hash: bytes32

# Where arguments are in the head of import_blocks and is_unmatched.
CLAIMS_INDEX: constant(uint256) = 2
WORDS_INDEX: constant(uint256) = 7
UNMATCHED_CLAIMS_INDEX: constant(uint256) = 13
UNMATCHED_WORDS_INDEX: constant(uint256) = 14


@deploy
def __init__(
    chain_id: uint8,
    primary_chain: uint8,
    chains: DynArray[IBridge.ChainEntry, 8],
    parts: IHistory.Parts,
    token_limit: uint256,
    account_limit: uint256,
    genesis_root: uint256,
    exit_vk_hash: bytes32,
):
    """
    @notice Fixes everything, for the bridge of this chain, which refuses a history of another deployment.
    @param chain_id This chain's protocol id, 1..8: a member's.
    @param primary_chain The chain that fixes the order of blocks.
    @param chains The chain table, ascending by protocol id.
    @param parts The contracts that it relies on.
    @param token_limit Token ids are 1..token_limit - 1, the upper half shares of pools.
    @param account_limit Accounts are 0..account_limit - 1.
    @param genesis_root State root of block 0.
    @param exit_vk_hash Hash of the verification key of exits.
    @custom:upholds GOV-1, VER-6, SYN-3
    """
    assert chain_id != primary_chain, "history: this is the primary"
    assert parts.groups.is_contract, "history: no groups"
    proofs.__init__(parts.swap_verifier, parts.account_verifier)
    keys: bytes32[2] = proofs.vk_hashes()
    vk_hashes: bytes32[3] = [keys[0], keys[1], exit_vk_hash]
    deployment.__init__(
        chain_id, primary_chain, chains, token_limit, account_limit, genesis_root, vk_hashes, parts.bridge
    )
    owner_consents.__init__(deployment.DEPLOYMENT_HASH)
    tips.__init__(genesis_root, deployment.DEPLOYMENT_HASH)
    BRIDGE = IBridge(parts.bridge)
    GROUPS = IGroups(parts.groups)
    END = IMemberEnd(parts.end)
    EXODUS = parts.exodus


@external
def import_blocks(
    first: uint64,
    blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS],
    claims: DynArray[uint256, constants.MAX_CLAIMS],
    later: DynArray[bytes32, constants.MAX_LATER],
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
    pay: bool,
    words: Bytes[constants.MAX_WORDS_BYTES],
):
    """
    @notice Imports blocks that follow. Anybody may call; blocks that are already here are skipped.
    @dev A wrong claim about another slice makes public inputs that no proof fits.
    @param first The number of the first block.
    @param blocks Blocks of either lane, in order.
    @param claims For each block: the hash of every other slice that is not empty, ascending, then their evaluations.
    @param later The commitments of the blocks after these, up to the one that ACC names, or END once it stands. For an
           END that is further away: none, when the end contract has opened the path.
    @param validators The validators' signatures of ACC; not read once END stands.
    @param watchers The watchers' signatures of ACC; not read once END stands.
    @param pay Whether to pay this chain's payouts now; else they wait for `execute`.
    @param words The words of this chain's slices, block after block.
    @custom:upholds VER-5, VER-6, VER-8, QUE-1, DAT-2, DAT-3, SYN-2, SYN-8, SOL-3
    """
    self._import(first, blocks, len(claims), later, validators, watchers, pay)


@external
def execute(number: uint64, payouts: DynArray[uint256, constants.MAX_PAYOUT_WORDS], count: uint256):
    """
    @notice Pays what an imported block still owes here, the first payouts of it. Anybody may call, in any order of
            blocks.
    @param number The block.
    @param payouts The words of all payouts that it still owes, three for each.
    @param count How many of them to pay now, at least one.
    @custom:upholds EXI-2, EXI-3, SOL-1
    """
    due: DynArray[uint256, constants.MAX_PAYOUT_WORDS] = []
    is_last: bool = False
    due, is_last = owed_payouts.take(number, payouts, count)
    if is_last:
        tips.settle_one()
        log IHistory.BlockExecuted(number=number)
    extcall BRIDGE.pay(due)


@external
def set_end(number: uint64, sync_hash: bytes32):
    """
    @notice Ends this history with a block: nothing beside or above it is imported any more. The end contract alone
            decides, when END stands or when this chain secedes.
    @param number The last block.
    @param sync_hash Its sync hash.
    @custom:upholds SYN-8
    """
    assert msg.sender == END.address, "history: not the end contract"
    self.end_number = number
    self.end_hash = sync_hash
    tips.set_end()
    log IHistory.EndSet(number=number, sync_hash=sync_hash)


# --- views ---


@external
@view
def tip() -> IHistory.Tip:
    """
    @notice The last imported block.
    """
    return tips.load()


@external
@view
def accepted() -> (uint64, bytes32):
    """
    @notice The last imported block and its sync hash.
    """
    last: IHistory.Tip = tips.load()
    return last.number, last.sync_hash


@external
@view
def end() -> (uint64, bytes32):
    """
    @notice The block at which this history ends, and its sync hash; zero while no END stands.
    """
    return self.end_number, self.end_hash


@external
@view
def is_unmatched(
    next_block: IHistory.Block,
    claims: DynArray[uint256, constants.MAX_CHAINS * 2],
    words: Bytes[32 * constants.MAX_CHAINS * 64],
) -> (bool, bytes32):
    """
    @notice Reads the block after the last imported one: whether this chain's queue cannot match its slice. Believes
            whoever asks that the history holds a block with this commitment there.
    @param next_block The block. Its proof is not read: the commitment binds everything else.
    @param claims The hash of every other slice that is not empty, ascending, then their evaluations.
    @param words The words of this chain's slice.
    @return Whether requests in the slice are not the next ones of the queue, and the block's commitment.
    """
    return self._is_unmatched(next_block, len(claims))


@external
@view
def owed(number: uint64) -> bytes32:
    """
    @notice The hash of the payouts that a block still owes here; empty when there are none.
    @param number The block.
    """
    return owed_payouts.owed[number]


@external
@view
def parts() -> IHistory.Parts:
    """
    @notice The contracts that this history relies on.
    """
    return IHistory.Parts(
        bridge=BRIDGE.address,
        groups=GROUPS.address,
        end=END.address,
        exodus=EXODUS,
        swap_verifier=proofs.SWAP_VERIFIER,
        account_verifier=proofs.ACCOUNT_VERIFIER,
    )


@external
@view
def vk_hashes() -> bytes32[2]:
    """
    @notice Hashes of the verification keys of swap blocks and of account blocks.
    """
    return proofs.vk_hashes()


@external
@view
def deployment_hash() -> bytes32:
    """
    @notice The deployment that this history was made for.
    """
    return deployment.DEPLOYMENT_HASH


@external
@view
def is_for(bridge: address, end: address, exodus: address, deployment_hash: bytes32) -> bool:
    """
    @notice Whether this history was made for these partners.
    @param bridge The bridge of this chain.
    @param end The end of this chain.
    @param exodus The exodus contract of this chain.
    @param deployment_hash What the bridge has computed from its chain table.
    """
    return (
        bridge == BRIDGE.address
        and end == END.address
        and exodus == EXODUS
        and deployment_hash == deployment.DEPLOYMENT_HASH
    )


# --- inside ---


@internal
def _import(
    first: uint64,
    blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS],
    claims: uint256,
    later: DynArray[bytes32, constants.MAX_LATER],
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
    pay: bool,
):
    last: IHistory.Tip = tips.load()
    skipped: uint256 = block_reader.count_skipped(first, len(blocks), last.number)
    if skipped == len(blocks):
        return
    reading: block_reader.Reading = self._read(last, blocks, skipped, claims)
    sync_hash: bytes32 = reading.sync_hash
    for block_commitment: bytes32 in later:
        sync_hash = keccak256(abi_encode(sync_hash, block_commitment))
    number: uint64 = reading.number + convert(len(later), uint64)
    if last.has_end:
        self._check_end(number, sync_hash, len(later) == 0)
    else:
        # A static call that only reverts: Vyper has no statement for it, so it is spelled out. The groups have code, by
        # the constructor.
        raw_call(
            GROUPS.address,
            abi_encode(
                deployment.DEPLOYMENT_HASH,
                number,
                sync_hash,
                validators,
                watchers,
                method_id=method_id("check_accepted(bytes32,uint64,bytes32,bytes,bytes)"),
            ),
            is_static_call=True,
        )
    self._enter(last, reading, blocks, skipped, pay)


@internal
@view
def _check_end(number: uint64, sync_hash: bytes32, is_direct: bool):
    """
    @notice Reverts unless the standing END is this block, or contains it by a path that the end contract has opened.
    @param is_direct Whether the block is the last one of the call.
    """
    if number == self.end_number and sync_hash == self.end_hash:
        return
    assert is_direct and number < self.end_number, "import: not what END names"
    is_opened: bool = staticcall END.is_opened(number, sync_hash, self.end_number, self.end_hash)
    assert is_opened, "import: no path to END"


@internal
@view
def _read(
    last: IHistory.Tip, blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS], skipped: uint256, claims: uint256
) -> block_reader.Reading:
    """
    @notice Reads the blocks after the first `skipped` ones, with their proofs.
    @param claims How many claims the call has.
    """
    reading: block_reader.Reading = block_reader.begin(last, blocks, skipped, WORDS_INDEX)
    held: uint256 = block_reader.held()
    total: uint256 = 0
    for i: uint256 in range(len(blocks), bound=constants.MAX_BLOCKS):
        if i == skipped:
            reading.claims = total
        total += 2 * block_reader.count_claims(blocks[i].counts, held)
    assert total == claims, "history: claims do not fit"
    reading.claims = calldata.find(CLAIMS_INDEX)[0] + 32 * reading.claims
    own: uint256 = convert(deployment.CHAIN_ID, uint256)
    for lane: uint256 in range(constants.SWAP_LANE, constants.ACCOUNT_LANE + 1):
        if records.count_of(block_reader.combine_counts(blocks, skipped, lane), own) > 0:
            reading.queues[block_reader.queue_index(lane, own)] = (
                staticcall BRIDGE.next_requests(convert(lane, uint8))
            )[1]

    inputs: DynArray[uint256[4], constants.MAX_BLOCKS] = []
    for i: uint256 in range(len(blocks), bound=constants.MAX_BLOCKS):
        if i < skipped:
            continue
        block_inputs: uint256[4] = empty(uint256[4])
        reading, block_inputs = block_reader.read(reading, blocks[i])
        inputs.append(block_inputs)
    proofs.check(blocks, skipped, inputs)
    return reading


@internal
def _enter(
    last: IHistory.Tip,
    reading: block_reader.Reading,
    blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS],
    skipped: uint256,
    pay: bool,
):
    """
    @notice Writes what the new blocks change, and then pays.
    """
    own: uint256 = convert(deployment.CHAIN_ID, uint256)
    new_tip: IHistory.Tip = last
    new_tip.number = reading.number
    new_tip.timestamp = reading.timestamp
    new_tip.root = reading.root
    new_tip.sync_hash = reading.sync_hash
    if not pay:
        new_tip.unpaid += self._settle(last.number, blocks, skipped, False)
    tips.store(new_tip)
    log IHistory.BlocksImported(first=last.number + 1, last=new_tip.number, sync_hash=new_tip.sync_hash)
    for lane: uint256 in range(constants.SWAP_LANE, constants.ACCOUNT_LANE + 1):
        index: uint256 = block_reader.queue_index(lane, own)
        if (reading.served >> index) & 1 == 1:
            consumed: uint64 = (staticcall BRIDGE.next_requests(convert(lane, uint8)))[0]
            extcall BRIDGE.consume(
                convert(lane, uint8),
                consumed + convert(reading.consumed[lane - 1], uint64),
                reading.queues[index],
                reading.parts[index],
            )
    if pay:
        self._settle(last.number, blocks, skipped, True)


@internal
def _settle(
    last: uint64, blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS], skipped: uint256, pay: bool
) -> uint32:
    """
    @notice Pays what the new blocks pay here, or keeps it for `execute`.
    @return How many of them have payouts here.
    """
    own: uint256 = convert(deployment.CHAIN_ID, uint256)
    at: uint256 = calldata.find(WORDS_INDEX)[0]
    found: uint32 = 0
    for i: uint256 in range(len(blocks), bound=constants.MAX_BLOCKS):
        end: uint256 = at + 32 * records.count_of(blocks[i].counts, own)
        if i >= skipped and end > at:
            payouts: DynArray[uint256, constants.MAX_PAYOUT_WORDS] = owed_payouts.find(at, end)
            if len(payouts) > 0:
                found += 1
                number: uint64 = last + convert(i - skipped + 1, uint64)
                if pay:
                    owed_payouts.pay(BRIDGE, number, payouts)
                else:
                    owed_payouts.owe(number, payouts)
        at = end
    return found


@internal
@view
def _is_unmatched(next_block: IHistory.Block, claims: uint256) -> (bool, bytes32):
    assert claims == 2 * block_reader.count_claims(next_block.counts, block_reader.held()), "unmatched: claims"
    blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS] = [next_block]
    reading: block_reader.Reading = block_reader.begin(tips.load(), blocks, 0, UNMATCHED_WORDS_INDEX)
    reading.claims = calldata.find(UNMATCHED_CLAIMS_INDEX)[0]
    lane: uint256 = convert(next_block.lane, uint256)
    assert lane - 1 < 2, "unmatched: lane"
    index: uint256 = block_reader.queue_index(lane, convert(deployment.CHAIN_ID, uint256))
    consumed: uint64 = 0
    consumed, reading.queues[index] = staticcall BRIDGE.next_requests(next_block.lane)
    inputs: uint256[4] = empty(uint256[4])
    reading, inputs = block_reader.read(reading, next_block)
    count: uint64 = consumed + convert(reading.consumed[lane - 1], uint64)
    is_unmatched: bool = staticcall BRIDGE.queue_hash(next_block.lane, count) != reading.queues[index]
    if reading.parts[index] != empty(bytes32):
        is_unmatched = is_unmatched or staticcall BRIDGE.queue_hash(next_block.lane, count + 1) != reading.parts[index]
    return is_unmatched, reading.block_commitment
