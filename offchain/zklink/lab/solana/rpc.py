"""A cluster's JSON-RPC over a ledger: the methods that a client of programs needs, answered as a node answers them.

Takes a method and its parameters; gives an answer or an error in JSON-RPC. `rpc_http.HttpNode` serves it on loopback,
with the laboratory's faulty nodes before it. One request at a time.
"""

import base64
import threading
from collections.abc import Callable
from typing import Any, Final

from solders.account import Account
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata

from zklink.lab.solana.ledger import BLOCKHASHES, LEVELS, Entry, Ledger, NotTaken
from zklink.lab.solana.rpc_shapes import (
    ENCODINGS,
    PLAIN,
    show_account,
    show_error,
    show_status,
    show_transaction,
)

VERSION: Final = "4.2.0-lab"
MOST_SIGNATURES: Final = 1_000
MOST_ACCOUNTS: Final = 100
EPOCH_SLOTS: Final = 432_000
EPOCHS: Final = {
    "slotsPerEpoch": EPOCH_SLOTS,
    "leaderScheduleSlotOffset": EPOCH_SLOTS,
    "warmup": False,
    "firstNormalEpoch": 0,
    "firstNormalSlot": 0,
}
WRITES: Final = ("sendTransaction", "simulateTransaction", "requestAirdrop")
"""Methods that a node passes on, or tries on the newest slot that there is."""

Json = Any


class SolanaRpc:
    """The node. What it does not know is no method."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.lock = threading.RLock()
        self._methods: dict[str, Callable[..., Json]] = {
            "getHealth": lambda: "ok",
            "getVersion": lambda: {"feature-set": 0, "solana-core": VERSION},
            "getGenesisHash": lambda: str(ledger.genesis_hash),
            "getEpochInfo": self._epoch,
            "getEpochSchedule": lambda: dict(EPOCHS),
            "getSlot": self._slot,
            "getBlockHeight": self._slot,
            "getBlockTime": self._block_time,
            "getMinimumBalanceForRentExemption": self._rent,
            "getLatestBlockhash": self._latest_blockhash,
            "isBlockhashValid": self._is_blockhash_valid,
            "getBalance": self._balance,
            "getAccountInfo": self._account,
            "getMultipleAccounts": self._accounts,
            "getProgramAccounts": self._program_accounts,
            "requestAirdrop": self._airdrop,
            "sendTransaction": self._send,
            "simulateTransaction": self._simulate,
            "getSignatureStatuses": self._statuses,
            "getSignaturesForAddress": self._signatures,
            "getTransaction": self._transaction,
        }

    def answer(self, method: str, parameters: list[Json], behind: int = 0) -> dict[str, Json]:
        """The answer to one request, but for its id. A node that is so many slots `behind` reads what was then; what is
        sent to it lands all the same.
        """
        found = self._methods.get(method)
        if found is None:
            return _error(-32601, "Method not found")
        with self.lock:
            try:
                self.ledger.behind = 0 if method in WRITES else behind
                return {"jsonrpc": "2.0", "result": found(*parameters)}
            except NotTaken as refused:
                data = {"err": show_error(refused.error), "logs": list(refused.logs), "unitsConsumed": 0}
                return _error(refused.code, refused.text, data if refused.code == -32002 else None)
            except (ValueError, TypeError, KeyError) as error:
                return _error(-32602, f"Invalid params: {error}")
            finally:
                self.ledger.behind = 0

    # -- the head ------------------------------------------------------------------------------------------------

    def _slot(self, config: Json = None) -> int:
        return self.ledger.height(_level(config))

    def _epoch(self, config: Json = None) -> Json:
        slot = self.ledger.height(_level(config))
        place = {
            "absoluteSlot": slot,
            "blockHeight": slot,
            "epoch": slot // EPOCH_SLOTS,
            "slotIndex": slot % EPOCH_SLOTS,
        }
        return place | {"slotsInEpoch": EPOCH_SLOTS, "transactionCount": len(self.ledger.entries)}

    def _block_time(self, slot: int) -> Json:
        return self.ledger.times.get(slot) if slot <= self.ledger.height("processed") else None

    def _rent(self, size: int, config: Json = None) -> int:
        return int(self.ledger.svm.minimum_balance_for_rent_exemption(size))

    def _latest_blockhash(self, config: Json = None) -> Json:
        slot = max(1, self.ledger.height(_level(config)))
        blockhash = self.ledger.hashes[slot]
        return self._at(config, {"blockhash": str(blockhash), "lastValidBlockHeight": slot + BLOCKHASHES})

    def _is_blockhash_valid(self, blockhash: str, config: Json = None) -> Json:
        known = {str(self.ledger.hashes[slot]): slot for slot in self.ledger.hashes}
        is_known = known.get(blockhash, -BLOCKHASHES) >= self.ledger.height(_level(config)) - BLOCKHASHES
        return self._at(config, blockhash in known and is_known)

    # -- accounts ------------------------------------------------------------------------------------------------

    def _balance(self, key: str, config: Json = None) -> Json:
        account = self.ledger.account(Pubkey.from_string(key), _level(config))
        return self._at(config, account.lamports if account else 0)

    def _account(self, key: str, config: Json = None) -> Json:
        return self._at(config, self._show(key, config))

    def _accounts(self, keys: list[str], config: Json = None) -> Json:
        if len(keys) > MOST_ACCOUNTS:
            raise ValueError(f"Too many inputs provided; max {MOST_ACCOUNTS}")
        return self._at(config, [self._show(key, config) for key in keys])

    def _program_accounts(self, program: str, config: Json = None) -> Json:
        options = config or {}
        if "filters" in options:
            raise ValueError("this node filters no accounts")
        owned = self.ledger.owned(Pubkey.from_string(program), _level(config)).items()
        shown = [{"pubkey": str(key), "account": self._show_found(account, config)} for key, account in owned]
        shown = [each for each in shown if each["account"] is not None]
        return self._at(config, shown) if options.get("withContext") else shown

    def _show(self, key: str, config: Json) -> Json:
        return self._show_found(self.ledger.account(Pubkey.from_string(key), _level(config)), config)

    def _show_found(self, account: Account | None, config: Json) -> Json:
        options = config or {}
        encoding = options.get("encoding", PLAIN)
        if encoding not in ENCODINGS:
            raise ValueError(f"this node encodes accounts as {' or '.join(ENCODINGS)}")
        return show_account(account, options.get("dataSlice"), encoding)

    # -- sending -------------------------------------------------------------------------------------------------

    def _airdrop(self, key: str, lamports: int, config: Json = None) -> str:
        self.ledger.give(Pubkey.from_string(key), lamports)
        return str(Signature.new_unique())

    def _send(self, text: str, config: Json = None) -> str:
        options = config or {}
        if options.get("encoding", "base58") != "base64":
            raise ValueError("this node takes transactions as base64 only")
        return str(self.ledger.send(base64.b64decode(text), is_tried=not options.get("skipPreflight", False)))

    def _simulate(self, text: str, config: Json = None) -> Json:
        transaction, machine = VersionedTransaction.from_bytes(base64.b64decode(text)), self.ledger.svm
        machine.with_sigverify(bool((config or {}).get("sigVerify", False)))
        try:
            outcome = machine.simulate_transaction(transaction)
        finally:
            machine.with_sigverify(True)
        error = outcome.err() if isinstance(outcome, FailedTransactionMetadata) else None
        meta = outcome.meta()
        units = meta.compute_units_consumed()
        found = {"err": show_error(error), "logs": list(meta.logs()), "unitsConsumed": units, "accounts": None}
        return self._at({"commitment": "processed"}, found | {"returnData": None})

    # -- history -------------------------------------------------------------------------------------------------

    def _statuses(self, signatures: list[str], config: Json = None) -> Json:
        found = [self.ledger.find(Signature.from_string(each)) for each in signatures]
        return self._at({"commitment": "processed"}, [entry and self._show_status(entry) for entry in found])

    def _show_status(self, entry: Entry) -> Json:
        level = self.ledger.level_of(entry.slot)
        return {
            "slot": entry.slot,
            "confirmations": None if level == "finalized" else self.ledger.slot - entry.slot,
            "err": show_error(entry.error),
            "status": show_status(entry.error),
            "confirmationStatus": level,
        }

    def _signatures(self, key: str, config: Json = None) -> Json:
        options = config or {}
        found = self.ledger.history(Pubkey.from_string(key), _level(config))
        names = [str(entry.signature) for entry in found]
        first = names.index(options["before"]) + 1 if options.get("before") in names else 0
        last = names.index(options["until"]) if options.get("until") in names else len(names)
        limit = min(options.get("limit", MOST_SIGNATURES), MOST_SIGNATURES)
        return [
            {
                "signature": str(entry.signature),
                "slot": entry.slot,
                "err": show_error(entry.error),
                "memo": None,
                "blockTime": entry.time,
                "confirmationStatus": self.ledger.level_of(entry.slot),
            }
            for entry in found[first:last][:limit]
        ]

    def _transaction(self, signature: str, config: Json = None) -> Json:
        entry = self.ledger.find(Signature.from_string(signature), _level(config))
        if entry is None:
            return None
        is_new = isinstance(VersionedTransaction.from_bytes(entry.wire).message, MessageV0)
        if is_new and (config or {}).get("maxSupportedTransactionVersion") is None:
            raise NotTaken(-32015, "Transaction version (0) is not supported by the requesting client")
        return show_transaction(entry, 0 if is_new else "legacy")

    def _at(self, config: Json, value: Json) -> Json:
        return {"context": {"apiVersion": VERSION, "slot": self.ledger.height(_level(config))}, "value": value}


def _level(config: Json) -> str:
    level = (config or {}).get("commitment", "finalized")
    if level not in LEVELS:
        raise ValueError(f"unknown commitment {level}")
    return str(level)


def _error(code: int, message: str, data: Json = None) -> dict[str, Json]:
    error: dict[str, Json] = {"code": code, "message": message}
    return {"jsonrpc": "2.0", "error": error if data is None else error | {"data": data}}
