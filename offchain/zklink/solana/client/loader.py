"""Calls of the upgradeable loader by whoever may upgrade a program, and what it keeps of a program. Sends nothing."""

import struct
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

LOADER: Final = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
RENT: Final = Pubkey.from_string("SysvarRent111111111111111111111111111111111")
CLOCK: Final = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
BUFFER_HEAD_BYTES: Final = 37
"""What the loader keeps before a buffer's code: that it is one, and whose."""
DATA_HEAD_BYTES: Final = 45
"""What it keeps before a program's code: the slot of the last deployment, and who may upgrade it."""
LEAST_ROOM: Final = 10_240
"""The fewest bytes by which a program's room grows."""
_UPGRADE, _SET_AUTHORITY = 3, 4
_BUFFER: Final = 1


def find_program_data(program: Pubkey) -> Pubkey:
    """Where the loader keeps a program's code and who may upgrade it."""
    return Pubkey.find_program_address([bytes(program)], LOADER)[0]


def upgrade_program(program: Pubkey, buffer: Pubkey, spill: Pubkey, authority: Pubkey) -> Instruction:
    """The program becomes the buffer's code; the buffer, which must be the authority's, is closed, and `spill` gets its
    lamports.
    """
    metas = [
        AccountMeta(find_program_data(program), False, True),
        AccountMeta(program, False, True),
        AccountMeta(buffer, False, True),
        AccountMeta(spill, False, True),
        AccountMeta(RENT, False, False),
        AccountMeta(CLOCK, False, False),
        AccountMeta(authority, True, False),
    ]
    return Instruction(LOADER, struct.pack("<I", _UPGRADE), metas)


def set_authority(account: Pubkey, present: Pubkey, coming: Pubkey | None) -> Instruction:
    """A buffer, or the place of a program's code, gets another authority; a program without one is final."""
    metas = [AccountMeta(account, False, True), AccountMeta(present, True, False)]
    if coming is not None:
        metas.append(AccountMeta(coming, False, False))
    return Instruction(LOADER, struct.pack("<I", _SET_AUTHORITY), metas)


def buffer_content(authority: Pubkey, code: bytes) -> bytes:
    """What a buffer with this code holds once it is an authority's."""
    return struct.pack("<IB", _BUFFER, 1) + bytes(authority) + code
