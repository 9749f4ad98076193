"""Compiles circuits: circom's own compiler as WASM under wasmtime, without node.

Takes a CircuitSource, gives the constraint system, the witness calculator and the symbol table, cached by content.
The compiler sees only a scratch directory: copies of the circuit's files, the library and the generated main file.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import wasmtime

from zklink.protocol.errors import CalculatorInvalid, CircuitCompileFailed
from zklink.prover.cache import cache_directory, compute_content_hash, ensure_entry
from zklink.prover.calculator_field import make_engine, speed_up
from zklink.prover.progress import SILENT, Progress
from zklink.prover.r1cs import read_r1cs_header
from zklink.prover.source import CircuitSource
from zklink.prover.tools import Tools, ensure_tools

_MAIN = "circuit.circom"
_FOLDER = "circuits"
_OUTPUTS = ("--r1cs", "--wasm", "--sym")
OPTIMIZED = "--O2"  # O1, the default, doubles the constraints
PLAIN = "--O0"  # every signal keeps a wire of its own: for tests that look at signals by name


@dataclass(frozen=True, slots=True)
class CompiledCircuit:
    """A compiled circuit in the cache; `key` is the hash of everything it was made from."""

    name: str
    key: str
    directory: Path

    @property
    def r1cs(self) -> Path:
        """The constraint system (iden3 binary format)."""
        return self.directory / "circuit.r1cs"

    @property
    def wasm(self) -> Path:
        """The witness calculator."""
        return self.directory / "circuit.wasm"

    @property
    def symbols(self) -> Path:
        """The names of signals, by wire."""
        return self.directory / "circuit.sym"

    @property
    def constraints(self) -> int:
        """Number of constraints, from the r1cs header. Raises ConstraintSystemInvalid."""
        return read_r1cs_header(self.r1cs).constraints


def _as_it_is(module: bytes) -> bytes:
    return module


def load_wasm_module(
    engine: wasmtime.Engine, path: Path, change: Callable[[bytes], bytes] = _as_it_is
) -> wasmtime.Module:
    """A module from WASM after a change, its machine code kept in the cache by content. Raises CalculatorInvalid."""
    try:
        return _load_wasm_module(engine, change(path.read_bytes()))
    except OSError as error:
        raise CalculatorInvalid(str(path), error.strerror or str(error)) from error
    except wasmtime.WasmtimeError as error:
        raise CalculatorInvalid(str(path), f"no WASM module ({str(error).splitlines()[0]})") from error


def _load_wasm_module(engine: wasmtime.Engine, content: bytes) -> wasmtime.Module:
    key = compute_content_hash(version("wasmtime"), content)

    def make(directory: Path) -> None:
        (directory / "module.bin").write_bytes(wasmtime.Module(engine, content).serialize())

    compiled = ensure_entry("modules", key, make) / "module.bin"
    try:
        return wasmtime.Module.deserialize_file(engine, str(compiled))
    except wasmtime.WasmtimeError:  # made on a machine with another processor
        return wasmtime.Module(engine, content)


def _run_circom(tools: Tools, directory: Path, arguments: list[str]) -> tuple[int, str]:
    """Runs the compiler in a directory, and shows it nothing else. Gives its exit code and its output."""
    engine = wasmtime.Engine()
    module = load_wasm_module(engine, tools.circom_wasm)
    log = directory / "circom.log"
    log.touch()
    wasi = wasmtime.WasiConfig()
    wasi.argv = ["circom", *arguments]
    wasi.preopen_dir(str(directory), ".")
    wasi.stdout_file = str(log)
    errors = directory / "circom.err"
    wasi.stderr_file = str(errors)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    store = wasmtime.Store(engine)
    store.set_wasi(wasi)
    start = linker.instantiate(store, module).exports(store)["_start"]
    assert isinstance(start, wasmtime.Func)
    code = 0
    try:
        start(store)
    except wasmtime.ExitTrap as ended:
        code = ended.code
    except (wasmtime.WasmtimeError, wasmtime.Trap) as error:  # the compiler panicked
        return 1, f"{errors.read_text()}\n{error}"
    return code, f"{log.read_text()}\n{errors.read_text()}"


def compile_circuit(source: CircuitSource, tools: Tools, directory: Path, level: str = OPTIMIZED) -> None:
    """Compiles into a directory: circuit.r1cs, circuit.wasm, circuit.sym. Raises CircuitCompileFailed."""
    work = directory / "work"
    for name, path in source.collect_files(tools.circomlib).items():
        copy = work / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    (work / _MAIN).write_text(source.render_main(f"circuits/{source.entry}"))
    arguments = [_MAIN, *_OUTPUTS, level, "-l", "circuits", "-l", "circomlib", "-o", "."]
    code, said = _run_circom(tools, work, arguments)
    outputs = {work / "circuit.r1cs", work / "circuit.sym", work / "circuit_js" / "circuit.wasm"}
    if code != 0 or not all(path.is_file() for path in outputs):
        raise CircuitCompileFailed(source.name, said.strip()[-4000:])
    for path in outputs:
        path.rename(directory / path.name)
    (directory / "circom.log").write_text(said)
    shutil.rmtree(work)


def _compute_key(source: CircuitSource, tools: Tools, level: str) -> str:
    compiler = compute_content_hash(tools.circom_wasm.read_bytes(), *_OUTPUTS, level)
    return source.compute_hash(tools.circomlib, compiler)


def find_compiled(source: CircuitSource, tools: Tools, level: str = OPTIMIZED) -> CompiledCircuit | None:
    """The compiled circuit if it is in the cache. Raises CircuitSourceInvalid."""
    key = _compute_key(source, tools, level)
    directory = cache_directory() / _FOLDER / source.name / key
    return CompiledCircuit(source.name, key, directory) if directory.is_dir() else None


def ensure_compiled(
    source: CircuitSource, progress: Progress = SILENT, tools: Tools | None = None, level: str = OPTIMIZED
) -> CompiledCircuit:
    """The compiled circuit, from the cache if it is there. Raises CircuitCompileFailed, CircuitSourceInvalid."""
    tools = tools or ensure_tools(progress)
    key = _compute_key(source, tools, level)

    def make(directory: Path) -> None:
        with progress.step(f"Compiling {source.name}"):
            compile_circuit(source, tools, directory, level)
            load_wasm_module(
                make_engine(), directory / "circuit.wasm", speed_up
            )  # the calculator's machine code, for later

    return CompiledCircuit(source.name, key, ensure_entry(f"{_FOLDER}/{source.name}", key, make))
