# pragma version 0.4.3
"""
@title TestToken
@license Apache-2.0
@notice A well-behaved ERC-20 with EIP-2612 permits, in the shape of whatever token it stands in for. Anybody may mint: for local chains.
@custom:emergency Nothing stops; nothing here is worth anything.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from ..modules import constants

implements: IERC20
implements: IERC20Detailed

name: public(immutable(String[32]))
symbol: public(immutable(String[16]))
decimals: public(immutable(uint8))

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
totalSupply: public(uint256)
nonces: public(HashMap[address, uint256])

PERMIT_TYPE_HASH: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
DOMAIN_TYPE_HASH: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
VERSION: constant(String[1]) = "1"


@deploy
def __init__(name_: String[32], symbol_: String[16], decimals_: uint8):
    """
    @notice Fixes what the token is called.
    @param name_ Its name.
    @param symbol_ Its symbol.
    @param decimals_ 0 to 36.
    """
    name = name_
    symbol = symbol_
    decimals = decimals_


@external
def mint(to: address, amount: uint256):
    """
    @notice Creates tokens out of nothing, for anybody.
    @param to Who gets them.
    @param amount How many, in the token's units.
    """
    self.totalSupply += amount
    self.balanceOf[to] += amount
    log IERC20.Transfer(sender=empty(address), receiver=to, value=amount)


@external
def transfer(to: address, amount: uint256) -> bool:
    """
    @notice Moves the caller's tokens.
    @param to Who gets them.
    @param amount How many.
    """
    self._move(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    """
    @notice Moves tokens on an allowance; an allowance of 2^256 - 1 is never used up.
    @param owner Whose tokens.
    @param to Who gets them.
    @param amount How many.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    if allowed != max_value(uint256):
        assert allowed >= amount, "test token: allowance"
        self.allowance[owner][msg.sender] = unsafe_sub(allowed, amount)
    self._move(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Sets an allowance.
    @param spender Who may move the caller's tokens.
    @param amount How many.
    """
    self._approve(msg.sender, spender, amount)
    return True


@external
def permit(owner: address, spender: address, amount: uint256, deadline: uint256, v: uint8, r: bytes32, s: bytes32):
    """
    @notice Sets an allowance by signature (EIP-2612).
    @param owner Whose tokens, and whose signature.
    @param spender Who may move them.
    @param amount How many.
    @param deadline Last second in which the signature counts.
    @param v Recovery id, 27 or 28.
    @param r First half of the signature.
    @param s Second half, in the lower range.
    """
    assert block.timestamp <= deadline, "test token: permit expired"
    assert convert(s, uint256) <= constants.HALF_ORDER, "test token: permit malleable"
    nonce: uint256 = self.nonces[owner]
    digest: bytes32 = keccak256(
        concat(
            b"\x19\x01",
            self._domain_separator(),
            keccak256(abi_encode(PERMIT_TYPE_HASH, owner, spender, amount, nonce, deadline)),
        )
    )
    signer: address = ecrecover(digest, v, r, s)
    assert signer != empty(address) and signer == owner, "test token: permit signature"
    self.nonces[owner] = nonce + 1
    self._approve(owner, spender, amount)


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @notice The EIP-712 domain of permits.
    """
    return self._domain_separator()


@internal
@view
def _domain_separator() -> bytes32:
    return keccak256(abi_encode(DOMAIN_TYPE_HASH, keccak256(name), keccak256(VERSION), chain.id, self))


@internal
def _approve(owner: address, spender: address, amount: uint256):
    self.allowance[owner][spender] = amount
    log IERC20.Approval(owner=owner, spender=spender, value=amount)


@internal
def _move(owner: address, to: address, amount: uint256):
    assert to != empty(address), "test token: to nobody"
    assert self.balanceOf[owner] >= amount, "test token: balance"
    self.balanceOf[owner] = unsafe_sub(self.balanceOf[owner], amount)
    self.balanceOf[to] += amount
    log IERC20.Transfer(sender=owner, receiver=to, value=amount)
