"""Checks of a signed operation beyond the rules of the state: its chains must be able to take it.

Takes an operation and the state; refuses it or does nothing. Three kinds of operation would make a block that no chain
takes: a key change without its owner's consent in the primary's slice, a payout to what is no address on its chain, and
an operation that names a chain which the deployment does not have. They are refused here, before they are in a block.
Never asks a chain.
"""

from typing import Any, Final

from eth_account import Account
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError

from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.operations.withdraw import Withdraw
from zklink.protocol.addresses import ADDRESS_BYTES
from zklink.protocol.errors import (
    ConsentMissing,
    KeyChangeElsewhere,
    RecipientFormatInvalid,
    TargetChanged,
    UnknownChain,
)
from zklink.protocol.ids import ChainId
from zklink.protocol.messages import HALF_ORDER, SIGNATURE_BYTES, compute_key_change_digest
from zklink.sequencer.operation_queue import Pending
from zklink.sequencer.sealed_block import Parameters
from zklink.state.state import State
from zklink.transition.checks import check_account

EVM_ADDRESS_BYTES: Final = 20
EVM_PADDING: Final = bytes(ADDRESS_BYTES - EVM_ADDRESS_BYTES)


def check_admissible(state: State, pending: Pending, parameters: Parameters) -> None:
    """Refuse an operation that its chains could not take: UnknownChain; RecipientFormatInvalid if the paying chain has
    no such address; TargetChanged; KeyChangeElsewhere; ConsentMissing if the account's owner is not the one who
    consented.
    """
    if isinstance(pending.operation, OrderMatch):
        return
    operation = pending.operation.operation
    if isinstance(operation, Withdraw):
        _check_chain(operation.chain, parameters)
        _check_recipient(operation.recipient, operation.chain)
    elif isinstance(operation, ForcedExit):
        _check_chain(operation.chain, parameters)
        owner = find_owner(state, pending.operation)
        _check_recipient(owner, operation.chain)
        if owner != pending.owner:
            raise TargetChanged(operation.target, owner)
    elif isinstance(operation, ChangePubKey):
        if operation.chain != parameters.primary:
            raise KeyChangeElsewhere(operation.chain, parameters.primary)
        owner = find_owner(state, pending.operation)
        if owner != pending.owner:
            raise ConsentMissing(operation.account, operation.nonce, operation.chain, owner)


def find_owner(state: State, operation: Signed[Any] | OrderMatch) -> bytes:
    """The owner on whom an operation depends: of the account that gets a key, or that somebody else pays out; empty for
    every other operation. Raises NoSuchAccount.
    """
    signed = None if isinstance(operation, OrderMatch) else operation.operation
    if isinstance(signed, ChangePubKey):
        return check_account(state, signed.account).owner
    if isinstance(signed, ForcedExit):
        return check_account(state, signed.target).owner
    return b""


def check_consent(owner: bytes, change: ChangePubKey, consent: bytes, deployment_hash: bytes) -> None:
    """ConsentMissing unless these 65 bytes are the owner's signature."""
    if not is_evm_address(owner) or not _is_signed_by(owner, change, consent, deployment_hash):
        raise ConsentMissing(change.account, change.nonce, change.chain, owner)


def is_evm_address(address: bytes) -> bool:
    """12 zero bytes, then an address that is not zero."""
    return address.startswith(EVM_PADDING) and any(address)


def _check_chain(chain: ChainId, parameters: Parameters) -> None:
    if chain not in parameters.chains:
        raise UnknownChain(chain, parameters.chains)


def _check_recipient(recipient: bytes, chain: ChainId) -> None:
    if not is_evm_address(recipient):
        raise RecipientFormatInvalid(chain, recipient)


def _is_signed_by(owner: bytes, change: ChangePubKey, consent: bytes, deployment_hash: bytes) -> bool:
    if len(consent) != SIGNATURE_BYTES or consent[-1] not in (27, 28) or int.from_bytes(consent[32:64]) > HALF_ORDER:
        return False
    key, until = change.public_key_hash, change.valid_until
    digest = compute_key_change_digest(deployment_hash, change.account, change.nonce, key, until)
    try:
        signer = Account._recover_hash(digest, signature=consent)
    except (BadSignature, ValidationError, ValueError):
        return False
    return bytes.fromhex(signer[2:]) == owner[len(EVM_PADDING) :]
