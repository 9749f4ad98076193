# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Bridge
@license Apache-2.0
@author The zklink authors
@notice One chain's side of the system: takes swaps into a queue, learns from proven blocks what they became, and pays.
        The same code on every EVM chain; it trusts its own queue, its verifier's proofs, and messages of other chains
        only as far as its own books.
@custom:emergency A pause stops new swaps out of one token. It never stops fill, commit_blocks, prove_blocks,
                  receive_message, apply_message, execute_blocks or withdraw_pending_balance: what is owed is paid.
                  Nothing here can be upgraded.
@custom:security Every function is locked against reentrancy. Tokens come in before the books are written, because only
                 what really arrived is credited; they go out after.
"""

from .interfaces import IBlockReader
from .interfaces import IBridge
from .interfaces import ISyncTransport
from .interfaces import IVerifier
from .modules import checks
from .modules import constants
from .modules import deployment
from .modules import fills
from .modules import ledger
from .modules import lifecycle
from .modules import priority_queue
from .modules import records
from .modules import roles
from .modules import sync
from .modules import token_registry
from .modules import tokens

implements: IBridge

initializes: deployment
initializes: roles
initializes: token_registry
initializes: ledger
initializes: priority_queue
initializes: fills
initializes: lifecycle
initializes: sync[lifecycle := lifecycle]

VERIFIER: immutable(IVerifier)
READER: immutable(IBlockReader)
TRANSPORT: immutable(ISyncTransport)
GENESIS_HASH: immutable(bytes32)

# Memory costs with the square of its size, and a block may bring 512 words: more blocks go into further calls.
MAX_COMMIT_BLOCKS: constant(uint256) = 4


@deploy
def __init__(
    chain_id: uint8,
    primary_chain: uint8,
    chains: DynArray[IBridge.ChainEntry, 8],
    verifier: address,
    reader: address,
    slots: uint256,
    token_limit: uint256,
    genesis_root: uint256,
    genesis_hash: bytes32,
    transport: address,
    governor: address,
    validators: DynArray[address, 8],
):
    """
    @notice Fixes everything that is not a token parameter.
    @dev The chain table names this contract, so whoever deploys predicts its address.
    @param chain_id This chain's protocol id, 1..8.
    @param primary_chain The chain that fixes the order of blocks.
    @param chains The chain table, ascending by protocol id.
    @param verifier The verifier of the swap circuit.
    @param reader Reads the blocks of the swap lane.
    @param slots Slots of a block in that circuit.
    @param token_limit Token ids are 1..token_limit - 1.
    @param genesis_root State root of block 0.
    @param genesis_hash Hash of this chain's genesis reserves.
    @param transport Decides which sync messages are authentic.
    @param governor Registers, limits and pauses tokens, and opens the bridge.
    @param validators May commit and revert blocks.
    @custom:upholds GOV-1, VER-6, SYN-3
    """
    assert verifier.is_contract, "bridge: verifier has no code"
    assert reader.is_contract, "bridge: reader has no code"
    assert transport.is_contract, "bridge: transport has no code"
    vk_hash: bytes32 = staticcall IVerifier(verifier).vk_hash()
    deployment.__init__(chain_id, primary_chain, chains, slots, token_limit, genesis_root, vk_hash)
    roles.__init__(governor, validators)
    VERIFIER = IVerifier(verifier)
    READER = IBlockReader(reader)
    TRANSPORT = ISyncTransport(transport)
    GENESIS_HASH = genesis_hash


# --- governance ---


@external
def register_token(token_id: uint16, config: IBridge.TokenConfig):
    """
    @notice Gives a token id its meaning on this chain, for good.
    @dev The contract must exist and state its decimals; both are read here and never again.
    @param token_id 1..token_limit - 1, not in use.
    @param config Chains, contract, layer-2 decimals and limits (layer-2 units).
    @custom:upholds SOL-6, SOL-7, GOV-2, GOV-4
    """
    roles.check_governor(msg.sender)
    l1_decimals: uint256 = 0
    if config.token != empty(address):
        l1_decimals = tokens.read_decimals(config.token)
    token_registry.register(
        token_id, config, l1_decimals, deployment.CHAIN_ID, deployment.CHAIN_MASK, deployment.TOKEN_LIMIT
    )
    log IBridge.TokenRegistered(
        token_id=token_id,
        token=config.token,
        chains=config.chains,
        l1_decimals=convert(l1_decimals, uint8),
        layer2_decimals=config.layer2_decimals,
    )
    log IBridge.TokenLimitsChanged(token_id=token_id, minimum=config.minimum, cap=config.cap)


@external
def set_token_limits(token_id: uint16, minimum: uint112, cap: uint112):
    """
    @notice Changes the smallest swap and the inflow cap of a token.
    @dev The cap bounds what is in custody after a swap: all that can be drained if the token's contract turns bad.
    @param token_id A registered token.
    @param minimum Smallest swap, in layer-2 units.
    @param cap Largest custody, in layer-2 units, at most 2^108 - 1.
    """
    roles.check_governor(msg.sender)
    token_registry.set_limits(token_id, minimum, cap)
    log IBridge.TokenLimitsChanged(token_id=token_id, minimum=minimum, cap=cap)


@external
def set_paused(token_id: uint16, is_paused: bool):
    """
    @notice Stops or admits new swaps out of a token on this chain.
    @dev Payouts, fills and withdrawals do not look at it.
    @param token_id A registered token.
    @param is_paused True stops.
    @custom:upholds GOV-3
    """
    roles.check_governor(msg.sender)
    token_registry.set_paused(token_id, is_paused)
    log IBridge.TokenPaused(token_id=token_id, is_paused=is_paused)


@external
@payable
def open_bridge(reserves: DynArray[IBridge.GenesisReserve, 64]):
    """
    @notice Pays the genesis reserves of this chain in and opens it, once.
    @dev The list must be the one that the bridge was constructed with; coin comes with the call, tokens by allowance,
         and each must arrive exactly.
    @param reserves Token ids ascending, amounts in layer-2 units and not zero.
    @custom:upholds SOL-1, GOV-1
    """
    roles.check_governor(msg.sender)
    checks.require(keccak256(abi_encode(reserves, ensure_tuple=False)) == GENESIS_HASH, "bridge: not the genesis reserves")
    priority_queue.open(deployment.DEPLOYMENT_HASH)
    lifecycle.store(
        IBridge.StoredBlock(
            number=0,
            timestamp=0,
            counts=0,
            root=deployment.GENESIS_ROOT,
            request_count=0,
            payouts_hash=empty(bytes32),
            inputs_hash=empty(bytes32),
            sync_hash=deployment.DEPLOYMENT_HASH,
        )
    )
    value: uint256 = msg.value
    previous: uint256 = 0
    for reserve: IBridge.GenesisReserve in reserves:
        checks.require(reserve.token_id > previous and reserve.amount > 0, "bridge: reserves not ascending")
        previous = reserve.token_id
        token_id: uint16 = convert(reserve.token_id, uint16)
        token: token_registry.Token = token_registry.get(token_id)
        checks.require(token.token != empty(address), "bridge: reserve of unknown token")
        ledger.credit(token_id, reserve.amount, constants.CUSTODY_LIMIT)
        l1_amount: uint256 = reserve.amount * token.scale
        coin: uint256 = 0
        if token.token == tokens.NATIVE:
            coin = value
            value = 0
        received: uint256 = tokens.pull(token.token, msg.sender, l1_amount, coin)
        checks.require(received == l1_amount, "bridge: reserve did not arrive")
    checks.require(value == 0, "bridge: value without a reserve")
    log IBridge.BridgeOpened(deployment_hash=deployment.DEPLOYMENT_HASH)


# --- users and brokers ---


@external
@payable
def swap(order: IBridge.SwapOrder) -> uint64:
    """
    @notice Takes a token in here and asks for another one there. Ends in exactly one of: paid on the destination,
            refunded here.
    @dev What is credited is what arrived. Everything that L1 can know is refused here; everything else is decided by
         rule in the block.
    @param order What to swap; l1_amount in units of the token's contract, all other amounts in layer-2 units.
    @return The request's id on this chain.
    @custom:upholds SOL-4, SOL-6, SOL-7, SOL-8, CIR-5, QUE-3
    """
    token: token_registry.Token = self._check_order(order)
    return self._queue_swap(order, token, msg.value)


@external
def swap_with_permit(order: IBridge.SwapOrder, permit: IBridge.Permit) -> uint64:
    """
    @notice As swap, with an EIP-2612 permit instead of an approval.
    @dev A permit that fails is ignored: if somebody has submitted it before, the allowance is there.
    @param order What to swap.
    @param permit The caller's permit for this bridge and order.l1_amount.
    @return The request's id on this chain.
    @custom:upholds SOL-9
    """
    token: token_registry.Token = self._check_order(order)
    tokens.try_permit(token.token, msg.sender, order.l1_amount, permit)
    return self._queue_swap(order, token, 0)


@external
@payable
def fill(payout: uint256[3]):
    """
    @notice Pays a recipient ahead of the block, less the fill fee, and is repaid the full amount when the payout is
            executed.
    @dev Whoever fills a payout that no block brings loses it: the key is everything that identifies the payout. The
         caller pays from its own tokens and the bridge checks what the recipient got; refunds cannot be filled.
    @param payout The three words of a payout of kind 2 on this chain.
    @custom:upholds SOL-5, DAT-2, DAT-3, DAT-4
    """
    p: records.Payout = records.unpack_payout(payout[0], payout[1], payout[2])
    checks.require(records.is_payout(payout[0], payout[1], payout[2]), "fill: unused bits")
    checks.require(p.kind == constants.SWAP_PAID_KIND, "fill: not a payment")
    checks.require(p.chain_id == convert(deployment.CHAIN_ID, uint256), "fill: paid on another chain")
    checks.require(deployment.is_chain(convert(p.source, uint8)), "fill: unknown source")
    checks.require(p.request_id > 0, "fill: no request")
    token: token_registry.Token = token_registry.get(p.token_id)
    checks.require(token.token != empty(address), "fill: unknown token")
    recipient: address = records.to_receiver(p.recipient)
    checks.require(recipient != empty(address), "fill: recipient format")
    checks.require(recipient != self, "fill: recipient is the bridge")
    checks.require(p.fill_fee < p.amount, "fill: fee not below amount")

    key: bytes32 = self._key(payout[0], payout[1], payout[2])
    fills.record(key, msg.sender)
    log IBridge.PayoutFilled(
        key=key,
        broker=msg.sender,
        recipient=convert(p.recipient, bytes32),
        token_id=p.token_id,
        amount=convert(p.amount, uint112),
        fee=convert(p.fill_fee, uint112),
    )
    tokens.relay(token.token, msg.sender, recipient, unsafe_sub(p.amount, p.fill_fee) * token.scale, msg.value)


@external
def withdraw_pending_balance(token_id: uint16, receiver: address):
    """
    @notice Pays the caller what could not be pushed to it. Nothing can stop this.
    @param token_id The token owed.
    @param receiver Where to; the caller's choice, since its own address may be what failed.
    @custom:upholds EXI-3, GOV-3
    """
    checks.require(receiver != empty(address) and receiver != self, "withdraw: receiver")
    l1_amount: uint256 = ledger.take_pending(msg.sender, token_id)
    log IBridge.PendingBalanceWithdrawn(owner=msg.sender, receiver=receiver, token_id=token_id, l1_amount=l1_amount)
    tokens.send(token_registry.get(token_id).token, receiver, l1_amount)


# --- blocks ---


@external
def commit_blocks(last: IBridge.StoredBlock, blocks: DynArray[IBlockReader.CommitBlock, MAX_COMMIT_BLOCKS]):
    """
    @notice Enters blocks, with this chain's slice in full.
    @dev Matches the slice with this chain's own queue and computes the public inputs that a proof must have. Nothing is
         believed: a wrong claim about another chain makes inputs that no proof fits.
    @param last The last committed block.
    @param blocks The blocks that follow, in order, at most four in one call.
    @custom:upholds VER-8, QUE-1, DAT-2, DAT-3, SYN-2
    """
    roles.check_validator(msg.sender)
    checks.require(len(blocks) > 0, "commit: no block")
    stages: lifecycle.Stages = lifecycle.stages()
    checks.require(last.number == stages.committed, "commit: not the last block")
    lifecycle.check_stored(last)
    head: IBridge.StoredBlock = last
    for i: uint256 in range(len(blocks), bound=MAX_COMMIT_BLOCKS):
        reading: IBlockReader.Reading = staticcall READER.read_block(
            IBlockReader.Position(
                chain_id=convert(deployment.CHAIN_ID, uint256),
                chain_mask=deployment.CHAIN_MASK,
                domain=deployment.DOMAIN,
                number=convert(head.number, uint256) + 1,
                old_root=head.root,
                queue_hash=priority_queue.hashes[convert(head.request_count, uint256)],
            ),
            blocks[i],
        )
        head = self._commit(head, blocks[i].timestamp, blocks[i].counts, blocks[i].new_root, reading)
    stages.committed = head.number
    lifecycle.set_stages(stages)
    priority_queue.set_committed(convert(head.request_count, uint256))


@external
def prove_blocks(blocks: DynArray[IBridge.ProveBlock, 16]):
    """
    @notice Proves committed blocks, in order, with one call to the verifier. Accepts them on the primary chain,
            elsewhere as far as the primary is known to have accepted the last of them.
    @dev A proof fits one block of one deployment, because the public inputs bind all of it.
    @param blocks The blocks after the last proven one, with their public inputs and proofs.
    @custom:upholds VER-5, VER-6, SYN-2, SYN-8
    """
    stages: lifecycle.Stages = lifecycle.stages()
    first: uint64 = stages.proven + 1
    last: uint64 = stages.proven
    sync_hash: bytes32 = empty(bytes32)
    proofs: DynArray[uint256[8], 16] = []
    inputs: DynArray[uint256[4], 16] = []
    for item: IBridge.ProveBlock in blocks:
        last += 1
        checks.require(item.block.number == last, "prove: not the next block")
        lifecycle.check_stored(item.block)
        checks.require(item.block.inputs_hash == keccak256(abi_encode(item.inputs)), "prove: other public inputs")
        proofs.append(item.proof)
        inputs.append(item.inputs)
        sync_hash = item.block.sync_hash
    checks.require(first <= last, "prove: no block")
    checks.require(last <= stages.committed, "prove: not committed")
    # A static call that only reverts: Vyper has no statement for it, so it is spelled out. Both callees have code, by
    # the constructor.
    raw_call(
        VERIFIER.address,
        abi_encode(proofs, inputs, method_id=method_id("check_proofs(uint256[8][],uint256[4][])")),
        is_static_call=True,
    )

    stages.proven = last
    lifecycle.set_stages(stages)
    log IBridge.BlocksProven(first=first, last=last)
    if deployment.is_primary():
        lifecycle.accept(last)
    elif sync.is_known(deployment.PRIMARY_CHAIN, last, sync_hash):
        sync.apply(deployment.PRIMARY_CHAIN, last, sync_hash, deployment.PRIMARY_CHAIN)


@external
def receive_message(message: ISyncTransport.SyncMessage, evidence: Bytes[2048]):
    """
    @notice Takes what another chain has accepted, from anybody, and applies it if this chain has got that far.
    @dev Remembered by its content: a message that comes twice, late or out of order changes nothing.
    @param message The message.
    @param evidence What the transport needs to see that it is authentic.
    @custom:upholds SYN-1, SYN-3, SYN-4
    """
    checks.require(convert(message.kind, uint256) == constants.ACC_KIND, "message: unknown kind")
    checks.require(message.source_chain != deployment.CHAIN_ID, "message: from this chain")
    checks.require(deployment.is_chain(message.source_chain), "message: unknown source")
    checks.require(message.number > 0, "message: block zero")
    checks.require(message.sync_hash != empty(bytes32), "message: zero hash")
    raw_call(
        TRANSPORT.address,
        abi_encode(
            deployment.DEPLOYMENT_HASH,
            message,
            evidence,
            method_id=method_id("check_message(bytes32,(uint8,uint8,uint64,bytes32),bytes)"),
        ),
        is_static_call=True,
    )
    if sync.remember(message):
        log IBridge.MessageReceived(
            source_chain=message.source_chain, number=message.number, sync_hash=message.sync_hash
        )
    sync.apply(message.source_chain, message.number, message.sync_hash, deployment.PRIMARY_CHAIN)


@external
def apply_message(source_chain: uint8, number: uint64):
    """
    @notice Applies a message that came before this chain had got that far.
    @param source_chain Who accepted.
    @param number Up to which block; the message must have this chain's own hash at it.
    @custom:upholds SYN-1, SYN-5
    """
    sync_hash: bytes32 = lifecycle.sync_hashes[number]
    checks.require(sync.is_known(source_chain, number, sync_hash), "message: not known")
    sync.apply(source_chain, number, sync_hash, deployment.PRIMARY_CHAIN)


@external
def execute_blocks(blocks: DynArray[IBridge.ExecuteBlock, 8]):
    """
    @notice Pays what accepted blocks say, once every chain they concern has accepted them too.
    @dev Pushes with bounded gas and owes what cannot be pushed, so that no recipient holds up a block. Order, payouts
         and acknowledgements of all blocks are checked before the first payment.
    @param blocks The blocks after the last executed one, with the payouts of this chain's slice.
    @custom:upholds SOL-1, SOL-3, SOL-5, EXI-3, SYN-2
    """
    stages: lifecycle.Stages = lifecycle.stages()
    for i: uint256 in range(len(blocks), bound=8):
        stages.executed += 1
        self._check_executable(blocks[i], stages)
    checks.require(len(blocks) > 0, "execute: no block")
    lifecycle.set_stages(stages)
    priority_queue.set_executed(convert(blocks[len(blocks) - 1].block.request_count, uint256))

    for i: uint256 in range(len(blocks), bound=8):
        for j: uint256 in range(64):
            at: uint256 = unsafe_mul(3, j)
            # a whole number of payouts, by the payouts hash
            if at == len(blocks[i].payouts):
                break
            self._pay(blocks[i].payouts[at], blocks[i].payouts[unsafe_add(at, 1)], blocks[i].payouts[unsafe_add(at, 2)])
        log IBridge.BlockExecuted(number=blocks[i].block.number)


@external
def revert_blocks(to_block: IBridge.StoredBlock):
    """
    @notice Drops every block after a given one, down to the last accepted one.
    @dev Requests go back to the queue; fills stay and wait for the block that brings their payout.
    @param to_block The last block that stays.
    @custom:upholds QUE-1, SYN-1
    """
    roles.check_validator(msg.sender)
    stages: lifecycle.Stages = lifecycle.stages()
    checks.require(to_block.number >= stages.accepted, "revert: already accepted")
    checks.require(to_block.number < stages.committed, "revert: nothing to revert")
    lifecycle.check_stored(to_block)
    stages.committed = to_block.number
    stages.proven = min(stages.proven, to_block.number)
    lifecycle.set_stages(stages)
    priority_queue.set_committed(convert(to_block.request_count, uint256))
    log IBridge.BlocksReverted(to=to_block.number)


# --- views: deployment ---


@external
@view
def chain_id() -> uint8:
    """
    @notice This chain's protocol id.
    """
    return deployment.CHAIN_ID


@external
@view
def primary_chain() -> uint8:
    """
    @notice The chain that fixes the order of blocks.
    """
    return deployment.PRIMARY_CHAIN


@external
@view
def deployment_hash() -> bytes32:
    """
    @notice Hash of everything that makes this deployment (protocol section 9).
    """
    return deployment.DEPLOYMENT_HASH


@external
@view
def domain() -> uint256:
    """
    @notice Domain of the swap lane, 248 bits.
    """
    return deployment.DOMAIN


@external
@view
def vk_hash() -> bytes32:
    """
    @notice Hash of the verification key that proofs are checked with.
    """
    return deployment.VK_HASH


@external
@view
def genesis_hash() -> bytes32:
    """
    @notice Hash of this chain's genesis reserves.
    """
    return GENESIS_HASH


@external
@view
def verifier() -> address:
    """
    @notice The verifier.
    """
    return VERIFIER.address


@external
@view
def transport() -> address:
    """
    @notice The sync transport.
    """
    return TRANSPORT.address


@external
@view
def governor() -> address:
    """
    @notice Who sets token parameters.
    """
    return roles.GOVERNOR


@external
@view
def is_validator(account: address) -> bool:
    """
    @notice Whether an account may commit and revert blocks.
    @param account Any account.
    """
    return roles.validators[account]


# --- views: blocks and requests ---


@external
@view
def is_open() -> bool:
    """
    @notice Whether the genesis reserves are paid in and swaps are taken.
    """
    return priority_queue.is_open()


@external
@view
def status() -> (uint64, uint64, uint64, uint64):
    """
    @notice Numbers of the last committed, proven, accepted and executed block.
    """
    stages: lifecycle.Stages = lifecycle.stages()
    return stages.committed, stages.proven, stages.accepted, stages.executed


@external
@view
def request_counts() -> (uint64, uint64, uint64):
    """
    @notice How many requests were made, are in committed blocks, and are in executed blocks.
    """
    counts: priority_queue.Counts = priority_queue.counts()
    return convert(counts.total, uint64), convert(counts.committed, uint64), convert(counts.executed, uint64)


@external
@view
def request_status(request_id: uint64) -> uint8:
    """
    @notice How far a request of this chain has got: 0 none, 1 queued, 2 committed, 3 executed.
    @param request_id 1..
    """
    counts: priority_queue.Counts = priority_queue.counts()
    id: uint256 = convert(request_id, uint256)
    if id == 0 or id > counts.total:
        return 0
    if id <= counts.executed:
        return 3
    return 2 if id <= counts.committed else 1


@external
@view
def block_status(number: uint64) -> uint8:
    """
    @notice How far a block has got here: 0 none, 1 committed, 2 proven, 3 accepted, 4 executed.
    @param number 0 is the genesis, executed as soon as the bridge is open.
    """
    stages: lifecycle.Stages = lifecycle.stages()
    if number > stages.committed or not priority_queue.is_open():
        return 0
    if number <= stages.executed:
        return 4
    if number <= stages.accepted:
        return 3
    return 2 if number <= stages.proven else 1


@external
@view
def queue_hash(request_id: uint64) -> bytes32:
    """
    @notice Rolling hash of requests 1..request_id; zero when there are not so many.
    @param request_id 0 gives the deployment hash once the bridge is open.
    """
    return priority_queue.hashes[convert(request_id, uint256)]


@external
@view
def stored_block_hash(number: uint64) -> bytes32:
    """
    @notice Hash of the stored block at a number; zero when none is committed there.
    @param number 0 is the genesis.
    """
    return lifecycle.stored[number] if number <= lifecycle.stages().committed else empty(bytes32)


@external
@view
def sync_hash(number: uint64) -> bytes32:
    """
    @notice Rolling hash of block commitments up to a number; zero when none is committed there.
    @param number 0 is the genesis.
    """
    return lifecycle.sync_hashes[number] if number <= lifecycle.stages().committed else empty(bytes32)


@external
@view
def acknowledged(source_chain: uint8) -> uint64:
    """
    @notice The last block accepted here that another chain is known to have accepted.
    @param source_chain A chain other than this.
    """
    return sync.acknowledged[source_chain]


@external
@view
def is_message_known(source_chain: uint8, number: uint64, message_sync_hash: bytes32) -> bool:
    """
    @notice Whether a message with this content has arrived.
    @param source_chain Who accepted.
    @param number Up to which block.
    @param message_sync_hash Its hash over these blocks.
    """
    return sync.is_known(source_chain, number, message_sync_hash)


# --- views: tokens ---


@external
@view
def token_config(token_id: uint16) -> IBridge.TokenConfig:
    """
    @notice A token as registered here, with its present limits; all zero when it is not.
    @param token_id 1..token_limit - 1.
    """
    return token_registry.get_config(token_id)


@external
@view
def token_scale(token_id: uint16) -> uint256:
    """
    @notice L1 units per layer-2 unit of a token on this chain; 0 when it is not here.
    @param token_id 1..token_limit - 1.
    """
    return token_registry.get(token_id).scale


@external
@view
def is_paused(token_id: uint16) -> bool:
    """
    @notice Whether new swaps out of a token are stopped here.
    @param token_id 1..token_limit - 1.
    """
    return token_registry.get(token_id).is_paused


@external
@view
def filler(key: bytes32) -> address:
    """
    @notice Who filled a payout: empty for nobody, address 1 when the payout has been executed.
    @param key The payout's fill key (protocol section 8).
    """
    return fills.fillers[key]


@external
@view
def custody(token_id: uint16) -> uint256:
    """
    @notice Reserve and open requests of a token on this chain, in layer-2 units.
    @param token_id 1..token_limit - 1.
    """
    return ledger.amounts[token_id]


@external
@view
def pending_balance(owner: address, token_id: uint16) -> uint256:
    """
    @notice What an owner can withdraw, in L1 units.
    @param owner Any account.
    @param token_id The token owed.
    """
    return ledger.pending[owner][token_id]


@external
@view
def solvency(token_id: uint16) -> (uint256, uint256, uint256):
    """
    @notice What this contract holds of a token, what of it is pending (both in L1 units), and its custody (in layer-2
            units).
    @dev SOL-1: balance >= pending + custody * token_scale. A token that is not here has all zero.
    @param token_id 1..token_limit - 1.
    """
    token: address = token_registry.get(token_id).token
    if token == empty(address):
        return 0, 0, 0
    return tokens.balance_of(token, self), ledger.pending_totals[token_id], ledger.amounts[token_id]


# --- inside ---


@internal
@view
def _check_order(order: IBridge.SwapOrder) -> token_registry.Token:
    """
    @notice Refuses an order that could never be paid, each for its own reason.
    """
    token: token_registry.Token = token_registry.get(order.token_in)
    checks.require(token.token != empty(address), "swap: unknown token in")
    checks.require(not token.is_paused, "swap: token paused")
    checks.require(deployment.is_chain(order.destination), "swap: unknown destination")
    chains_out: uint256 = token_registry.get(order.token_out).chains
    checks.require((chains_out >> order.destination) & 1 == 1, "swap: unknown token out")
    checks.require(order.token_in != order.token_out or order.destination != deployment.CHAIN_ID, "swap: same token, same chain")
    checks.require(order.recipient != empty(bytes32), "swap: zero recipient")
    checks.require(deployment.is_address_of(order.destination, order.recipient), "swap: recipient format")
    checks.require(not deployment.is_bridge_of(order.destination, order.recipient), "swap: recipient is a bridge")
    checks.require(convert(order.deadline, uint256) >= block.timestamp, "swap: deadline passed")
    checks.require(order.l1_amount > 0, "swap: zero amount")
    return token


@internal
def _queue_swap(order: IBridge.SwapOrder, token: token_registry.Token, coin: uint256) -> uint64:
    """
    @notice Takes the tokens in and puts the request into the queue.
    """
    received: uint256 = tokens.pull(token.token, msg.sender, order.l1_amount, coin)
    checks.require(received % token.scale == 0, "swap: amount not convertible")
    amount: uint256 = received // token.scale
    minimum: uint256 = 0
    cap: uint256 = 0
    minimum, cap = token_registry.get_limits(order.token_in)
    checks.require(amount >= minimum, "swap: below the minimum")
    checks.require(convert(order.operator_fee, uint256) < amount, "swap: fee not below amount")
    ledger.credit(order.token_in, amount, cap)

    request_id: uint256 = 0
    previous: bytes32 = empty(bytes32)
    request_id, previous = priority_queue.take_place()
    priority_queue.put(
        request_id,
        previous,
        records.pack_request(deployment.CHAIN_ID, request_id, order, amount, msg.sender, block.timestamp),
    )
    log IBridge.SwapRequested(
        request_id=convert(request_id, uint64),
        sender=msg.sender,
        token_in=order.token_in,
        l1_amount=received,
        amount=convert(amount, uint112),
        destination=order.destination,
        token_out=order.token_out,
        min_out=order.min_out,
        operator_fee=order.operator_fee,
        fill_fee=order.fill_fee,
        recipient=order.recipient,
        deadline=order.deadline,
        queued_at=convert(block.timestamp, uint40),
        expires_at=convert(block.timestamp + priority_queue.EXPIRY_SECONDS, uint40),
    )
    return convert(request_id, uint64)


@internal
def _commit(
    last: IBridge.StoredBlock, timestamp: uint40, counts: uint256, new_root: uint256, reading: IBlockReader.Reading
) -> IBridge.StoredBlock:
    """
    @notice Checks what a block says against this chain's clock and queue, and stores it.
    """
    time: uint256 = convert(timestamp, uint256)
    checks.require(timestamp >= last.timestamp, "commit: before the last block")
    checks.require(time <= block.timestamp + constants.DRIFT_SECONDS, "commit: in the future")
    if deployment.is_primary():
        checks.require(time + constants.MAX_AGE_SECONDS >= block.timestamp, "commit: too old")
    request_count: uint256 = convert(last.request_count, uint256) + reading.requests
    # The hash of a place that nobody has taken yet is zero, so this also bounds the count.
    checks.require(priority_queue.hashes[request_count] == reading.queue_hash, "commit: not the queued requests")
    checks.require(time >= reading.queued_at, "commit: before a request")

    head: IBridge.StoredBlock = IBridge.StoredBlock(
        number=last.number + 1,
        timestamp=timestamp,
        counts=counts,
        root=new_root,
        request_count=convert(request_count, uint64),
        payouts_hash=reading.payouts_hash,
        inputs_hash=reading.inputs_hash,
        sync_hash=keccak256(abi_encode(last.sync_hash, reading.block_commitment)),
    )
    lifecycle.store(head)
    log IBridge.BlockCommitted(number=head.number, block_commitment=reading.block_commitment, sync_hash=head.sync_hash)
    return head


@internal
@view
def _check_executable(item: IBridge.ExecuteBlock, stages: lifecycle.Stages):
    """
    @notice Reverts unless the block is accepted here and on every chain that it concerns.
    @param item The block and its payouts.
    @param stages The counters, with executed already at this block.
    """
    number: uint64 = item.block.number
    checks.require(number == stages.executed, "execute: not the next block")
    checks.require(number <= stages.accepted, "execute: not accepted")
    lifecycle.check_stored(item.block)
    checks.require(records.hash_payouts(item.payouts) == item.block.payouts_hash, "execute: other payouts")
    own: uint256 = convert(deployment.CHAIN_ID, uint256)
    primary: uint256 = convert(deployment.PRIMARY_CHAIN, uint256)
    for k: uint256 in range(1, constants.SLICE_COUNT):
        if k != own and (k == primary or records.count_of(item.block.counts, k) > 0):
            checks.require(sync.acknowledged[convert(k, uint8)] >= number, "execute: a chain is missing")


@internal
def _pay(p0: uint256, p1: uint256, p2: uint256):
    """
    @notice Pays one payout: to the broker who filled it, else to the recipient; owed if it cannot be pushed.
    """
    p: records.Payout = records.unpack_payout(p0, p1, p2)
    key: bytes32 = self._key(p0, p1, p2)
    receiver: address = records.to_receiver(p.recipient)
    if p.kind == constants.SWAP_PAID_KIND:
        broker: address = fills.settle(key)
        if broker == fills.EXECUTED:
            # A second payout with the same key can only come from a corrupt source chain: it is not paid, and blocks
            # nothing.
            return
        if broker != empty(address):
            receiver = broker
    ledger.debit(p.token_id, p.amount)

    token: token_registry.Token = token_registry.get(p.token_id)
    l1_amount: uint256 = p.amount * token.scale
    is_paid: bool = False
    if receiver != empty(address):
        is_paid = tokens.push(token.token, receiver, l1_amount)
    if is_paid:
        log IBridge.PayoutPaid(
            key=key, receiver=receiver, token_id=p.token_id, l1_amount=l1_amount, kind=convert(p.kind, uint8)
        )
    else:
        ledger.add_pending(receiver, p.token_id, l1_amount)
        log IBridge.PayoutDeferred(
            key=key, receiver=receiver, token_id=p.token_id, l1_amount=l1_amount, kind=convert(p.kind, uint8)
        )


@internal
@view
def _key(p0: uint256, p1: uint256, p2: uint256) -> bytes32:
    """
    @notice What identifies a payout; for kind 2 its fill key.
    """
    return keccak256(abi_encode(deployment.DOMAIN, p0, p1, p2))
