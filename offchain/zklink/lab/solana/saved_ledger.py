"""A ledger at rest, as bytes: what its accounts hold, its newest slots, and the transactions of its history.

Takes a ledger on which nothing waits; gives bytes, and a fresh ledger that goes on from there. What stood in earlier
slots is gone: everything counts as finalized.
"""

import base64
import json
import zlib
from dataclasses import dataclass
from typing import Any, Final, cast

from solders.account import Account
from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import TransactionMetadata

from zklink.lab.solana.ledger import BLOCKHASHES, Entry, Ledger, Moment
from zklink.lab.solana.rpc_shapes import show_transaction

FORMAT: Final = "zklink.ledger.1"
OF_THE_MACHINE: Final = ("NativeLoader1111111111111111111111111111111", "Sysvar1111111111111111111111111111111111111")
"""Owners of accounts that every ledger has, as its own slots make them."""
KEPT_SLOTS: Final = 2 * BLOCKHASHES
"""Slots whose blockhashes and times are kept."""


@dataclass(frozen=True, slots=True)
class SavedCall:
    """A call that a program made, with the names that the machine gives it."""

    program_id_index: int
    accounts: bytes
    data: bytes
    height: int

    def instruction(self) -> "SavedCall":
        """The call itself."""
        return self

    def stack_height(self) -> int:
        """How deep it was made."""
        return self.height


@dataclass(frozen=True, slots=True)
class SavedMeta:
    """What the machine said of a transaction."""

    words: tuple[str, ...]
    units: int
    lamports: int
    groups: tuple[tuple[SavedCall, ...], ...]

    def logs(self) -> tuple[str, ...]:
        """Its log."""
        return self.words

    def compute_units_consumed(self) -> int:
        """What it took."""
        return self.units

    def fee(self) -> int:
        """What it paid, in lamports."""
        return self.lamports

    def inner_instructions(self) -> tuple[tuple[SavedCall, ...], ...]:
        """The calls that programs made, by the transaction's own calls."""
        return self.groups


def dump_ledger(ledger: Ledger) -> bytes:
    """Everything about a ledger. ValueError while a transaction waits."""
    if ledger.pool:
        raise ValueError("a transaction waits")
    newest = range(max(1, ledger.slot - KEPT_SLOTS), ledger.slot + 1)
    held = {str(key): versions[-1][1] for key, versions in ledger.versions.items()}
    content = {
        "format": FORMAT,
        "genesis": ledger.genesis,
        "slot": ledger.slot,
        "time": ledger.time,
        "forks": ledger.forks,
        "hashes": {slot: str(ledger.hashes[slot]) for slot in newest if slot in ledger.hashes},
        "times": {slot: ledger.times[slot] for slot in newest if slot in ledger.times},
        "accounts": {key: _dump_account(account) for key, account in held.items() if _is_kept(account)},
        "entries": [_dump_entry(entry) for entry in ledger.entries],
    }
    return zlib.compress(json.dumps(content).encode())


def load_ledger(ledger: Ledger, data: bytes) -> None:
    """Let a fresh ledger of the same genesis go on from there. Raises ValueError for other bytes."""
    content = json.loads(zlib.decompress(data))
    if content["format"] != FORMAT or content["genesis"] != ledger.genesis:
        raise ValueError("not the state of this ledger")
    accounts = {Pubkey.from_string(key): _load_account(item) for key, item in content["accounts"].items()}
    moment = _load_moment(content, accounts)
    ledger.svm.warp_to_slot(moment.slot)
    # A program is read when its account is put there, so its code must be there before it.
    for key, account in sorted(accounts.items(), key=lambda item: item[1].executable):
        if ledger.svm.get_account(key) != account:
            ledger.svm.set_account(key, account)
    ledger.forks = int(content["forks"])
    ledger.versions = {key: list(versions) for key, versions in moment.versions.items()}
    ledger.restore(moment)


def _load_moment(content: dict[str, Any], accounts: dict[Pubkey, Account]) -> Moment:
    return Moment(
        int(content["slot"]),
        float(content["time"]),
        tuple(_load_entry(item) for item in content["entries"]),
        {key: ((0, account),) for key, account in accounts.items()},
        {int(slot): Hash.from_string(text) for slot, text in content["hashes"].items()},
        {int(slot): int(time) for slot, time in content["times"].items()},
        (),
    )


def _is_kept(account: Account | None) -> bool:
    return account is not None and account.lamports > 0 and str(account.owner) not in OF_THE_MACHINE


def _dump_account(account: Account | None) -> list[Any]:
    assert account is not None
    text = base64.b64encode(bytes(account.data)).decode()
    return [account.lamports, text, str(account.owner), account.executable, account.rent_epoch]


def _load_account(item: list[Any]) -> Account:
    lamports, text, owner, is_program, rent_epoch = item
    return Account(lamports, base64.b64decode(text), Pubkey.from_string(owner), is_program, rent_epoch)


def _dump_entry(entry: Entry) -> dict[str, Any]:
    meta = show_transaction(entry, "legacy")["meta"]
    return {
        "slot": entry.slot,
        "time": entry.time,
        "wire": base64.b64encode(entry.wire).decode(),
        "error": meta["err"],
        "logs": meta["logMessages"],
        "units": meta["computeUnitsConsumed"],
        "fee": meta["fee"],
        "inner": [[_dump_call(each) for each in group] for group in entry.meta.inner_instructions()],
    }


def _load_entry(item: dict[str, Any]) -> Entry:
    wire = base64.b64decode(item["wire"])
    transaction = VersionedTransaction.from_bytes(wire)
    groups = tuple(tuple(map(_load_call, group)) for group in item["inner"])
    meta = SavedMeta(tuple(item["logs"]), item["units"], item["fee"], groups)
    return Entry(
        transaction.signatures[0],
        int(item["slot"]),
        int(item["time"]),
        wire,
        item["error"],
        cast(TransactionMetadata, meta),
        tuple(transaction.message.account_keys),
    )


def _dump_call(call: Any) -> list[Any]:
    made = call.instruction()
    places = base64.b64encode(bytes(made.accounts)).decode()
    return [made.program_id_index, places, base64.b64encode(bytes(made.data)).decode(), call.stack_height()]


def _load_call(item: list[Any]) -> SavedCall:
    program, places, data, height = item
    return SavedCall(program, base64.b64decode(places), base64.b64decode(data), height)
