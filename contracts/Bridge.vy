# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Bridge
@license Apache-2.0
@author The zklink authors
@notice One chain's side of the system: takes swaps, deposits and full exits into its two queues, learns their outcome
        from proven blocks, and pays. Never pays more of a token than came in on this chain. The code is the same on
        every EVM chain. The bridge trusts its own queues and the proofs that its verifiers check. It trusts messages of
        other chains only as far as its own books reach.
@custom:emergency The governor can pause a token in the token registry: then no request brings it in. Anyone can freeze
                  the chain when a request or an accepted block has waited for three days. A freeze stops every new
                  request and every block that consumes one, for good; then the exodus contract lets everybody out.
                  Nothing ever stops fill, receive_message, apply_message and withdraw_pending_balance, or the payment
                  of a debt: blocks up to the last common one, then cancelled requests and exits. Nothing here can be
                  upgraded.
@custom:security Every function but is_owner_known is locked against reentrancy. Tokens come in before the books are
                 written, because only the amount that really arrived is credited; they go out after.
"""

from .interfaces import IBlockReader
from .interfaces import IBridge
from .interfaces import IExodus
from .interfaces import ISyncLedger
from .interfaces import ISyncTransport
from .interfaces import ITokenRegistry
from .interfaces import IVerifier
from .modules import checks
from .modules import constants
from .modules import deployment
from .modules import fills
from .modules import ledger
from .modules import lifecycle
from .modules import owners
from .modules import priority_queue
from .modules import records
from .modules import roles
from .modules import sync
from .modules import tokens

implements: IBridge

initializes: deployment
initializes: roles
initializes: ledger
initializes: priority_queue
initializes: owners
initializes: fills
initializes: lifecycle
initializes: sync[lifecycle := lifecycle]

TOKENS: immutable(ITokenRegistry)
READER: immutable(IBlockReader)
SYNC: immutable(ISyncLedger)
SWAP_VERIFIER: immutable(address)
ACCOUNT_VERIFIER: immutable(address)
EXODUS: immutable(IExodus)

@deploy
def __init__(
    chain_id: uint8,
    primary_chain: uint8,
    chains: DynArray[IBridge.ChainEntry, 8],
    parts: IBridge.Parts,
    token_limit: uint256,
    account_limit: uint256,
    genesis_root: uint256,
    validators: DynArray[address, 8],
):
    """
    @notice Fixes everything. The bridge is in use from here on.
    @dev The chain table names this contract and the sync ledger knows it, so whoever deploys predicts its address.
    @param chain_id This chain's protocol id, 1..8.
    @param primary_chain The chain that fixes the order of blocks.
    @param chains The chain table, ascending by protocol id.
    @param parts The contracts that it relies on.
    @param token_limit Token ids are 1..token_limit - 1, the upper half shares of pools.
    @param account_limit Accounts are 0..account_limit - 1.
    @param genesis_root State root of block 0.
    @param validators May commit and revert blocks.
    @custom:upholds GOV-1, VER-6, SYN-3
    """
    assert parts.token_registry.is_contract, "bridge: registry has no code"
    assert parts.reader.is_contract, "bridge: reader has no code"
    assert parts.sync_ledger.is_contract, "bridge: ledger has no code"
    assert parts.swap_verifier.is_contract, "bridge: verifier has no code"
    assert parts.account_verifier.is_contract, "bridge: account verifier no code"
    assert parts.exodus.is_contract, "bridge: exodus has no code"
    vk_hashes: bytes32[3] = [
        staticcall IVerifier(parts.swap_verifier).vk_hash(),
        staticcall IVerifier(parts.account_verifier).vk_hash(),
        staticcall IExodus(parts.exodus).vk_hash(),
    ]
    deployment.__init__(chain_id, primary_chain, chains, token_limit, account_limit, genesis_root, vk_hashes, self)
    roles.__init__(validators)
    is_own: bool = staticcall ITokenRegistry(parts.token_registry).is_for(chain_id, deployment.CHAIN_MASK, token_limit)
    assert is_own, "bridge: registry of another"
    is_own = staticcall ISyncLedger(parts.sync_ledger).is_for(
        self, deployment.DEPLOYMENT_HASH, chain_id, primary_chain, deployment.CHAIN_MASK
    )
    assert is_own, "bridge: ledger of another"
    is_own = staticcall IExodus(parts.exodus).is_for(self, parts.sync_ledger)
    assert is_own, "bridge: exodus of another"
    TOKENS = ITokenRegistry(parts.token_registry)
    READER = IBlockReader(parts.reader)
    SYNC = ISyncLedger(parts.sync_ledger)
    SWAP_VERIFIER = parts.swap_verifier
    ACCOUNT_VERIFIER = parts.account_verifier
    EXODUS = IExodus(parts.exodus)

    priority_queue.open(deployment.DEPLOYMENT_HASH)
    lifecycle.store(
        IBridge.StoredBlock(
            number=0,
            timestamp=0,
            lane=0,
            counts=0,
            root=genesis_root,
            swap_requests=0,
            account_requests=0,
            payouts_hash=empty(bytes32),
            inputs_hash=empty(bytes32),
            sync_hash=deployment.DEPLOYMENT_HASH,
        )
    )


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
    token: ITokenRegistry.Token = self._check_order(order)
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
    token: ITokenRegistry.Token = self._check_order(order)
    tokens.try_permit(token.token, msg.sender, order.l1_amount, permit)
    return self._queue_swap(order, token, 0)


@external
@payable
def deposit(order: IBridge.DepositOrder) -> uint64:
    """
    @notice Brings a token into an account of the layer 2, the sender's or anybody's; a new one if the owner has none.
    @dev What is credited is what arrived. Ends in exactly one of: credited, refunded to the sender in exodus.
    @param order What to bring in; l1_amount in units of the token's contract.
    @return The request's id in the account lane of this chain.
    @custom:upholds SOL-4, SOL-6, SOL-7, SOL-8, CIR-5, QUE-3
    """
    return self._queue_deposit(order, self._check_deposit(order), msg.value)


@external
def deposit_with_permit(order: IBridge.DepositOrder, permit: IBridge.Permit) -> uint64:
    """
    @notice As deposit, with an EIP-2612 permit instead of an approval.
    @dev A permit that fails is ignored: if somebody has submitted it before, the allowance is there.
    @param order What to bring in.
    @param permit The caller's permit for this bridge and order.l1_amount.
    @return The request's id in the account lane of this chain.
    @custom:upholds SOL-9
    """
    token: ITokenRegistry.Token = self._check_deposit(order)
    tokens.try_permit(token.token, msg.sender, order.l1_amount, permit)
    return self._queue_deposit(order, token, 0)


@external
def full_exit(account: uint32, token_id: uint16) -> uint64:
    """
    @notice Asks to be paid here all that an account of the caller has of a token. The operator cannot refuse it, only
            freeze over it.
    @dev Whether the account is the caller's is decided in the block: if it is not, or is empty, nothing is paid.
    @param account 0..account_limit - 1.
    @param token_id A token that is on this chain.
    @return The request's id in the account lane of this chain.
    @custom:upholds QUE-2, QUE-3, CIR-5, GOV-3
    """
    self._check_running()
    checks.require(convert(account, uint256) < deployment.ACCOUNT_LIMIT, "full exit: no such account")
    checks.require((staticcall TOKENS.get_token(token_id)).token != empty(address), "full exit: unknown token")
    request_id: uint256 = self._queue_request(
        constants.FULL_EXIT_KIND, token_id, account, 0, convert(msg.sender, uint256)
    )
    log IBridge.FullExitRequested(
        request_id=convert(request_id, uint64),
        owner=msg.sender,
        account=account,
        token_id=token_id,
        queued_at=convert(block.timestamp, uint40),
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return convert(request_id, uint64)


@external
@payable
def fill(payout: uint256[3]):
    """
    @notice Pays a recipient ahead of the block, less the fill fee, and is repaid the full amount when the payout is
            executed.
    @dev Whoever fills a payout that no block brings loses it: the key is everything that identifies the payout. The
         caller pays from its own tokens and the bridge checks what the recipient got; refunds cannot be filled.
    @param payout The three words of a payout of kind 2 (a swap) or 20 (a withdrawal) on this chain.
    @custom:upholds SOL-5, DAT-2, DAT-3, DAT-4
    """
    p: records.Payout = records.unpack_payout(payout[0], payout[1], payout[2])
    checks.require(records.is_payout(payout[0], payout[1], payout[2]), "fill: unused bits")
    checks.require(p.chain_id == convert(deployment.CHAIN_ID, uint256), "fill: paid on another chain")
    if p.kind == constants.SWAP_PAID_KIND:
        checks.require(deployment.is_chain(convert(p.source, uint8)), "fill: unknown source")
        checks.require(p.id > 0, "fill: no request")
    else:
        checks.require(p.kind == constants.WITHDRAW_PAYOUT_KIND, "fill: not a payment")
        checks.require(p.source == 0, "fill: source of a withdrawal")
    token: ITokenRegistry.Token = staticcall TOKENS.get_token(p.token_id)
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
    tokens.send((staticcall TOKENS.get_token(token_id)).token, receiver, l1_amount)


# --- blocks ---


@external
def commit_blocks(last: IBridge.StoredBlock, blocks: DynArray[IBlockReader.CommitBlock, constants.MAX_COMMIT_BLOCKS]):
    """
    @notice Enters blocks of either lane, with this chain's slice in full.
    @dev Matches the slice with this chain's own queue and computes the public inputs that a proof must have. Nothing is
         believed: a wrong claim about another chain makes inputs that no proof fits. Validators only; after a freeze
         anyone, but only what the primary had accepted when it froze and what consumes and pays nothing here.
    @param last The last committed block.
    @param blocks The blocks that follow, in order, at most four in one call.
    @custom:upholds VER-8, QUE-1, DAT-2, DAT-3, SYN-2, SYN-7
    """
    stages: lifecycle.Stages = lifecycle.stages()
    if not stages.is_frozen:
        roles.check_validator(msg.sender)
    else:
        checks.require(not deployment.is_primary(), "commit: the primary is frozen")
    checks.require(len(blocks) > 0, "commit: no block")
    checks.require(last.number == stages.committed, "commit: not the last block")
    lifecycle.check_stored(last)
    head: IBridge.StoredBlock = last
    for i: uint256 in range(len(blocks), bound=constants.MAX_COMMIT_BLOCKS):
        lane: uint256 = convert(blocks[i].lane, uint256)
        consumed: uint64 = head.swap_requests if lane == constants.SWAP_LANE else head.account_requests
        reading: IBlockReader.Reading = staticcall READER.read_block(
            IBlockReader.Position(
                chain_id=convert(deployment.CHAIN_ID, uint256),
                is_primary=deployment.is_primary(),
                chain_mask=deployment.CHAIN_MASK,
                domain=deployment.domain_of(lane),
                deployment_hash=deployment.DEPLOYMENT_HASH,
                number=convert(head.number, uint256) + 1,
                old_root=head.root,
                queue_hash=priority_queue.hash_at(lane, convert(consumed, uint256)),
            ),
            blocks[i],
        )
        head.lane = blocks[i].lane
        head.counts = blocks[i].counts
        head.root = blocks[i].new_root
        head = self._commit(head, blocks[i].timestamp, consumed, reading)
        if stages.is_frozen:
            self._check_import(head)
    stages.committed = head.number
    lifecycle.set_stages(stages)


@external
def prove_blocks(blocks: DynArray[IBridge.ProveBlock, constants.MAX_PROVE_BLOCKS]):
    """
    @notice Proves committed blocks of one lane, in order, with one call to its verifier. Accepts them on the primary
            chain, elsewhere as far as the primary is known to have accepted the last of them.
    @dev Anybody may prove. Proof bytes are never kept, so two proofs of one statement are the same.
    @param blocks The blocks that follow the last proven one, with public inputs and proofs.
    @custom:upholds VER-5, VER-6, SYN-2, SYN-8
    """
    stages: lifecycle.Stages = lifecycle.stages()
    first: uint64 = stages.proven + 1
    last: uint64 = stages.proven
    lane: uint8 = 0
    sync_hash: bytes32 = empty(bytes32)
    proofs: DynArray[uint256[8], constants.MAX_PROVE_BLOCKS] = []
    inputs: DynArray[uint256[4], constants.MAX_PROVE_BLOCKS] = []
    for item: IBridge.ProveBlock in blocks:
        last += 1
        checks.require(item.block.number == last, "prove: not the next block")
        checks.require(last == first or item.block.lane == lane, "prove: blocks of two lanes")
        lifecycle.check_stored(item.block)
        checks.require(item.block.inputs_hash == keccak256(abi_encode(item.inputs)), "prove: other public inputs")
        proofs.append(item.proof)
        inputs.append(item.inputs)
        lane = item.block.lane
        sync_hash = item.block.sync_hash
    checks.require(first <= last, "prove: no block")
    checks.require(last <= stages.committed, "prove: not committed")
    # A static call that only reverts: Vyper has no statement for it, so it is spelled out. Every callee has code, by
    # the constructor.
    raw_call(
        SWAP_VERIFIER if convert(lane, uint256) == constants.SWAP_LANE else ACCOUNT_VERIFIER,
        abi_encode(proofs, inputs, method_id=method_id("check_proofs(uint256[8][],uint256[4][])")),
        is_static_call=True,
    )

    stages.proven = last
    lifecycle.set_stages(stages)
    log IBridge.BlocksProven(first=first, last=last)
    if deployment.is_primary():
        lifecycle.accept(last)
    elif staticcall SYNC.is_known(deployment.PRIMARY_CHAIN, last, sync_hash):
        sync.apply(deployment.PRIMARY_CHAIN, last, sync_hash, deployment.PRIMARY_CHAIN)


@external
def receive_message(message: ISyncTransport.SyncMessage, evidence: Bytes[2048]):
    """
    @notice Takes from anybody what another chain has accepted, or that it is frozen, and applies it if this chain has
            got that far. A freeze of another chain freezes this one.
    @dev The sync ledger checks that the message is authentic and remembers it. A freeze that contradicts what this
         chain has accepted is refused, since it would freeze this chain too; any other message that disagrees has no
         effect.
    @param message The message.
    @param evidence What the transport needs to see that it is authentic.
    @custom:upholds SYN-1, SYN-3, SYN-4, SYN-7
    """
    is_freeze: bool = convert(message.kind, uint256) == constants.FRZ_KIND
    if is_freeze:
        accepted: uint64 = lifecycle.stages().accepted
        checks.require(
            message.number > accepted or message.sync_hash == lifecycle.sync_hashes[message.number],
            "message: not this history",
        )
        checks.require(
            message.number >= accepted or message.source_chain != deployment.PRIMARY_CHAIN,
            "message: primary accepted more",
        )
    if extcall SYNC.record_message(message, evidence):
        log IBridge.MessageReceived(
            source_chain=message.source_chain, number=message.number, sync_hash=message.sync_hash, kind=message.kind
        )
    # As much as this chain has proven counts before it stops.
    sync.apply(message.source_chain, message.number, message.sync_hash, deployment.PRIMARY_CHAIN)
    if is_freeze:
        self._freeze()


@external
def apply_message(source_chain: uint8, number: uint64):
    """
    @notice Applies a message that came before this chain had got that far, or that was opened in the sync ledger.
    @param source_chain Who accepted.
    @param number Up to which block; the message must have this chain's own hash at it.
    @custom:upholds SYN-1, SYN-5
    """
    sync_hash: bytes32 = lifecycle.sync_hashes[number]
    checks.require(staticcall SYNC.is_known(source_chain, number, sync_hash), "message: not known")
    sync.apply(source_chain, number, sync_hash, deployment.PRIMARY_CHAIN)


@external
def execute_blocks(blocks: DynArray[IBridge.ExecuteBlock, constants.MAX_EXECUTE_BLOCKS]):
    """
    @notice Pays what accepted blocks say, once every chain they concern has accepted them too.
    @dev Sends each payout with a gas limit. If the transfer fails, the amount becomes a pending balance, so no
         recipient can hold up a block. Order, payouts and acknowledgements of all blocks are checked before the first
         payment. Blocks above the last common one are never executed.
    @param blocks The blocks after the last executed one, with the payouts of this chain's slice.
    @custom:upholds SOL-1, SOL-3, SOL-5, EXI-2, EXI-3, SYN-2, SYN-7
    """
    stages: lifecycle.Stages = lifecycle.stages()
    for i: uint256 in range(len(blocks), bound=constants.MAX_EXECUTE_BLOCKS):
        stages.executed += 1
        self._check_executable(blocks[i], stages)
    checks.require(len(blocks) > 0, "execute: no block")
    if stages.is_frozen:
        is_known: bool = False
        common: uint64 = 0
        is_known, common = staticcall SYNC.common_block()
        checks.require(not is_known or stages.executed <= common, "execute: above the common block")
    stages.waiting_since = block.timestamp if stages.executed < stages.accepted else 0
    lifecycle.set_stages(stages)
    last: IBridge.StoredBlock = blocks[len(blocks) - 1].block
    priority_queue.settle(constants.SWAP_LANE, convert(last.swap_requests, uint256))
    priority_queue.settle(constants.ACCOUNT_LANE, convert(last.account_requests, uint256))

    for i: uint256 in range(len(blocks), bound=constants.MAX_EXECUTE_BLOCKS):
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
    @dev Requests go back to the queue; fills stay and wait for the block that brings their payout. Not after a freeze:
         what comes in then is on the primary's frozen history and can always be accepted, so a revert could only be in
         somebody's way.
    @param to_block The last block that stays.
    @custom:upholds QUE-1, SYN-1
    """
    roles.check_validator(msg.sender)
    stages: lifecycle.Stages = lifecycle.stages()
    checks.require(not stages.is_frozen, "revert: frozen")
    checks.require(to_block.number >= stages.accepted, "revert: already accepted")
    checks.require(to_block.number < stages.committed, "revert: nothing to revert")
    lifecycle.check_stored(to_block)
    stages.committed = to_block.number
    stages.proven = min(stages.proven, to_block.number)
    lifecycle.set_stages(stages)
    log IBridge.BlocksReverted(to=to_block.number)


# --- what exodus does with a chain ---


@external
def freeze():
    """
    @notice Stops this chain for good, by the exodus contract alone, which knows when anybody may ask for it.
    @custom:upholds QUE-2, SYN-7
    """
    self._check_exodus()
    checks.require(not lifecycle.stages().is_frozen, "bridge: already frozen")
    self._freeze()


@external
def release(token_id: uint16, receiver: address, amount: uint256) -> uint256:
    """
    @notice Pays what a cancelled request or an exit is owed, by the exodus contract alone and on a frozen chain alone;
            never more than came in.
    @param token_id A token of this chain.
    @param receiver Gets it pushed with bounded gas, else as a pending balance.
    @param amount Layer-2 units.
    @return What it was in L1 units.
    @custom:upholds SOL-1, SOL-3, EXI-3
    """
    self._check_exodus()
    checks.require(lifecycle.stages().is_frozen, "bridge: not frozen")
    is_paid: bool = False
    l1_amount: uint256 = 0
    is_paid, l1_amount = self._release(token_id, receiver, amount)
    return l1_amount


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
def lane_domain(lane: uint8) -> uint256:
    """
    @notice Domain of a lane, 248 bits.
    @param lane 1 swaps, 2 accounts.
    """
    return deployment.domain_of(convert(lane, uint256))


@external
@view
def exit_domain() -> uint256:
    """
    @notice Domain of exits, 248 bits.
    """
    return deployment.EXIT_DOMAIN


@external
@view
def parts() -> IBridge.Parts:
    """
    @notice The contracts that this bridge relies on.
    """
    return IBridge.Parts(
        token_registry=TOKENS.address,
        reader=READER.address,
        sync_ledger=SYNC.address,
        exodus=EXODUS.address,
        swap_verifier=SWAP_VERIFIER,
        account_verifier=ACCOUNT_VERIFIER,
    )


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
def status() -> (uint64, uint64, uint64, uint64):
    """
    @notice Numbers of the last committed, proven, accepted and executed block.
    """
    stages: lifecycle.Stages = lifecycle.stages()
    return stages.committed, stages.proven, stages.accepted, stages.executed


@external
@view
def is_frozen() -> bool:
    """
    @notice Whether this chain takes no requests any more.
    """
    return lifecycle.stages().is_frozen


@external
@view
def waiting_since() -> uint256:
    """
    @notice Since when accepted blocks wait without one being executed, UNIX seconds; 0 when none waits.
    """
    return lifecycle.stages().waiting_since


@external
@view
def request_counts(lane: uint8) -> (uint64, uint64):
    """
    @notice How many requests were made in a lane, and how many are in executed blocks.
    @param lane 1 swaps, 2 deposits and full exits.
    """
    total: uint256 = 0
    settled: uint256 = 0
    total, settled = priority_queue.counts(convert(lane, uint256))
    return convert(total, uint64), convert(settled, uint64)


@external
@view
def request_status(lane: uint8, request_id: uint64) -> uint8:
    """
    @notice How far a request of this chain has got: 0 none, 1 queued, 2 executed.
    @param lane 1 swaps, 2 deposits and full exits.
    @param request_id 1..
    """
    total: uint256 = 0
    settled: uint256 = 0
    total, settled = priority_queue.counts(convert(lane, uint256))
    id: uint256 = convert(request_id, uint256)
    if id == 0 or id > total:
        return 0
    return 2 if id <= settled else 1


@external
@view
def block_status(number: uint64) -> uint8:
    """
    @notice How far a block has got here: 0 none, 1 committed, 2 proven, 3 accepted, 4 executed.
    @param number 0 is the genesis, executed from the start.
    """
    stages: lifecycle.Stages = lifecycle.stages()
    if number > stages.committed:
        return 0
    if number <= stages.executed:
        return 4
    if number <= stages.accepted:
        return 3
    return 2 if number <= stages.proven else 1


@external
@view
def queue_hash(lane: uint8, request_id: uint64) -> bytes32:
    """
    @notice Rolling hash of requests 1..request_id of a lane; zero when there are not so many.
    @param lane 1 swaps, 2 deposits and full exits.
    @param request_id 0 gives the deployment hash.
    """
    return priority_queue.hash_at(convert(lane, uint256), convert(request_id, uint256))


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
    return staticcall SYNC.is_known(source_chain, number, message_sync_hash)


@external
@view
@reentrant
def is_owner_known(owner: address) -> bool:
    """
    @notice Whether an address has put a request for itself into the account lane here: a deposit into an account of its
            own, or a full exit. Only then a forced exit, which anybody can ask for, is paid to it on this chain.
    @dev Not locked, because the reader asks in the middle of a commit; what is known once stays known.
    @param owner Any address.
    @custom:upholds EXI-4
    """
    return owners.known[owner]


# --- views: tokens ---


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
    @param token_id Any token.
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
    @param token_id Any token.
    """
    token: address = (staticcall TOKENS.get_token(token_id)).token
    if token == empty(address):
        return 0, 0, 0
    return tokens.balance_of(token, self), ledger.pending_totals[token_id], ledger.amounts[token_id]


# --- inside: requests ---


@internal
@view
def _check_running():
    """
    @notice Reverts when this chain takes no requests any more.
    """
    checks.require(not lifecycle.stages().is_frozen, "bridge: frozen")


@internal
@view
def _check_incoming(token_id: uint16, l1_amount: uint256) -> ITokenRegistry.Token:
    """
    @notice The token of an amount that wants in; refuses what can never come in.
    """
    self._check_running()
    token: ITokenRegistry.Token = staticcall TOKENS.get_token(token_id)
    checks.require(token.token != empty(address), "bridge: unknown token")
    checks.require(not token.is_paused, "bridge: token paused")
    checks.require(l1_amount > 0, "bridge: zero amount")
    return token


@internal
@view
def _check_order(order: IBridge.SwapOrder) -> ITokenRegistry.Token:
    """
    @notice Refuses an order that could never be paid, each for its own reason.
    """
    token: ITokenRegistry.Token = self._check_incoming(order.token_in, order.l1_amount)
    checks.require(deployment.is_chain(order.destination), "swap: unknown destination")
    chains_out: uint256 = convert((staticcall TOKENS.get_token(order.token_out)).chains, uint256)
    checks.require((chains_out >> order.destination) & 1 == 1, "swap: unknown token out")
    checks.require(order.token_in != order.token_out or order.destination != deployment.CHAIN_ID, "swap: same token, same chain")
    checks.require(order.recipient != empty(bytes32), "swap: zero recipient")
    checks.require(deployment.is_address_of(order.destination, order.recipient), "swap: recipient format")
    checks.require(not deployment.is_bridge_of(order.destination, order.recipient), "swap: recipient is a bridge")
    checks.require(convert(order.deadline, uint256) >= block.timestamp, "swap: deadline passed")
    return token


@internal
@view
def _check_deposit(order: IBridge.DepositOrder) -> ITokenRegistry.Token:
    """
    @notice Refuses a deposit that could never be credited.
    """
    checks.require(order.owner != empty(bytes32), "deposit: zero owner")
    return self._check_incoming(order.token_id, order.l1_amount)


@internal
def _take_in(token_id: uint16, token: ITokenRegistry.Token, l1_amount: uint256, coin: uint256) -> (uint256, uint256):
    """
    @notice Takes tokens in and credits what arrived.
    @return What arrived, in L1 and in layer-2 units.
    """
    received: uint256 = tokens.pull(token.token, msg.sender, l1_amount, coin)
    checks.require(received % token.scale == 0, "bridge: amount not convertible")
    amount: uint256 = received // token.scale
    # A token that takes it all on the way brings nothing, which could be neither credited nor swapped.
    checks.require(amount > 0, "bridge: nothing arrived")
    checks.require(amount >= convert(token.minimum, uint256), "bridge: below the minimum")
    ledger.credit(token_id, amount, convert(token.cap, uint256))
    return received, amount


@internal
def _queue_swap(order: IBridge.SwapOrder, token: ITokenRegistry.Token, coin: uint256) -> uint64:
    """
    @notice Takes the tokens in and puts the request into the queue.
    """
    received: uint256 = 0
    amount: uint256 = 0
    received, amount = self._take_in(order.token_in, token, order.l1_amount, coin)
    checks.require(convert(order.operator_fee, uint256) < amount, "swap: fee not below amount")
    request_id: uint256 = priority_queue.next_id(constants.SWAP_LANE)
    priority_queue.put(
        constants.SWAP_LANE,
        request_id,
        records.pack_swap(deployment.CHAIN_ID, request_id, order, amount, msg.sender, block.timestamp),
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
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return convert(request_id, uint64)


@internal
def _queue_deposit(order: IBridge.DepositOrder, token: ITokenRegistry.Token, coin: uint256) -> uint64:
    """
    @notice Takes the tokens in and puts the request into the queue.
    """
    received: uint256 = 0
    amount: uint256 = 0
    received, amount = self._take_in(order.token_id, token, order.l1_amount, coin)
    request_id: uint256 = self._queue_request(
        constants.DEPOSIT_KIND, order.token_id, 0, amount, convert(order.owner, uint256)
    )
    log IBridge.DepositRequested(
        request_id=convert(request_id, uint64),
        owner=order.owner,
        sender=msg.sender,
        token_id=order.token_id,
        l1_amount=received,
        amount=convert(amount, uint112),
        queued_at=convert(block.timestamp, uint40),
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return convert(request_id, uint64)


@internal
def _queue_request(kind: uint256, token_id: uint16, account: uint32, amount: uint256, owner: uint256) -> uint256:
    """
    @notice Puts a request of the caller into the queue of the account lane, and knows the caller from then on if the
            account is its own.
    @return Its id.
    """
    if owner == convert(msg.sender, uint256):
        owners.remember(msg.sender)
    request_id: uint256 = priority_queue.next_id(constants.ACCOUNT_LANE)
    priority_queue.put(
        constants.ACCOUNT_LANE,
        request_id,
        records.pack_account_request(
            kind, deployment.CHAIN_ID, request_id, token_id, account, amount, owner, msg.sender, block.timestamp
        ),
    )
    return request_id


# --- inside: blocks ---


@internal
def _commit(
    last: IBridge.StoredBlock, timestamp: uint40, consumed: uint64, reading: IBlockReader.Reading
) -> IBridge.StoredBlock:
    """
    @notice Checks what a block says against this chain's clock and queue, and stores it.
    @param last The block before, with lane, counts and root of the new one.
    @param consumed Requests of the block's lane that earlier blocks consume.
    """
    time: uint256 = convert(timestamp, uint256)
    checks.require(timestamp >= last.timestamp, "commit: before the last block")
    checks.require(time <= block.timestamp + constants.DRIFT_SECONDS, "commit: in the future")
    if deployment.is_primary():
        checks.require(time + constants.MAX_AGE_SECONDS >= block.timestamp, "commit: too old")
    lane: uint256 = convert(last.lane, uint256)
    count: uint256 = convert(consumed, uint256) + reading.requests
    # The hash of a place that nobody has taken yet is zero, so this also bounds the count.
    checks.require(priority_queue.hash_at(lane, count) == reading.queue_hash, "commit: not the queued requests")
    checks.require(time >= reading.queued_at, "commit: before a request")

    head: IBridge.StoredBlock = last
    head.number += 1
    head.timestamp = timestamp
    if lane == constants.SWAP_LANE:
        head.swap_requests = convert(count, uint64)
    else:
        head.account_requests = convert(count, uint64)
    head.payouts_hash = reading.payouts_hash
    head.inputs_hash = reading.inputs_hash
    head.sync_hash = keccak256(abi_encode(last.sync_hash, reading.block_commitment))
    lifecycle.store(head)
    log IBridge.BlockCommitted(number=head.number, block_commitment=reading.block_commitment, sync_hash=head.sync_hash)
    return head


@internal
@view
def _check_import(head: IBridge.StoredBlock):
    """
    @notice Reverts unless a block may come in after the freeze: the primary had accepted it when it froze, and it
            consumes and pays nothing here.
    """
    checks.require(
        records.count_of(head.counts, convert(deployment.CHAIN_ID, uint256)) == 0, "commit: own slice after freeze"
    )
    checks.require(
        staticcall SYNC.frozen_history(head.number) == head.sync_hash, "commit: not the frozen history"
    )


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


# --- inside: freeze ---


@internal
def _freeze():
    """
    @notice Drops what is not accepted and stops, for good; nothing happens when that has been done.
    """
    stages: lifecycle.Stages = lifecycle.stages()
    if stages.is_frozen:
        return
    stages.committed = stages.accepted
    stages.proven = stages.accepted
    stages.is_frozen = True
    lifecycle.set_stages(stages)
    sync_hash: bytes32 = lifecycle.sync_hashes[stages.accepted]
    extcall SYNC.record_own_freeze(stages.accepted, sync_hash)
    log IBridge.Frozen(number=stages.accepted, sync_hash=sync_hash)


@internal
@view
def _check_exodus():
    """
    @notice Reverts unless the caller is the exodus contract.
    """
    checks.require(msg.sender == EXODUS.address, "bridge: not the exodus contract")


# --- inside: payments ---


@internal
def _pay(p0: uint256, p1: uint256, p2: uint256):
    """
    @notice Pays one payout: to the broker who filled it, else to the recipient; owed if it cannot be pushed.
    """
    p: records.Payout = records.unpack_payout(p0, p1, p2)
    key: bytes32 = self._key(p0, p1, p2)
    receiver: address = records.to_receiver(p.recipient)
    if p.kind == constants.SWAP_PAID_KIND or p.kind == constants.WITHDRAW_PAYOUT_KIND:
        broker: address = fills.settle(key)
        if broker == fills.EXECUTED:
            # A second payout with the same key can only come from a corrupt source chain: it is not paid, and blocks
            # nothing.
            return
        if broker != empty(address):
            receiver = broker
    is_paid: bool = False
    l1_amount: uint256 = 0
    is_paid, l1_amount = self._release(p.token_id, receiver, p.amount)
    if l1_amount == 0:
        return
    if is_paid:
        log IBridge.PayoutPaid(
            key=key, receiver=receiver, token_id=p.token_id, l1_amount=l1_amount, kind=convert(p.kind, uint8)
        )
    else:
        log IBridge.PayoutDeferred(
            key=key, receiver=receiver, token_id=p.token_id, l1_amount=l1_amount, kind=convert(p.kind, uint8)
        )


@internal
def _release(token_id: uint16, receiver: address, amount: uint256) -> (bool, uint256):
    """
    @notice Pays out of this chain's custody with bounded gas, and owes what cannot be pushed; 0 is nothing.
    @param amount Layer-2 units.
    @return Whether the payment went out, and what it was in L1 units.
    """
    if amount == 0:
        return False, 0
    ledger.debit(token_id, amount)
    token: ITokenRegistry.Token = staticcall TOKENS.get_token(token_id)
    l1_amount: uint256 = amount * token.scale
    is_paid: bool = False
    if receiver != empty(address):
        is_paid = tokens.push(token.token, receiver, l1_amount)
    if not is_paid:
        ledger.add_pending(receiver, token_id, l1_amount)
    return is_paid, l1_amount


@internal
@view
def _key(p0: uint256, p1: uint256, p2: uint256) -> bytes32:
    """
    @notice What identifies a payout; for kinds 2 and 20 its fill key.
    """
    return keccak256(abi_encode(deployment.DEPLOYMENT_HASH, p0, p1, p2))
