"""Circom's witness calculator (WASM) under wasmtime.

Takes input signals by name, gives the whole witness. One call per signal element would cost seconds, so a small module
inside the WASM store copies the witness out. Never computes with unchecked inputs: names, sizes and canonical field
elements are checked first.
"""

from __future__ import annotations

import struct
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import wasmtime

from zklink.primitives.field import R, is_scalar
from zklink.protocol.errors import CalculatorInvalid, FilesMixed, WitnessInputInvalid, WitnessUnsatisfied
from zklink.prover.build import CompiledCircuit, load_wasm_module
from zklink.prover.r1cs import SCALAR_BYTES, read_r1cs_header

Signal = int | Sequence["Signal"]
CircuitInputs = Mapping[str, Signal]

_DUMP = """(module
 (import "calculator" "memory" (memory 1))
 (import "calculator" "getWitness" (func $load (param i32)))
 (memory $out (export "out") 1)
 (func (export "dump") (param $count i32) (param $source i32) (local $index i32) (local $target i32)
  (drop (memory.grow $out (i32.add (i32.shr_u (local.get $count) (i32.const 11)) (i32.const 1))))
  (block $end (loop $next
   (br_if $end (i32.ge_u (local.get $index) (local.get $count)))
   (call $load (local.get $index))
   (memory.copy $out 0 (local.get $target) (local.get $source) (i32.const 32))
   (local.set $target (i32.add (local.get $target) (i32.const 32)))
   (local.set $index (i32.add (local.get $index) (i32.const 1)))
   (br $next)))))"""
_FNV_OFFSET, _FNV_PRIME, _MASK_64 = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Witness:
    """All wires as 32-byte little-endian field elements; wire 0 is one, then the public signals."""

    data: bytes

    def __len__(self) -> int:
        return len(self.data) // SCALAR_BYTES

    def wire(self, index: int) -> int:
        """The field element on a wire."""
        return int.from_bytes(self.data[SCALAR_BYTES * index : SCALAR_BYTES * (index + 1)], "little")

    def publics(self, count: int) -> tuple[int, ...]:
        """The first `count` public signals, in the order of the circuit."""
        return tuple(self.wire(index) for index in range(1, count + 1))

    def encode_wtns(self) -> bytes:
        """The `.wtns` format, version 2."""
        header = struct.pack("<I", SCALAR_BYTES) + R.to_bytes(SCALAR_BYTES, "little") + struct.pack("<I", len(self))
        sections = struct.pack("<IQ", 1, len(header)) + header + struct.pack("<IQ", 2, len(self.data)) + self.data
        return b"wtns" + struct.pack("<II", 2, 2) + sections

    def write_wtns(self, path: Path) -> None:
        """Write a `.wtns` file, version 2."""
        path.write_bytes(self.encode_wtns())


def _hash_name(name: str) -> tuple[int, int]:
    """FNV-1a of a signal's name as two signed 32-bit halves."""
    value = _FNV_OFFSET
    for byte in name.encode():
        value = (value ^ byte) * _FNV_PRIME & _MASK_64
    high, low = value >> 32, value & 0xFFFFFFFF
    return high - (high >> 31 << 32), low - (low >> 31 << 32)


def _flatten(signal: Signal) -> Iterator[int]:
    if isinstance(signal, int):
        yield signal
    else:
        for element in signal:
            yield from _flatten(element)


class _Failed(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Run:
    """One instance of the calculator: inputs in, witness out. Its memory is freed when it is closed, and never before:
    the store holds the handlers and they hold the store.
    """

    def __init__(self, engine: wasmtime.Engine, module: wasmtime.Module) -> None:
        self.store = wasmtime.Store(engine)
        self.messages: list[str] = []
        self.failure: _Failed | None = None
        self._linker = linker = wasmtime.Linker(engine)
        handlers: dict[str, Callable[..., None]] = {
            "exceptionHandler": self._on_exception,
            "printErrorMessage": self._on_message,
        }
        for item in module.imports:
            if isinstance(item.type, wasmtime.FuncType):
                handler = handlers.get(item.name or "", lambda *_: None)
                linker.define_func(item.module, item.name or "", item.type, handler)
        self.exports = linker.instantiate(self.store, module).exports(self.store)

    def close(self) -> None:
        self._linker.close()
        self.store.close()

    def call(self, name: str, *arguments: int) -> int:
        function = self.exports[name]
        assert isinstance(function, wasmtime.Func)
        try:
            result: Any = function(self.store, *arguments)
        except wasmtime.WasmtimeError:
            if self.failure is not None:
                raise self.failure from None
            raise
        return 0 if result is None else int(result)

    @property
    def memory(self) -> wasmtime.Memory:
        memory = self.exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        return memory

    def _on_message(self, *_: int) -> None:
        characters = []
        while (code := self.call("getMessageChar")) != 0:
            characters.append(chr(code))
        self.messages.append("".join(characters).strip())

    def _on_exception(self, code: int) -> None:
        self.failure = _Failed(code, "; ".join(self.messages) or f"circom error {code}")
        raise self.failure


def _close(*objects: wasmtime.Module | wasmtime.Engine) -> None:
    for item in objects:
        item.close()


class WitnessCalculator:
    """Computes witnesses of one circuit. Cheap to keep, safe to use again after an error."""

    def __init__(self, circuit: CompiledCircuit) -> None:
        """Raises CalculatorInvalid, FilesMixed, ConstraintSystemInvalid."""
        self.name = circuit.name
        self._path = circuit.wasm
        self._engine = wasmtime.Engine()
        self._module = load_wasm_module(self._engine, circuit.wasm)
        self._dump = wasmtime.Module(self._engine, _DUMP)
        # wasmtime's own destructors fail when they run after the interpreter has begun to shut down.
        weakref.finalize(self, _close, self._dump, self._module, self._engine)
        with self._own_failures(), closing(_Run(self._engine, self._module)) as run:
            self.wires = run.call("getWitnessSize")
        """The length of its witnesses."""
        expected = read_r1cs_header(circuit.r1cs).wires
        if self.wires != expected:
            reason = f"it computes {self.wires} wires, not {expected}"
            raise FilesMixed(self.name, str(circuit.wasm), str(circuit.r1cs), reason)

    def compute(self, inputs: CircuitInputs) -> Witness:
        """The witness. Raises WitnessInputInvalid for bad inputs, WitnessUnsatisfied if a constraint fails,
        CalculatorInvalid if the calculator's own code does.
        """
        with self._own_failures(), closing(_Run(self._engine, self._module)) as run:
            return self._compute(run, inputs)

    @contextmanager
    def _own_failures(self) -> Iterator[None]:
        try:
            yield
        except (wasmtime.WasmtimeError, wasmtime.Trap, AssertionError, KeyError) as error:
            detail = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise CalculatorInvalid(str(self._path), f"no witness calculator that works ({detail})") from error

    def _compute(self, run: _Run, inputs: CircuitInputs) -> Witness:
        run.call("init", 0)
        buffer = run.call("getSharedRWMemoryStart")
        prepared = [(name, *_hash_name(name), self._check(run, name, signal)) for name, signal in inputs.items()]
        expected, given = run.call("getInputSize"), sum(len(item[3]) for item in prepared)
        if given != expected:
            raise WitnessInputInvalid(self.name, ", ".join(inputs), f"{given} values given, {expected} needed")
        try:
            for _, high, low, values in prepared:
                for index, value in enumerate(values):
                    run.memory.write(run.store, value.to_bytes(SCALAR_BYTES, "little"), buffer)
                    run.call("setInputSignal", high, low, index)
        except _Failed as error:
            raise WitnessUnsatisfied(self.name, str(error)) from None
        return self._read(run, buffer)

    def _check(self, run: _Run, name: str, signal: Signal) -> list[int]:
        size = run.call("getInputSignalSize", *_hash_name(name))
        if size <= 0:
            raise WitnessInputInvalid(self.name, name, "the circuit has no such input")
        values = list(_flatten(signal))
        if len(values) != size:
            raise WitnessInputInvalid(self.name, name, f"{len(values)} values given, {size} needed")
        for index, value in enumerate(values):
            if not is_scalar(value):
                raise WitnessInputInvalid(self.name, f"{name}[{index}]", f"{value} is not a field element")
        return values

    def _read(self, run: _Run, buffer: int) -> Witness:
        count = run.call("getWitnessSize")
        imports = [run.memory, run.exports["getWitness"]]
        exports = wasmtime.Instance(run.store, self._dump, imports).exports(run.store)
        dump, out = exports["dump"], exports["out"]
        assert isinstance(dump, wasmtime.Func) and isinstance(out, wasmtime.Memory)
        dump(run.store, count, buffer)
        return Witness(bytes(out.read(run.store, 0, SCALAR_BYTES * count)))
