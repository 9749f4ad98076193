"""Checks of a signed operation beyond the rules of the state: its chains must be able to take it.

Takes an operation and the state; refuses it or does nothing. Three kinds of operation would make a block that no chain
takes: a key change without its owner's consent in the primary's slice, a payout to what is no address on its chain, and
an operation that names a chain which the deployment does not have. They are refused here, before they are in a block.
Never asks a chain.
"""

from typing import Any

from eth_account import Account
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError

from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.operations.withdraw import Withdraw
from zklink.protocol.addresses import EVM_ADDRESS_BYTES, find_bound_chain, name_on
from zklink.protocol.errors import (
    ConsentMissing,
    KeyChangeElsewhere,
    RecipientFormatInvalid,
    RecipientIsBridge,
    UnknownChain,
)
from zklink.protocol.ids import ChainId
from zklink.protocol.messages import HALF_ORDER, SIGNATURE_BYTES, compute_key_change_digest
from zklink.sequencer.operation_queue import Pending
from zklink.sequencer.sealed_block import Parameters
from zklink.state.state import State
from zklink.transition.checks import check_account


def check_admissible(state: State, pending: Pending, parameters: Parameters) -> None:
    """Refuse an operation that its chains could not take: UnknownChain; RecipientFormatInvalid if the paying chain has
    no such address, RecipientIsBridge if it is that chain's bridge; KeyChangeElsewhere; ConsentMissing if the owner is
    not the one who consented.
    """
    if isinstance(pending.operation, OrderMatch):
        return
    operation = pending.operation.operation
    if isinstance(operation, Withdraw):
        _check_chain(operation.chain, parameters)
        _check_recipient(operation.recipient, operation.chain, parameters)
    elif isinstance(operation, ForcedExit):
        _check_chain(operation.chain, parameters)
        _check_recipient(check_account(state, operation.target).owner, operation.chain, parameters)
    elif isinstance(operation, ChangePubKey):
        if operation.chain != parameters.primary:
            raise KeyChangeElsewhere(operation.chain, parameters.primary)
        owner = find_owner(state, pending.operation)
        if owner != pending.owner:
            raise ConsentMissing(operation.account, operation.nonce, operation.chain, owner)


def find_owner(state: State, operation: Signed[Any] | OrderMatch) -> bytes:
    """The owner whose consent an operation needs, of the account that gets a key; empty for every other operation.
    Raises NoSuchAccount.
    """
    signed = None if isinstance(operation, OrderMatch) else operation.operation
    return check_account(state, signed.account).owner if isinstance(signed, ChangePubKey) else b""


def check_consent(owner: bytes, change: ChangePubKey, consent: bytes, deployment_hash: bytes) -> None:
    """ConsentMissing unless these 65 bytes are the owner's signature."""
    if not is_evm_address(owner) or not _is_signed_by(owner, change, consent, deployment_hash):
        raise ConsentMissing(change.account, change.nonce, change.chain, owner)


def is_evm_address(address: bytes) -> bool:
    """12 zero bytes, then an address that is not zero: an unbound owner of an EVM chain."""
    return find_bound_chain(address) == 0


def _check_chain(chain: ChainId, parameters: Parameters) -> None:
    if chain not in parameters.chains:
        raise UnknownChain(chain, parameters.chains)


def _check_recipient(recipient: bytes, chain: ChainId, parameters: Parameters) -> None:
    address_format = parameters.address_format(chain)
    name = name_on(recipient, address_format, chain)
    if not name:
        raise RecipientFormatInvalid(chain, recipient)
    if name == name_on(parameters.bridges.get(chain, b""), address_format, chain):
        raise RecipientIsBridge(chain, recipient)


def _is_signed_by(owner: bytes, change: ChangePubKey, consent: bytes, deployment_hash: bytes) -> bool:
    if len(consent) != SIGNATURE_BYTES or consent[-1] not in (27, 28) or int.from_bytes(consent[32:64]) > HALF_ORDER:
        return False
    key, until = change.public_key_hash, change.valid_until
    digest = compute_key_change_digest(deployment_hash, change.account, change.nonce, key, until)
    try:
        signer = Account._recover_hash(digest, signature=consent)
    except (BadSignature, ValidationError, ValueError):
        return False
    return bytes.fromhex(signer[2:]) == owner[-EVM_ADDRESS_BYTES:]
