"""The program on the laboratory's Solana chain, where what is done takes slots to be final."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.instruction import Instruction as Call
from solders.keypair import Keypair
from solders.message import Message
from solders.transaction import Transaction

from tests.support.solana.machine import UNITS_LIMIT, Machine, Refused, _reason
from tests.support.solana.site import Site
from zklink.lab.solana.base import SolanaSpec
from zklink.lab.solana.chain import LocalSolana
from zklink.lab.solana.ledger import NotTaken

SPEC = SolanaSpec(confirmed_slots=2, finalized_slots=6)


@dataclass
class LedgerMachine(Machine):
    """A machine whose transactions land on a chain, a slot each."""

    chain: LocalSolana = field(default_factory=lambda: LocalSolana(SPEC))

    def __post_init__(self) -> None:
        self.svm = self.chain.ledger.svm
        self.fund(self.payer.pubkey())

    def _run(self, calls: Iterable[Call], signers: Iterable[Keypair], run: Callable[..., Any]) -> int:
        keys = {key.pubkey(): key for key in (self.payer, *signers)}
        blockhash: Hash = self.chain.ledger.hashes[self.chain.ledger.height("processed")]
        message = Message.new_with_blockhash(
            [set_compute_unit_limit(UNITS_LIMIT), *calls], self.payer.pubkey(), blockhash
        )
        wire = bytes(Transaction(list(keys.values()), message, blockhash))
        try:
            signature = self.chain.ledger.send(wire)
        except NotTaken as refused:
            raise Refused(_reason(str(refused.error)), list(refused.logs)) from refused
        entry = self.chain.ledger.find(signature)
        if entry is None:
            raise Refused("it did not land", [])
        return int(entry.meta.compute_units_consumed())


def open_ledger_site() -> tuple[Site, LocalSolana]:
    """A site that takes swaps, finalized as it is, and its chain."""
    machine = LedgerMachine()
    site = Site(machine=machine)
    site.found()
    site.register_all()
    machine.chain.finalize()
    return site, machine.chain
