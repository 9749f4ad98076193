"""A mutant's change in the process that judges it: contracts are compiled, Python gets other code in place.

Takes the files before and after; gives a name of the code that came of it, so that two mutants can be seen to be one.
"""

import hashlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FunctionType
from typing import Final

from zklink.lab.mutation.python_plant import plant_python
from zklink.lab.mutation.recompile import Recompiler

Build = Callable[[Sequence[str]], dict[str, bytes]]
"""Compiles contracts by their names; raises anything for what does not compile."""

Swap = Callable[[], bool]
"""Gives contracts that stand on this process' chains the code that was built last. False if it cannot."""

_MARK: Final = b"\x65vyper"
"""The compiler's name in CBOR."""


def plant(
    folder: Path,
    before: Mapping[str, str],
    after: Mapping[str, str],
    build: Build,
    contracts: Sequence[str],
    codes: Mapping[str, bytes],
    loaded: Sequence[FunctionType] | None = None,
) -> str:
    """The code's name, or nothing if it is as before. The texts stand in the folder already. `loaded` are the functions
    of Python that are looked through. Raises whatever the compiler does.
    """
    modules = [file for file in after if file.endswith(".py")]
    planted = [plant_python(folder / file, before[file], after[file], loaded).code for file in modules]
    built = {name: strip(code) for name, code in build(contracts).items()} if contracts else {}
    if not any(planted) and all(strip(codes[name]) == code for name, code in built.items()):
        return ""
    return hashlib.sha256(repr((planted, sorted(built.items()))).encode()).hexdigest()[:24]


def strip(code: bytes) -> bytes:
    """Creation code without what the compiler writes behind it: a hash of the sources, other for every text. Its length
    is in the last two bytes.
    """
    length = int.from_bytes(code[-2:], "big")
    return code[:-length] if _MARK in code[-length:] else code


def find_swap(name: str) -> Swap | None:
    """The function `swap` beside the project's own way to compile, if there is one."""
    module = name.partition(":")[0]
    return getattr(importlib.import_module(module), "swap", None) if module else None


def find_build(folder: Path, name: str) -> Build:
    """The project's own way to compile, as `module:function`, or the installed Vyper's."""
    if name:
        module, _, function = name.partition(":")
        found: Build = getattr(importlib.import_module(module), function)
        return found
    # Not above: where only Python is judged, there may be no compiler.
    from zklink.lab.gates.compiling import open_compiler
    from zklink.lab.gates.project import read_settings

    project = read_settings(folder)

    recompiler = Recompiler(lambda place: open_compiler(project, place, place.read_text()), Path.read_text)
    return lambda names: {each: recompiler.compile(folder / each) for each in names}
