# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Exodus
@license Apache-2.0
@author The zklink authors
@notice The way out of one chain when it has ended: anyone can cancel the requests that no block contains, which refunds
        them and their fees, and owners leave by proof. Takes requests and proofs, gives payments by the bridge. Never holds
        funds, never pays a balance twice, and never says when a chain has ended: the end contract does.
@dev A contract of its own, because bridge and exodus together exceed the size limit of a contract. The bridge lets it
     release funds within its custody, on a frozen chain. Protocol sections 10 and 11.
@custom:emergency Nothing to stop; nobody can change it: this is the emergency exit.
@custom:security Books are written before the bridge pays, and every function is locked against reentrancy.
"""

from .interfaces import IBridge
from .interfaces import IEnd
from .interfaces import IExodus
from .interfaces import IHistory
from .interfaces import IVerifier
from .modules import acting
from .modules import constants
from .modules import priority_queue
from .modules import records

implements: IExodus

bridge: public(immutable(address))
history: public(immutable(address))
end: public(immutable(address))
verifier: public(immutable(address))

# Root of the last block here; 0 before exodus has begun.
exit_root: public(uint256)
# By lane: requests of this chain that blocks have consumed, or that are cancelled.
settled: HashMap[uint256, uint256]
# By account << 16 | token: whether that balance has left by proof.
exited: HashMap[uint256, bool]


@deploy
def __init__(bridge_: address, history_: address, end_: address, verifier_: address):
    """
    @notice Fixes the bridge that this contract serves.
    @dev The others are deployed later, at addresses that are known beforehand; the bridge refuses the exodus of another.
    @param bridge_ The bridge of this chain.
    @param history_ Its history, whose last root exits are proven against.
    @param end_ Its end, which says when exodus may begin.
    @param verifier_ The verifier of the exit circuit.
    @custom:upholds GOV-1
    """
    assert verifier_.is_contract, "exodus: verifier has no code"
    bridge = bridge_
    history = history_
    end = end_
    verifier = verifier_


@external
def begin_exodus():
    """
    @notice Begins exodus on this chain, for anyone, once, when the end allows it. From now on anyone can cancel the
            requests that no block here contains, and every balance leaves by proof against the last block's root.
    @dev Nothing is accepted or imported here any more, so that root and these counts stay the last ones.
    @custom:upholds EXI-2, SYN-7
    """
    assert self.exit_root == 0, "exodus: already begun"
    assert staticcall IEnd(end).may_open(), "exodus: may not begin yet"
    tip: IHistory.Tip = staticcall IHistory(history).tip()
    # A Poseidon hash; nobody knows a state whose root is 0.
    self.exit_root = tip.root
    self._settle(constants.SWAP_LANE)
    self._settle(constants.ACCOUNT_LANE)
    log IExodus.ExodusBegun(number=tip.number, root=tip.root)


@external
def cancel_requests(lane: uint8, words: DynArray[uint256, constants.MAX_CANCEL_WORDS]):
    """
    @notice Cancels requests that no block here contains, in order, for anyone. Whoever a swap or a deposit names gets
            its amount back, and what it paid at the door. A full exit or a key request gives its owner back what it
            paid, without what it burnt; the owner leaves by proof.
    @param lane 1 swaps, 2 deposits and full exits.
    @param words The words of whole requests, from the first that is not settled.
    @custom:upholds QUE-1, SOL-1, SOL-4, EXI-2, EXI-3
    """
    self._check_begun()
    requests: DynArray[uint256[5], constants.MAX_CANCELLED_REQUESTS] = self._split(lane, words)
    key: uint256 = convert(lane, uint256)
    request_id: uint256 = self.settled[key]
    queue_hash: bytes32 = staticcall IBridge(bridge).queue_hash(lane, convert(request_id, uint64))
    for request: uint256[5] in requests:
        queue_hash = priority_queue.hash_next(key, queue_hash, request)
    last: uint256 = request_id + len(requests)
    # The hash of a place that nobody has taken is zero, so this also bounds the number.
    assert queue_hash == staticcall IBridge(bridge).queue_hash(lane, convert(last, uint64)), "cancel: not the next requests"
    self.settled[key] = last
    for request: uint256[5] in requests:
        request_id += 1
        token_id: uint16 = 0
        amount: uint256 = 0
        receiver: address = empty(address)
        token_id, amount, receiver = records.unpack_refund(key, request)
        fee_gwei: uint256 = (
            records.swap_fee(request[2]) if key == constants.SWAP_LANE else records.account_request_fee(request[2])
        )
        l1_amount: uint256 = extcall IBridge(bridge).release(token_id, receiver, amount)
        if fee_gwei > 0:
            extcall IBridge(bridge).release_fee(lane, receiver, fee_gwei)
        log IExodus.RequestCancelled(
            lane=lane,
            request_id=convert(request_id, uint64),
            receiver=receiver,
            token_id=token_id,
            l1_amount=l1_amount,
            fee_gwei=fee_gwei,
        )


@external
def exit(x0: uint256, recipient_lo: uint256, x1: uint256, proof: uint256[8]):
    """
    @notice Pays this chain's share of an account's balance of a token at the last block, once.
    @dev The proof binds the root, the account, the chain, the recipient and the amounts. Either the account's key has
         signed for this recipient, and anyone can send the transaction, or the proof pays the owner, who must send it.
    @param x0 account 32, token 16, chain 8, recipient_hi 8, is_signed 8, token_a 16, token_b 16.
    @param recipient_lo The low 248 bits of the recipient's universal address.
    @param x1 amount_a 112, amount_b 112, layer-2 units.
    @param proof a.x, a.y, b.x1, b.x0, b.y1, b.y0, c.x, c.y.
    @custom:upholds EXI-1, EXI-2, EXI-3, SOL-3, VER-1, VER-6, DAT-2, DAT-4
    """
    self._check_begun()
    assert records.is_exit(x0, recipient_lo, x1), "exit: unused bits"
    e: records.Exit = records.unpack_exit(x0, recipient_lo, x1)
    key: uint256 = records.exit_key(e.account, e.token_id)
    assert e.chain_id == staticcall IBridge(bridge).chain_id(), "exit: for another chain"
    assert not self.exited[key], "exit: already paid"
    assert e.recipient != empty(address), "exit: recipient format"
    assert e.recipient != bridge, "exit: recipient is the bridge"
    # An owner that is no contract has the same address everywhere; a contract may be another one elsewhere.
    is_own: bool = e.recipient == msg.sender and (e.is_bound or acting.caller(e.chain_id) >> constants.WORD_BITS == 0)
    assert e.is_signed or is_own, "exit: recipient must send it"
    domain: uint256 = staticcall IBridge(bridge).exit_domain()
    proofs: DynArray[uint256[8], 1] = [proof]
    inputs: DynArray[uint256[5], 1] = [[domain, self.exit_root, x0, recipient_lo, x1]]
    # A static call that only reverts: Vyper has no statement for it, so it is spelled out. The verifier has code.
    raw_call(
        verifier,
        abi_encode(proofs, inputs, method_id=method_id("check_proofs(uint256[8][],uint256[5][])")),
        is_static_call=True,
    )
    self.exited[key] = True
    log IExodus.Exited(
        account=e.account,
        token_id=e.token_id,
        receiver=e.recipient,
        token_a=e.token_a,
        amount_a=e.amount_a,
        token_b=e.token_b,
        amount_b=e.amount_b,
    )
    extcall IBridge(bridge).release(e.token_a, e.recipient, convert(e.amount_a, uint256))
    extcall IBridge(bridge).release(e.token_b, e.recipient, convert(e.amount_b, uint256))


# --- views ---


@external
@view
def is_begun() -> bool:
    """
    @notice Whether exodus has begun: from then on the primary takes nothing again.
    """
    return self.exit_root != 0


@external
@view
def settled_requests(lane: uint8) -> uint64:
    """
    @notice Requests of a lane that blocks have consumed or that are cancelled; 0 before exodus.
    @param lane 1 swaps, 2 deposits and full exits.
    """
    return convert(self.settled[convert(lane, uint256)], uint64)


@external
@view
def is_exited(account: uint32, token_id: uint16) -> bool:
    """
    @notice Whether an account's share of a token has left this chain by proof.
    @param account Any account.
    @param token_id Any token, also one that names shares of a pool.
    """
    return self.exited[records.exit_key(account, token_id)]


@external
@view
def vk_hash() -> bytes32:
    """
    @notice Hash of the verification key that exits are checked with.
    """
    return staticcall IVerifier(verifier).vk_hash()


@external
@view
def is_for(bridge_: address, history_: address, end_: address) -> bool:
    """
    @notice Whether this is the exodus contract of a bridge with these partners.
    @param bridge_ The bridge.
    @param history_ Its history.
    @param end_ Its end.
    """
    return bridge_ == bridge and history_ == history and end_ == end


# --- inside ---


@internal
@view
def _check_begun():
    """
    @notice Reverts unless exodus has begun here.
    """
    assert self.exit_root != 0, "exodus: not begun"


@internal
def _settle(lane: uint256):
    """
    @notice Notes what blocks have consumed of a lane.
    """
    total: uint64 = 0
    consumed: uint64 = 0
    total, consumed = staticcall IBridge(bridge).request_counts(convert(lane, uint8))
    self.settled[lane] = convert(consumed, uint256)


@internal
@pure
def _split(lane: uint8, words: DynArray[uint256, constants.MAX_CANCEL_WORDS]) -> DynArray[uint256[5], constants.MAX_CANCELLED_REQUESTS]:
    """
    @notice Whole requests, one after the other; those of the account lane end with a zero.
    """
    size: uint256 = records.request_words(convert(lane, uint256))
    assert len(words) > 0, "cancel: no request"
    assert len(words) % size == 0, "cancel: request cut short"
    requests: DynArray[uint256[5], constants.MAX_CANCELLED_REQUESTS] = []
    for i: uint256 in range(len(words) // size, bound=constants.MAX_CANCELLED_REQUESTS):
        request: uint256[5] = empty(uint256[5])
        for j: uint256 in range(size, bound=5):
            request[j] = words[i * size + j]
        requests.append(request)
    return requests
