"""The Solana side of a deployment on paper: every account that it makes and every call that it takes, known before any
exists.

Takes what the whole deployment fixes, the program's bytes and the keys; gives addresses and calls. Never asks a chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from zklink.l1.contracts.bridge_structs import PriceEntry
from zklink.l1.deployment.places import ProgramDeployment
from zklink.l1.deployment.program_terms import ProgramTerms
from zklink.l1.deployment.records import DeploymentPlan, GroupPlan, TokenPlan
from zklink.primitives.base58 import decode_base58
from zklink.protocol.domain import ChainEntry
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId, TokenId
from zklink.solana.client.loader import find_program_data, set_authority
from zklink.solana.client.program import SLOT_HASHES, SYSTEM, Program, make_holding
from zklink.solana.client.timelock import Timelock
from zklink.solana.deploying.loading import Loading
from zklink.solana.deploying.registering import find_mint, find_vault, register_token
from zklink.solana.deploying.seeded import Seeded
from zklink.solana.interface import accounts, addresses, instructions
from zklink.solana.interface.forms import Instruction as Form

KEY_PIECE_BYTES: Final = 600
"""Bytes of keys that do, beside the calls that make their account."""
GROUPS: Final = (Group.VALIDATORS, Group.WATCHERS)


@dataclass(frozen=True, slots=True)
class ProgramSide:
    """One chain's side. `table` is the deployment's, `terms` what it fixes for this chain alone, `code` the program,
    `lock_code` the timelock's, `key_words` the verification keys of swap blocks, account blocks and exits,
    `token_programs` the programs of the mints that are here, in base58, `paused` the tokens that government lets
    nothing in of since.
    """

    place: ProgramDeployment
    plan: DeploymentPlan
    table: tuple[ChainEntry, ...]
    terms: ProgramTerms
    code: bytes
    lock_code: bytes
    key_words: tuple[bytes, bytes, bytes]
    token_programs: Mapping[TokenId, str]
    paused: tuple[TokenId, ...] = ()

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
    def lock(self) -> Timelock:
        """The timelock, which governs."""
        return Timelock(decode_base58(self.place.timelock, 32))

    @property
    def loadings(self) -> tuple[Loading, Loading]:
        """Both programs, as they are loaded: the bridge's and the timelock's."""
        bridge = Loading("program", self.program.id, self.code, self.payer)
        return bridge, Loading("timelock program", self.lock.id, self.lock_code, self.payer)

    @property
    def heir(self) -> Pubkey | None:
        """Who may upgrade the program once it is handed over; None for nobody."""
        return None if self.terms.is_final else self.lock.address

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
        return find_mint(token, self.chain)

    def token_program(self, token: TokenPlan) -> Pubkey:
        """The program that moves a token here; the system program for SOL and for one that is not here."""
        return Pubkey.from_string(self.token_programs.get(token.token_id, str(SYSTEM)))

    def vault(self, token: TokenPlan) -> Pubkey:
        """Where a token lies; the system program for one that is not here."""
        return find_vault(self.program, self.mint(token), self.token_program(token))

    # -- calls ---------------------------------------------------------------------------------------------------

    def put_keys(self, at: int) -> Instruction:
        """The call that writes the keys' piece at a byte."""
        places = {
            "authority": self.payer,
            "keys": self.keys_account.key,
            "program_data": find_program_data(self.program.id),
            "bridge": self.program.bridge,
        }
        return self._encode(instructions.PUT_KEYS, places, self.keys[at : at + KEY_PIECE_BYTES], at=at)

    def make_timelock(self) -> list[Instruction]:
        """The calls that make the timelock, which the payer owns until it is handed over, and its program final."""
        making = self.lock.init(self.payer, self.payer, self.program.id, self.terms.slots_per_day)
        return [making, set_authority(find_program_data(self.lock.id), self.payer, None)]

    def init(self) -> Instruction:
        """The call that makes the bridge."""
        places = {
            "authority": self.payer,
            "bridge": self.program.bridge,
            "sol": self.sol,
            "swap_queue": self.swap_queue.key,
            "account_queue": self.account_queue.key,
            "keys": self.keys_account.key,
            "program_data": find_program_data(self.program.id),
            "slot_hashes": SLOT_HASHES,
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
            "governor": bytes(self.lock.address),
            "fee_recipient": decode_base58(self.terms.fee_recipient, 32),
        }
        return self._encode(instructions.INIT, places, encode_table(self.table), **values)

    def set_price(self, entry: PriceEntry) -> Instruction:
        """The call that sets a door's price."""
        return self._govern(instructions.SET_PRICE, {}, kind=entry.kind, price=entry.price_gwei)

    def bound_price(self, entry: PriceEntry) -> Instruction:
        """The call that bounds what the setter may ask for a door."""
        return self._act(self.lock.set_price_bounds(entry.kind, entry.low, entry.high))

    def name_setter(self) -> Instruction:
        """The call that names who sets prices."""
        return self._act(self.lock.set_setter(Pubkey.from_string(self.terms.setter)))

    def name_owner(self) -> Instruction:
        """The call after which the owner may take the timelock over."""
        return self._act(self.lock.set_owner(Pubkey.from_string(self.terms.owner)))

    def close_founding(self) -> Instruction:
        """The call after which whoever owns the timelock proposes, and waits."""
        return self.lock.close_founding(self.payer)

    def found_group(self, group: Group) -> Instruction:
        """The call that names the members of a group."""
        plan = self.group(group)
        tail = b"".join(list_members(plan))
        return self._govern(instructions.FOUND_GROUP, {}, tail, group=group, threshold=plan.threshold)

    def group(self, group: Group) -> GroupPlan:
        """Validators or watchers, as planned."""
        return self.plan.validators if group is Group.VALIDATORS else self.plan.watchers

    def register(self, token: TokenPlan) -> list[Instruction]:
        """The calls that make a token's vault and give its id its meaning."""
        chains, owner, governor = [entry.chain_id for entry in self.table], self.token_program(token), self.lock.address
        call = self._act(register_token(self.program, token, self.chain, chains, owner, governor, self.payer))
        if owner == SYSTEM:
            return [call]
        return [make_holding(self.payer, self.program.bridge, self.mint(token), owner), call]

    def _govern(self, form: Form, places: Mapping[str, Pubkey], tail: bytes = b"", **values: Any) -> Instruction:
        """A call of the bridge that the timelock makes at once, while it is founded."""
        both = {"governor": self.lock.address, "bridge": self.program.bridge, **places}
        return self._act(self._encode(form, both, tail, **values))

    def _act(self, call: Instruction) -> Instruction:
        return self.lock.act(self.payer, call)

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
