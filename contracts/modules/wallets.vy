# pragma version 0.4.3
"""
@title wallets
@license Apache-2.0
@notice Signatures by which a contract wallet asks for a new key (ERC-1271): takes one, has the wallet accept it, and
        makes it void. Never believes one twice.
@dev The digest has the chain and a counter for each wallet, which every use and every revocation raises.
"""

from . import checks
from . import constants
from . import deployment

uses: deployment

# What a wallet answers to a signature that it accepts.
MAGIC: constant(bytes32) = 0x1626ba7e00000000000000000000000000000000000000000000000000000000
# More than a multisig of many owners needs.
WALLET_GAS: constant(uint256) = 500_000
# A multisig of many owners, or a passkey's signature with its proofs.
MAX_SIGNATURE_BYTES: constant(uint256) = 8192

counters: HashMap[address, uint64]


@internal
def use(owner: address, account: uint32, public_key_hash: uint256, signature: Bytes[MAX_SIGNATURE_BYTES]):
    """
    @notice Reverts unless the wallet accepts the signature now; no signature for the same counter is accepted again.
    """
    checks.require(owner.is_contract, "key: owner has no code")
    digest: bytes32 = self.digest(owner, account, public_key_hash)
    self.counters[owner] += 1
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
    checks.require(is_success and len(answer) == 32 and convert(answer, bytes32) == MAGIC, "key: wallet refused")


@internal
def revoke(owner: address):
    """
    @notice Makes every signature void that the wallet accepts and nobody has used.
    """
    self.counters[owner] += 1


@internal
@view
def digest(owner: address, account: uint32, public_key_hash: uint256) -> bytes32:
    """
    @notice The 32 bytes that a wallet accepts now to ask for a key (EIP-712).
    """
    domain_separator: bytes32 = keccak256(
        abi_encode(
            constants.ACCOUNT_DOMAIN_TYPE_HASH,
            constants.ACCOUNT_DOMAIN_NAME_HASH,
            constants.ACCOUNT_DOMAIN_VERSION_HASH,
            deployment.DEPLOYMENT_HASH,
        )
    )
    bound: uint256 = (convert(deployment.CHAIN_ID, uint256) << constants.WORD_BITS) | convert(owner, uint256)
    struct_hash: bytes32 = keccak256(
        abi_encode(
            constants.KEY_REQUEST_TYPE_HASH,
            deployment.CHAIN_ID,
            bound,
            account,
            public_key_hash,
            self.counters[owner],
        )
    )
    return keccak256(concat(b"\x19\x01", domain_separator, struct_hash))
