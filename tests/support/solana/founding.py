"""The program on a Solana in process: deployed, with keys and groups.

The keys are the minimal circuits' development keys, so that a proof of any public inputs can be made at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self

from solders.instruction import AccountMeta
from solders.instruction import Instruction as Call
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.support.groups import KnownGroup, KnownGroups
from tests.support.solana.machine import (
    LOADER,
    NATIVE_MINT,
    SLOT_HASHES,
    SYSTEM,
    Machine,
    Refused,
    key_of,
)
from zklink.operations.payout import Payout
from zklink.protocol.domain import ChainEntry, compute_deployment_hash
from zklink.protocol.facts import Group
from zklink.protocol.ids import AddressFormat, ChainId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.prover.circuit_artifacts import CircuitArtifacts, ensure_circuit
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.source import Statement
from zklink.solana.interface import accounts, addresses, instructions
from zklink.solana.interface.forms import Instruction
from zklink.solana.interface.refusals import Refusal
from zklink.solana.toolchain import build_program

SOLANA, POLYGON, BSC = ChainId(3), ChainId(1), ChainId(2)
SRM, CAKE, SOL, ELSEWHERE = TokenId(1), TokenId(2), TokenId(3), TokenId(4)
"""SRM has 6 decimals, CAKE 9 (6 on the layer 2), both are on Solana and Polygon; the last is not on Solana."""

TOKEN_LIMIT, ACCOUNT_LIMIT, GENESIS_ROOT = 16, 64, 7
SLOTS_PER_DAY = 100
"""Slots that a day of a window needs here."""
PROGRAM = key_of("program")
PLANTED: list[bytes] = []
"""The program that a mutant is; the project's own where there is none."""
PIECE = 800
"""Bytes that one transaction writes."""


@lru_cache(maxsize=3)
def circuit(statement: Statement) -> CircuitArtifacts:
    """A minimal circuit with its development key."""
    return ensure_circuit(MINIMAL, statement=statement)


def prover(statement: Statement = Statement.SWAP) -> FixedProver:
    """Proves any public inputs of a block."""
    return _prover(statement)


@lru_cache(maxsize=3)
def _prover(statement: Statement) -> FixedProver:
    return FixedProver(circuit(statement))


@lru_cache(maxsize=1)
def key_bytes() -> bytes:
    """The keys of swap blocks, account blocks and exits."""
    keys = (circuit(statement).vk for statement in (Statement.SWAP, Statement.ACCOUNT, Statement.EXIT))
    return b"".join(word.to_bytes(32, "big") for key in keys for word in key.words())


@dataclass
class Founding:
    """The program, deployed on a machine of its own. `watch` sees every call before it is sent."""

    program: bytes = field(default_factory=lambda: find_program())
    machine: Machine = field(default_factory=Machine)
    genesis_root: int = GENESIS_ROOT
    watch: Callable[[Instruction, Call, Sequence[Keypair], Sequence[Call]], None] | None = None
    figures: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.id = PROGRAM.pubkey()
        self.governor, self.user, self.broker, self.writer = map(key_of, ("governor", "user", "broker", "writer"))
        self.authority, self.fee_recipient = key_of("authority"), key_of("fees").pubkey()
        for key in (self.governor, self.user, self.broker, self.writer, self.authority):
            self.machine.fund(key.pubkey())
        self.bridge, self.sol = self.derive(addresses.BRIDGE_SEEDS), self.derive(addresses.SOL_SEEDS)
        self.swap_queue, self.account_queue, self.keys = (key_of(n).pubkey() for n in ("swaps", "accounts", "keys"))
        self.program_data = Pubkey.find_program_address([bytes(self.id)], LOADER)[0]
        self.groups = KnownGroups(validators=KnownGroup.make("validator"), watchers=KnownGroup.make("watcher"))
        self.mints: dict[TokenId, Pubkey] = {SOL: NATIVE_MINT}
        self.vaults: dict[TokenId, Pubkey] = {SOL: self.sol}
        self._load()

    def derive(self, seeds: Sequence[bytes]) -> Pubkey:
        """A derived address of the program."""
        return Pubkey.find_program_address(list(seeds), self.id)[0]

    def token(self, token: TokenId) -> Pubkey:
        """Where a token is kept."""
        return self.derive(addresses.token_seeds(token))

    def fill_place(self, payout: Payout) -> Pubkey:
        """Where a payout's fill is kept."""
        return self.derive(addresses.fill_seeds(payout.fill_key(self.deployment_hash)))

    # --- calls ---

    def encode(self, call: Instruction, places: dict[str, Pubkey], data: bytes, more: Sequence[Pubkey] = ()) -> Call:
        """An instruction with its accounts by role."""
        metas = [AccountMeta(places[role.name], role.is_signer, role.is_writable) for role in call.roles]
        last = call.roles[-1]
        return Call(self.id, data, [*metas, *(AccountMeta(key, last.is_signer, last.is_writable) for key in more)])

    def call(
        self,
        call: Instruction,
        places: dict[str, Pubkey],
        *signers: Keypair,
        tail: bytes = b"",
        more: Sequence[Pubkey] = (),
        before: Sequence[Call] = (),
        refusal: Refusal | str | None = None,
        **values: Any,
    ) -> None:
        """Send one call; with `refusal`, see that it fails with that reason and nothing else."""
        encoded = self.encode(call, places, call.encode(tail, **values), more)
        self.send(call, encoded, *signers, before=before, refusal=refusal)

    def send(
        self,
        call: Instruction,
        encoded: Call,
        *signers: Keypair,
        before: Sequence[Call] = (),
        refusal: Refusal | str | None = None,
    ) -> None:
        """As `call`, already encoded."""
        if self.watch and refusal is None:
            self.watch(call, encoded, signers, before)
        try:
            self.machine.send([*before, encoded], *signers)
        except Refused as error:
            if refusal is None or error.reason != refusal:
                raise
            return
        if refusal is not None:
            raise AssertionError(f"{call.name} was not refused, wanted: {refusal}")
        self.figures[call.name] = max(self.machine.units, self.figures.get(call.name, 0))

    # --- founding ---

    def chains(self) -> list[ChainEntry]:
        """The chain table."""
        evm = (bytes(12) + bytes([0xA0 + k]) * 20 for k in (1, 2))
        return [
            ChainEntry(POLYGON, 137, AddressFormat.EVM, next(evm)),
            ChainEntry(BSC, 56, AddressFormat.EVM, next(evm)),
            ChainEntry(SOLANA, 900, AddressFormat.BYTES32, bytes(self.bridge)),
        ]

    def put_keys(self, data: bytes | None = None) -> None:
        """Write the verification keys, in pieces."""
        content = key_bytes() if data is None else data
        for at in range(0, len(content), PIECE):
            self.put_key_piece(at, content[at : at + PIECE])

    def put_key_piece(self, at: int, piece: bytes, **changes: Any) -> None:
        """Write a piece of the keys."""
        places = {
            "authority": self.authority.pubkey(),
            "keys": self.keys,
            "program_data": self.program_data,
            "bridge": self.bridge,
        }
        self.call(instructions.PUT_KEYS, places, self.authority, tail=piece, at=at, **changes)

    def init_places(self) -> dict[str, Pubkey]:
        """The accounts of `init`."""
        return {
            "authority": self.authority.pubkey(),
            "bridge": self.bridge,
            "sol": self.sol,
            "swap_queue": self.swap_queue,
            "account_queue": self.account_queue,
            "keys": self.keys,
            "program_data": self.program_data,
            "slot_hashes": SLOT_HASHES,
            "system_program": SYSTEM,
        }

    def init(
        self, places: dict[str, Pubkey] | None = None, refusal: Refusal | str | None = None, **changes: Any
    ) -> None:
        """Make the bridge."""
        signer = changes.pop("signer", self.authority)
        table = changes.pop("table", None)
        values: dict[str, Any] = {
            "chain": SOLANA,
            "primary": POLYGON,
            "token_limit": TOKEN_LIMIT,
            "account_limit": ACCOUNT_LIMIT,
            "slots_per_day": SLOTS_PER_DAY,
            "genesis_root": self.genesis_root.to_bytes(32, "big"),
            "governor": bytes(self.governor.pubkey()),
            "fee_recipient": bytes(self.fee_recipient),
        }
        tail = encode_table(self.chains()) if table is None else table
        self.call(
            instructions.INIT,
            self.init_places() | (places or {}),
            signer,
            tail=tail,
            refusal=refusal,
            **(values | changes),
        )

    def found(self) -> None:
        """Keys, queues, bridge, groups."""
        self.put_keys()
        self.init()
        for group in Group:
            self.found_group(group)

    def found_group(
        self, group: int, members: Sequence[bytes] | None = None, threshold: int = 3, **changes: Any
    ) -> None:
        """Name a group's members."""
        known = self.groups.group(Group(group)) if members is None else None
        tail = b"".join(bytes.fromhex(m[2:]) for m in known.members) if known else b"".join(members or ())
        signer = changes.pop("signer", self.governor)
        places = {"governor": signer.pubkey(), "bridge": self.bridge}
        self.call(instructions.FOUND_GROUP, places, signer, tail=tail, group=group, threshold=threshold, **changes)

    @property
    def deployment_hash(self) -> bytes:
        """As the core computes it."""
        swap, account, exit_ = (circuit(item).vk_hash for item in (Statement.SWAP, Statement.ACCOUNT, Statement.EXIT))
        sizes = TOKEN_LIMIT, ACCOUNT_LIMIT
        return compute_deployment_hash(self.genesis_root, POLYGON, *sizes, swap, account, exit_, self.chains())

    def exchange_program(self) -> Self:
        """The same site with the program that is planted now."""
        self.program = find_program()
        self._load_program()
        return self

    def _load(self) -> None:
        """Put the program there, and the accounts that a deployer makes before."""
        machine = self.machine
        self._load_program()
        sizes = (accounts.SWAP_QUEUE_SIZE, accounts.ACCOUNT_QUEUE_SIZE, accounts.KEYS_SIZE)
        for name, size in zip(("swaps", "accounts", "keys"), sizes, strict=True):
            machine.send([machine.create(key_of(name), size, self.id)], key_of(name))

    def _load_program(self) -> None:
        """As the loader keeps it."""
        machine = self.machine
        machine.svm.add_program_with_loader(self.id, self.program, LOADER)
        data = bytearray(machine.data(self.program_data))
        data[12:45] = b"\1" + bytes(self.authority.pubkey())
        machine.put(self.program_data, LOADER, bytes(data), 10**12)


def find_program() -> bytes:
    """The program that is planted, or the project's own."""
    return PLANTED[-1] if PLANTED else build_program()


def encode_table(chains: Sequence[ChainEntry]) -> bytes:
    """The tail of `init`."""
    return b"".join(
        instructions.CHAIN_ENTRY.pack(
            chain=entry.chain_id,
            address_format=int(entry.address_format),
            evm_chain_id=entry.evm_chain_id.to_bytes(32, "big"),
            bridge=entry.bridge,
        )
        for entry in chains
    )
