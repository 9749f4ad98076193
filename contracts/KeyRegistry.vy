# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title KeyRegistry
@license Apache-2.0
@author The zklink authors
@notice Where the owner of a layer-2 account consents, on an EVM chain, to a new key for it: by a transaction, by the
        signature of a contract wallet, or by a signature that comes with the block. Takes consents, gives whether there
        is one. Never holds funds; has no owner; serves any number of deployments.
@custom:emergency Nothing to stop. A consent cannot be taken back; it is good for one nonce of one account only.
"""

from .interfaces import IKeyRegistry
from .modules import constants

implements: IKeyRegistry

# A wallet's answer when it agrees (ERC-1271): four bytes at the head of 32.
MAGIC: constant(bytes32) = 0x1626ba7e00000000000000000000000000000000000000000000000000000000
# Enough for a wallet that checks a passkey in its own code; it bounds the gas that a stranger's contract can burn.
WALLET_GAS: constant(uint256) = 1_000_000

# Consents, by the hash of everything that they name: deployment, owner, account, nonce and key.
recorded: HashMap[bytes32, bool]


@external
def authorise(deployment_hash: bytes32, account: uint32, nonce: uint32, public_key_hash: uint256):
    """
    @notice The caller consents to a new key for an account of its own.
    @dev The registry does not know who owns an account. The block does: a consent to another's account has no effect.
    @param deployment_hash The deployment that the account belongs to.
    @param account The account.
    @param nonce The account's nonce when the key changes.
    @param public_key_hash H_2(A.x, A.y) of the new key; not zero, below r.
    @custom:upholds CIR-6
    """
    self._record(deployment_hash, msg.sender, account, nonce, public_key_hash)


@external
def authorise_by_contract(
    deployment_hash: bytes32,
    owner: address,
    account: uint32,
    nonce: uint32,
    public_key_hash: uint256,
    signature: Bytes[2048],
):
    """
    @notice Records the consent of a contract wallet that accepts a signature (ERC-1271). Anyone may bring it.
    @dev The wallet is asked here and not at commit, where its answer could change between two blocks.
    @param deployment_hash The deployment that the account belongs to.
    @param owner The wallet.
    @param account The account.
    @param nonce The account's nonce when the key changes.
    @param public_key_hash H_2(A.x, A.y) of the new key; not zero, below r.
    @param signature The signature that the wallet accepts for the digest of `compute_digest`.
    @custom:upholds CIR-6
    """
    assert owner.is_contract, "keys: owner has no code"
    digest: bytes32 = self._digest(deployment_hash, account, nonce, public_key_hash)
    is_success: bool = False
    answer: Bytes[32] = b""
    is_success, answer = raw_call(
        owner,
        abi_encode(digest, signature, method_id=method_id("isValidSignature(bytes32,bytes)")),
        max_outsize=32,
        gas=WALLET_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    assert is_success and len(answer) == 32 and convert(answer, bytes32) == MAGIC, "keys: wallet refused"
    self._record(deployment_hash, owner, account, nonce, public_key_hash)


@external
@view
def check(
    deployment_hash: bytes32,
    owner: bytes32,
    account: uint32,
    nonce: uint32,
    public_key_hash: uint256,
    signature: Bytes[65],
):
    """
    @notice Reverts unless the owner has consented.
    @param deployment_hash The deployment that the account belongs to.
    @param owner The account's owner, a universal address; only one of an EVM chain can consent here.
    @param account The account.
    @param nonce The account's nonce when the key changes.
    @param public_key_hash H_2(A.x, A.y) of the new key.
    @param signature Empty for a recorded consent, else the owner's EIP-712 signature r || s || v.
    @custom:upholds CIR-6, SYN-3
    """
    value: uint256 = convert(owner, uint256)
    assert value != 0 and value >> 160 == 0, "keys: owner format"
    address_: address = convert(value, address)
    if len(signature) == 0:
        key: bytes32 = self._key(deployment_hash, address_, account, nonce, public_key_hash)
        assert self.recorded[key], "keys: no consent"
        return
    assert len(signature) == constants.SIGNATURE_BYTES, "keys: signature length"
    s: uint256 = extract32(signature, 32, output_type=uint256)
    assert s <= constants.HALF_ORDER, "keys: large s"
    signer: address = ecrecover(
        self._digest(deployment_hash, account, nonce, public_key_hash),
        convert(slice(signature, 64, 1), uint256),
        extract32(signature, 0, output_type=uint256),
        s,
    )
    # An invalid signature recovers to the zero address, which is no owner.
    assert signer == address_, "keys: not the owner's signature"


@external
@view
def is_authorised(
    deployment_hash: bytes32, owner: address, account: uint32, nonce: uint32, public_key_hash: uint256
) -> bool:
    """
    @notice Whether a consent is recorded here.
    @param deployment_hash The deployment that the account belongs to.
    @param owner The owner who consented.
    @param account The account.
    @param nonce The account's nonce when the key changes.
    @param public_key_hash H_2(A.x, A.y) of the new key.
    """
    return self.recorded[self._key(deployment_hash, owner, account, nonce, public_key_hash)]


@external
@pure
def compute_digest(deployment_hash: bytes32, account: uint32, nonce: uint32, public_key_hash: uint256) -> bytes32:
    """
    @notice The 32 bytes that an owner signs (EIP-712).
    @param deployment_hash The deployment that the account belongs to.
    @param account The account.
    @param nonce The account's nonce when the key changes.
    @param public_key_hash H_2(A.x, A.y) of the new key.
    """
    return self._digest(deployment_hash, account, nonce, public_key_hash)


@internal
def _record(deployment_hash: bytes32, owner: address, account: uint32, nonce: uint32, public_key_hash: uint256):
    assert public_key_hash != 0 and public_key_hash < constants.R, "keys: not a key hash"
    self.recorded[self._key(deployment_hash, owner, account, nonce, public_key_hash)] = True
    log IKeyRegistry.KeyAuthorised(
        deployment_hash=deployment_hash, owner=owner, account=account, nonce=nonce, public_key_hash=public_key_hash
    )


@internal
@pure
def _key(
    deployment_hash: bytes32, owner: address, account: uint32, nonce: uint32, public_key_hash: uint256
) -> bytes32:
    return keccak256(abi_encode(deployment_hash, owner, account, nonce, public_key_hash))


@internal
@pure
def _digest(deployment_hash: bytes32, account: uint32, nonce: uint32, public_key_hash: uint256) -> bytes32:
    domain_separator: bytes32 = keccak256(
        abi_encode(
            constants.ACCOUNT_DOMAIN_TYPE_HASH,
            constants.ACCOUNT_DOMAIN_NAME_HASH,
            constants.ACCOUNT_DOMAIN_VERSION_HASH,
            deployment_hash,
        )
    )
    struct_hash: bytes32 = keccak256(
        abi_encode(constants.KEY_CHANGE_TYPE_HASH, account, nonce, convert(public_key_hash, bytes32))
    )
    return keccak256(concat(b"\x19\x01", domain_separator, struct_hash))
