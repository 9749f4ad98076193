"""Builds the Solana program: clang for BPF, then the linker. The result is kept in the cache under a hash of sources,
compiler and linker, so nothing stale can be deployed.

The flags are not a matter of taste: -mcpu=v3 miscompiles for sBPF, builtins call functions that are not there, zig's
own sanitizer is on unless told, and -Os makes the field's arithmetic four times as expensive.
"""

import importlib.metadata
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from zklink.files import project_root, read_bytes, write_file
from zklink.protocol.errors import ProgramNotCompiled
from zklink.prover.cache import compute_content_hash, ensure_entry
from zklink.solana.toolchain.elf import read_object
from zklink.solana.toolchain.linker import link

SOURCES: Final = project_root() / "contracts" / "solana"
PROGRAM: Final = "program.c"
TIMELOCK: Final = Path("timelock") / "timelock.c"
"""The source of the timelock's program, which shares headers with the other."""
_COMPILER: Final = "ziglang"
_RESULT: Final = "program.so"
FLAGS: Final = (
    "-target", "bpfel-freestanding", "-mcpu=v2", "-ffreestanding", "-fno-builtin", "-fno-asynchronous-unwind-tables",
    "-fno-sanitize=all", "-O2", "-g0", "-mllvm", "-bpf-stack-size=4096",
    "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-Wno-unused-const-variable",
)  # fmt: skip
_CHECKED_KINDS: Final = "bounds,shift,integer-divide-by-zero,signed-integer-overflow"
_OVERFLOW_CHECKS: Final = (f"-fsanitize={_CHECKED_KINDS}", "-fsanitize-trap=all")


def build_program() -> bytes:
    """The program's bytes. Raises ProgramNotCompiled, ProgramNotLinked."""
    return build_sources(SOURCES)


def build_timelock() -> bytes:
    """The timelock's bytes. Raises ProgramNotCompiled, ProgramNotLinked."""
    return build_sources(SOURCES, TIMELOCK)


def build_sources(folder: Path, source: str | Path = PROGRAM, checked: bool = False) -> bytes:
    """The program of a source in this folder, with headers there and beside it. `checked` traps at overflows of signed
    numbers, shifts and bounds. Raises ProgramNotCompiled, ProgramNotLinked.
    """
    folders = {folder, (folder / source).parent}
    files = sorted(path for each in folders for path in each.iterdir() if path.suffix in (".c", ".h"))
    tools = sorted(Path(__file__).parent.glob("*.py"))
    parts = [item for path in files for item in (path.name, read_bytes(path))]
    key = compute_content_hash(
        str(source), str(checked), compiler_version(), *parts, *(read_bytes(path) for path in tools)
    )
    entry = ensure_entry("solana", key, lambda path: write_file(path / _RESULT, _build(folder / source, checked)))
    return read_bytes(entry / _RESULT)


def compile_object(source: Path, flags: tuple[str, ...] = FLAGS) -> bytes:
    """The object file of a C source. Raises ProgramNotCompiled."""
    with tempfile.TemporaryDirectory(prefix="zklink-solana-") as folder:
        target = Path(folder) / "program.o"
        # The source by its name alone: a path would get into the object.
        command = [sys.executable, "-m", _COMPILER, "cc", *flags, "-c", source.name, "-o", str(target)]
        done = subprocess.run(command, cwd=source.parent, capture_output=True, text=True)
        if done.returncode:
            raise ProgramNotCompiled(done.stderr.strip()[-4_000:])
        return read_bytes(target)


def has_compiler() -> bool:
    """Whether the C compiler is installed, which only Solana needs."""
    return importlib.util.find_spec(_COMPILER) is not None


def compiler_version() -> str:
    """The installed compiler's version. Raises ProgramNotCompiled."""
    try:
        return importlib.metadata.version(_COMPILER)
    except importlib.metadata.PackageNotFoundError as error:
        raise ProgramNotCompiled(f"{_COMPILER} is not installed") from error


def _build(source: Path, checked: bool) -> bytes:
    flags: tuple[str, ...] = FLAGS
    if checked:
        flags = (*(flag for flag in flags if flag != "-fno-sanitize=all"), *_OVERFLOW_CHECKS)
    return link([read_object(compile_object(source, flags))])
