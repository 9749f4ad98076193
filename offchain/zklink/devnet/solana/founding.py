"""A deployment's program on a local Solana chain, built as on a cluster: by the deployer, with the timelock that
governs it, from keys that everybody can derive.

Takes a chain and, once the EVM chains have contracts, what was planned; gives the program, ready for requests.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from solders.pubkey import Pubkey

from zklink.devnet.solana.people import Desk, key_of
from zklink.l1.contracts.bridge_structs import PriceEntry
from zklink.l1.deployment.journal import Journal
from zklink.l1.deployment.places import ProgramDeployment
from zklink.l1.deployment.program_terms import ProgramTerms
from zklink.l1.deployment.records import DeploymentPlan
from zklink.lab.solana.base import SolanaChain
from zklink.primitives.base58 import encode_base58
from zklink.protocol.domain import ChainEntry
from zklink.protocol.ids import ChainId, TokenId
from zklink.solana.client.node import SolanaNode
from zklink.solana.client.program import Program
from zklink.solana.client.timelock import Timelock
from zklink.solana.deploying import desk as deploying
from zklink.solana.deploying.keys import read_key_words
from zklink.solana.deploying.loading import hash_code
from zklink.solana.deploying.preflight import fit_tokens, read_mints
from zklink.solana.deploying.rehearsal import open_node
from zklink.solana.deploying.side import ProgramSide
from zklink.solana.deploying.works import ProgramWorks
from zklink.solana.interface import addresses
from zklink.solana.toolchain import build_program, build_timelock

LAMPORTS: Final = 10**13
SLOTS_PER_DAY: Final = 6
"""Slots that a day of a window takes here: few, because a local chain makes them on demand."""
PAUSE_SLOTS: Final = 3
"""Slots that pass while a transaction is waited for."""
PAYER, PROGRAM, TIMELOCK, OWNER, SETTER = "founder", "program", "timelock", "owner", "setter"
"""Whose keys found it, and govern it then."""


@dataclass(frozen=True, slots=True)
class Founder:
    """Who founds the program of one chain. Nobody keeps its keys secret, so value must never come in."""

    desk: Desk
    chain_id: ChainId
    program: Program
    timelock: Timelock

    @classmethod
    def at(cls, chain: SolanaChain, chain_id: ChainId) -> "Founder":
        """With keys of its own."""
        program, timelock = (bytes(key_of(name).pubkey()) for name in (PROGRAM, TIMELOCK))
        return cls(Desk(chain, key_of(PAYER)), chain_id, Program(program), Timelock(timelock))

    @classmethod
    def open(cls, chain: SolanaChain, chain_id: ChainId) -> "Founder":
        """With money and keys of its own; nothing is deployed yet."""
        founder = cls.at(chain, chain_id)
        founder.fund()
        return founder

    def fund(self) -> None:
        """Money for its keys."""
        for name in (PAYER, OWNER):
            self.desk.fund(key_of(name).pubkey(), LAMPORTS)

    def place(self) -> ProgramDeployment:
        """Its line of the deployment's record."""
        chain = self.desk.chain
        genesis = str(chain.rpc("getGenesisHash"))
        here = (encode_base58(bytes(self.program.id)), encode_base58(bytes(self.program.bridge)))
        timelock = encode_base58(bytes(self.timelock.id))
        return ProgramDeployment(self.chain_id, chain.name, genesis, *here, chain.height(), timelock)

    def token(self, token: TokenId) -> Pubkey:
        """Where the program keeps a token."""
        return self.program.derive(addresses.token_seeds(token))

    def fit(self, plan: DeploymentPlan) -> DeploymentPlan:
        """The plan with caps that the chain can hold: amounts have 64 bits there. The mints are there already. Raises
        TokenUnfit.
        """
        chain, here = self.desk.chain, self.chain_id
        chain.finalize()
        return fit_tokens(chain.name, plan, here, read_mints(self._open_node(), plan.tokens, here))

    def found(self, plan: DeploymentPlan, table: Sequence[ChainEntry], prices: Sequence[PriceEntry] = ()) -> None:
        """Both programs, the bridge with its keys, groups, tokens and `prices` at its doors; the timelock governs, and
        its owner has accepted it. `table` is the deployment's. Raises what `ProgramWorks` raises.
        """
        chain, node, here = self.desk.chain, self._open_node(), self.chain_id
        code, lock_code = build_program(), build_timelock()
        terms = ProgramTerms(
            payer=str(key_of(PAYER).pubkey()),
            owner=str(key_of(OWNER).pubkey()),
            setter=str(key_of(SETTER).pubkey()),
            fee_recipient=str(key_of("fees").pubkey()),
            slots_per_day=SLOTS_PER_DAY,
            prices=tuple(prices),
            is_final=False,
            code_hash=hash_code(code),
            timelock_hash=hash_code(lock_code),
            compiler="",
        )
        programs = {token: mint.program for token, mint in read_mints(node, plan.tokens, here).items()}
        keys = read_key_words(plan.verifiers)
        side = ProgramSide(plan.programs[here], plan, tuple(table), terms, code, lock_code, keys, programs)
        own = deploying.Desk(node, self.desk.payer, key_of(PROGRAM), key_of(TIMELOCK), self._pass)
        with tempfile.TemporaryDirectory(prefix="zklink-founding-") as folder:
            works = ProgramWorks(side, own, Journal(Path(folder) / "founding.journal"))
            works.load()
            works.found()
        owner = key_of(OWNER)
        self.desk.send([self.timelock.accept_ownership(owner.pubkey())], owner)
        chain.finalize()

    def _open_node(self) -> SolanaNode:
        chain = self.desk.chain
        return open_node(chain, chain.name, str(chain.rpc("getGenesisHash")))

    def _pass(self, seconds: float) -> None:
        self.desk.chain.mine(PAUSE_SLOTS)
