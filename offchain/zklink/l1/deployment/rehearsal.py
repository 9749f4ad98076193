"""A chain in this process on which the contracts of a deployment are created as on the real one: same accounts, nonces,
ids and times, so same addresses and same code, immutable values included.

Takes creations; gives the code that must stand on the chain, and the gas that this takes. Never asks a node: what the
deployment finds on the chain (a wrapped coin, Permit2) is a contract without functions here. Needs revm, of the extra
`lab`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from eth_abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils import keccak, to_checksum_address

from zklink.l1.contracts.bridge_structs import NO_ADDRESS
from zklink.l1.contracts.verifiers import IS_DEVELOPMENT
from zklink.l1.deployment.blueprint import Blueprint, Creation, predict_address
from zklink.l1.deployment.records import DeploymentPlan, Verifiers, VkHashes
from zklink.lab.errors import EngineFailed
from zklink.lab.revm.chain import NOBODY
from zklink.lab.revm.engine import BlockContext, Engine, Message, Outcome
from zklink.lab.revm.state import Account, Address, Changes, State
from zklink.protocol.errors import RehearsalFailed
from zklink.protocol.ids import ChainId

GAS_LIMIT: Final = 30_000_000
RICH: Final = 10**30
STANDS: Final = b"\0"
"""The code of a contract that is only looked at: it stops."""

Times = Mapping[tuple[ChainId, str], int]
"""When contracts were created, UNIX seconds, by chain and name."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A contract as it must stand on its chain: its code, and the gas of its transaction."""

    creation: Creation
    code: bytes
    gas: int


class RehearsalChain:
    """One chain. `found` are addresses where something stands already."""

    def __init__(self, name: str, evm_chain_id: int, found: Iterable[str] = ()) -> None:
        self._name = name
        self._state = State()
        self._engine = Engine(evm_chain_id, GAS_LIMIT, self._state)
        self._write(Changes({_address(each): Account(0, 1, STANDS) for each in found if each != NO_ADDRESS}))

    def create(self, deployer: str, creation: Creation, timestamp: int = 1) -> Rehearsed:
        """Create a contract in a block of this time (UNIX seconds). Raises RehearsalFailed."""
        sender = _address(deployer)
        self._write(Changes({sender: Account(RICH, creation.nonce)}))
        outcome = self._run(Message(sender, None, creation.init_code, 0, GAS_LIMIT), timestamp, creation.artifact.name)
        if outcome.failure or outcome.created != _address(creation.address):
            reason = _reason(outcome.output) or outcome.failure
            raise RehearsalFailed(creation.artifact.name, self._name, reason)
        self._write(outcome.changes)
        return Rehearsed(creation, self._state.account(outcome.created).code, outcome.gas_used)

    def ask(self, address: str, function: str) -> bytes:
        """What a view without arguments answers; nothing if it reverts."""
        message = Message(NOBODY, _address(address), keccak(text=function)[:4], 0, GAS_LIMIT)
        outcome = self._run(message, 1, function)
        return b"" if outcome.failure else outcome.output

    def _run(self, message: Message, timestamp: int, label: str) -> Outcome:
        context = BlockContext(1, timestamp, GAS_LIMIT, NOBODY, bytes(32))
        try:
            return self._engine.run(message, context)
        except EngineFailed as error:
            raise RehearsalFailed(label, self._name, str(error)) from error

    def _write(self, changes: Changes) -> None:
        self._state.apply(changes)
        self._engine.write(changes)


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What the verifiers of a plan say of their keys. `development` are the names of those whose secrets are known."""

    hashes: VkHashes
    development: tuple[str, ...] = field(default=())


def read_keys(verifiers: Verifiers) -> KeyFacts:
    """Ask the verifiers, on no chain at all. Raises RehearsalFailed for one that has no key."""
    chain, hashes, development = RehearsalChain("rehearsal", 1), list[bytes](), list[str]()
    for nonce, artifact in enumerate((verifiers.swap, verifiers.account, verifiers.exit)):
        address = _created(nonce)
        chain.create(NO_ADDRESS, Creation(ChainId(0), artifact.name, artifact, (), nonce, address))
        answer = chain.ask(address, "vk_hash()")
        if len(answer) != 32:
            raise RehearsalFailed(artifact.name, "rehearsal", "it does not say the hash of its key")
        hashes.append(answer)
        if chain.ask(address, f"{IS_DEVELOPMENT}()") != bytes(32):
            development.append(artifact.name)
    return KeyFacts(VkHashes(*hashes), tuple(development))


def rehearse(blueprint: Blueprint, times: Times | None = None) -> dict[ChainId, tuple[Rehearsed, ...]]:
    """Create every contract of a blueprint. `times` are those of their blocks, where that matters. Raises
    RehearsalFailed.
    """
    return {k: _rehearse_chain(blueprint, k, times or {}) for k in blueprint.profiles}


def hash_code(code: bytes) -> str:
    """What identifies a contract's code in records."""
    return f"0x{keccak(code).hex()}"


def list_found(plan: DeploymentPlan, chain_id: ChainId) -> tuple[str, ...]:
    """The contracts that constructors look for on a chain."""
    return tuple(place[chain_id] for place in (plan.wrapped, plan.permit2) if chain_id in place)


def _rehearse_chain(blueprint: Blueprint, chain_id: ChainId, times: Times) -> tuple[Rehearsed, ...]:
    profile = blueprint.profiles[chain_id]
    chain = RehearsalChain(profile.name, profile.evm_chain_id, list_found(blueprint.plan, chain_id))
    return tuple(
        chain.create(blueprint.deployer, creation, times.get((chain_id, creation.name), 1))
        for creation in blueprint.creations(chain_id)
    )


def _created(nonce: int) -> str:
    return predict_address(NO_ADDRESS, nonce)


def _address(text: str) -> Address:
    return Address(to_checksum_address(text).lower())


def _reason(output: bytes) -> str:
    try:
        return str(decode(["string"], output[4:])[0]) if output[:4] == keccak(text="Error(string)")[:4] else ""
    except DecodingError:
        return ""
