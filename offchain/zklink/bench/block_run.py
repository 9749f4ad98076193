"""Blocks of a benchmark: sealed, proven, accepted on the primary and imported on members, one call after the other.

Takes a system and the provers of its verifiers; gives the gas of each call. Never skips a proof: the verifiers check
every one. They are those of small circuits while blocks are as large as the preset's, so a proof is made from a block's
public inputs and the secrets of the development keys.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from eth_account.signers.local import LocalAccount

from zklink.bench.evidence import sign, sign_by_both
from zklink.bench.request_gas import Requests
from zklink.devnet.profiles import AVALANCHE, BSC, ETHEREUM, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.protocol.bridge_blocks import AcceptAgainCall, AcceptCall, FullBlock, ImportCall, MemberBlock
from zklink.protocol.facts import Accepted, Group, Queues, Seal
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.source import Statement
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sealed_block import Parameters, SealedBlock
from zklink.sequencer.sequencer import Sequencer

HOME: Final = POLYGON.chain_id
"""The member that is measured."""

PRIMARY: Final = AVALANCHE.chain_id
OTHER: Final = BSC.chain_id
THIRD: Final = ETHEREUM.chain_id

Provers: TypeAlias = Mapping[Statement, FixedProver]
GasByChain: TypeAlias = dict[ChainId, int]


@dataclass(slots=True)
class BlockRun:
    """One run of the system. Every chain has every sealed block but those that a measurement holds back."""

    system: LocalSystem
    provers: Provers
    proofs: dict[BlockNumber, tuple[int, ...]] = field(default_factory=dict)
    sequencer: Sequencer = field(init=False)
    requests: Requests = field(init=False)

    def __post_init__(self) -> None:
        deployment = self.system.deployment
        parameters = Parameters(
            deployment.preset, deployment.deployment_hash, deployment.primary, tuple(sorted(deployment.chains))
        )
        self.sequencer = Sequencer(parameters, deployment.genesis.state(), MemoryJournal(), with_paths=False)
        self.requests = Requests(self.system, self.sequencer)

    @property
    def depositor(self) -> LocalAccount:
        """Whoever sends every request."""
        return self.system.world.roles.depositor

    @property
    def now(self) -> int:
        """The primary's time."""
        return self.system.world[PRIMARY].client.head().timestamp

    def seal(self) -> BlockNumber:
        """Seal and prove the next block."""
        sealed = self.sequencer.seal(self.now)
        statement = Statement.ACCOUNT if sealed.lane is Lane.ACCOUNT else Statement.SWAP
        self.proofs[sealed.number] = tuple(self.provers[statement].forge(sealed.block.inputs.as_tuple()).evm())
        return sealed.number

    def tip(self, chain: ChainId) -> BlockNumber:
        """The last block of a chain."""
        return self.system.bridges[chain].history.accepted()[0]

    def accept(self, *, pay: bool = True) -> int:
        """The primary accepts in one call what it does not have."""
        first, last = BlockNumber(self.tip(PRIMARY) + 1), self.sequencer.height
        queues = self.sequencer.served(BlockNumber(first - 1), last)
        seal = sign(self.system, Group.VALIDATORS, Seal(last, self.sequencer.record(last).sync_hash))
        watchers = sign(self.system, Group.WATCHERS, Queues(queues))
        call = AcceptCall(first, tuple(map(self._full, self._missing(PRIMARY))), queues, seal, watchers, pay)
        return self.system.bridges[PRIMARY].primary_history.accept(self._sequencer, call).gas_used

    def accept_again(self) -> int:
        """The same by an ACC, as after a reorganisation of the primary."""
        first, evidence = BlockNumber(self.tip(PRIMARY) + 1), sign_by_both(self.system, self._place())
        blocks = tuple(map(self._full, self._missing(PRIMARY)))
        call = AcceptAgainCall(first, blocks, (), *evidence, True)
        return self.system.bridges[PRIMARY].primary_history.accept_again(self._sequencer, call).gas_used

    def import_on(self, chain: ChainId, *, pay: bool = True) -> int:
        """A member imports in one call what it does not have."""
        first, evidence = BlockNumber(self.tip(chain) + 1), sign_by_both(self.system, self._place())
        blocks = tuple(self._member(sealed, chain) for sealed in self._missing(chain))
        call = ImportCall(first, blocks, (), *evidence, pay)
        history = self.system.bridges[chain].member_history
        return history.import_blocks(self.system.world.roles.relayer, call).gas_used

    def everywhere(self, *, pay: bool = True) -> GasByChain:
        """Every chain takes what it does not have; the home chain owes its payouts unless it shall `pay`."""
        gas = {PRIMARY: self.accept()}
        for chain in self.system.deployment.members:
            gas[chain] = self.import_on(chain, pay=pay or chain != HOME)
        return gas

    def execute(self, number: BlockNumber, chain: ChainId = HOME) -> int:
        """A chain pays all that a block owes there."""
        words = self.sequencer.block(number).payout_words(chain)
        history = self.system.bridges[chain].history
        return history.execute(self.system.world.roles.relayer, number, words).gas_used

    def settle(self) -> None:
        """Seal everything that waits, and bring it to every chain."""
        while self.sequencer.has_waiting:
            self.seal()
            self.everywhere()

    def measure(self, swaps: Iterable[tuple[ChainId, ChainId]], *, pay: bool = True) -> GasByChain:
        """A block of swaps of dollars from one chain to another, and the gas of each chain's call."""
        for source, destination in swaps:
            self.requests.swap_dollars(source, destination)
        self.seal()
        return self.everywhere(pay=pay)

    def _place(self) -> Accepted:
        return self.sequencer.record(self.sequencer.height).place

    def _missing(self, chain: ChainId) -> Iterable[SealedBlock]:
        return self.sequencer.blocks(self.tip(chain))

    def _full(self, sealed: SealedBlock) -> FullBlock:
        return sealed.full(PRIMARY).with_proof(self.proofs[sealed.number])

    def _member(self, sealed: SealedBlock, chain: ChainId) -> MemberBlock:
        member = sealed.member(chain)
        return replace(member, block=replace(member.block, proof=self.proofs[sealed.number]))

    @property
    def _sequencer(self) -> LocalAccount:
        return self.system.world.roles.sequencer
