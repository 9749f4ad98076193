# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title PrimaryHistory
@license Apache-2.0
@notice The history of a deployment, on its primary chain: takes every block with every slice in full, checks each record,
        the validators' seal, the watchers' word for other chains' queues and the proof, and has what it pays here paid.
        A block that is accepted stays accepted.
@custom:emergency Accepts nothing new once the bridge is frozen, or when it has accepted nothing for SILENCE_SECONDS. What
                  an ACC of both groups contains it takes all the same, until exodus has begun. Nothing ever stops
                  `execute`. Nothing here can be upgraded.
@custom:security Every function is locked against reentrancy, views too. All state is written before anything is paid.
"""

from .interfaces import IBridge
from .interfaces import IExodus
from .interfaces import IGroups
from .interfaces import IHistory
from .interfaces import IPrimaryHistory
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
from .modules import records
from .modules import settlement
from .modules import tips

implements: IHistory
implements: IPrimaryHistory

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

# The genesis has no time of its own: silence counts from here until the first block.
DEPLOYED_AT: immutable(uint256)

# By place in block_reader.Reading: the rolling hash of a member's queue, as far as blocks have served it; empty for the
# start.
queues: bytes32[block_reader.QUEUES]

# Where arguments are in the head of accept and accept_again.
CONSENTS_INDEX: constant(uint256) = 2
LATER_INDEX: constant(uint256) = 3
WORDS_INDEX: constant(uint256) = 7


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
    @param chain_id This chain's protocol id, 1..8: the primary's.
    @param primary_chain The chain that fixes the order of blocks.
    @param chains The chain table, ascending by protocol id.
    @param parts The contracts that it relies on.
    @param token_limit Token ids are 1..token_limit - 1, the upper half shares of pools.
    @param account_limit Accounts are 0..account_limit - 1.
    @param genesis_root State root of block 0.
    @param exit_vk_hash Hash of the verification key of exits.
    @custom:upholds GOV-1, VER-6, SYN-3
    """
    assert chain_id == primary_chain, "history: not the primary"
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
    DEPLOYED_AT = block.timestamp


@external
def accept(
    first: uint64,
    blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS],
    consents: Bytes[constants.MAX_CONSENTS_BYTES],
    queues: DynArray[IGroups.QueueFact, constants.MAX_QUEUES],
    seal: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
    pay: bool,
    words: Bytes[constants.MAX_WORDS_BYTES],
):
    """
    @notice Accepts blocks that follow, for good. Anybody may call; blocks that are already here are skipped.
    @dev The caller is a plain account, so that the words stand in the transaction itself, where recovery reads them.
    @param first The number of the first block.
    @param blocks Blocks of either lane, in order.
    @param consents One signature of 65 bytes for each key change in this chain's slices, in order.
    @param queues What watchers say of the members' queues; one entry for each that the new blocks serve.
    @param seal The validators' signatures of the last block.
    @param watchers The watchers' signatures of `queues`.
    @param pay Whether to pay this chain's payouts now; else they wait for `execute`.
    @param words The words of all slices of all blocks: block after block, slice 0, 1, .. 8.
    @custom:upholds VER-5, VER-6, VER-8, QUE-1, DAT-1, DAT-2, DAT-3, SYN-2, SYN-8, SOL-3
    """
    self._accept(first, queues, seal, watchers, pay)


@external
def accept_again(
    first: uint64,
    blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS],
    consents: Bytes[constants.MAX_CONSENTS_BYTES],
    later: DynArray[bytes32, constants.MAX_LATER],
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
    pay: bool,
    words: Bytes[constants.MAX_WORDS_BYTES],
):
    """
    @notice Accepts blocks that this chain has forgotten, or never saw, and that an ACC of both groups contains: of any
            age, also when this chain is frozen or silent, until exodus has begun.
    @dev Whoever signed END has signed this ACC. A chain that is silent stays so.
    @param first The number of the first block.
    @param blocks Blocks of either lane, in order.
    @param consents One signature of 65 bytes for each key change in this chain's slices, in order.
    @param later The commitments of the blocks after these, up to the one that ACC names.
    @param validators The validators' signatures of ACC.
    @param watchers The watchers' signatures of ACC.
    @param pay Whether to pay this chain's payouts now; else they wait for `execute`.
    @param words The words of all slices of all blocks: block after block, slice 0, 1, .. 8.
    @custom:upholds VER-5, VER-6, VER-8, QUE-1, DAT-1, DAT-2, DAT-3, SYN-2, SYN-8
    """
    self._accept_again(first, validators, watchers, pay)


@external
def execute(number: uint64, payouts: DynArray[uint256, constants.MAX_PAYOUT_WORDS], count: uint256):
    """
    @notice Pays what an accepted block still owes here, the first payouts of it. Anybody may call, in any order of
            blocks.
    @param number The block.
    @param payouts The words of all payouts that it still owes, three for each.
    @param count How many of them to pay now, at least one.
    @custom:upholds EXI-2, EXI-3, SOL-1
    """
    settlement.execute(number, payouts, count)


# --- views ---


@external
@view
def is_silent() -> bool:
    """
    @notice Whether this chain has accepted nothing for so long that it accepts nothing new any more.
    """
    return self._is_silent(tips.load())


@external
@view
def queue_of(chain_id: uint8, lane: uint8) -> bytes32:
    """
    @notice The rolling hash of a member's queue, as far as accepted blocks serve it.
    @param chain_id A member.
    @param lane 1 for swaps, 2 for accounts.
    """
    return self._queue_of(convert(chain_id, uint256), convert(lane, uint256))


# --- inside: the two ways in ---


@internal
def _accept(
    first: uint64,
    queues: DynArray[IGroups.QueueFact, constants.MAX_QUEUES],
    seal: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
    pay: bool,
):
    last: IHistory.Tip = tips.load()
    call: block_reader.Call = block_reader.open(first, last.number, WORDS_INDEX)
    if call.count == 0:
        return
    checks.require(not staticcall settlement.BRIDGE.is_frozen(), "accept: frozen")
    checks.require(not self._is_silent(last), "accept: silent")
    reading: block_reader.Reading = self._read(last, call, block.timestamp - constants.MAX_AGE_SECONDS)
    self._check_seal(reading.number, reading.sync_hash, seal)
    if reading.served != 0:
        self._check_vouched(reading.served, reading.queues, reading.parts, queues)
    if len(queues) > 0:
        self._check_queues(queues, watchers)
    self._enter(last, reading, call, pay)


@internal
def _accept_again(
    first: uint64,
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
    pay: bool,
):
    last: IHistory.Tip = tips.load()
    call: block_reader.Call = block_reader.open(first, last.number, WORDS_INDEX)
    if call.count == 0:
        return
    checks.require(not staticcall IExodus(history_views.EXODUS).is_begun(), "accept: exodus has begun")
    reading: block_reader.Reading = self._read(last, call, 0)
    accs.check(reading.number, reading.sync_hash, LATER_INDEX, validators, watchers)
    last.has_end = self._is_silent(last)
    self._enter(last, reading, call, pay)


@internal
@view
def _read(last: IHistory.Tip, call: block_reader.Call, oldest: uint256) -> block_reader.Reading:
    """
    @notice Reads the new blocks of the call, with this chain's clock, and checks their proofs.
    @param oldest No block may have an earlier time.
    """
    checks.require(msg.sender == tx.origin and not msg.sender.is_contract, "history: not a plain account")
    reading: block_reader.Reading = empty(block_reader.Reading)
    reading.number = last.number
    reading.timestamp = last.timestamp
    reading.root = last.root
    reading.sync_hash = last.sync_hash
    reading.words = call.words
    consents_end: uint256 = 0
    reading.consents, consents_end = calldata.find(CONSENTS_INDEX)
    consents_end += reading.consents
    reading.consents += constants.SIGNATURE_BYTES * self._count_skipped_changes(call.skipped)
    for lane: uint256 in range(constants.SWAP_LANE, constants.ACCOUNT_LANE + 1):
        counts: uint256 = call.counts[lane - 1]
        if counts == 0:
            continue
        for k: uint256 in range(1, constants.SLICE_COUNT):
            if records.count_of(counts, k) > 0:
                reading.queues[block_reader.queue_index(lane, k)] = self._queue_of(k, lane)

    inputs: DynArray[uint256[4], constants.MAX_BLOCKS] = []
    place: uint256 = call.blocks
    for _: uint256 in range(call.count, bound=constants.MAX_BLOCKS):
        block_inputs: uint256[4] = empty(uint256[4])
        reading, block_inputs = block_reader.read_next(reading, place)
        inputs.append(block_inputs)
        place += block_reader.BLOCK_BYTES
        time: uint256 = convert(reading.timestamp, uint256)
        checks.require(time <= block.timestamp + constants.DRIFT_SECONDS, "accept: in the future")
        checks.require(time >= oldest, "accept: too old")
        checks.require(time >= reading.queued_at, "accept: before a request")
    checks.require(reading.consents == consents_end, "history: consents do not fit")
    proofs.check(call.blocks, inputs)
    return reading


@internal
@view
def _count_skipped_changes(skipped: uint256) -> uint256:
    """
    @notice How many key changes are in this chain's slices of the first blocks of the call, which are already here.
    """
    place: uint256 = calldata.find(block_reader.BLOCKS_INDEX)[0]
    words: uint256 = calldata.find(WORDS_INDEX)[0]
    changes: uint256 = 0
    for _: uint256 in range(skipped, bound=constants.MAX_BLOCKS):
        counts: uint256 = block_reader.counts_at(place)
        if calldata.word(place + block_reader.LANE_AT) == constants.ACCOUNT_LANE:
            begin: uint256 = words + block_reader.own_offset(counts)
            changes += account_slices.count_key_changes(begin, begin + block_reader.own_bytes(counts))
        words += 32 * block_reader.add_counts(counts & block_reader.held_counts())
        place += block_reader.BLOCK_BYTES
    return changes


@internal
@view
def _check_seal(number: uint64, sync_hash: bytes32, seal: Bytes[constants.MAX_EVIDENCE_BYTES]):
    """
    @notice Reverts unless the validators have sealed this block.
    """
    # A static call that only reverts: Vyper has no statement for it, so it is spelled out. The groups have code, by the
    # constructor.
    raw_call(
        accs.GROUPS,
        abi_encode(
            deployment.DEPLOYMENT_HASH,
            number,
            sync_hash,
            seal,
            method_id=method_id("check_seal(bytes32,uint64,bytes32,bytes)"),
        ),
        is_static_call=True,
    )


@internal
@view
def _check_queues(
    queues: DynArray[IGroups.QueueFact, constants.MAX_QUEUES], watchers: Bytes[constants.MAX_EVIDENCE_BYTES]
):
    """
    @notice Reverts unless the watchers have signed these facts.
    """
    raw_call(
        accs.GROUPS,
        abi_encode(
            deployment.DEPLOYMENT_HASH,
            queues,
            watchers,
            method_id=method_id("check_queues(bytes32,(uint8,uint8,uint64,bytes32)[],bytes)"),
        ),
        is_static_call=True,
    )


@internal
@view
def _check_vouched(
    served: uint256,
    hashes: bytes32[block_reader.QUEUES],
    parts: bytes32[block_reader.QUEUES],
    queues: DynArray[IGroups.QueueFact, constants.MAX_QUEUES],
):
    """
    @notice Reverts unless every member's queue that the new blocks serve has an entry with the hash that they give.
    """
    missing: uint256 = served & ~self._own_queues()
    for fact: IGroups.QueueFact in queues:
        lane: uint256 = convert(fact.lane, uint256)
        k: uint256 = convert(fact.chain, uint256)
        checks.require(k < constants.SLICE_COUNT and block_reader.is_lane(lane), "accept: no such queue")
        index: uint256 = block_reader.queue_index(lane, k)
        if (served >> index) & 1 == 1:
            # The word is for the highest place that the blocks use, one that they serve in part included.
            expected: bytes32 = parts[index] if parts[index] != empty(bytes32) else hashes[index]
            checks.require(fact.hash == expected, "accept: not the queued requests")
            missing &= ~(1 << index)
    checks.require(missing == 0, "accept: no word for a queue")


@internal
def _enter(last: IHistory.Tip, reading: block_reader.Reading, call: block_reader.Call, pay: bool):
    """
    @notice Writes what the new blocks change, and then pays.
    """
    served: uint256 = reading.served & ~self._own_queues()
    for i: uint256 in range(block_reader.QUEUES):
        if served == 0:
            break
        if served & 1 == 1:
            self.queues[i] = reading.queues[i]
        served >>= 1
    log IHistory.BlocksAccepted(first=last.number + 1, last=reading.number, sync_hash=reading.sync_hash)
    settlement.enter(last, reading, call, pay)


# --- inside: views ---


@internal
@view
def _is_silent(last: IHistory.Tip) -> bool:
    """
    @notice Whether nothing has been accepted for SILENCE_SECONDS, now or when ACC once brought a block.
    """
    since: uint256 = convert(last.timestamp, uint256) if last.number > 0 else DEPLOYED_AT
    return last.has_end or since + constants.SILENCE_SECONDS < block.timestamp


@internal
@view
def _queue_of(k: uint256, lane: uint256) -> bytes32:
    """
    @notice The rolling hash of a queue, as far as blocks have served it: of a member as written here, of this chain as
            the bridge has it.
    """
    if k == convert(deployment.CHAIN_ID, uint256):
        return settlement.next_requests(lane)[1]
    queue_hash: bytes32 = self.queues[block_reader.queue_index(lane, k)]
    return queue_hash if queue_hash != empty(bytes32) else deployment.DEPLOYMENT_HASH


@internal
@view
def _own_queues() -> uint256:
    """
    @notice The bits of this chain's own queues: the bridge keeps these.
    """
    own: uint256 = convert(deployment.CHAIN_ID, uint256)
    return (1 << own) | (1 << block_reader.queue_index(constants.ACCOUNT_LANE, own))
