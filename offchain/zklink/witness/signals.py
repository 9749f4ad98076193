"""The parts that the witnesses of several circuits share: the frame of a block, its hot rows, accounts, signatures and
split numbers.

Signals are named as circom names them: a field of a bus after a dot, an element of an array of buses in brackets, as in
`ledger_input[1].op.kind`. `offchain/circuits/lib/buses.circom` has every bus.
"""

from collections.abc import Iterable
from typing import TypeAlias

from zklink.primitives.babyjubjub import BASE8, Point
from zklink.primitives.eddsa import Signature
from zklink.primitives.merkle import Siblings
from zklink.protocol.addresses import split_address
from zklink.state.rows import Pool, TokenRow
from zklink.transition.account_openings import AccountOpening
from zklink.transition.block_frame import SealedFrame
from zklink.transition.hot_rows import Path, RowOpening

Signal: TypeAlias = int | list["Signal"]
"""A number, or an array of signals."""

Signals: TypeAlias = dict[str, Signal]
"""Every input signal of a circuit, or some of them, by name."""


_NO_SIGNATURE = Signature(BASE8, 0)


def qualify(bus: str, signals: Signals) -> Signals:
    """The signals of a bus under their whole names."""
    return {f"{bus}.{name}": signal for name, signal in signals.items()}


def qualify_all(bus: str, elements: Iterable[Signals]) -> Signals:
    """The signals of an array of buses under their whole names."""
    named: Signals = {}
    for place, signals in enumerate(elements):
        named |= qualify(f"{bus}[{place}]", signals)
    return named


def compute_frame_signals(frame: SealedFrame) -> Signals:
    """The public inputs and the header of a block of either lane."""
    header, inputs = frame.header, frame.inputs
    return {
        "commitment": inputs.commitment,
        "z": inputs.z,
        "lambda": inputs.lambda_,
        "y": inputs.y,
        "domain": header.domain,
        "number": header.number,
        "timestamp": header.timestamp,
        "old_root": header.old_root,
        "new_root": header.new_root,
    }


def compute_row_signals(opening: RowOpening) -> Signals:
    """The three roots before the block, and every hot row before it with the path of its write-back."""
    return {
        "account_root": opening.account_root,
        "token_root": opening.token_root,
        "pool_root": opening.pool_root,
        "row_id": [row.token_id for row in opening.tokens],
        **qualify_all("row", (compute_token_signals(row.before, row.path) for row in opening.tokens)),
        **qualify_all("pair", ({"lower": pool.lower, "higher": pool.higher} for pool in opening.pools)),
        **qualify_all("pool", (compute_pool_signals(pool.before, pool.path) for pool in opening.pools)),
    }


def compute_token_signals(row: TokenRow, path: Path) -> Signals:
    """A `TokenOpening`."""
    return {"leaf.reserve": [*row.reserves], "leaf.fees": row.fees, "path": list_path(path)}


def compute_pool_signals(pool: Pool, path: Path) -> Signals:
    """A `PoolOpening`."""
    leaf: Signals = {
        "reserve_lower": pool.reserve_lower,
        "reserve_higher": pool.reserve_higher,
        "supply": pool.lp_supply,
        "fee": pool.fee,
        "lp_token": pool.lp_token,
    }
    return {**qualify("leaf", leaf), "path": list_path(path)}


def compute_account_signals(side: AccountOpening) -> Signals:
    """An `AccountOpening`: what an account holds, its path, and its balances with theirs."""
    balances: list[Signals] = [{"amount": balance.before, "path": list_path(balance.path)} for balance in side.balances]
    return {
        **compute_address_signals("account.owner", side.owner),
        "account.known": side.known,
        "account.nonce": side.nonce,
        "account.key_hash": side.public_key_hash,
        "order_root": side.order_root,
        "path": list_path(side.path),
        **qualify_all("balance", balances),
    }


def compute_address_signals(bus: str, address: bytes) -> Signals:
    """An `Address` by its whole name: a universal address, or a key's 32 bytes."""
    hi, lo = split_address("owner", address)
    return {f"{bus}.hi": hi, f"{bus}.lo": lo}


def compute_signature_signals(signed: tuple[Point, Signature] | None) -> Signals:
    """A `Signature` of a key; if nobody signs, points that the circuit can compute with."""
    key, (r8, s) = (BASE8, _NO_SIGNATURE) if signed is None else signed
    return {"key_x": key.x, "key_y": key.y, "r_x": r8.x, "r_y": r8.y, "s": s}


def list_path(path: Path) -> Signal:
    """[depth][3], from the leaf up."""
    return [_list_siblings(siblings) for siblings in path]


def _list_siblings(siblings: Siblings) -> Signal:
    return [*siblings]
