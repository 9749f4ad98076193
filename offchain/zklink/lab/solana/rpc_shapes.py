"""Accounts, errors and transactions in the shapes of a cluster's JSON-RPC (https://solana.com/docs/rpc).

Takes what the machine gives; gives JSON. Pure.
"""

import base64
from typing import Any, Final

from solders.account import Account

from zklink.lab.solana.base58 import encode_base58
from zklink.lab.solana.ledger import Entry, name_of

SIGNATURE_LAMPORTS: Final = 5_000
PLAIN: Final = "base64"
ENCODINGS: Final = (PLAIN, "base64+zstd")
"""How data of accounts is written."""
BLOCK_BYTES: Final = 1 << 17
"""The most that a block of a Zstandard frame holds."""


def frame_zstd(data: bytes) -> bytes:
    """A Zstandard frame that holds the bytes as they are (RFC 8878, 3.1.1): its size in four bytes, raw blocks."""
    pieces = [data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)] or [b""]
    last = len(pieces) - 1
    blocks = (((len(piece) << 3) | (at == last)).to_bytes(3, "little") + piece for at, piece in enumerate(pieces))
    return b"\x28\xb5\x2f\xfd\xa0" + len(data).to_bytes(4, "little") + b"".join(blocks)


def show_account(
    account: Account | None, part: dict[str, int] | None = None, encoding: str = PLAIN
) -> dict[str, Any] | None:
    """An account, or a part of its data: `offset` and `length`; None for one that is not there."""
    if account is None or (account.lamports == 0 and not account.data):
        return None
    data = bytes(account.data)
    shown = data if part is None else data[part["offset"] : part["offset"] + part["length"]]
    return {
        "data": [base64.b64encode(shown if encoding == PLAIN else frame_zstd(shown)).decode(), encoding],
        "executable": account.executable,
        "lamports": account.lamports,
        "owner": str(account.owner),
        "rentEpoch": account.rent_epoch,
        "space": len(data),
    }


def show_error(error: Any) -> Any:
    """`"Name"`, or `{"InstructionError": [index, "Name" or {"Custom": number}]}`; None for none."""
    if error is None or isinstance(error, (str, dict)):
        return error
    if hasattr(error, "index") and hasattr(error, "err"):
        inner = error.err
        return {"InstructionError": [error.index, {"Custom": inner.code} if hasattr(inner, "code") else name_of(inner)]}
    if hasattr(error, "account_index"):
        return {name_of(type(error).__name__.removeprefix("TransactionError")): {"account_index": error.account_index}}
    return name_of(error)


def show_status(error: Any) -> dict[str, Any]:
    """What became of a transaction, in its older form."""
    return {"Ok": None} if error is None else {"Err": show_error(error)}


def show_transaction(entry: Entry, version: str | int) -> dict[str, Any]:
    """A transaction with what is known of it."""
    return {
        "slot": entry.slot,
        "blockTime": entry.time,
        "transaction": [base64.b64encode(entry.wire).decode(), "base64"],
        "version": version,
        "meta": {
            "err": show_error(entry.error),
            "status": show_status(entry.error),
            "fee": _fee(entry),
            "logMessages": list(entry.meta.logs()),
            "computeUnitsConsumed": entry.meta.compute_units_consumed(),
            "innerInstructions": _inner(entry),
            "preBalances": [],
            "postBalances": [],
            "preTokenBalances": [],
            "postTokenBalances": [],
            "rewards": [],
            "loadedAddresses": {"writable": [], "readonly": []},
        },
    }


def _fee(entry: Entry) -> int:
    fee = getattr(entry.meta, "fee", None)
    return int(fee()) if callable(fee) else SIGNATURE_LAMPORTS * entry.wire[0]


def _inner(entry: Entry) -> list[dict[str, Any]]:
    shown = []
    for index, group in enumerate(entry.meta.inner_instructions()):
        calls = [
            {
                "programIdIndex": each.instruction().program_id_index,
                "accounts": list(each.instruction().accounts),
                "data": encode_base58(bytes(each.instruction().data)),
                "stackHeight": each.stack_height(),
            }
            for each in group
        ]
        if calls:
            shown.append({"index": index, "instructions": calls})
    return shown
