"""Deploys a program through the upgradeable loader's own instructions, which check the file as a cluster does."""

import struct

from solders.instruction import AccountMeta
from solders.instruction import Instruction as Call
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.support.solana.machine import LOADER, SYSTEM, Machine, key_of, read, write

RENT = Pubkey.from_string("SysvarRent111111111111111111111111111111111")
CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
HEAD = 37
PROGRAM_SIZE = 36


def write_buffer(
    machine: Machine, authority: Keypair, buffer: Keypair, code: bytes, piece: int, is_new: bool = True
) -> int:
    """Write the code to a buffer of an authority, in pieces; gives how many transactions it took."""
    place, owner = buffer.pubkey(), authority.pubkey()
    if is_new:
        begin = Call(LOADER, struct.pack("<I", 0), [write(place), read(owner)])
        machine.send([machine.create(buffer, HEAD + len(code), LOADER), begin], buffer)
    sent = int(is_new)
    for at in range(0, len(code), piece):
        part = code[at : at + piece]
        metas = [write(place), read(owner, True)]
        machine.send([Call(LOADER, struct.pack("<IIQ", 1, at, len(part)) + part, metas)], authority)
        sent += 1
    return sent


def deploy(machine: Machine, authority: Keypair, program: Keypair, code: bytes, piece: int) -> int:
    """Write the code to a buffer, in pieces, and make the program of it; gives how many transactions it took."""
    buffer, owner = key_of("buffer"), authority.pubkey()
    data = Pubkey.find_program_address([bytes(program.pubkey())], LOADER)[0]
    sent = write_buffer(machine, authority, buffer, code, piece)
    payer = machine.payer.pubkey()
    metas = [
        AccountMeta(payer, True, True),
        write(data),
        write(program.pubkey()),
        write(buffer.pubkey()),
        read(RENT),
        read(CLOCK),
        read(SYSTEM),
        read(owner, True),
    ]
    last = Call(LOADER, struct.pack("<IQ", 2, len(code)), metas)
    machine.send([machine.create(program, PROGRAM_SIZE, LOADER), last], program, authority)
    return sent + 1
