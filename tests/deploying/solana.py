"""A Solana chain beside the two test networks, with a mint, and what an environment says of it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from solders.account import Account
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.deploying.testnets import Networks, open_testnets
from tests.solana.lossy_node import LossyNode
from zklink.devnet.solana.mints import make_mint
from zklink.devnet.solana.people import Desk as People
from zklink.devnet.solana.people import key_of
from zklink.l1.deployment.checks import Check
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.journal import Journal
from zklink.lab.solana.base import SolanaChain, SolanaSpec
from zklink.lab.solana.chain import LocalSolana
from zklink.lab.solana.ledger import Entry
from zklink.protocol.ids import ChainId
from zklink.service.deploying.building import Prepared, build, prepare
from zklink.service.deploying.program_checks import verify_programs
from zklink.solana.client.timelock import Timelock
from zklink.solana.deploying.costs import ProgramCost
from zklink.solana.deploying.desk import Desk
from zklink.solana.deploying.side import ProgramSide

SOLANA = ChainId(5)
SOL = 10**9
OWNER, SETTER, TREASURY = key_of("owner"), key_of("setter"), key_of("treasury")
PAYER, PROGRAM, LOCK = key_of("deployer"), key_of("bridge program"), key_of("lock program")

SLOTS_A_DAY = 100
SHORT_DAYS = {
    "blocks_per_day = 7000": "blocks_per_day = 6",
    "blocks_per_day = 40000": "blocks_per_day = 6",
    "slots_per_day = 200_000": f"slots_per_day = {SLOTS_A_DAY}",
}
"""Changes of the environment with which tests can wait for days of blocks and slots."""

PLACE = """
[programs.solana]
chain_id = 5
genesis = "{genesis}"
program = "program.json"
timelock = "timelock.json"
payer = "payer.json"
owner = "{owner}"
setter = "{setter}"
fee_recipient = "{treasury}"
slots_per_day = 200_000
payment_micro_usd = 20_000
prices = {{ swap = 300_000, deposit = 200_000, key_request = 200_000, full_exit = 500_000, crowded_exit = 2_000_000 }}

[tokens.SOL]
id = 2
layer2_decimals = 9
minimum = 1_000_000
contracts = {{ solana = "native" }}
"""


@dataclass(frozen=True, slots=True)
class Star:
    """Two test networks and a Solana chain. `way` is the way to its node, `text` an environment of all three."""

    networks: Networks
    chain: LocalSolana
    way: LossyNode
    text: str

    def write(self, folder: Path, changes: Mapping[str, str] | None = None, payer: Keypair = PAYER) -> Networks:
        """The environment's keypairs, in a folder; gives the networks with the whole text."""
        write_keys(folder, payer)
        text = self.text
        for old, new in (changes or {}).items():
            assert old in text
            text = text.replace(old, new)
        return Networks(self.networks.world, text, self.networks.deployer)

    def desk(self, payer: Keypair = PAYER) -> Desk:
        """Where the side is built, as a process has it that begins."""
        node = self.way.client(self._pass)
        return Desk(node, payer, PROGRAM, LOCK, self._pass)

    def prepare(self, folder: Path, changes: Mapping[str, str] | None = None, payer: Keypair = PAYER) -> Prepared:
        """As a process that begins, with the journal that is there."""
        networks = self.write(folder, changes, payer)
        journal, project = Journal(folder / "pair.journal"), networks.project(folder)
        clients = networks.connect(journal, project)
        return prepare(project, networks.deployer.address, clients, journal, {SOLANA: self.desk(payer)})

    def deploy(self, folder: Path, changes: Mapping[str, str] | None = None) -> Dossier:
        """The whole way."""
        return build(self.prepare(folder, changes), self.networks.deployer, lambda chain, step: None)

    def accept(self) -> None:
        """The owner takes the timelock over."""
        people = People(self.chain, PAYER)
        people.fund(OWNER.pubkey(), SOL)
        people.send([Timelock(bytes(LOCK.pubkey())).accept_ownership(OWNER.pubkey())], OWNER)
        self.chain.finalize()

    @contextmanager
    def isolated(self) -> Iterator["Star"]:
        """What is done to the chains inside is undone."""
        moment = self.chain.snapshot()
        with self.networks.world.isolated():
            yield self
        self.chain.restore(moment)
        self.way.troubles.clear()
        self.way.sent.clear()

    def _pass(self, seconds: float) -> None:
        self.chain.mine(3)


@dataclass(frozen=True, slots=True)
class Built:
    """What was deployed on a star: its record, the Solana side as it was drawn and counted, and what landed there."""

    star: Star
    dossier: Dossier
    side: ProgramSide
    cost: ProgramCost
    sent: tuple[Entry, ...]

    def find_wrong(self, dossier: Dossier | None = None) -> set[str]:
        """What of the programs is not as a record says; by default as its own."""
        return {check.what for check in self.check(dossier) if not check.is_right}

    def check(self, dossier: Dossier | None = None) -> list[Check]:
        """Whether the programs are as a record says; by default as its own."""
        self.star.chain.finalize()
        return list(verify_programs(dossier or self.dossier, {SOLANA: self.star.desk().node}))

    def read(self, key: Pubkey) -> Account:
        """An account as it is now."""
        found = self.star.chain.ledger.svm.get_account(key)
        assert found is not None
        return found

    def put(self, key: Pubkey, data: bytes, lamports: int | None = None, owner: Pubkey | None = None) -> None:
        """Let an account hold something else."""
        old = self.read(key)
        held = old.lamports if lamports is None else lamports
        self.star.chain.ledger.put(key, Account(held, data, owner or old.owner, old.executable, 0))

    def flip(self, key: Pubkey, at: int) -> None:
        """Another bit in a byte of an account."""
        data = bytearray(self.read(key).data)
        data[at] ^= 1
        self.put(key, bytes(data))

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What is done to the Solana chain inside is undone."""
        moment = self.star.chain.snapshot()
        yield
        self.star.chain.restore(moment)


def open_solana(spec: SolanaSpec) -> tuple[LocalSolana, str]:
    """A chain, whose payer has what a deployment takes, and the mint of USDC there."""
    chain = LocalSolana(spec)
    return chain, prepare_chain(chain)


def prepare_chain(chain: SolanaChain) -> str:
    """Give a payer what a deployment takes; gives the mint of USDC there."""
    people = People(chain, key_of("issuer"))
    for key in (people.payer, PAYER):
        people.fund(key.pubkey(), 100 * SOL)
    mint = make_mint(people, key_of("usdc"), 6, people.payer.pubkey())
    chain.finalize()
    return str(mint)


def add_program(text: str, chain: SolanaChain, mint: str) -> str:
    """An environment of two networks with a Solana chain as well."""
    addresses = {"owner": OWNER.pubkey(), "setter": SETTER.pubkey(), "treasury": TREASURY.pubkey()}
    own, coin = PLACE.format(genesis=chain.rpc("getGenesisHash"), **addresses).split("[tokens.SOL]")
    text = text.replace("[tokens.USDC]", f"{own}[tokens.USDC]")
    text = text.replace('{ sepolia = "0x', f'{{ solana = "{mint}", sepolia = "0x')
    return f"{text}[tokens.SOL]{coin}"


def write_keys(folder: Path, payer: Keypair = PAYER) -> None:
    """The keypairs that the environment names."""
    for name, key in (("program", PROGRAM), ("timelock", LOCK), ("payer", payer)):
        (folder / f"{name}.json").write_text(json.dumps(list(bytes(key))))


@contextmanager
def open_star() -> Iterator[Star]:
    """The chains; the payer has what a deployment takes."""
    chain, mint = open_solana(SolanaSpec("solana", confirmed_slots=2, finalized_slots=6))
    with open_testnets() as networks:
        yield Star(networks, chain, LossyNode(chain), add_program(networks.text, chain, mint))
