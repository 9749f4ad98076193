# pragma version 0.4.3
"""
@title OddToken
@license Apache-2.0
@notice An ERC-20 with the habits of well-known tokens: allowances that must be zero before they change (USDT), names of
        32 bytes (MKR), domains of any version or of none (USDC, stETH, UNI), and refusals in custom errors and panics.
        Never deployed outside tests.
@custom:emergency Nothing stops; nothing here is worth anything.
"""

# What `refuse_in` chooses: how a transfer of too much is refused.
ERC_6093: constant(uint256) = 0
PANIC: constant(uint256) = 1
SILENT: constant(uint256) = 2

# What the domain of permits is made of.
WITH_VERSION: constant(uint256) = 0
WITHOUT_VERSION: constant(uint256) = 1
WITH_SALT: constant(uint256) = 2

name_word: immutable(bytes32)
version_text: immutable(String[8])
domain_kind: immutable(uint256)
# Bits: 1 hides DOMAIN_SEPARATOR, 2 shows eip712Domain, 4 hides version.
shown: immutable(uint256)

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
nonces: public(HashMap[address, uint256])
decimals: public(uint8)
manner: uint256

PERMIT_TYPE_HASH: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
NAME: constant(String[16]) = "Odd token"


@deploy
def __init__(version_: String[8], domain_kind_: uint256, shown_: uint256):
    """
    @param version_ The version in the domain of permits.
    @param domain_kind_ One of the constants.
    @param shown_ What the token says about its domain.
    """
    name_word = 0x4f64640000000000000000000000000000000000000000000000000000000000
    version_text = version_
    domain_kind = domain_kind_
    shown = shown_
    self.decimals = 6


@external
@view
def name() -> String[16]:
    """
    @notice The name in the domain of permits.
    """
    return NAME


@external
@view
def symbol() -> bytes32:
    """
    @notice "Odd", as 32 bytes.
    """
    return name_word


@external
@view
def version() -> String[8]:
    """
    @notice The version in the domain of permits, if the token says it.
    """
    assert shown & 4 == 0, "odd: version not said"
    return version_text


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @notice The domain of permits, if the token says it.
    """
    assert shown & 1 == 0, "odd: domain not said"
    return self._domain_separator()


@external
@view
def eip712Domain() -> (bytes1, String[16], String[8], uint256, address, bytes32, DynArray[uint256, 1]):
    """
    @notice The domain of permits as EIP-5267 describes it, if the token does.
    """
    assert shown & 2 != 0, "odd: EIP-5267 not said"
    fields: bytes1 = 0x0f
    if domain_kind == WITHOUT_VERSION:
        fields = 0x0d
    if domain_kind == WITH_SALT:
        fields = 0x1b
    return fields, NAME, version_text, chain.id, self, convert(chain.id, bytes32), []


@external
def mint(to: address, amount: uint256):
    """
    @notice Creates tokens.
    @param to Who gets them.
    @param amount How many.
    """
    self.balanceOf[to] += amount


@external
def refuse_in(manner: uint256):
    """
    @notice Chooses how refusals are spelled.
    @param manner One of the constants.
    """
    self.manner = manner


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Sets an allowance: from zero, or to zero.
    @param spender Who may move the caller's tokens.
    @param amount How many.
    """
    assert amount == 0 or self.allowance[msg.sender][spender] == 0, "odd: allowance not zero"
    self.allowance[msg.sender][spender] = amount
    return True


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
    @notice Moves tokens on an allowance.
    @param owner Whose tokens.
    @param to Who gets them.
    @param amount How many.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    if allowed < amount:
        raw_revert(
            abi_encode(
                msg.sender, allowed, amount, method_id=method_id("ERC20InsufficientAllowance(address,uint256,uint256)")
            )
        )
    self.allowance[owner][msg.sender] = allowed - amount
    self._move(owner, to, amount)
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
    @param s Second half.
    """
    if block.timestamp > deadline:
        raw_revert(abi_encode(deadline, method_id=method_id("ERC2612ExpiredSignature(uint256)")))
    nonce: uint256 = self.nonces[owner]
    content: bytes32 = keccak256(abi_encode(PERMIT_TYPE_HASH, owner, spender, amount, nonce, deadline))
    signer: address = ecrecover(keccak256(concat(b"\x19\x01", self._domain_separator(), content)), v, r, s)
    if signer != owner:
        raw_revert(abi_encode(signer, owner, method_id=method_id("ERC2612InvalidSigner(address,address)")))
    self.nonces[owner] = nonce + 1
    self.allowance[owner][spender] = amount


@internal
@view
def _domain_separator() -> bytes32:
    if domain_kind == WITHOUT_VERSION:
        kind: bytes32 = keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)")
        return keccak256(abi_encode(kind, keccak256(NAME), chain.id, self))
    if domain_kind == WITH_SALT:
        kind: bytes32 = keccak256("EIP712Domain(string name,string version,address verifyingContract,bytes32 salt)")
        return keccak256(
            abi_encode(kind, keccak256(NAME), keccak256(version_text), self, convert(chain.id, bytes32))
        )
    kind: bytes32 = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    return keccak256(abi_encode(kind, keccak256(NAME), keccak256(version_text), chain.id, self))


@internal
def _move(owner: address, to: address, amount: uint256):
    balance: uint256 = self.balanceOf[owner]
    if balance < amount:
        if self.manner == ERC_6093:
            raw_revert(
                abi_encode(
                    owner, balance, amount, method_id=method_id("ERC20InsufficientBalance(address,uint256,uint256)")
                )
            )
        if self.manner == PANIC:
            raw_revert(abi_encode(convert(17, uint256), method_id=method_id("Panic(uint256)")))
        raw_revert(b"")
    self.balanceOf[owner] = balance - amount
    self.balanceOf[to] += amount
