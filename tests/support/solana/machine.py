"""LiteSVM with mainnet's features: sends transactions of one signer group, and says why one failed.

What LiteSVM does not check and a cluster does is checked here: the size of a packet.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from solders.account import Account
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import AccountMeta
from solders.instruction import Instruction as Call
from solders.keypair import Keypair
from solders.litesvm import FeatureSet, LiteSVM
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata, SimulatedTransactionInfo

from zklink.solana.interface.refusals import Refusal, find_refusal
from zklink.solana.interface.timelock.refusals import TimelockRefusal, find_timelock_refusal

PACKET_BYTES = 1_232
UNITS_LIMIT = 1_400_000
LAMPORTS = 10**13
START = 1_800_000_000
SYSTEM = Pubkey.default()
TOKEN_PROGRAM = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022 = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
SLOT_HASHES = Pubkey.from_string("SysvarS1otHashes111111111111111111111111111")
ASSOCIATED = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
NATIVE_MINT = Pubkey.from_string("So11111111111111111111111111111111111111112")
LOADER = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")


class Refused(Exception):
    """A transaction failed: the program's reason, or the runtime's text."""

    def __init__(self, reason: Refusal | TimelockRefusal | str, logs: list[str]) -> None:
        super().__init__(f"{reason}\n" + "\n".join(logs[-4:]))
        self.reason = reason


def key_of(name: str) -> Keypair:
    """A keypair of that name."""
    return Keypair.from_seed(name.encode().ljust(32, b"\0"))


def write(key: Pubkey, signs: bool = False) -> AccountMeta:
    """An account that is written."""
    return AccountMeta(key, signs, True)


def read(key: Pubkey, signs: bool = False) -> AccountMeta:
    """An account that is read."""
    return AccountMeta(key, signs, False)


def associated(owner: Pubkey, mint: Pubkey, program: Pubkey = TOKEN_PROGRAM) -> Pubkey:
    """The associated token account of an owner."""
    return Pubkey.find_program_address([bytes(owner), bytes(program), bytes(mint)], ASSOCIATED)[0]


@dataclass
class Machine:
    """One Solana. `units` has what the last successful transaction took, `features` what of the runtime is switched on:
    by default what is on the main network.
    """

    payer: Keypair = field(default_factory=lambda: key_of("payer"))
    units: int = 0
    features: FeatureSet = field(default_factory=LiteSVM.mainnet_feature_set)

    def __post_init__(self) -> None:
        svm = LiteSVM.default().with_feature_set(self.features).with_builtins().with_lamports(10**18).with_sysvars()
        self.svm = svm.with_default_programs().with_sigverify(True).with_blockhash_check(True)
        self.fund(self.payer.pubkey())
        self.set_time(START)

    def fund(self, key: Pubkey, lamports: int = LAMPORTS) -> None:
        """Give lamports."""
        self.svm.airdrop(key, lamports)

    def set_time(self, seconds: int) -> None:
        """Set the clock, UNIX seconds."""
        clock = self.svm.get_clock()
        clock.unix_timestamp = seconds
        self.svm.set_clock(clock)

    def now(self) -> int:
        """The clock, UNIX seconds."""
        return int(self.svm.get_clock().unix_timestamp)

    def send(self, calls: Iterable[Call], *signers: Keypair) -> None:
        """Run a transaction that the payer pays and the signers sign. Raises Refused."""
        result = self._run(calls, signers, self.svm.send_transaction)
        self.units = result

    def simulate(self, calls: Iterable[Call], *signers: Keypair) -> None:
        """As `send`, without effect."""
        self._run(calls, signers, self.svm.simulate_transaction)

    def send_as_it_is(self, transaction: Transaction) -> None:
        """Run a transaction, whoever has signed it. Raises Refused."""
        self._run((), (), lambda _: self.svm.send_transaction(transaction))

    def data(self, key: Pubkey) -> bytes:
        """An account's data; empty where there is none."""
        account = self.svm.get_account(key)
        return bytes(account.data) if account else b""

    def lamports(self, key: Pubkey) -> int:
        """An account's lamports."""
        return int(self.svm.get_balance(key) or 0)

    def rent(self, size: int) -> int:
        """What an account of that size must hold."""
        return int(self.svm.minimum_balance_for_rent_exemption(size))

    def put(self, key: Pubkey, owner: Pubkey, data: bytes, lamports: int = 10**9) -> Pubkey:
        """Put an account there, whatever a cluster would say."""
        self.svm.set_account(key, Account(lamports, data, owner, False, 0))
        return key

    def create(self, account: Keypair, size: int, owner: Pubkey) -> Call:
        """The call that makes an account that the payer pays."""
        rent = self.rent(size)
        payer = self.payer.pubkey()
        return create_account(
            CreateAccountParams(from_pubkey=payer, to_pubkey=account.pubkey(), lamports=rent, space=size, owner=owner)
        )

    def _run(self, calls: Iterable[Call], signers: Iterable[Keypair], run: Callable[..., Any]) -> int:
        keys = {key.pubkey(): key for key in (self.payer, *signers)}
        blockhash = self.svm.latest_blockhash()
        message = Message.new_with_blockhash(
            [set_compute_unit_limit(UNITS_LIMIT), *calls], self.payer.pubkey(), blockhash
        )
        needed = message.account_keys[: message.header.num_required_signatures]
        transaction = Transaction([keys[key] for key in needed if key in keys], message, blockhash)
        if len(bytes(transaction)) > PACKET_BYTES:
            raise ValueError(f"a packet of {len(bytes(transaction))} bytes")
        result = run(transaction)
        self.svm.expire_blockhash()
        if isinstance(result, FailedTransactionMetadata):
            raise Refused(_reason(str(result.err())), list(result.meta().logs()))
        meta = result.meta() if isinstance(result, SimulatedTransactionInfo) else result
        return int(meta.compute_units_consumed())


def _reason(text: str) -> Refusal | TimelockRefusal | str:
    """The program's refusal, or the timelock's, or the runtime's text."""
    found = re.search(r"Custom\(?\D*(\d+)", text)
    return (found and (find_refusal(int(found[1])) or find_timelock_refusal(int(found[1])))) or text
