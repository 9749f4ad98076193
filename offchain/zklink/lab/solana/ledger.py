"""A Solana ledger in process: LiteSVM runs the programs; slots, commitment levels and lost forks are kept here.

Takes signed transactions as bytes; gives accounts as of a level, the history of an address, and transactions. Time
passes only when it is told to. Not for several threads at once (`rpc.SolanaRpc` has a lock).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from solders.account import Account
from solders.clock import Clock
from solders.hash import Hash
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from zklink.lab.errors import ReorgTooDeep

PACKET_BYTES: Final = 1232
"""The most that a transaction may have; LiteSVM takes any."""
BLOCKHASHES: Final = 150
"""How many slots a transaction lives after the one whose blockhash it names."""
START_TIME: Final = 1_800_000_000
LEVELS: Final = ("processed", "confirmed", "finalized")
FAUCET_LAMPORTS: Final = 10**18

NEVER_LANDS: Final = ("AlreadyProcessed", "BlockhashNotFound", "InsufficientFundsForFee", "AccountNotFound")
"""Errors of transactions that no block contains; any other failure pays its fee and stands in the history."""

GONE: Final = Account(0, b"", Pubkey.default(), False, 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction in a slot; `error` is None if it did what it is for, `meta` what the machine says of it."""

    signature: Signature
    slot: int
    time: int
    wire: bytes
    error: object | None
    meta: TransactionMetadata
    keys: tuple[Pubkey, ...]


class NotTaken(Exception):
    """The node takes a transaction not in. `code` is that of its JSON-RPC, `error` the machine's, `logs` say why."""

    def __init__(self, code: int, text: str, error: object | None = None, logs: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.code, self.text, self.error, self.logs = code, text, error, logs


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything about a ledger at one moment."""

    slot: int
    time: float
    entries: tuple[Entry, ...]
    versions: dict[Pubkey, tuple[tuple[int, Account | None], ...]]
    hashes: dict[int, Hash]
    times: dict[int, int]
    pool: tuple[bytes, ...]


@dataclass(slots=True)
class Ledger:
    """A cluster of one node. An account is read at `processed`, at `confirmed` (so many slots back) or at `finalized`;
    `genesis` makes its hash.
    """

    genesis: str = "lab"
    confirmed_slots: int = 2
    finalized_slots: int = 32
    slot_seconds: float = 0.4
    slot: int = 1
    time: float = START_TIME
    is_automining: bool = True
    clock: Callable[[], float] | None = None
    """Seconds before which no new slot is."""
    kept_slots: int | None = None
    """For how many slots it is kept what accounts held; None is for ever."""
    entries: list[Entry] = field(default_factory=list)
    versions: dict[Pubkey, list[tuple[int, Account | None]]] = field(default_factory=dict)
    hashes: dict[int, Hash] = field(default_factory=dict)
    times: dict[int, int] = field(default_factory=dict)
    pool: list[bytes] = field(default_factory=list)
    withheld: frozenset[str] = frozenset()
    """Signatures of transactions that no slot takes, though they wait."""
    is_dropping: bool = False
    """Whether what is sent gets lost on its way to whoever makes the slots."""
    behind: int = 0
    """So many slots are not seen by what is read: those that a late node does not know yet."""
    svm: LiteSVM = field(init=False)
    forks: int = 0
    """How many forks have won over another."""

    def __post_init__(self) -> None:
        machine = LiteSVM.default().with_mainnet_features().with_builtins().with_lamports(FAUCET_LAMPORTS)
        machine = machine.with_sysvars().with_default_programs().with_sigverify(True).with_blockhash_check(False)
        self.svm = machine.with_transaction_history(0)
        self._stamp()

    @property
    def genesis_hash(self) -> Hash:
        """What names the cluster."""
        return Hash.hash(b"genesis " + self.genesis.encode())

    # -- time ----------------------------------------------------------------------------------------------------

    def tick(self, slots: int = 1, time: float | None = None) -> None:
        """Let slots pass; what waits stands in the first of them. `time` is that of the last, UNIX seconds."""
        start = self.time
        for left in reversed(range(slots)):
            self.slot += 1
            step = self.slot_seconds if time is None else (time - start) / slots
            self.time = time if time is not None and left == 0 else self.time + step
            if time is None and self.clock is not None:
                self.time = max(self.time, self.clock())
            waiting = [wire for wire in self.pool if self.signature_of(wire) not in self.withheld]
            self.pool = [wire for wire in self.pool if wire not in waiting]
            self.svm.warp_to_slot(self.slot)
            self._stamp()
            for wire in waiting:
                self._include(wire)

    def _stamp(self) -> None:
        old = self.svm.get_clock()
        clock = Clock(self.slot, old.epoch_start_timestamp, old.epoch, old.leader_schedule_epoch, int(self.time))
        self.svm.set_clock(clock)
        self.times[self.slot] = int(self.time)
        self.hashes[self.slot] = Hash.hash(f"{self.genesis} {self.slot} {self.forks}".encode())

    def height(self, level: str = "finalized") -> int:
        """The newest slot of a commitment level."""
        behind = {"processed": 0, "confirmed": self.confirmed_slots, "finalized": self.finalized_slots}[level]
        return max(0, self.slot - behind - self.behind)

    def level_of(self, slot: int) -> str:
        """How far a slot is."""
        return next(level for level in reversed(LEVELS) if slot <= self.height(level) or level == "processed")

    # -- writing -------------------------------------------------------------------------------------------------

    def send(self, wire: bytes, *, is_tried: bool = True) -> Signature:
        """Take a transaction in; it lands at once, or in the next slot if nothing lands by itself. Raises NotTaken; one
        that is not tried first is taken in any case, and may never land.
        """
        if len(wire) > PACKET_BYTES:
            raise NotTaken(-32602, f"transaction too large: {len(wire)} bytes (max: {PACKET_BYTES})")
        transaction = VersionedTransaction.from_bytes(wire)
        if transaction.signatures[0] == Signature.default():
            raise NotTaken(-32003, "Transaction signature verification failure")
        if is_tried:
            self._try(transaction)
        if self.is_dropping:
            return transaction.signatures[0]
        if self.is_automining:
            self.pool.append(wire)
            self.tick()
        elif wire not in self.pool:
            self.pool.append(wire)
        return transaction.signatures[0]

    def _try(self, transaction: VersionedTransaction) -> None:
        """Raises NotTaken, as a node's preflight does."""
        if not self.is_recent(transaction.message.recent_blockhash):
            raise NotTaken(-32002, "Transaction simulation failed: Blockhash not found", "BlockhashNotFound")
        if self.find(transaction.signatures[0]) is not None:
            text = "Transaction simulation failed: This transaction has already been processed"
            raise NotTaken(-32002, text, "AlreadyProcessed")
        outcome = self.svm.simulate_transaction(transaction)
        if isinstance(outcome, FailedTransactionMetadata):
            text = f"Transaction simulation failed: {outcome.err()}"
            raise NotTaken(-32002, text, outcome.err(), tuple(outcome.meta().logs()))

    def _include(self, wire: bytes) -> None:
        transaction = VersionedTransaction.from_bytes(wire)
        signature, keys = transaction.signatures[0], tuple(transaction.message.account_keys)
        if self.find(signature) is not None or not self.is_recent(transaction.message.recent_blockhash):
            return
        self._remember(keys, slot=0)
        outcome = self.svm.send_transaction(transaction)
        error = outcome.err() if isinstance(outcome, FailedTransactionMetadata) else None
        meta = outcome.meta() if isinstance(outcome, FailedTransactionMetadata) else outcome
        if error is not None and name_of(error) in NEVER_LANDS:
            return
        self._remember(keys, self.slot)
        self.entries.append(Entry(signature, self.slot, int(self.time), wire, error, meta, keys))

    def _remember(self, keys: tuple[Pubkey, ...], slot: int) -> None:
        """Note what accounts hold: before the first change of them, and whenever it is something new."""
        for key in keys:
            versions = self.versions.setdefault(key, [])
            account = self.svm.get_account(key)
            if not versions or (slot and account != versions[-1][1]):
                versions.append((slot, account))
            if self.kept_slots is not None:
                old = [place for place, (known, _) in enumerate(versions) if known <= self.slot - self.kept_slots]
                del versions[: old[-1] if old else 0]

    def give(self, key: Pubkey, lamports: int) -> None:
        """Add lamports to an account, in this slot. Raises NotTaken for fewer than the rent of a new one."""
        self._remember((key,), slot=0)
        outcome = self.svm.airdrop(key, lamports)
        if isinstance(outcome, FailedTransactionMetadata):
            raise NotTaken(-32603, f"airdrop refused: {outcome.err()}", outcome.err())
        self._remember((key,), self.slot)

    def put(self, key: Pubkey, account: Account) -> None:
        """Let an account hold anything, in this slot."""
        self._remember((key,), slot=0)
        self.svm.set_account(key, account)
        self._remember((key,), self.slot)

    # -- reading -------------------------------------------------------------------------------------------------

    def is_recent(self, blockhash: Hash) -> bool:
        """Whether a transaction that names it can still land."""
        return any(self.hashes.get(slot) == blockhash for slot in range(self.slot - BLOCKHASHES, self.slot + 1))

    def account(self, key: Pubkey, level: str = "finalized") -> Account | None:
        """What an account holds at a level."""
        versions = self.versions.get(key)
        if versions is None:
            return self.svm.get_account(key)
        found = [account for slot, account in versions if slot <= self.height(level)]
        return found[-1] if found else None

    def owned(self, program: Pubkey, level: str = "finalized") -> dict[Pubkey, Account]:
        """What a program owns at a level, by address."""
        keys = {*self.versions, *(key for key, _ in self.svm.get_program_accounts(program))}
        found = {key: self.account(key, level) for key in sorted(keys, key=bytes)}
        return {key: each for key, each in found.items() if each is not None and each.owner == program}

    def history(self, key: Pubkey, level: str = "finalized") -> list[Entry]:
        """The transactions that name an account, the newest first."""
        return [entry for entry in reversed(self.entries) if key in entry.keys and entry.slot <= self.height(level)]

    def find(self, signature: Signature, level: str = "processed") -> Entry | None:
        """A transaction by its first signature."""
        found = (entry for entry in self.entries if entry.signature == signature)
        return next((entry for entry in found if entry.slot <= self.height(level)), None)

    def signature_of(self, wire: bytes) -> str:
        """What names a transaction."""
        return str(VersionedTransaction.from_bytes(wire).signatures[0])

    # -- going back ----------------------------------------------------------------------------------------------

    def drop(self, slots: int, back: Sequence[bytes] = ()) -> list[Entry]:
        """Another fork has won: the last slots are gone, with what was done in them, and others stand there, of which
        the first has the transactions in `back`. Gives what was there. Raises ReorgTooDeep for what is finalized.
        """
        most = min(self.finalized_slots, self.slot) - 1
        if not 0 < slots <= most:
            raise ReorgTooDeep(slots, most)
        cut = self.slot - slots
        gone = [entry for entry in self.entries if entry.slot > cut]
        kept = {key: tuple(each for each in versions if each[0] <= cut) for key, versions in self.versions.items()}
        self._go_back(kept)
        self.entries = [entry for entry in self.entries if entry.slot <= cut]
        self.slot, self.time = cut, self.times[cut]
        for known in (self.hashes, self.times):
            for slot in range(cut + 1, cut + slots + 1):
                del known[slot]
        self.forks += 1
        self.pool = [*back, *self.pool]
        self.tick(slots)
        return gone

    def snapshot(self) -> Moment:
        """Remember everything but programs that are put there afterwards."""
        versions = {key: tuple(found) for key, found in self.versions.items()}
        entries, pool = tuple(self.entries), tuple(self.pool)
        return Moment(self.slot, self.time, entries, versions, dict(self.hashes), dict(self.times), pool)

    def restore(self, moment: Moment) -> None:
        """Go back to a snapshot."""
        self._go_back(moment.versions)
        self.slot, self.time, self.entries = moment.slot, moment.time, list(moment.entries)
        self.hashes, self.times, self.pool = dict(moment.hashes), dict(moment.times), list(moment.pool)
        self.svm.warp_to_slot(self.slot)
        self._stamp()

    def _go_back(self, kept: dict[Pubkey, tuple[tuple[int, Account | None], ...]]) -> None:
        for key, versions in self.versions.items():
            known = kept.get(key) or (versions[0],)
            if known[-1][1] != versions[-1][1]:
                self.svm.set_account(key, known[-1][1] or GONE)
            versions[:] = known


def name_of(error: object) -> str:
    """The name that a cluster has for an error."""
    return str(error).rsplit(".", 1)[-1].split("(")[0]
