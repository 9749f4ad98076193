# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Vault: what is locked here circulates on the other chain
@notice Locks a token, and gives it back for what is burned, or if the other chain says that a lock has expired.
@dev Messages count in 18 decimals; here amounts are the token's own.
"""
from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
import committee

initializes: committee

event Locked:
    number: indexed(uint256)
    recipient: indexed(address)
    amount: uint256
    deadline: uint256

event Paid:
    recipient: indexed(address)
    amount: uint256

event Kept:
    recipient: indexed(address)
    amount: uint256

struct Lock:
    owner: address
    amount: uint256

RELEASE: constant(uint256) = 2
REFUND: constant(uint256) = 3
TOKEN: public(immutable(address))
SCALE: public(immutable(uint256))
OWNER: immutable(address)

mint: public(address)
mint_chain: public(uint256)
lock_count: public(uint256)
locks: public(HashMap[uint256, Lock])
is_released: public(HashMap[uint256, bool])
pending: public(HashMap[address, uint256])


@deploy
def __init__(token: address, decimals: uint256):
    assert decimals <= 18, "vault: decimals"
    TOKEN = token
    SCALE = 10 ** (18 - decimals)
    OWNER = msg.sender


@external
def initialise(mint: address, mint_chain: uint256, members: DynArray[address, 7], threshold: uint256):
    """
    @notice Names the contract on the other chain and the committee, once.
    @param mint The contract on the other chain
    @param mint_chain The other chain's id
    @param members Of the committee, 1 to 7
    @param threshold How many of them must sign
    """
    committee._initialise(members, threshold)
    assert msg.sender == OWNER, "vault: not the owner"
    self.mint = mint
    self.mint_chain = mint_chain


@external
def lock(amount: uint256, recipient: address, deadline: uint256) -> uint256:
    """
    @notice Locks what really arrives; whoever it is for gets it on the other chain until `deadline` (UNIX seconds).
    @param amount What is paid, in the token's own units
    @param recipient Who gets it
    @param deadline Until when it can be minted, UNIX seconds
    """
    before: uint256 = staticcall IERC20(TOKEN).balanceOf(self)
    assert extcall IERC20(TOKEN).transferFrom(msg.sender, self, amount, default_return_value=True), "vault: not paid"
    received: uint256 = staticcall IERC20(TOKEN).balanceOf(self) - before
    assert received != 0, "vault: nothing received"
    self.lock_count += 1
    self.locks[self.lock_count] = Lock(owner=msg.sender, amount=received)
    log Locked(number=self.lock_count, recipient=recipient, amount=received * SCALE, deadline=deadline)
    return self.lock_count


@external
def release(source: address, number: uint256, recipient: address, amount: uint256, signatures: DynArray[Bytes[65], 7]):
    """
    @notice Pays for a burn on the other chain, once.
    @param source The contract that says so on the other chain
    @param number Of the message, from 1 on
    @param recipient Who gets it
    @param amount What was burned, in 18 decimals
    @param signatures Of the committee, in ascending order of the members' addresses
    """
    assert source == self.mint, "vault: another source"
    committee._check(self._digest(RELEASE, source, number, recipient, amount, 0), signatures)
    assert not self.is_released[number], "vault: released before"
    self.is_released[number] = True
    self._pay(recipient, amount // SCALE)


@external
def refund(source: address, number: uint256, signatures: DynArray[Bytes[65], 7]):
    """
    @notice Pays a lock back that has expired on the other chain, once.
    @param source The contract that says so on the other chain
    @param number Of the message, from 1 on
    @param signatures Of the committee, in ascending order of the members' addresses
    """
    assert source == self.mint, "vault: refund from elsewhere"
    committee._check(self._digest(REFUND, source, number, empty(address), 0, 0), signatures)
    lock: Lock = self.locks[number]
    assert lock.amount != 0, "vault: nothing to refund"
    self.locks[number].amount = 0
    self._pay(lock.owner, lock.amount)


@external
def claim():
    """
    @notice Pays the caller what could not be paid before.
    """
    amount: uint256 = self.pending[msg.sender]
    assert amount != 0, "vault: nothing pending"
    self.pending[msg.sender] = 0
    assert extcall IERC20(TOKEN).transfer(msg.sender, amount, default_return_value=True), "vault: still refused"


@internal
def _pay(recipient: address, amount: uint256):
    is_paid: bool = raw_call(
        TOKEN,
        abi_encode(recipient, amount, method_id=method_id("transfer(address,uint256)")),
        revert_on_failure=False,
    )
    if is_paid:
        log Paid(recipient=recipient, amount=amount)
    else:
        self.pending[recipient] += amount
        log Kept(recipient=recipient, amount=amount)


@internal
@view
def _digest(
    kind: uint256, source: address, number: uint256, recipient: address, amount: uint256, deadline: uint256
) -> bytes32:
    return keccak256(
        abi_encode(kind, self.mint_chain, source, chain.id, self, number, recipient, amount, deadline)
    )
