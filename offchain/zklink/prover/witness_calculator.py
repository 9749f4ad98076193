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
from typing import Any, NamedTuple

import wasmtime

from zklink.primitives.field import R, is_scalar
from zklink.protocol.errors import CalculatorInvalid, FilesMixed, WitnessInputInvalid, WitnessUnsatisfied
from zklink.prover.build import CompiledCircuit, load_wasm_module
from zklink.prover.calculator_field import make_engine, speed_up
from zklink.prover.r1cs import SCALAR_BYTES, read_r1cs_header

Signal = int | Sequence["Signal"]
CircuitInputs = Mapping[str, Signal]

_HELPER = """(module
 (import "calculator" "memory" (memory 1))
 (import "calculator" "getWitness" (func $load (param i32)))
 (import "calculator" "setInputSignal" (func $set (param i32 i32 i32)))
 (memory $own (export "own") 1)
 (func (export "reserve") (param $bytes i32)
  (drop (memory.grow $own (i32.add (i32.shr_u (local.get $bytes) (i32.const 16)) (i32.const 1)))))
 (func (export "feed") (param $count i32) (param $target i32) (local $place i32)
  (block $end (loop $next
   (br_if $end (i32.eqz (local.get $count)))
   (memory.copy 0 $own (local.get $target) (i32.add (local.get $place) (i32.const 12)) (i32.const 32))
   (call $set (i32.load $own (local.get $place)) (i32.load $own offset=4 (local.get $place))
    (i32.load $own offset=8 (local.get $place)))
   (local.set $place (i32.add (local.get $place) (i32.const 44)))
   (local.set $count (i32.sub (local.get $count) (i32.const 1)))
   (br $next))))
 (func (export "dump") (param $count i32) (param $source i32) (local $index i32) (local $target i32)
  (block $end (loop $next
   (br_if $end (i32.ge_u (local.get $index) (local.get $count)))
   (call $load (local.get $index))
   (memory.copy $own 0 (local.get $target) (local.get $source) (i32.const 32))
   (local.set $target (i32.add (local.get $target) (i32.const 32)))
   (local.set $index (i32.add (local.get $index) (i32.const 1)))
   (br $next)))))"""
_PACKED = struct.Struct("<iii32s")
"""An input as `feed` takes it: the halves of its name's hash, its place in the signal, the element."""
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


class _Input(NamedTuple):
    """Where a calculator keeps an input: the halves of its name's hash, and how many elements it has."""

    high: int
    low: int
    size: int


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
        return self._call(self.exports[name], *arguments)

    def attach(self, helper: wasmtime.Module) -> None:
        """Instantiate the helper beside the calculator."""
        imports = [self.exports[name] for name in ("memory", "getWitness", "setInputSignal")]
        self._helper = wasmtime.Instance(self.store, helper, imports).exports(self.store)

    def feed(self, inputs: bytes, buffer: int) -> None:
        """Set the inputs, each as `_PACKED`; the last one runs the circuit. Raises _Failed."""
        own = self._reserve(len(inputs))
        own.write(self.store, inputs)
        self._call(self._helper["feed"], len(inputs) // _PACKED.size, buffer)

    def dump(self, count: int, buffer: int) -> bytes:
        """The first wires of the witness."""
        own = self._reserve(SCALAR_BYTES * count)
        self._call(self._helper["dump"], count, buffer)
        return bytes(own.read(self.store, 0, SCALAR_BYTES * count))

    def _reserve(self, size: int) -> wasmtime.Memory:
        self._call(self._helper["reserve"], size)
        own = self._helper["own"]
        assert isinstance(own, wasmtime.Memory)
        return own

    def _call(self, function: object, *arguments: int) -> int:
        assert isinstance(function, wasmtime.Func)
        try:
            result: Any = function(self.store, *arguments)
        except wasmtime.WasmtimeError:
            if self.failure is not None:
                raise self.failure from None
            raise
        return 0 if result is None else int(result)

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
        self._inputs: dict[str, _Input] = {}
        self._engine = make_engine()
        self._module = load_wasm_module(self._engine, circuit.wasm, speed_up)
        self._helper = wasmtime.Module(self._engine, _HELPER)
        # wasmtime's own destructors fail when they run after the interpreter has begun to shut down.
        weakref.finalize(self, _close, self._helper, self._module, self._engine)
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
        packed = b"".join(self._pack(run, name, signal) for name, signal in inputs.items())
        expected, given = run.call("getInputSize"), len(packed) // _PACKED.size
        if given != expected:
            raise WitnessInputInvalid(self.name, ", ".join(inputs), f"{given} values given, {expected} needed")
        run.attach(self._helper)
        try:
            run.feed(packed, buffer)
        except _Failed as error:
            raise WitnessUnsatisfied(self.name, str(error)) from None
        return Witness(run.dump(run.call("getWitnessSize"), buffer))

    def _find(self, run: _Run, name: str) -> _Input:
        """The input of this name. Raises WitnessInputInvalid if the circuit has none."""
        found = self._inputs.get(name)
        if found is None:
            halves = _hash_name(name)
            size = run.call("getInputSignalSize", *halves)
            if size <= 0:
                raise WitnessInputInvalid(self.name, name, "the circuit has no such input")
            found = self._inputs[name] = _Input(*halves, size)
        return found

    def _pack(self, run: _Run, name: str, signal: Signal) -> bytes:
        found = self._find(run, name)
        values = self._check(name, signal, found.size)
        return b"".join(
            _PACKED.pack(found.high, found.low, index, value.to_bytes(SCALAR_BYTES, "little"))
            for index, value in enumerate(values)
        )

    def _check(self, name: str, signal: Signal, size: int) -> list[int]:
        values = list(_flatten(signal))
        if len(values) != size:
            raise WitnessInputInvalid(self.name, name, f"{len(values)} values given, {size} needed")
        for index, value in enumerate(values):
            if not is_scalar(value):
                raise WitnessInputInvalid(self.name, f"{name}[{index}]", f"{value} is not a field element")
        return values
