"""The circuit inputs of an exit: takes its statement and its authority, gives every input signal of `Exit` by name."""

from zklink.primitives.babyjubjub import BASE8
from zklink.primitives.eddsa import Signature
from zklink.protocol.addresses import split_address
from zklink.transition.exit import ExitStatement
from zklink.transition.exit_authority import ExitAuthority, check_authority, compute_exit_inputs, read_recipient
from zklink.witness.signals import Signals, list_path, split_owner


def compute_inputs(statement: ExitStatement, authority: ExitAuthority | None, domain: int) -> Signals:
    """Every input signal; without an authority the exit pays the owner. WrongKey or SignatureInvalid for a false
    authority.
    """
    if authority is not None:
        check_authority(statement, authority, domain)
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
        **_compute_signature(authority),
    }


def _compute_openings(statement: ExitStatement) -> Signals:
    side, pool = statement.side, statement.pool
    (balance,) = side.balances
    owner_hi, owner_lo = split_owner(side.owner)
    lower, higher = statement.pool_id
    return {
        "owner_hi": owner_hi,
        "owner_lo": owner_lo,
        "nonce": side.nonce,
        "known": side.known,
        "key_hash": side.public_key_hash,
        "order_root": side.order_root,
        "path": list_path(side.path),
        "balance": balance.before,
        "balance_path": list_path(balance.path),
        "row_reserve": [[*opening.row.reserves] for opening in statement.rows],
        "row_fees": [opening.row.fees for opening in statement.rows],
        "row_path": [list_path(opening.path) for opening in statement.rows],
        "pool_lower": lower,
        "pool_higher": higher,
        "pool_reserve_lower": pool.reserve_lower,
        "pool_reserve_higher": pool.reserve_higher,
        "pool_supply": pool.lp_supply,
        "pool_fee": pool.fee,
        "pool_lp_token": pool.lp_token,
        "pool_path": list_path(statement.pool_path),
    }


def _compute_signature(authority: ExitAuthority | None) -> Signals:
    """The signals of a signature; without an authority, points that the circuit can compute with."""
    key, signature = BASE8, Signature(BASE8, 0)
    if authority is not None:
        key, signature = authority.public_key, authority.signature
    return {"key_x": key.x, "key_y": key.y, "r_x": signature.r8.x, "r_y": signature.r8.y, "s": signature.s}
