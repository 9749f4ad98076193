"""The program as something that is called: instructions with their accounts by role, and derived addresses."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from zklink.solana.interface import addresses
from zklink.solana.interface.forms import Instruction as Form

SYSTEM: Final = Pubkey.default()
SLOT_HASHES: Final = Pubkey.from_string("SysvarS1otHashes111111111111111111111111111")
ASSOCIATED: Final = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
_CREATE_IDEMPOTENT: Final = b"\1"


class Program:
    """One deployed program. `address` has 32 bytes."""

    def __init__(self, address: bytes) -> None:
        self.id = Pubkey(address)
        self.bridge = self.derive(addresses.BRIDGE_SEEDS)

    def derive(self, seeds: Sequence[bytes]) -> Pubkey:
        """An address that the program derives, at the highest bump."""
        return Pubkey.find_program_address(list(seeds), self.id)[0]

    def encode(
        self, form: Form, places: Mapping[str, Pubkey], tail: bytes = b"", more: Sequence[Pubkey] = (), **values: Any
    ) -> Instruction:
        """A call with its accounts by role, and `more` like the last one."""
        metas = [AccountMeta(places[role.name], role.is_signer, role.is_writable) for role in form.roles]
        last = form.roles[-1]
        rest = [AccountMeta(key, last.is_signer, last.is_writable) for key in more]
        return Instruction(self.id, form.encode(tail, **values), [*metas, *rest])


def find_holding(owner: Pubkey, mint: Pubkey, token_program: Pubkey) -> Pubkey:
    """The associated token account of an owner."""
    return Pubkey.find_program_address([bytes(owner), bytes(token_program), bytes(mint)], ASSOCIATED)[0]


def make_holding(payer: Pubkey, owner: Pubkey, mint: Pubkey, token_program: Pubkey) -> Instruction:
    """The call that makes the associated token account of an owner, if it is not there yet; the payer pays its rent."""
    place = find_holding(owner, mint, token_program)
    metas = [AccountMeta(payer, True, True), AccountMeta(place, False, True)]
    metas += [AccountMeta(key, False, False) for key in (owner, mint, SYSTEM, token_program)]
    return Instruction(ASSOCIATED, _CREATE_IDEMPOTENT, metas)
