"""Blocks whose words stand in no transaction's input: a validator that is a contract hands them over in a call of its
own. Two chains; the contract's address is among the validators of both bridges.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
from eth_typing import Hash32

from tests.scenarios.conftest import BELIEVERS
from tests.support.assembler import Assembler
from tests.support.commits import PRIMARY, SLICES, Validator
from tests.support.drafts.draft import DATA, Draft
from tests.support.engines import note_engine
from zklink.devnet.profiles import AVALANCHE, POLYGON
from zklink.devnet.roles import COMMITTEE_THRESHOLD
from zklink.devnet.system import LocalSystem
from zklink.devnet.world import World, open_world
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.deployment.deploy import deploy, predict_address
from zklink.l1.deployment.records import DeploymentAccounts, DeploymentPlan, Verifiers
from zklink.l1.transport.traces import Tracer
from zklink.protocol.bridge_blocks import CommitBlock, ProveBlock, stored_block_abi
from zklink.protocol.errors import BlockUnreadable
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.protocol.messages import SyncMessage, compute_digest
from zklink.protocol.presets import MINIMAL
from zklink.recovery.history_reader import HistoryReader

CHAIN = POLYGON.chain_id
OWN = {CHAIN: SLICES[CHAIN], DATA: SLICES[DATA]}
FOREIGN = {DATA: SLICES[DATA]}
FIRST = BlockNumber(1)


def open_system(world: World) -> LocalSystem:
    """A deployment whose second validator is the first contract that the stranger creates."""
    roles = world.roles
    plan = DeploymentPlan(
        preset=MINIMAL,
        primary=PRIMARY,
        operator=universal_address(roles.operator.address),
        tokens=(),
        verifiers=Verifiers(*map(load_contract, BELIEVERS)),
        committee=tuple(member.address for member in roles.committee),
        threshold=COMMITTEE_THRESHOLD,
    )
    validators = (roles.validator.address, predict_address(roles.stranger.address, 0))
    deployment = deploy(plan, world.clients, DeploymentAccounts(roles.deployer, roles.governor, validators))
    clients = world.clients
    return LocalSystem(world, deployment, deployment.bridges(clients), deployment.key_registries(clients))


@pytest.fixture(scope="module")
def small_system() -> Iterator[LocalSystem]:
    with open_world("test", (POLYGON, AVALANCHE)) as world:
        yield open_system(world)


@pytest.fixture
def small(small_system: LocalSystem) -> Iterator[LocalSystem]:
    note_engine("py-evm")
    with small_system.world.isolated():
        yield small_system


@dataclass
class ContractValidator:
    """A chain whose validator is a contract."""

    validator: Validator
    assembler: Assembler

    @classmethod
    def open(cls, system: LocalSystem, chain: ChainId = CHAIN) -> "ContractValidator":
        validator = Validator(system, chain)
        return cls(validator, Assembler.deploy(validator.bridge, system.world.roles.stranger))

    def commit(self, draft: Draft) -> bytes:
        """Commit a block through the contract."""
        last = self.validator.enter(draft)
        return self.assembler.commit(last, [CommitBlock.from_abi(draft.commit_args(self.validator.chain))]).tx_hash


class FakeTracer(Tracer):
    """A tracer that says what a test wants."""

    def __init__(self, *inputs: bytes) -> None:
        self.inputs = inputs

    def inputs_to(self, tx_hash: bytes, address: str) -> list[bytes]:
        return list(self.inputs)


def accept(through: ContractValidator, draft: Draft) -> None:
    """Prove the chain's first block there; on a chain that is not the primary, let the committee say what that said."""
    validator, system = through.validator, through.validator.system
    stranger, stored = system.world.roles.stranger, validator.history[FIRST]
    validator.bridge.prove_blocks(stranger, [ProveBlock(stored, draft.inputs, (0,) * 8)])
    if validator.chain != PRIMARY:
        message = SyncMessage(PRIMARY, FIRST, stored.sync_hash)
        digest = Hash32(compute_digest(message, system.deployment.deployment_hash))
        members = sorted(system.world.roles.committee, key=lambda member: int(member.address, 16))
        signatures = [member.unsafe_sign_hash(digest).signature for member in members[:COMMITTEE_THRESHOLD]]
        validator.bridge.receive_message(stranger, message, b"".join(map(bytes, signatures)))
    assert validator.bridge.status().accepted == FIRST


def read(through: ContractValidator, tracer: Tracer | None = None) -> Sequence[object]:
    """What anyone reads: the blocks that the chain keeps, recomputed."""
    system = through.validator.system
    tracers = None if tracer is None else dict.fromkeys(system.bridges, tracer)
    history = HistoryReader(system.deployment, system.bridges, tracers).read(through.validator.chain)
    return [history.stored[number] for number in sorted(history.stored)]


def test_read__no_own_words__completed_from_the_primary(small: LocalSystem) -> None:
    through, primary = ContractValidator.open(small), Validator(small, PRIMARY)
    for lane, slices in ((Lane.ACCOUNT, FOREIGN), (Lane.SWAP, {})):
        draft = primary.draft(lane, slices)
        primary.commit(draft)
        through.commit(draft)
    assert read(through) == through.validator.history


def test_read__the_primary_itself_without_words__completed_from_another_chain(small: LocalSystem) -> None:
    through, other = ContractValidator.open(small, PRIMARY), Validator(small, CHAIN)
    draft = other.draft(Lane.ACCOUNT, {CHAIN: SLICES[CHAIN]})
    other.commit(draft)
    through.commit(draft)
    assert read(through) == through.validator.history


@pytest.mark.parametrize(
    ("chain", "slices"), [(CHAIN, OWN), (PRIMARY, FOREIGN)], ids=["own slice", "layer-2-only data"]
)
def test_read__needed_words_in_no_input_and_no_trace__says_where_and_what_to_do(
    small: LocalSystem, chain: ChainId, slices: dict[ChainId, tuple[int, ...]]
) -> None:
    through = ContractValidator.open(small, chain)
    other = Validator(small, CHAIN if chain == PRIMARY else PRIMARY)
    draft = through.validator.draft(Lane.ACCOUNT, slices)
    other.commit(draft)
    tx_hash = through.commit(draft)
    assert read(through) == through.validator.history[:FIRST], "it may still be reverted"
    accept(through, draft)
    with pytest.raises(BlockUnreadable) as refused:
        read(through)
    name = small.deployment.chains[chain].name
    assert (refused.value.chain, refused.value.number, refused.value.tx_hash) == (name, 1, tx_hash)
    assert f"--rpc {name}=URL" in str(refused.value)
    assert "debug_traceTransaction" in str(refused.value)


def test_read__another_block_on_the_primary__does_not_stand_in(small: LocalSystem) -> None:
    through, primary = ContractValidator.open(small), Validator(small, PRIMARY)
    draft = primary.draft(Lane.ACCOUNT, FOREIGN)
    primary.commit(replace(draft, new_root=draft.new_root + 1))
    through.commit(draft)
    accept(through, draft)
    with pytest.raises(BlockUnreadable, match="polygon, block 1"):
        read(through)


def test_read__words_in_a_trace__read_and_only_if_they_give_the_chains_hash(small: LocalSystem) -> None:
    through = ContractValidator.open(small)
    draft = through.validator.draft(Lane.ACCOUNT, OWN)
    through.commit(draft)
    accept(through, draft)
    genesis, block = stored_block_abi(through.validator.history[0]), CommitBlock.from_abi(draft.commit_args(CHAIN))

    def call(given: CommitBlock) -> bytes:
        return through.validator.bridge.encode("commit_blocks", genesis, [given.abi()]).data

    assert read(through, FakeTracer(b"\x01" * 99, call(block))) == through.validator.history
    for i in range(len(block.words)):
        words = (*block.words[:i], block.words[i] ^ 1, *block.words[i + 1 :])
        with pytest.raises(BlockUnreadable, match="does not give the block that the chain keeps"):
            read(through, FakeTracer(call(replace(block, words=words))))
    for change in ({"timestamp": 5}, {"new_root": 6}, {"commitment": 7}, {"evaluations": (8,)}):
        with pytest.raises(BlockUnreadable):
            read(through, FakeTracer(call(replace(block, **change))))


def test_read__unreadable_block_was_reverted__never_asked_for(small: LocalSystem) -> None:
    through = ContractValidator.open(small)
    through.commit(through.validator.draft(Lane.ACCOUNT, OWN))
    through.validator.revert(0)
    through.validator.commit(through.validator.draft(Lane.ACCOUNT, OWN))
    assert read(through, Untold()) == through.validator.history


class Untold(Tracer):
    """A node that shows no traces and must not be asked."""

    def inputs_to(self, tx_hash: bytes, address: str) -> list[bytes]:
        raise AssertionError("nobody needs this trace")


def test_proofs__through_a_contract_and_a_decoy_in_its_input__the_true_one_is_found(small: LocalSystem) -> None:
    primary = Validator(small, PRIMARY)
    draft = primary.draft(Lane.ACCOUNT, FOREIGN)
    primary.commit(draft)
    stored = primary.history[1]
    assembler = Assembler.deploy(primary.bridge, small.world.roles.stranger)
    proof = ProveBlock(stored, draft.inputs, (1, 2, 3, 4, 5, 6, 7, 8))
    assembler.prove([proof])
    reader = HistoryReader(small.deployment, small.bridges)
    assert list(reader.proofs(stored)) == []
    call = primary.bridge.encode("prove_blocks", [proof.abi()]).data
    forged = primary.bridge.encode("prove_blocks", [replace(proof, inputs=replace(draft.inputs, y=1)).abi()]).data
    traced = HistoryReader(small.deployment, small.bridges, dict.fromkeys(small.bridges, FakeTracer(forged + call)))
    assert list(traced.proofs(stored)) == [proof]


def test_read__real_nodes_traces__everything_comes_back() -> None:
    with open_world("anvil", (POLYGON, AVALANCHE)) as world:
        system = open_system(world)
        scenes = {chain: ContractValidator.open(system, chain) for chain in system.bridges}
        draft = scenes[PRIMARY].validator.draft(Lane.ACCOUNT, OWN)
        for through in scenes.values():
            through.commit(draft)
        found = HistoryReader(system.deployment, system.bridges).read_all()
        assert {chain: history.blocks[FIRST].block for chain, history in found.items()} == {
            chain: CommitBlock.from_abi(draft.commit_args(chain)) for chain in scenes
        }
