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
implements: IPrimaryHistory

initializes: tips
initializes: deployment
initializes: owner_consents
initializes: account_slices[owner_consents := owner_consents]
initializes: block_reader[deployment := deployment, account_slices := account_slices]
initializes: proofs
initializes: owed_payouts

BRIDGE: immutable(IBridge)
GROUPS: immutable(IGroups)
END: immutable(address)
EXODUS: immutable(IExodus)
# The genesis has no time of its own: silence counts from here until the first block.
DEPLOYED_AT: immutable(uint256)

# The rolling hash of a member's queue, as far as blocks have served it, at chain << 8 | lane; empty for the start.
queues: HashMap[uint256, bytes32]

# Where the arguments `consents` and `words` are in the head of accept and accept_again.
CONSENTS_INDEX: constant(uint256) = 2
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
    assert parts.groups.is_contract, "history: groups have no code"
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
    END = parts.end
    EXODUS = IExodus(parts.exodus)
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
    self._accept(first, blocks, queues, seal, watchers, pay)


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
    self._accept_again(first, blocks, later, validators, watchers, pay)


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
    due: DynArray[uint256, constants.MAX_PAYOUT_WORDS] = []
    is_last: bool = False
    due, is_last = owed_payouts.take(number, payouts, count)
    if is_last:
        tips.settle_one()
        log IHistory.BlockExecuted(number=number)
    extcall BRIDGE.pay(due)


# --- views ---


@external
@view
def tip() -> IHistory.Tip:
    """
    @notice The last accepted block.
    """
    return tips.load()


@external
@view
def accepted() -> (uint64, bytes32):
    """
    @notice What ACC says of this chain: the last accepted block and its sync hash.
    """
    last: IHistory.Tip = tips.load()
    return last.number, last.sync_hash


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
        end=END,
        exodus=EXODUS.address,
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
        and end == END
        and exodus == EXODUS.address
        and deployment_hash == deployment.DEPLOYMENT_HASH
    )


# --- inside: the two ways in ---


@internal
def _accept(
    first: uint64,
    blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS],
    queues: DynArray[IGroups.QueueFact, constants.MAX_QUEUES],
    seal: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
    pay: bool,
):
    last: IHistory.Tip = tips.load()
    skipped: uint256 = block_reader.count_skipped(first, len(blocks), last.number)
    if skipped == len(blocks):
        return
    assert not staticcall BRIDGE.is_frozen(), "accept: frozen"
    assert not self._is_silent(last), "accept: silent"
    reading: block_reader.Reading = self._read(last, blocks, skipped, block.timestamp - constants.MAX_AGE_SECONDS)
    # Static calls that only revert: Vyper has no statement for them, so they are spelled out. The groups have code, by
    # the constructor.
    raw_call(
        GROUPS.address,
        abi_encode(
            deployment.DEPLOYMENT_HASH,
            reading.number,
            reading.sync_hash,
            seal,
            method_id=method_id("check_seal(bytes32,uint64,bytes32,bytes)"),
        ),
        is_static_call=True,
    )
    self._check_vouched(reading, queues)
    if len(queues) > 0:
        raw_call(
            GROUPS.address,
            abi_encode(
                deployment.DEPLOYMENT_HASH,
                queues,
                watchers,
                method_id=method_id("check_queues(bytes32,(uint8,uint8,uint64,bytes32)[],bytes)"),
            ),
            is_static_call=True,
        )
    self._enter(last, reading, blocks, skipped, pay)


@internal
def _accept_again(
    first: uint64,
    blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS],
    later: DynArray[bytes32, constants.MAX_LATER],
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
    pay: bool,
):
    last: IHistory.Tip = tips.load()
    skipped: uint256 = block_reader.count_skipped(first, len(blocks), last.number)
    if skipped == len(blocks):
        return
    assert not staticcall EXODUS.is_begun(), "accept: exodus has begun"
    reading: block_reader.Reading = self._read(last, blocks, skipped, 0)
    sync_hash: bytes32 = reading.sync_hash
    for block_commitment: bytes32 in later:
        sync_hash = keccak256(abi_encode(sync_hash, block_commitment))
    raw_call(
        GROUPS.address,
        abi_encode(
            deployment.DEPLOYMENT_HASH,
            reading.number + convert(len(later), uint64),
            sync_hash,
            validators,
            watchers,
            method_id=method_id("check_accepted(bytes32,uint64,bytes32,bytes,bytes)"),
        ),
        is_static_call=True,
    )
    last.has_end = self._is_silent(last)
    self._enter(last, reading, blocks, skipped, pay)


@internal
@view
def _read(
    last: IHistory.Tip, blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS], skipped: uint256, oldest: uint256
) -> block_reader.Reading:
    """
    @notice Reads the blocks after the first `skipped` ones, with this chain's clock and their proofs.
    @param oldest No block may have an earlier time.
    """
    assert msg.sender == tx.origin and not msg.sender.is_contract, "history: caller is no plain account"
    reading: block_reader.Reading = block_reader.begin(last, blocks, skipped, WORDS_INDEX)
    consents_end: uint256 = 0
    reading.consents, consents_end = calldata.find(CONSENTS_INDEX)
    consents_end += reading.consents
    reading.consents += constants.SIGNATURE_BYTES * self._count_skipped_changes(blocks, skipped)
    for lane: uint256 in range(constants.SWAP_LANE, constants.ACCOUNT_LANE + 1):
        counts: uint256 = block_reader.combine_counts(blocks, skipped, lane)
        for k: uint256 in range(1, constants.SLICE_COUNT):
            if records.count_of(counts, k) > 0:
                reading.queues[block_reader.queue_index(lane, k)] = self._queue_of(k, lane)

    inputs: DynArray[uint256[4], constants.MAX_BLOCKS] = []
    for i: uint256 in range(len(blocks), bound=constants.MAX_BLOCKS):
        if i < skipped:
            continue
        block_inputs: uint256[4] = empty(uint256[4])
        reading, block_inputs = block_reader.read(reading, blocks[i])
        inputs.append(block_inputs)
        time: uint256 = convert(reading.timestamp, uint256)
        assert time <= block.timestamp + constants.DRIFT_SECONDS, "accept: in the future"
        assert time >= oldest, "accept: too old"
        assert time >= reading.queued_at, "accept: before a request"
    assert reading.consents == consents_end, "history: consents do not fit"
    proofs.check(blocks, skipped, inputs)
    return reading


@internal
@view
def _count_skipped_changes(blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS], skipped: uint256) -> uint256:
    """
    @notice How many key changes are in this chain's slices of blocks that are already here.
    """
    own: uint256 = convert(deployment.CHAIN_ID, uint256)
    at: uint256 = calldata.find(WORDS_INDEX)[0]
    changes: uint256 = 0
    for i: uint256 in range(skipped, bound=constants.MAX_BLOCKS):
        counts: uint256 = blocks[i].counts
        if convert(blocks[i].lane, uint256) == constants.ACCOUNT_LANE:
            begin: uint256 = at + 32 * block_reader.count_words(counts, (1 << own) - 1)
            changes += account_slices.count_key_changes(begin, begin + 32 * records.count_of(counts, own))
        at += 32 * block_reader.count_words(counts, block_reader.ALL_SLICES)
    return changes


@internal
@view
def _check_vouched(
    reading: block_reader.Reading, queues: DynArray[IGroups.QueueFact, constants.MAX_QUEUES]
):
    """
    @notice Reverts unless every member's queue that the new blocks serve has an entry with the hash that they give.
    """
    own: uint256 = convert(deployment.CHAIN_ID, uint256)
    missing: uint256 = reading.served
    for lane: uint256 in range(constants.SWAP_LANE, constants.ACCOUNT_LANE + 1):
        missing &= ~(1 << block_reader.queue_index(lane, own))
    for fact: IGroups.QueueFact in queues:
        lane: uint256 = convert(fact.lane, uint256)
        k: uint256 = convert(fact.chain, uint256)
        assert k < constants.SLICE_COUNT and lane - 1 < 2, "accept: no such queue"
        index: uint256 = block_reader.queue_index(lane, k)
        if (reading.served >> index) & 1 == 1:
            assert fact.hash == block_reader.served_hash(reading, index), "accept: not the queued requests"
            missing &= ~(1 << index)
    assert missing == 0, "accept: nobody vouches for a queue"


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
    for lane: uint256 in range(constants.SWAP_LANE, constants.ACCOUNT_LANE + 1):
        for k: uint256 in range(1, constants.SLICE_COUNT):
            index: uint256 = block_reader.queue_index(lane, k)
            if k != own and (reading.served >> index) & 1 == 1:
                self.queues[(k << 8) | lane] = reading.queues[index]
    new_tip: IHistory.Tip = last
    new_tip.number = reading.number
    new_tip.timestamp = reading.timestamp
    new_tip.root = reading.root
    new_tip.sync_hash = reading.sync_hash
    if not pay:
        new_tip.unpaid += self._settle(last.number, blocks, skipped, False)
    tips.store(new_tip)
    log IHistory.BlocksAccepted(first=last.number + 1, last=new_tip.number, sync_hash=new_tip.sync_hash)
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
        counts: uint256 = blocks[i].counts
        if i >= skipped and records.count_of(counts, own) > 0:
            begin: uint256 = at + 32 * block_reader.count_words(counts, (1 << own) - 1)
            payouts: DynArray[uint256, constants.MAX_PAYOUT_WORDS] = owed_payouts.find(
                begin, begin + 32 * records.count_of(counts, own)
            )
            if len(payouts) > 0:
                found += 1
                number: uint64 = last + convert(i - skipped + 1, uint64)
                if pay:
                    owed_payouts.pay(BRIDGE, number, payouts)
                else:
                    owed_payouts.owe(number, payouts)
        at += 32 * block_reader.count_words(counts, block_reader.ALL_SLICES)
    return found


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
        return (staticcall BRIDGE.next_requests(convert(lane, uint8)))[1]
    queue_hash: bytes32 = self.queues[(k << 8) | lane]
    return queue_hash if queue_hash != empty(bytes32) else deployment.DEPLOYMENT_HASH
