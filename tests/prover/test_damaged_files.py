"""Binary files with any bytes changed: what they say is read, or a typed error names the file; never anything else."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.prover.test_files import artifacts
from zklink.primitives.native.layout import best_layout
from zklink.protocol.errors import ConstraintSystemInvalid, ProverError, ProvingKeyInvalid
from zklink.prover.key_header import read_key_header
from zklink.prover.native.kernels import load_kernels
from zklink.prover.native.zkey import read_key
from zklink.prover.r1cs import read_r1cs, read_r1cs_header
from zklink.prover.sections import find_sections, read_section

COUNT, FIRST = 8, 12
HUGE = [2**16, 2**31, 2**32, 2**63 - 25, 2**63 - 1, 2**63, 2**64 - 24, 2**64 - 1]


def read_native(path: Path) -> object:
    return read_key(path, load_kernels(best_layout()))


READERS: dict[str, list[Callable[[Path], object]]] = {
    ".r1cs": [read_r1cs_header, read_r1cs],
    ".zkey": [read_key_header, read_native],
}


def source(kind: str) -> Path:
    return artifacts().r1cs if kind == ".r1cs" else artifacts().zkey


def damage(folder: Path, kind: str, *changes: tuple[int, bytes]) -> Path:
    """A copy of a circuit's file with other bytes at some places."""
    data = bytearray(source(kind).read_bytes())
    for place, piece in changes:
        data[place : place + len(piece)] = piece
    path = folder / f"circuit{kind}"
    path.write_bytes(data)
    return path


def section(kind: str, number: int) -> int:
    """Where a section's bytes begin."""
    return find_sections(source(kind), kind[1:].encode())[number][0]


def check_refused(path: Path, kind: str) -> None:
    for read in READERS[kind]:
        with pytest.raises(ConstraintSystemInvalid if kind == ".r1cs" else ProvingKeyInvalid, match=str(path)):
            read(path)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("size", HUGE)
def test_read__size_of_a_section__beyond_the_file_or_any_number__refused(tmp_path: Path, kind: str, size: int) -> None:
    check_refused(damage(tmp_path, kind, (FIRST + 4, struct.pack("<Q", size % 2**64))), kind)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("count", [0, 1, 33, 2**32 - 1])
def test_read__count_of_sections__wrong__refused(tmp_path: Path, kind: str, count: int) -> None:
    check_refused(damage(tmp_path, kind, (COUNT, struct.pack("<I", count))), kind)


@pytest.mark.parametrize("kind", READERS)
def test_read__a_section_twice__refused(tmp_path: Path, kind: str) -> None:
    other = section(kind, 2) - 12
    check_refused(damage(tmp_path, kind, (other, struct.pack("<I", 1)), (FIRST, struct.pack("<I", 1))), kind)


@pytest.mark.parametrize("number", [2**31, 2**32 - 1])
@pytest.mark.parametrize("field", range(6))
def test_read_r1cs__a_number_of_its_header_is_huge__refused_without_taking_memory(
    tmp_path: Path, field: int, number: int
) -> None:
    place = section(".r1cs", 1) + 36 + (0, 4, 8, 12, 16, 24)[field]
    path = damage(tmp_path, ".r1cs", (place, struct.pack("<I", number)))
    if field in (0, 3, 4):  # more wires, private inputs or labels than constraints use
        assert read_r1cs(path).constraint_count == read_r1cs(source(".r1cs")).constraint_count
    else:
        check_refused(path, ".r1cs")


@pytest.mark.parametrize("size", [2**16, 2**31, 2**32 - 1])
def test_read_r1cs__a_row_longer_than_its_section__refused(tmp_path: Path, size: int) -> None:
    path = damage(tmp_path, ".r1cs", (section(".r1cs", 2), struct.pack("<I", size)))
    with pytest.raises(ConstraintSystemInvalid, match="beyond the end"):
        read_r1cs(path)


def test_read_r1cs__a_wire_that_there_is_not__refused(tmp_path: Path) -> None:
    path = damage(tmp_path, ".r1cs", (section(".r1cs", 2) + 4, b"\xff\xff\xff\x7f"))
    with pytest.raises(ConstraintSystemInvalid, match="a wire that there is not"):
        read_r1cs(path)


@pytest.mark.parametrize("field", range(3))
@pytest.mark.parametrize("number", [0, 2**31, 2**32 - 1])
def test_read_key__a_number_of_its_header_is_wrong__refused_without_taking_memory(
    tmp_path: Path, field: int, number: int
) -> None:
    place = section(".zkey", 2) + 72 + 4 * field
    check_refused(damage(tmp_path, ".zkey", (place, struct.pack("<I", number))), ".zkey")


def test_read_key__coefficients_that_do_not_fill_their_section__refused(tmp_path: Path) -> None:
    path = damage(tmp_path, ".zkey", (section(".zkey", 4), b"\xff\xff\xff\xff"))
    with pytest.raises(ProvingKeyInvalid, match="do not fill"):
        read_native(path)


def test_read_section__that_there_is_not__said() -> None:
    places = find_sections(source(".zkey"), b"zkey")
    with pytest.raises(ValueError, match="no section 77"):
        read_section(source(".zkey"), places, 77, 100)


@given(st.data(), st.sampled_from([(kind, read) for kind, reads in READERS.items() for read in reads]))
def test_read__any_bytes_changed__read_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, reader: tuple[str, Callable[[Path], object]]
) -> None:
    kind, read = reader
    size = source(kind).stat().st_size
    places = st.integers(0, 400) | st.integers(0, size - 1)
    changes = data.draw(st.lists(st.tuples(places, st.binary(min_size=1, max_size=8)), min_size=1, max_size=3))
    length = data.draw(st.just(size) | st.integers(0, size))
    path = damage(tmp_path_factory.getbasetemp(), kind, *changes)
    path.write_bytes(path.read_bytes()[:length])
    try:
        assert read(path) is not None
    except ProverError as error:
        assert str(path) in str(error)
