"""Deploying by the cluster's loader of programs that can be upgraded (v3): its accounts as bytes, and its calls. Never
asks a chain.
"""

import struct
from dataclasses import dataclass
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from zklink.solana.client.loader import CLOCK, LOADER, RENT, find_program_data
from zklink.solana.client.node import AccountData
from zklink.solana.client.program import SYSTEM

PROGRAM_BYTES: Final = 36
BUFFER_HEAD: Final = struct.Struct("<IB32s")
DATA_HEAD: Final = struct.Struct("<IQB32s")
"""Before the code: the account's kind, the slot of the last deployment, whether anybody may upgrade it, and who."""
BUFFER, PROGRAM, PROGRAM_DATA = 1, 2, 3
_INITIALIZE_BUFFER, _WRITE, DEPLOY, UPGRADE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Loaded:
    """Code as an account of the loader has it, and who may change it; None is nobody. `slot` is that in which a program
    was deployed, upgraded or enlarged last.
    """

    authority: Pubkey | None
    code: bytes
    slot: int = 0


def read_buffer(data: bytes) -> Loaded | None:
    """A buffer; None for anything else."""
    if len(data) < BUFFER_HEAD.size:
        return None
    kind, has_authority, authority = BUFFER_HEAD.unpack_from(data)
    if kind != BUFFER:
        return None
    return Loaded(Pubkey(authority) if has_authority else None, data[BUFFER_HEAD.size :])


def read_program_data(data: bytes) -> Loaded | None:
    """A program's code; None for anything else."""
    if len(data) < DATA_HEAD.size:
        return None
    kind, slot, has_authority, authority = DATA_HEAD.unpack_from(data)
    if kind != PROGRAM_DATA:
        return None
    return Loaded(Pubkey(authority) if has_authority else None, data[DATA_HEAD.size :], slot)


def read_loaded(found: AccountData | None) -> Loaded | None:
    """The code in the account of a program's data; None if the loader has none there."""
    return None if found is None or found.owner != str(LOADER) else read_program_data(found.data)


def encode_program(program: Pubkey) -> bytes:
    """What the account of a program must hold."""
    return struct.pack("<I", PROGRAM) + bytes(find_program_data(program))


def initialize_buffer(buffer: Pubkey, authority: Pubkey) -> Instruction:
    """The call that makes a new account of the loader a buffer."""
    metas = [AccountMeta(buffer, False, True), AccountMeta(authority, False, False)]
    return Instruction(LOADER, struct.pack("<I", _INITIALIZE_BUFFER), metas)


def write_piece(buffer: Pubkey, authority: Pubkey, at: int, piece: bytes) -> Instruction:
    """The call that writes a piece of code at a byte of a buffer."""
    metas = [AccountMeta(buffer, False, True), AccountMeta(authority, True, False)]
    return Instruction(LOADER, struct.pack("<IIQ", _WRITE, at, len(piece)) + piece, metas)


def deploy(payer: Pubkey, program: Pubkey, buffer: Pubkey, authority: Pubkey, size: int) -> Instruction:
    """The call that makes a new account of the loader a program, with a buffer's code of that size; the buffer ends and
    its lamports go to the payer.
    """
    metas = [
        AccountMeta(payer, True, True),
        AccountMeta(find_program_data(program), False, True),
        AccountMeta(program, False, True),
        AccountMeta(buffer, False, True),
        AccountMeta(RENT, False, False),
        AccountMeta(CLOCK, False, False),
        AccountMeta(SYSTEM, False, False),
        AccountMeta(authority, True, False),
    ]
    return Instruction(LOADER, struct.pack("<IQ", DEPLOY, size), metas)
