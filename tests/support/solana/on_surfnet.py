"""The program on Surfpool's network, deployed by the loader as on a cluster; its node is reached over HTTP."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.instruction import Instruction as Call
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import Transaction

from tests.support.solana.deployment import deploy
from tests.support.solana.founding import PROGRAM
from tests.support.solana.machine import LAMPORTS, UNITS_LIMIT, Machine, Refused, _reason, key_of
from tests.support.solana.site import Site
from zklink.lab.solana.surfnet import LocalSurfnet
from zklink.solana.interface import accounts

PIECE = 840
NOW = {"commitment": "processed"}


@dataclass
class SurfnetMachine(Machine):
    """A machine that is a process: what its transactions do is read from its node."""

    chain: LocalSurfnet | None = None

    def __post_init__(self) -> None:
        self.fund(self.payer.pubkey())

    @property
    def net(self) -> LocalSurfnet:
        """The chain."""
        assert self.chain is not None
        return self.chain

    def fund(self, key: Pubkey, lamports: int = LAMPORTS) -> None:
        self.net.rpc("requestAirdrop", str(key), lamports)

    def set_time(self, seconds: int) -> None:
        self.net.mine_at(seconds)

    def now(self) -> int:
        return self.net.head_timestamp()

    def send(self, calls: Iterable[Call], *signers: Keypair) -> None:
        found = self.net.rpc("getLatestBlockhash", NOW)["value"]["blockhash"]
        message = Message.new_with_blockhash(
            [set_compute_unit_limit(UNITS_LIMIT), *calls], self.payer.pubkey(), Hash.from_string(found)
        )
        keys = {key.pubkey(): key for key in (self.payer, *signers)}
        wire = bytes(Transaction(list(keys.values()), message, message.recent_blockhash))
        options = {"encoding": "base64", "preflightCommitment": "processed"}
        answer = self.net.answer("sendTransaction", [base64.b64encode(wire).decode(), options])
        if "error" in answer:
            refused = answer["error"].get("data") or {}
            raise Refused(_reason(str(refused.get("err", answer["error"]))), list(refused.get("logs") or ()))
        shown = self.net.rpc("getTransaction", answer["result"], {"encoding": "base64", "commitment": "confirmed"})
        self.units = int(shown["meta"]["computeUnitsConsumed"])

    def data(self, key: Pubkey) -> bytes:
        found = self.net.rpc("getAccountInfo", str(key), {"encoding": "base64", **NOW})["value"]
        return base64.b64decode(found["data"][0]) if found else b""

    def lamports(self, key: Pubkey) -> int:
        return int(self.net.rpc("getBalance", str(key), NOW)["value"])

    def rent(self, size: int) -> int:
        return int(self.net.rpc("getMinimumBalanceForRentExemption", size))


@dataclass
class SurfnetSite(Site):
    """A site whose program the loader has checked."""

    def _load(self) -> None:
        deploy(self.machine, self.authority, PROGRAM, self.program, PIECE)
        sizes = (accounts.SWAP_QUEUE_SIZE, accounts.ACCOUNT_QUEUE_SIZE, accounts.KEYS_SIZE)
        for name, size in zip(("swaps", "accounts", "keys"), sizes, strict=True):
            self.machine.send([self.machine.create(key_of(name), size, self.id)], key_of(name))
