# pragma version 0.4.3
"""
@title DaiToken
@license Apache-2.0
@notice A token that behaves as DAI does: its permits are for everything or nothing, and an allowance of everything is
        never used up. Never deployed outside tests.
@custom:emergency Nothing stops; nothing here is worth anything.
"""

name: public(constant(String[14])) = "Dai Stablecoin"
symbol: public(constant(String[3])) = "DAI"
version: public(constant(String[1])) = "1"
decimals: public(constant(uint8)) = 18

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
nonces: public(HashMap[address, uint256])
# Whether PERMIT_TYPEHASH can be read, as with DAI itself.
is_shown: immutable(bool)

TYPE_HASH: constant(bytes32) = keccak256(
    "Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)"
)
DOMAIN_TYPE_HASH: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)


@deploy
def __init__(is_shown_: bool):
    """
    @param is_shown_ Whether the token says which form its permits have.
    """
    is_shown = is_shown_


@external
@view
def PERMIT_TYPEHASH() -> bytes32:
    """
    @notice The form of permits, if the token says it.
    """
    assert is_shown, "dai: not said"
    return TYPE_HASH


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @notice The EIP-712 domain of permits.
    """
    return self._domain_separator()


@external
def mint(to: address, amount: uint256):
    """
    @notice Creates tokens.
    @param to Who gets them.
    @param amount How many.
    """
    self.balanceOf[to] += amount


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
    @notice Moves tokens on an allowance; the owner itself needs none.
    @param owner Whose tokens.
    @param to Who gets them.
    @param amount How many.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    if owner != msg.sender and allowed != max_value(uint256):
        assert allowed >= amount, "Dai/insufficient-allowance"
        self.allowance[owner][msg.sender] = allowed - amount
    self._move(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Sets an allowance.
    @param spender Who may move the caller's tokens.
    @param amount How many.
    """
    self.allowance[msg.sender][spender] = amount
    return True


@external
def permit(
    holder: address, spender: address, nonce: uint256, expiry: uint256, allowed: bool, v: uint8, r: bytes32, s: bytes32
):
    """
    @notice Sets an allowance of everything or nothing, by signature.
    @param holder Whose tokens, and whose signature.
    @param spender Who may move them.
    @param nonce The holder's next nonce.
    @param expiry Last second in which the signature counts; 0 for ever.
    @param allowed Everything or nothing.
    @param v Recovery id, 27 or 28.
    @param r First half of the signature.
    @param s Second half.
    """
    content: bytes32 = keccak256(abi_encode(TYPE_HASH, holder, spender, nonce, expiry, allowed))
    signer: address = ecrecover(keccak256(concat(b"\x19\x01", self._domain_separator(), content)), v, r, s)
    assert signer == holder and holder != empty(address), "Dai/invalid-permit"
    assert expiry == 0 or block.timestamp <= expiry, "Dai/permit-expired"
    assert nonce == self.nonces[holder], "Dai/invalid-nonce"
    self.nonces[holder] += 1
    self.allowance[holder][spender] = max_value(uint256) if allowed else 0


@internal
@view
def _domain_separator() -> bytes32:
    return keccak256(abi_encode(DOMAIN_TYPE_HASH, keccak256(name), keccak256(version), chain.id, self))


@internal
def _move(owner: address, to: address, amount: uint256):
    assert self.balanceOf[owner] >= amount, "Dai/insufficient-balance"
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
