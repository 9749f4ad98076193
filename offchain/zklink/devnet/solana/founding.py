"""A deployment's program on a local Solana chain: through the loader as on a cluster, with keys, groups and tokens.

Takes a chain and, once the EVM chains have contracts, the deployment; gives the program, ready for requests.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from zklink.devnet.roles import GROUP_THRESHOLD, Roles
from zklink.devnet.solana.mints import TOKEN_PROGRAM, make_holding
from zklink.devnet.solana.people import Desk, key_of, read, write
from zklink.l1.deployment.places import NATIVE_MINT, ProgramDeployment
from zklink.l1.deployment.records import Deployment, TokenPlan
from zklink.lab.solana.base import SolanaChain
from zklink.primitives.base58 import encode_base58
from zklink.protocol.facts import Group
from zklink.protocol.ids import Amount, ChainId, TokenId
from zklink.prover.circuit_artifacts import CircuitArtifacts
from zklink.prover.source import Statement
from zklink.solana.client.program import SYSTEM, Program
from zklink.solana.interface import accounts, addresses, instructions
from zklink.solana.interface.forms import Instruction as Form
from zklink.solana.toolchain import build_program

NATIVE: Final = Pubkey.from_string(NATIVE_MINT)
LOADER: Final = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
RENT: Final = Pubkey.from_string("SysvarRent111111111111111111111111111111111")
CLOCK: Final = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
BUFFER_HEAD_BYTES, PROGRAM_BYTES, PIECE_BYTES = 37, 36, 800
LAMPORTS: Final = 10**13
SLOTS_PER_DAY: Final = 6
"""Slots that a day of a window takes here: few, because a local chain makes them on demand."""
NO_PRICES: Final[Mapping[int, int]] = MappingProxyType({})
STATEMENTS: Final = (Statement.SWAP, Statement.ACCOUNT, Statement.EXIT)


@dataclass(frozen=True, slots=True)
class Founder:
    """Who founds the program of one chain. `governor` names groups and tokens; nobody keeps the program's authority
    secret, so value must never come in.
    """

    desk: Desk
    chain_id: ChainId
    program: Program
    authority: Keypair
    governor: Keypair

    @classmethod
    def at(cls, chain: SolanaChain, chain_id: ChainId) -> "Founder":
        """With keys of its own."""
        program = Program(bytes(key_of("program").pubkey()))
        return cls(Desk(chain, key_of("founder")), chain_id, program, key_of("authority"), key_of("governor"))

    @classmethod
    def open(cls, chain: SolanaChain, chain_id: ChainId) -> "Founder":
        """With money and keys of its own; nothing is deployed yet."""
        founder = cls.at(chain, chain_id)
        founder.fund()
        return founder

    def fund(self) -> None:
        """Money for its keys."""
        for key in (self.desk.payer, self.authority, self.governor):
            self.desk.fund(key.pubkey(), LAMPORTS)

    def place(self) -> ProgramDeployment:
        """Its line of the deployment's record."""
        chain = self.desk.chain
        genesis = str(chain.rpc("getGenesisHash"))
        here = (encode_base58(bytes(self.program.id)), encode_base58(bytes(self.program.bridge)))
        return ProgramDeployment(self.chain_id, chain.name, genesis, *here, chain.height())

    def token(self, token: TokenId) -> Pubkey:
        """Where the program keeps a token."""
        return self.program.derive(addresses.token_seeds(token))

    @property
    def sol(self) -> Pubkey:
        """Where the program keeps its own lamports: SOL as a token, and fees."""
        return self.program.derive(addresses.SOL_SEEDS)

    def found(
        self,
        deployment: Deployment,
        roles: Roles,
        circuits: Callable[[Statement], CircuitArtifacts],
        cap: Amount,
        prices: Mapping[int, int] = NO_PRICES,
    ) -> None:
        """Deploy, write the keys, make the bridge, set prices in lamports by kind, name both groups, register every
        token that is here.
        """
        self._load(build_program())
        words = [word for each in STATEMENTS for word in circuits(each).vk.words()]
        self._put_keys(b"".join(word.to_bytes(32, "big") for word in words))
        self._init(deployment)
        for kind, price in prices.items():
            there = {"governor": self.governor.pubkey(), "bridge": self.program.bridge}
            self._call(instructions.SET_PRICE, there, self.governor, kind=kind, price=price)
        for group, members in ((Group.VALIDATORS, roles.validators), (Group.WATCHERS, roles.watchers)):
            named = sorted(bytes.fromhex(member.address[2:]) for member in members)
            places = {"governor": self.governor.pubkey(), "bridge": self.program.bridge}
            terms = {"group": group, "threshold": GROUP_THRESHOLD}
            self._call(instructions.FOUND_GROUP, places, self.governor, tail=b"".join(named), **terms)
        for plan in deployment.tokens:
            chains = sum(1 << chain for chain in plan.contracts)
            limits = {"layer2_decimals": plan.layer2_decimals, "minimum": plan.minimum, "cap": cap}
            if self.chain_id not in plan.contracts:
                limits = dict.fromkeys(limits, 0)
            self._register(plan, chains=chains, **limits)
        self.desk.chain.finalize()

    # -- steps ---------------------------------------------------------------------------------------------------

    def _load(self, code: bytes) -> None:
        desk, owner, buffer, program = self.desk, self.authority.pubkey(), key_of("buffer"), key_of("program")
        begin = Instruction(LOADER, struct.pack("<I", 0), [write(buffer.pubkey()), read(owner)])
        desk.send([desk.create(buffer, BUFFER_HEAD_BYTES + len(code), LOADER), begin], buffer)
        for at in range(0, len(code), PIECE_BYTES):
            part = code[at : at + PIECE_BYTES]
            metas = [write(buffer.pubkey()), read(owner, True)]
            desk.send([Instruction(LOADER, struct.pack("<IIQ", 1, at, len(part)) + part, metas)], self.authority)
        metas = [
            write(desk.payer.pubkey(), True),
            write(self._program_data()),
            write(program.pubkey()),
            write(buffer.pubkey()),
            *map(read, (RENT, CLOCK, SYSTEM)),
            read(owner, True),
        ]
        last = Instruction(LOADER, struct.pack("<IQ", 2, len(code)), metas)
        desk.send([desk.create(program, PROGRAM_BYTES, LOADER), last], program, self.authority)
        desk.chain.mine()  # a program can be called from the slot after its deployment on
        sizes = (accounts.SWAP_QUEUE_SIZE, accounts.ACCOUNT_QUEUE_SIZE, accounts.KEYS_SIZE)
        for name, size in zip(("swaps", "accounts", "keys"), sizes, strict=True):
            desk.send([desk.create(key_of(name), size, self.program.id)], key_of(name))

    def _put_keys(self, content: bytes) -> None:
        places = {
            "authority": self.authority.pubkey(),
            "keys": key_of("keys").pubkey(),
            "program_data": self._program_data(),
            "bridge": self.program.bridge,
        }
        for at in range(0, len(content), PIECE_BYTES):
            self._call(instructions.PUT_KEYS, places, self.authority, tail=content[at : at + PIECE_BYTES], at=at)

    def _init(self, deployment: Deployment) -> None:
        places = {
            "authority": self.authority.pubkey(),
            "bridge": self.program.bridge,
            "sol": self.sol,
            "swap_queue": key_of("swaps").pubkey(),
            "account_queue": key_of("accounts").pubkey(),
            "keys": key_of("keys").pubkey(),
            "program_data": self._program_data(),
            "system_program": SYSTEM,
        }
        values: dict[str, Any] = {
            "chain": self.chain_id,
            "primary": deployment.primary,
            "token_limit": deployment.preset.token_limit,
            "account_limit": deployment.preset.account_limit,
            "slots_per_day": SLOTS_PER_DAY,
            "genesis_root": deployment.genesis.root.to_bytes(32, "big"),
            "governor": bytes(self.governor.pubkey()),
            "fee_recipient": bytes(key_of("fees").pubkey()),
        }
        self._call(instructions.INIT, places, self.authority, tail=_encode_table(deployment), **values)

    def _register(self, plan: TokenPlan, **values: Any) -> None:
        """A token of the deployment; of one that is not here the program keeps only where it is."""
        mint = Pubkey.from_string(plan.contracts.get(self.chain_id, str(SYSTEM)))
        is_mint = mint not in (SYSTEM, NATIVE)
        places = {
            "governor": self.governor.pubkey(),
            "payer": self.desk.payer.pubkey(),
            "bridge": self.program.bridge,
            "token": self.token(plan.token_id),
            "mint_mark": self.program.derive(addresses.mint_seeds(bytes(mint))),
            "system_program": SYSTEM,
            "mint": mint,
            "vault": make_holding(self.desk, self.program.bridge, mint) if is_mint else self.sol,
            "token_program": TOKEN_PROGRAM if is_mint else SYSTEM,
        }
        self._call(instructions.REGISTER_TOKEN, places, self.governor, id=plan.token_id, **values)

    def _call(
        self, form: Form, places: Mapping[str, Pubkey], *signers: Keypair, tail: bytes = b"", **values: Any
    ) -> None:
        self.desk.send([self.program.encode(form, places, tail, **values)], *signers)

    def _program_data(self) -> Pubkey:
        return Pubkey.find_program_address([bytes(self.program.id)], LOADER)[0]


def _encode_table(deployment: Deployment) -> bytes:
    return b"".join(
        instructions.CHAIN_ENTRY.pack(
            chain=entry.chain_id,
            address_format=int(entry.address_format),
            evm_chain_id=entry.evm_chain_id.to_bytes(32, "big"),
            bridge=entry.bridge,
        )
        for entry in deployment.table
    )
