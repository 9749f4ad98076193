"""Proving keys from a folder: they are opened when they are whole, and else one sentence says what is wrong."""

from pathlib import Path

import pytest

from zklink.protocol.errors import FilesMixed, KeyFilesMissing, ProvingKeyInvalid
from zklink.protocol.presets import MINIMAL
from zklink.prover.circuit_artifacts import ensure_circuit, open_circuit
from zklink.prover.key_folder import LIST_FILE, hash_file
from zklink.prover.source import Statement

NAMES = ("exit_2_3.zkey", "exit_2_3.vkey.json")


def write_list(folder: Path) -> None:
    lines = [f"{hash_file(path)}  {path.name}" for path in sorted(folder.iterdir()) if path.name != LIST_FILE]
    (folder / LIST_FILE).write_text("\n".join(lines) + "\n")


def place(folder: Path, statement: Statement = Statement.EXIT) -> None:
    """The development keys of a circuit, as if they were the exit circuit's of a ceremony."""
    made = ensure_circuit(MINIMAL, statement=statement)
    (folder / NAMES[0]).write_bytes(made.zkey.read_bytes())
    (folder / NAMES[1]).write_bytes(made.vk_path.read_bytes())
    write_list(folder)


def test_open_circuit__whole_folder__its_keys(tmp_path: Path) -> None:
    place(tmp_path)
    opened = open_circuit(MINIMAL, Statement.EXIT, tmp_path)
    assert (opened.zkey, opened.vk_path) == (tmp_path / NAMES[0], tmp_path / NAMES[1])
    assert opened.vk_hash == ensure_circuit(MINIMAL, statement=Statement.EXIT).vk_hash


def test_open_circuit__no_folder__development_keys() -> None:
    assert open_circuit(MINIMAL, Statement.EXIT, None) == ensure_circuit(MINIMAL, statement=Statement.EXIT)


@pytest.mark.parametrize("name", [*NAMES, LIST_FILE])
def test_open_circuit__file_is_not_there__named_in_one_sentence(tmp_path: Path, name: str) -> None:
    place(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(KeyFilesMissing) as missing:
        open_circuit(MINIMAL, Statement.EXIT, tmp_path)
    assert str(missing.value) == f"the keys of exit_2_3 are not in {tmp_path}: no {name}"


def test_open_circuit__list_does_not_name_a_file__said(tmp_path: Path) -> None:
    place(tmp_path)
    (tmp_path / LIST_FILE).write_text(f"{'0' * 64}  something\n\n{NAMES[0]}\n")
    with pytest.raises(KeyFilesMissing, match=f"SHA256SUMS does not name {NAMES[0]}, {NAMES[1]}"):
        open_circuit(MINIMAL, Statement.EXIT, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_open_circuit__one_byte_is_another__refused(tmp_path: Path, name: str) -> None:
    place(tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[-1] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ProvingKeyInvalid, match=f"{name}: its hash is not the one of SHA256SUMS"):
        open_circuit(MINIMAL, Statement.EXIT, tmp_path)


def test_open_circuit__another_circuits_whole_key__refused(tmp_path: Path) -> None:
    place(tmp_path, Statement.SWAP)
    with pytest.raises(FilesMixed):
        open_circuit(MINIMAL, Statement.EXIT, tmp_path)
