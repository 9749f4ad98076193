"""The circuit inputs of an exit: takes its statement and its authority, gives every input signal of `Exit` by name."""

from zklink.protocol.addresses import split_address
from zklink.transition.exit import ExitStatement
from zklink.transition.exit_authority import ExitAuthority, check_authority, compute_exit_inputs, read_recipient
from zklink.witness.signals import (
    Signals,
    compute_account_signals,
    compute_pool_signals,
    compute_signature_signals,
    compute_token_signals,
    qualify,
    qualify_all,
)


def compute_inputs(statement: ExitStatement, authority: ExitAuthority | None, domain: int) -> Signals:
    """Every input signal; without an authority the exit pays the owner. WrongKey or SignatureInvalid for a false
    authority.
    """
    if authority is not None:
        check_authority(statement, authority, domain)
    signed = None if authority is None else (authority.public_key, authority.signature)
    public = compute_exit_inputs(statement, authority, domain)
    return {
        **public._asdict(),
        "account_root": statement.account_root,
        "token_root": statement.token_root,
        "pool_root": statement.pool_root,
        "account": statement.account,
        "token": statement.token,
        "chain": statement.chain,
        "recipient_hi": split_address("recipient", read_recipient(statement, authority))[0],
        "is_signed": int(authority is not None),
        "token_a": statement.token_a,
        "token_b": statement.token_b,
        "amount_a": statement.amount_a,
        "amount_b": statement.amount_b,
        **_compute_openings(statement),
        **qualify("signature", compute_signature_signals(signed)),
    }


def _compute_openings(statement: ExitStatement) -> Signals:
    lower, higher = statement.pool_id
    return {
        **qualify("owner", compute_account_signals(statement.side)),
        **qualify_all("row", (compute_token_signals(opening.row, opening.path) for opening in statement.rows)),
        "pair.lower": lower,
        "pair.higher": higher,
        **qualify("pool", compute_pool_signals(statement.pool, statement.pool_path)),
    }
