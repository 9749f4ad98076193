# pragma version 0.4.3
"""
@title TestToken
@license Apache-2.0
@notice A well-behaved ERC-20 with EIP-2612 permits and authorizations of EIP-3009, in the shape of whatever token it
        stands in for. Anybody may mint: for local chains.
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
# Whether an authorization of an owner is used up (EIP-3009).
authorizationState: public(HashMap[address, HashMap[bytes32, bool]])


event AuthorizationUsed:
    authorizer: indexed(address)
    nonce: indexed(bytes32)


PERMIT_TYPE_HASH: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
RECEIVE_TYPE_HASH: constant(bytes32) = keccak256(
    "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
CANCEL_TYPE_HASH: constant(bytes32) = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)")
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
    nonce: uint256 = self.nonces[owner]
    self._check_signature(
        owner, keccak256(abi_encode(PERMIT_TYPE_HASH, owner, spender, amount, nonce, deadline)), v, r, s
    )
    self.nonces[owner] = nonce + 1
    self._approve(owner, spender, amount)


@external
def receiveWithAuthorization(
    owner: address,
    to: address,
    amount: uint256,
    valid_after: uint256,
    valid_before: uint256,
    nonce: bytes32,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice Moves tokens to the caller on the owner's signature, once (EIP-3009).
    @param owner Whose tokens, and whose signature.
    @param to Who gets them: the caller.
    @param amount How many.
    @param valid_after The second after which the signature counts.
    @param valid_before The second before which it counts.
    @param nonce Any that the owner has not used.
    @param v Recovery id, 27 or 28.
    @param r First half of the signature.
    @param s Second half, in the lower range.
    """
    assert to == msg.sender, "test token: another caller"
    assert valid_after < block.timestamp and block.timestamp < valid_before, "test token: not valid now"
    assert not self.authorizationState[owner][nonce], "test token: authorization is used"
    self._check_signature(
        owner,
        keccak256(abi_encode(RECEIVE_TYPE_HASH, owner, to, amount, valid_after, valid_before, nonce)),
        v,
        r,
        s,
    )
    self.authorizationState[owner][nonce] = True
    log AuthorizationUsed(authorizer=owner, nonce=nonce)
    self._move(owner, to, amount)


@external
def cancelAuthorization(owner: address, nonce: bytes32, v: uint8, r: bytes32, s: bytes32):
    """
    @notice Uses up an authorization without moving anything (EIP-3009).
    @param owner Whose signature.
    @param nonce The authorization's.
    @param v Recovery id, 27 or 28.
    @param r First half of the signature.
    @param s Second half, in the lower range.
    """
    assert not self.authorizationState[owner][nonce], "test token: authorization is used"
    self._check_signature(owner, keccak256(abi_encode(CANCEL_TYPE_HASH, owner, nonce)), v, r, s)
    self.authorizationState[owner][nonce] = True


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @notice The EIP-712 domain of permits.
    """
    return self._domain_separator()


@internal
@view
def _check_signature(owner: address, message: bytes32, v: uint8, r: bytes32, s: bytes32):
    assert convert(s, uint256) <= constants.HALF_ORDER, "test token: permit malleable"
    digest: bytes32 = keccak256(concat(b"\x19\x01", self._domain_separator(), message))
    signer: address = ecrecover(digest, v, r, s)
    assert signer != empty(address) and signer == owner, "test token: permit signature"


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
