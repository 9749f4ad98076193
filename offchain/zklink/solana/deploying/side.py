"""The Solana side of a deployment on paper: every account that it makes and every call that it takes, known before any
exists.

Takes what the whole deployment fixes, the program's bytes and the keys; gives addresses and calls. Never asks a chain.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from zklink.l1.deployment.places import NATIVE_MINT, ProgramDeployment
from zklink.l1.deployment.program_terms import ProgramTerms
from zklink.l1.deployment.records import DeploymentPlan, GroupPlan, TokenPlan
from zklink.primitives.base58 import decode_base58
from zklink.protocol.domain import ChainEntry
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId, TokenId
from zklink.solana.client.program import ASSOCIATED, SYSTEM, Program, find_holding
from zklink.solana.deploying.loader import BUFFER_HEAD, LOADER, find_program_data
from zklink.solana.deploying.seeded import Seeded
from zklink.solana.interface import accounts, addresses, instructions
from zklink.solana.interface.forms import Instruction as Form

PIECE_BYTES: Final = 900
"""Bytes of code that fit into one transaction."""
KEY_PIECE_BYTES: Final = 600
"""Bytes of keys that do, beside the calls that make their account."""
GROUPS: Final = (Group.VALIDATORS, Group.WATCHERS)
_CREATE_IDEMPOTENT: Final = b"\1"


@dataclass(frozen=True, slots=True)
class ProgramSide:
    """One chain's side. `table` is the deployment's, `terms` what it fixes for this chain alone, `code` the program,
    `key_words` the verification keys of swap blocks, account blocks and exits, `token_programs` the programs of the
    mints that are here, in base58.
    """

    place: ProgramDeployment
    plan: DeploymentPlan
    table: tuple[ChainEntry, ...]
    terms: ProgramTerms
    code: bytes
    key_words: tuple[bytes, bytes, bytes]
    token_programs: Mapping[TokenId, str]

    @property
    def chain(self) -> ChainId:
        """The protocol's number of the chain."""
        return self.place.chain_id

    # -- places --------------------------------------------------------------------------------------------------

    @property
    def payer(self) -> Pubkey:
        """Who makes everything, and may upgrade the program until it is handed over."""
        return Pubkey.from_string(self.terms.payer)

    @property
    def program(self) -> Program:
        """The program as it is called."""
        return Program(decode_base58(self.place.program, 32))

    @property
    def keys(self) -> bytes:
        """All three keys, as their account has them after its tag."""
        return b"".join(self.key_words)

    @property
    def program_data(self) -> Pubkey:
        """Where the loader keeps the code."""
        return find_program_data(self.program.id)

    @property
    def buffer(self) -> Seeded:
        """Where the code is written before it is a program; another code has another place."""
        name = f"zklink {hashlib.sha256(self.code).hexdigest()[:24]}"
        return Seeded(self.payer, name, LOADER, BUFFER_HEAD.size + len(self.code))

    @property
    def swap_queue(self) -> Seeded:
        """The ring of swaps."""
        return Seeded(self.payer, "zklink swaps", self.program.id, accounts.SWAP_QUEUE_SIZE)

    @property
    def account_queue(self) -> Seeded:
        """The ring of the account lane."""
        return Seeded(self.payer, "zklink accounts", self.program.id, accounts.ACCOUNT_QUEUE_SIZE)

    @property
    def keys_account(self) -> Seeded:
        """The verification keys."""
        return Seeded(self.payer, "zklink keys", self.program.id, accounts.KEYS_SIZE)

    @property
    def sol(self) -> Pubkey:
        """Where SOL and fees lie."""
        return self.program.derive(addresses.SOL_SEEDS)

    def token(self, token: TokenPlan) -> Pubkey:
        """Where the program keeps a token."""
        return self.program.derive(addresses.token_seeds(token.token_id))

    def mark(self, mint: Pubkey) -> Pubkey:
        """Where it keeps which token a mint is."""
        return self.program.derive(addresses.mint_seeds(bytes(mint)))

    def mint(self, token: TokenPlan) -> Pubkey:
        """A token's mint; the system program for one that is not on this chain."""
        return Pubkey.from_string(token.contracts[self.chain]) if self.chain in token.contracts else SYSTEM

    def token_program(self, token: TokenPlan) -> Pubkey:
        """The program that moves a token here; the system program for SOL and for one that is not here."""
        return Pubkey.from_string(self.token_programs.get(token.token_id, str(SYSTEM)))

    def vault(self, token: TokenPlan) -> Pubkey:
        """Where a token lies; the system program for one that is not here."""
        mint, owner = self.mint(token), self.token_program(token)
        if mint == SYSTEM:
            return SYSTEM
        return self.sol if str(mint) == NATIVE_MINT else find_holding(self.program.bridge, mint, owner)

    # -- calls ---------------------------------------------------------------------------------------------------

    def put_keys(self, at: int) -> Instruction:
        """The call that writes the keys' piece at a byte."""
        places = {
            "authority": self.payer,
            "keys": self.keys_account.key,
            "program_data": self.program_data,
            "bridge": self.program.bridge,
        }
        return self._encode(instructions.PUT_KEYS, places, self.keys[at : at + KEY_PIECE_BYTES], at=at)

    def init(self, governor: Pubkey) -> Instruction:
        """The call that makes the bridge."""
        places = {
            "authority": self.payer,
            "bridge": self.program.bridge,
            "sol": self.sol,
            "swap_queue": self.swap_queue.key,
            "account_queue": self.account_queue.key,
            "keys": self.keys_account.key,
            "program_data": self.program_data,
            "system_program": SYSTEM,
        }
        plan = self.plan
        values: dict[str, Any] = {
            "chain": self.chain,
            "primary": plan.primary,
            "token_limit": plan.preset.token_limit,
            "account_limit": plan.preset.account_limit,
            "slots_per_day": self.terms.slots_per_day,
            "genesis_root": plan.genesis.root.to_bytes(32, "big"),
            "governor": bytes(governor),
            "fee_recipient": decode_base58(self.terms.fee_recipient, 32),
        }
        return self._encode(instructions.INIT, places, encode_table(self.table), **values)

    def set_price(self, governor: Pubkey, kind: int) -> Instruction:
        """The call that sets a door's price."""
        places = {"governor": governor, "bridge": self.program.bridge}
        return self._encode(instructions.SET_PRICE, places, kind=kind, price=self.terms.prices[kind])

    def found_group(self, governor: Pubkey, group: Group) -> Instruction:
        """The call that names the members of a group."""
        plan = self.group(group)
        places, tail = {"governor": governor, "bridge": self.program.bridge}, b"".join(list_members(plan))
        return self._encode(instructions.FOUND_GROUP, places, tail, group=group, threshold=plan.threshold)

    def group(self, group: Group) -> GroupPlan:
        """Validators or watchers, as planned."""
        return self.plan.validators if group is Group.VALIDATORS else self.plan.watchers

    def register(self, governor: Pubkey, token: TokenPlan) -> list[Instruction]:
        """The calls that make a token's vault and give its id its meaning."""
        config = token.config(self.chain, [entry.chain_id for entry in self.table])
        is_here = self.chain in token.contracts
        mint, owner, vault = self.mint(token), self.token_program(token), self.vault(token)
        places = {
            "governor": governor,
            "payer": self.payer,
            "bridge": self.program.bridge,
            "token": self.token(token),
            "mint_mark": self.mark(mint),
            "mint": mint,
            "vault": vault,
            "token_program": owner,
            "system_program": SYSTEM,
        }
        values: dict[str, Any] = {
            "id": token.token_id,
            "chains": sum(1 << chain for chain in config.chains),
            "layer2_decimals": token.layer2_decimals,
            "minimum": config.minimum if is_here else 0,
            "cap": config.cap if is_here else 0,
        }
        call = self._encode(instructions.REGISTER_TOKEN, places, **values)
        return [call] if owner == SYSTEM else [self._make_vault(mint, vault, owner), call]

    def _make_vault(self, mint: Pubkey, vault: Pubkey, owner: Pubkey) -> Instruction:
        metas = [AccountMeta(self.payer, True, True), AccountMeta(vault, False, True)]
        metas += [AccountMeta(key, False, False) for key in (self.program.bridge, mint, SYSTEM, owner)]
        return Instruction(ASSOCIATED, _CREATE_IDEMPOTENT, metas)

    def _encode(self, form: Form, places: Mapping[str, Pubkey], tail: bytes = b"", **values: Any) -> Instruction:
        return self.program.encode(form, places, tail, **values)


def encode_table(table: tuple[ChainEntry, ...]) -> bytes:
    """The chain table as `init` takes it."""
    return b"".join(
        instructions.CHAIN_ENTRY.pack(
            chain=entry.chain_id,
            address_format=int(entry.address_format),
            evm_chain_id=entry.evm_chain_id.to_bytes(32, "big"),
            bridge=entry.bridge,
        )
        for entry in table
    )


def list_members(group: GroupPlan) -> list[bytes]:
    """A group's members as the program keeps them, ascending."""
    return sorted(bytes.fromhex(member.removeprefix("0x")) for member in group.members)
