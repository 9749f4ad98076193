"""The sections of iden3's binary files (`.r1cs`, `.zkey`): a magic word, a version, a count, then the number, the size
and the bytes of each section.

Takes a file; gives the places of its sections, after checking that they fill it. Never reads what is in them.
"""

import struct
from pathlib import Path
from typing import Final

Places = dict[int, tuple[int, int]]
"""Where each section begins, and how many bytes it has, by its number."""

MOST_SECTIONS: Final = 32
_HEAD: Final = struct.Struct("<4sII")
_SECTION: Final = struct.Struct("<IQ")


def find_sections(path: Path, magic: bytes) -> Places:
    """Raises ValueError for another file and for one that is not whole, OSError."""
    length = path.stat().st_size
    places: Places = {}
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size or not head.startswith(magic):
            raise ValueError(f"not a file of the form {magic.decode()}")
        _, _, count = _HEAD.unpack(head)
        if count > MOST_SECTIONS:
            raise ValueError(f"not a file of the form {magic.decode()}: it claims {count} sections")
        place = _HEAD.size
        for _ in range(count):
            file.seek(place)
            entry = file.read(_SECTION.size)
            if len(entry) < _SECTION.size:
                raise ValueError(f"truncated: a section begins at byte {place} of {length}")
            number, size = _SECTION.unpack(entry)
            place += _SECTION.size
            if size > length - place:
                raise ValueError(f"truncated: section {number} ends at byte {place + size} of {length}")
            if number in places:
                raise ValueError(f"it has section {number} twice")
            places[number] = place, size
            place += size
    if place != length:
        raise ValueError(f"its sections end at byte {place}, the file at {length}")
    return places


def read_section(path: Path, places: Places, number: int, most: int) -> bytes:
    """One section of at most `most` bytes. Raises ValueError, OSError."""
    if number not in places:
        raise ValueError(f"it has no section {number}")
    place, size = places[number]
    if size > most:
        raise ValueError(f"section {number} has {size} bytes")
    with path.open("rb") as file:
        file.seek(place)
        return file.read(size)
