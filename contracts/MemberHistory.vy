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
from .modules import accs
from .modules import account_slices
from .modules import block_reader
from .modules import calldata
from .modules import checks
from .modules import constants
from .modules import deployment
from .modules import history_views
from .modules import owner_consents
from .modules import proofs
from .modules import settlement
from .modules import slices
from .modules import tips

implements: IHistory
implements: IMemberHistory

initializes: tips
initializes: deployment
initializes: owner_consents
initializes: account_slices[owner_consents := owner_consents]
initializes: block_reader[account_slices := account_slices, deployment := deployment]
initializes: proofs
initializes: settlement[block_reader := block_reader, deployment := deployment, tips := tips]
initializes: accs[deployment := deployment]
initializes: history_views[accs := accs, deployment := deployment, proofs := proofs, settlement := settlement, tips := tips]

exports: (
    history_views.tip,
    history_views.accepted,
    history_views.owed,
    history_views.parts,
    history_views.vk_hashes,
    history_views.deployment_hash,
    history_views.is_for,
)

# The block at which this history ends; number 0 while no END stands.
end_number: uint64
end_hash: bytes32

# Where arguments are in the head of import_blocks and is_unmatched.
CLAIMS_INDEX: constant(uint256) = 2
LATER_INDEX: constant(uint256) = 3
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
    proofs.__init__(parts.swap_verifier, parts.account_verifier)
    keys: bytes32[2] = proofs.vk_hashes()
    vk_hashes: bytes32[3] = [keys[0], keys[1], exit_vk_hash]
    deployment.__init__(
        chain_id, primary_chain, chains, token_limit, account_limit, genesis_root, vk_hashes, parts.bridge
    )
    owner_consents.__init__(deployment.DEPLOYMENT_HASH)
    tips.__init__(genesis_root, deployment.DEPLOYMENT_HASH)
    settlement.__init__(parts.bridge)
    accs.__init__(parts.groups)
    history_views.__init__(parts)


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
    self._import(first, validators, watchers, pay)


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
    settlement.execute(number, payouts, count)


@external
def set_end(number: uint64, sync_hash: bytes32):
    """
    @notice Ends this history with a block: nothing beside or above it is imported any more. The end contract alone
            decides, when END stands or when this chain secedes.
    @param number The last block.
    @param sync_hash Its sync hash.
    @custom:upholds SYN-8
    """
    checks.require(msg.sender == history_views.END, "history: not the end contract")
    self.end_number = number
    self.end_hash = sync_hash
    tips.set_end()
    log IHistory.EndSet(number=number, sync_hash=sync_hash)


# --- views ---


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
    return self._is_unmatched(next_block)


# --- inside ---


@internal
def _import(
    first: uint64,
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
    pay: bool,
):
    last: IHistory.Tip = tips.load()
    call: block_reader.Call = block_reader.open(first, last.number, WORDS_INDEX)
    if call.count == 0:
        return
    reading: block_reader.Reading = self._read(last, call)
    if last.has_end:
        self._check_end(reading.number, reading.sync_hash)
    else:
        accs.check(reading.number, reading.sync_hash, LATER_INDEX, validators, watchers)
    log IHistory.BlocksImported(first=last.number + 1, last=reading.number, sync_hash=reading.sync_hash)
    settlement.enter(last, reading, call, pay)


@internal
@view
def _check_end(number: uint64, sync_hash: bytes32):
    """
    @notice Reverts unless the standing END is this block, or contains it: by the commitments that follow, or by a path
            that the end contract has opened.
    """
    last_hash: bytes32 = empty(bytes32)
    count: uint64 = 0
    last_hash, count = accs.fold(sync_hash, LATER_INDEX)
    if number + count == self.end_number:
        checks.require(last_hash == self.end_hash, "import: not what END names")
        return
    checks.require(count == 0 and number < self.end_number, "import: not up to END")
    is_opened: bool = staticcall IMemberEnd(history_views.END).is_opened(
        number, sync_hash, self.end_number, self.end_hash
    )
    checks.require(is_opened, "import: no path to END")


@internal
@view
def _read(last: IHistory.Tip, call: block_reader.Call) -> block_reader.Reading:
    """
    @notice Reads the new blocks of the call and checks their proofs.
    """
    reading: block_reader.Reading = empty(block_reader.Reading)
    reading.number = last.number
    reading.timestamp = last.timestamp
    reading.root = last.root
    reading.sync_hash = last.sync_hash
    reading.words = call.words
    reading.claims = self._find_claims(call.skipped)
    for lane: uint256 in range(constants.SWAP_LANE, constants.ACCOUNT_LANE + 1):
        if block_reader.own_bytes(call.counts[lane - 1]) > 0:
            index: uint256 = block_reader.queue_index(lane, convert(deployment.CHAIN_ID, uint256))
            reading.queues[index] = settlement.next_requests(lane)[1]

    inputs: DynArray[uint256[4], constants.MAX_BLOCKS] = []
    place: uint256 = call.blocks
    for _: uint256 in range(call.count, bound=constants.MAX_BLOCKS):
        block_inputs: uint256[4] = empty(uint256[4])
        reading, block_inputs = block_reader.read_next(reading, place)
        inputs.append(block_inputs)
        place += block_reader.BLOCK_BYTES
    proofs.check(call.blocks, inputs)
    return reading


@internal
@view
def _find_claims(skipped: uint256) -> uint256:
    """
    @notice Where the claims of the first new block begin in the call. Reverts unless the call has exactly the claims
            that the headers ask for.
    @param skipped How many blocks before are already here.
    """
    held: uint256 = block_reader.held_counts()
    place: uint256 = 0
    blocks: uint256 = 0
    place, blocks = calldata.find(block_reader.BLOCKS_INDEX)
    at: uint256 = 0
    claims: uint256 = 0
    at, claims = calldata.find(CLAIMS_INDEX)
    total: uint256 = 0
    before: uint256 = 0
    for i: uint256 in range(blocks, bound=constants.MAX_BLOCKS):
        if i == skipped:
            before = total
        total += 2 * block_reader.count_claims(block_reader.counts_at(place), held)
        place += block_reader.BLOCK_BYTES
    checks.require(total == claims, "history: claims do not fit")
    return at + 32 * before


@internal
@view
def _is_unmatched(next_block: IHistory.Block) -> (bool, bytes32):
    last: IHistory.Tip = tips.load()
    reading: block_reader.Reading = empty(block_reader.Reading)
    reading.number = last.number
    reading.timestamp = last.timestamp
    reading.root = last.root
    reading.sync_hash = last.sync_hash
    held: uint256 = block_reader.held_counts()
    length: uint256 = 0
    reading.claims, length = calldata.find(UNMATCHED_CLAIMS_INDEX)
    checks.require(length == 2 * block_reader.count_claims(next_block.counts, held), "unmatched: claims do not fit")
    reading.words, length = calldata.find(UNMATCHED_WORDS_INDEX)
    checks.require(length == block_reader.own_bytes(next_block.counts), "unmatched: words do not fit")

    lane: uint256 = convert(next_block.lane, uint256)
    checks.require(block_reader.is_lane(lane), "unmatched: unknown lane")
    index: uint256 = block_reader.queue_index(lane, convert(deployment.CHAIN_ID, uint256))
    consumed: uint64 = 0
    consumed, reading.queues[index] = settlement.next_requests(lane)
    inputs: uint256[4] = empty(uint256[4])
    reading, inputs = block_reader.read(reading, next_block)
    count: uint64 = consumed + convert(reading.consumed[lane - 1] & slices.REQUESTS_MASK, uint64)
    is_matched: bool = staticcall settlement.BRIDGE.queue_hash(next_block.lane, count) == reading.queues[index]
    if reading.parts[index] != empty(bytes32):
        part: bytes32 = staticcall settlement.BRIDGE.queue_hash(next_block.lane, count + 1)
        is_matched = is_matched and part == reading.parts[index]
    return not is_matched, reading.block_commitment
