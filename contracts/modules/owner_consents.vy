# pragma version 0.4.3
"""
@title owner_consents
@license Apache-2.0
@notice The owner's consent to a new key of an account, signed for this deployment (EIP-712): takes the change and a
        signature that stands in the call, and reverts unless the owner has signed. Keeps nothing.
@dev One signature of 65 bytes for each key change, in order, in the argument `consents`.
"""

from . import checks
from . import constants

DOMAIN_SEPARATOR: immutable(bytes32)


@deploy
def __init__(deployment_hash: bytes32):
    """
    @notice Fixes the deployment that owners sign for.
    """
    DOMAIN_SEPARATOR = keccak256(
        abi_encode(
            constants.ACCOUNT_DOMAIN_TYPE_HASH,
            constants.ACCOUNT_DOMAIN_NAME_HASH,
            constants.ACCOUNT_DOMAIN_VERSION_HASH,
            deployment_hash,
        )
    )


@internal
@view
def check(
    at: uint256, owner: uint256, account: uint256, nonce: uint256, public_key_hash: uint256, valid_until: uint256
):
    """
    @notice Reverts unless the owner has signed this change.
    @param at Where the signature r || s || v stands in the call.
    @param owner The account's owner, a universal address; only one of an EVM chain can sign here.
    @param account The account.
    @param nonce The account's nonce when the key changes.
    @param public_key_hash H_2(A.x, A.y) of the new key.
    @param valid_until What the record says, which the circuit compares with the block's time.
    """
    checks.require(owner != 0 and owner >> 160 == 0, "consent: owner format")
    signature: Bytes[65] = slice(msg.data, at, 65)
    s: uint256 = extract32(signature, 32, output_type=uint256)
    checks.require(s <= constants.HALF_ORDER, "consent: large s")
    struct_hash: bytes32 = keccak256(
        abi_encode(constants.KEY_CHANGE_TYPE_HASH, account, nonce, public_key_hash, valid_until)
    )
    signer: address = ecrecover(
        keccak256(concat(b"\x19\x01", DOMAIN_SEPARATOR, struct_hash)),
        convert(slice(signature, 64, 1), uint256),
        extract32(signature, 0, output_type=uint256),
        s,
    )
    # An invalid signature recovers to the zero address, which is no owner.
    checks.require(convert(signer, uint256) == owner, "consent: not the owner's")
