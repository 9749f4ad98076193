"""What a sequencer asks of a signed operation beyond the rules of the state: that its chains can take it.

A block whose key change lacks its owner's consent, whose forced exit pays an owner who has never acted on the paying
chain, or that names a chain which the deployment does not have, could never be committed. So it is refused here, before
it is in a block.
"""

from typing import Any, Final

from eth_account import Account
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError

from zklink.operations.change_pub_key import NO_CONSENT, ChangePubKey
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.operations.withdraw import Withdraw
from zklink.protocol.addresses import ADDRESS_BYTES
from zklink.protocol.errors import (
    ConsentMissing,
    OperationError,
    OwnerNotKnown,
    RecipientFormatInvalid,
    UnknownChain,
)
from zklink.protocol.ids import ChainId
from zklink.protocol.messages import compute_key_change_digest
from zklink.sequencer.operation_queue import Pending
from zklink.sequencer.sealed_block import Parameters
from zklink.state.state import State
from zklink.transition.checks import check_account
from zklink.transition.rules import type_of

EVM_ADDRESS_BYTES: Final = 20
EVM_PADDING: Final = bytes(ADDRESS_BYTES - EVM_ADDRESS_BYTES)
SIGNATURE_BYTES: Final = 65
HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half of secp256k1's order: the registry refuses the other one of the two signatures that hold."""


def check_admissible(state: State, pending: Pending, parameters: Parameters) -> None:
    """UnknownChain, RecipientFormatInvalid if the chain that is to pay has no such address, ConsentMissing or
    OwnerNotKnown if the account belongs to somebody else than who consented or has acted.
    """
    if isinstance(pending.operation, OrderMatch):
        return
    operation = pending.operation.operation
    if isinstance(operation, Withdraw):
        _check_chain(operation.chain, parameters)
        _check_recipient(operation.recipient, operation.chain)
    elif isinstance(operation, ForcedExit | ChangePubKey):
        _check_chain(operation.chain, parameters)
        owner = find_owner(state, pending.operation)
        if isinstance(operation, ForcedExit):
            _check_recipient(owner, operation.chain)
        if owner != pending.owner:
            raise refuse_for_consent(pending.operation, owner)


def needs_consent(operation: Signed[Any] | OrderMatch, consent: bytes) -> bool:
    """Whether an operation needs an owner's consent that does not come with it, but from its chain."""
    kind = type_of(operation)
    return kind is ForcedExit or (kind is ChangePubKey and consent == NO_CONSENT)


def refuse_for_consent(operation: Signed[Any], owner: bytes) -> OperationError:
    """What refuses an operation for which its chain has no consent of this owner."""
    signed = operation.operation
    if isinstance(signed, ForcedExit):
        return OwnerNotKnown(signed.target, signed.chain, owner)
    return ConsentMissing(signed.account, signed.nonce, signed.chain, owner)


def find_owner(state: State, operation: Signed[Any] | OrderMatch) -> bytes:
    """Whose consent an operation needs on its chain: the owner of the account that gets a key, or that is paid out by
    somebody else; empty for every other operation. Raises AccountUnknown.
    """
    signed = None if isinstance(operation, OrderMatch) else operation.operation
    if isinstance(signed, ChangePubKey):
        return check_account(state, signed.account).owner
    if isinstance(signed, ForcedExit):
        return check_account(state, signed.target).owner
    return b""


def check_consent(owner: bytes, change: ChangePubKey, consent: bytes, deployment_hash: bytes) -> None:
    """ConsentMissing unless these 65 bytes are the owner's signature; one that is recorded is the caller's to check."""
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
    digest = compute_key_change_digest(deployment_hash, change.account, change.nonce, change.public_key_hash)
    try:
        signer = Account._recover_hash(digest, signature=consent)
    except (BadSignature, ValidationError, ValueError):
        return False
    return bytes.fromhex(signer[2:]) == owner[len(EVM_PADDING) :]
