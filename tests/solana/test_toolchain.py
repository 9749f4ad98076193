"""The program's build: the same bytes everywhere, and a linker that refuses what sBPF would not run as it is meant."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from zklink.protocol.errors import ProgramNotCompiled, ProgramNotLinked
from zklink.solana.toolchain import build
from zklink.solana.toolchain.elf import read_object
from zklink.solana.toolchain.linker import link
from zklink.solana.toolchain.syscalls import hash_name, is_syscall

CALLER = """
typedef unsigned long long u64;
extern u64 other(u64);
u64 entrypoint(u64 x) { return other(x) + 1; }
"""


def compile_text(folder: Path, text: str, flags: tuple[str, ...] = build.FLAGS) -> bytes:
    source = folder / "part.c"
    source.write_text(text)
    return build.compile_object(source, flags)


@pytest.mark.parametrize(
    ("source", "make"),
    [(build.PROGRAM, build.build_program), (build.TIMELOCK, build.build_timelock)],
    ids=("program", "timelock"),
)
def test_build__in_another_folder__gives_the_committed_bytes(
    tmp_path: Path, source: str | Path, make: Callable[[], bytes]
) -> None:
    folder = tmp_path / "elsewhere"
    shutil.copytree(build.SOURCES, folder)
    program = link([read_object(build.compile_object(folder / source))])
    pin = (build.SOURCES / source).with_suffix(".sha256")
    assert pin.read_text().split() == [hashlib.sha256(program).hexdigest(), f"{pin.stem}.so"]
    assert make() == program


def test_compile_object__not_c__says_where(tmp_path: Path) -> None:
    with pytest.raises(ProgramNotCompiled, match=r"part\.c:1"):
        compile_text(tmp_path, "int x = ;")


def test_link__name_that_is_no_syscall__is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProgramNotLinked, match="other is neither defined nor a syscall"):
        link([read_object(compile_text(tmp_path, CALLER))])


def test_link__two_objects__call_each_other(tmp_path: Path) -> None:
    caller = compile_text(tmp_path, CALLER)
    other = compile_text(tmp_path, "unsigned long long other(unsigned long long x) { return x * 3; }")
    assert link([read_object(caller), read_object(other)])[:4] == b"\x7fELF"
    with pytest.raises(ProgramNotLinked, match="two symbols other"):
        link([read_object(caller), read_object(other), read_object(other)])


def test_link__no_entry__is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProgramNotLinked, match="no symbol entrypoint"):
        link([read_object(compile_text(tmp_path, "int x(void) { return 1; }"))])


@pytest.mark.parametrize("state", ["static int count;", "static int count = 4;"])
def test_link__writable_data__is_refused(tmp_path: Path, state: str) -> None:
    text = f"{state} int entrypoint(void) {{ return ((volatile int *)&count)[0]++; }}"
    with pytest.raises(ProgramNotLinked, match="writable data"):
        link([read_object(compile_text(tmp_path, text))])


@pytest.mark.parametrize("cpu", ["-mcpu=v3", "-mcpu=v4"])
def test_link__instructions_of_a_later_cpu__are_refused(tmp_path: Path, cpu: str) -> None:
    flags = tuple(cpu if flag == "-mcpu=v2" else flag for flag in build.FLAGS)
    text = "int entrypoint(int *x) { return x[0] * x[1] + (signed char)x[2]; }"
    with pytest.raises(ProgramNotLinked, match="compile with -mcpu=v2"):
        link([read_object(compile_text(tmp_path, text, flags))])


@pytest.mark.parametrize("data", [b"", b"\x7fELF\x02\x01", b"\x7fELF\x02\x01" + bytes(100), bytes(1_000)])
def test_read_object__other_bytes__are_refused(data: bytes) -> None:
    with pytest.raises(ProgramNotLinked):
        read_object(data)


def test_hash_name__known_syscalls__have_the_loader_s_numbers() -> None:
    assert (hash_name("abort"), hash_name("sol_log_")) == (0xB6FC1A11, 0x207559BD)
    assert is_syscall("sol_keccak256") and not is_syscall("sol_poseidon")
