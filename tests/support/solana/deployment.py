"""Deploys a program through the upgradeable loader's own instructions, which check the file as a cluster does."""

from solders.keypair import Keypair

from tests.support.solana.machine import LOADER, Machine, key_of
from zklink.solana.client.loader import BUFFER_HEAD_BYTES
from zklink.solana.deploying import loader


def write_buffer(
    machine: Machine, authority: Keypair, buffer: Keypair, code: bytes, piece: int, is_new: bool = True
) -> int:
    """Write the code to a buffer of an authority, in pieces; gives how many transactions it took."""
    place, owner = buffer.pubkey(), authority.pubkey()
    if is_new:
        making = machine.create(buffer, BUFFER_HEAD_BYTES + len(code), LOADER)
        machine.send([making, loader.initialize_buffer(place, owner)], buffer)
    sent = int(is_new)
    for at in range(0, len(code), piece):
        machine.send([loader.write_piece(place, owner, at, code[at : at + piece])], authority)
        sent += 1
    return sent


def deploy(machine: Machine, authority: Keypair, program: Keypair, code: bytes, piece: int) -> int:
    """Write the code to a buffer, in pieces, and make the program of it; gives how many transactions it took."""
    buffer, payer = key_of("buffer"), machine.payer.pubkey()
    sent = write_buffer(machine, authority, buffer, code, piece)
    making = machine.create(program, loader.PROGRAM_BYTES, LOADER)
    last = loader.deploy(payer, program.pubkey(), buffer.pubkey(), authority.pubkey(), len(code))
    machine.send([making, last], program, authority)
    return sent + 1
