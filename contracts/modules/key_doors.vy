# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title key_doors
@license Apache-2.0
@notice How an owner asks a chain for a new key: by its own call, or, a contract wallet, by a signature that it accepts.
        The coin that comes with the call is the request's fee. Bridge exports these functions; each is locked, because the pragma above holds for this file. Never pays anything.
"""

from . import acting
from . import deployment
from . import requests
from . import wallets

uses: deployment
uses: requests
uses: wallets


@external
@payable
def set_key(account: uint32, public_key_hash: uint256) -> uint64:
    """
    @notice Asks for a new key for an account of the caller; older consents and signed operations of it are void then.
    @dev Whether the account is the caller's is decided in the block: if it is not, nothing happens.
    @param account 0..account_limit - 1.
    @param public_key_hash H_2(A.x, A.y) of the new key, below r; 0 takes the key away.
    @return The request's id in the account lane of this chain.
    @custom:upholds CIR-6, QUE-3, GOV-5
    """
    return requests.queue_key(acting.caller(deployment.CHAIN_ID), account, public_key_hash, msg.value)


@external
@payable
def set_key_by_signature(owner: address, account: uint32, public_key_hash: uint256, signature: Bytes[wallets.MAX_SIGNATURE_BYTES]) -> uint64:
    """
    @notice The same for a contract wallet that accepts a signature (ERC-1271). Anyone may bring it, once, and pay.
    @dev The wallet must be deployed; anybody can do that before. A signature that carries the deployment (ERC-6492) is
         not unpacked: that needs a call of the bringer's choice.
    @param owner The wallet, as the owner bound to this chain.
    @param account 0..account_limit - 1.
    @param public_key_hash H_2(A.x, A.y) of the new key, below r; 0 takes the key away.
    @param signature The signature that the wallet accepts for the digest of `key_digest`.
    @return The request's id in the account lane of this chain.
    @custom:upholds CIR-6, QUE-3, GOV-5
    """
    wallets.use(owner, account, public_key_hash, signature)
    return requests.queue_key(acting.bind(owner, deployment.CHAIN_ID), account, public_key_hash, msg.value)


@external
def revoke_key_signatures():
    """
    @notice Makes every signature for a new key void that the caller, a contract wallet, accepts and nobody has used.
    @custom:upholds CIR-6
    """
    wallets.revoke(msg.sender)


@external
@view
def key_digest(owner: address, account: uint32, public_key_hash: uint256) -> (bytes32, uint64):
    """
    @notice The 32 bytes that a contract wallet accepts now to ask for a key (EIP-712), and the counter in them.
    @param owner The wallet.
    @param account The account.
    @param public_key_hash The new key.
    """
    return wallets.digest(owner, account, public_key_hash), wallets.counters[owner]
