"""LLVM assembly to machine code of this processor, and machine code to functions."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import llvmlite
from llvmlite import binding

_kept: list[object] = []  # engines own the code and must live as long as the process


@cache
def _find_target() -> Any:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    features = binding.get_host_cpu_features().flatten()
    return binding.Target.from_default_triple().create_target_machine(binding.get_host_cpu_name(), features, opt=3)


def describe_target() -> str:
    """Everything that decides what code is made, beside the assembly."""
    features = binding.get_host_cpu_features().flatten()
    return f"{llvmlite.__version__} {binding.get_default_triple()} {binding.get_host_cpu_name()} {features}"


def has_features(names: Sequence[str]) -> bool:
    """Whether this processor has all of them, in LLVM's names."""
    features = binding.get_host_cpu_features()
    return all(features.get(name, False) for name in names)


def compile_code(module: Any) -> bytes:
    """An object file. Raises RuntimeError for assembly that is not valid."""
    parsed = binding.parse_assembly(str(module))
    parsed.verify()
    passes = binding.create_pass_builder(_find_target(), binding.create_pipeline_tuning_options(speed_level=2))
    passes.getModulePassManager().run(parsed, passes)
    return bytes(_find_target().emit_object(parsed))


def link_code(code: bytes, arguments: Mapping[str, int], *, keeps_lock: bool = False) -> dict[str, Callable[..., int]]:
    """The functions of an object file, from names and numbers of arguments. They run without the interpreter's lock
    unless told to keep it.
    """
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), _find_target())
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _kept.append(engine)
    word, make = ctypes.c_int64, ctypes.PYFUNCTYPE if keeps_lock else ctypes.CFUNCTYPE
    return {name: make(word, *[word] * count)(engine.get_function_address(name)) for name, count in arguments.items()}
