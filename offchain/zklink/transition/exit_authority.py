"""The recipient of an exit, and the public inputs that bind it (docs/protocol.md, section 11).

Without a signature the exit pays the account's owner, who must send the transaction. With one, it pays the recipient
that the account's key names, and anyone can send it.
"""

from dataclasses import dataclass
from typing import NamedTuple

from zklink.primitives import eddsa
from zklink.primitives.babyjubjub import Point
from zklink.primitives.eddsa import PrivateKey, Signature
from zklink.protocol.addresses import split_address
from zklink.protocol.errors import SignatureInvalid, WrongKey
from zklink.protocol.signing import compute_message, compute_public_key_hash
from zklink.protocol.words import EXIT_LAYOUTS, EXIT_MESSAGE_LAYOUTS
from zklink.transition.exit import ExitStatement


@dataclass(frozen=True, slots=True)
class ExitAuthority:
    """`recipient` (32 bytes) is named by the account's key; see `sign_exit`."""

    recipient: bytes
    public_key: Point
    signature: Signature


class ExitInputs(NamedTuple):
    """The public inputs of an exit's proof, in the circuit's order."""

    domain: int
    root: int
    x0: int
    recipient_lo: int
    x1: int


def compute_exit_message(statement: ExitStatement, recipient: bytes, domain: int) -> int:
    """M, the message that the account's key signs in the exit domain: the account, token, chain, recipient and root."""
    recipient_hi, recipient_lo = split_address("recipient", recipient)
    m0 = EXIT_MESSAGE_LAYOUTS[0].pack(
        account=statement.account, token=statement.token, chain=statement.chain, recipient_hi=recipient_hi
    )
    return compute_message(domain, m0, recipient_lo, statement.root)


def sign_exit(statement: ExitStatement, recipient: bytes, domain: int, private_key: PrivateKey) -> ExitAuthority:
    """Name a recipient with the account's key."""
    signature = private_key.sign(compute_exit_message(statement, recipient, domain))
    return ExitAuthority(recipient, private_key.public_key, signature)


def check_authority(statement: ExitStatement, authority: ExitAuthority, domain: int) -> None:
    """WrongKey or SignatureInvalid unless the account's key has named this recipient."""
    if not eddsa.is_public_key(authority.public_key):
        raise SignatureInvalid(statement.account)
    key_hash = compute_public_key_hash(authority.public_key)
    if key_hash != statement.side.public_key_hash:
        raise WrongKey(statement.account, statement.side.public_key_hash, key_hash)
    message = compute_exit_message(statement, authority.recipient, domain)
    if not eddsa.verify(authority.public_key, message, authority.signature):
        raise SignatureInvalid(statement.account)


def compute_exit_inputs(statement: ExitStatement, authority: ExitAuthority | None, domain: int) -> ExitInputs:
    """The public inputs; without an authority the exit pays the account's owner."""
    recipient_hi, recipient_lo = split_address("recipient", read_recipient(statement, authority))
    x0, x1 = EXIT_LAYOUTS
    return ExitInputs(
        domain=domain,
        root=statement.root,
        x0=x0.pack(
            account=statement.account,
            token=statement.token,
            chain=statement.chain,
            recipient_hi=recipient_hi,
            is_signed=int(authority is not None),
            token_a=statement.token_a,
            token_b=statement.token_b,
        ),
        recipient_lo=recipient_lo,
        x1=x1.pack(amount_a=statement.amount_a, amount_b=statement.amount_b),
    )


def read_recipient(statement: ExitStatement, authority: ExitAuthority | None) -> bytes:
    """The universal address that is paid."""
    return statement.side.owner if authority is None else authority.recipient
