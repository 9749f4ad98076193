"""A mutant of Python in a process that has loaded the module already: the functions get other code, and whoever holds
one of them holds the mutant.

Takes a module's text before and after; changes this process, which is a fork. What ran when the module was loaded, such
as a constant, a default or a table, stays as it was.
"""

import gc
import hashlib
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType


@dataclass(frozen=True, slots=True)
class Planted:
    """What was done: `code` names the changed functions' instructions, so that two mutants can be seen to be one.
    It is empty if the instructions are the old ones.
    """

    code: str
    functions: int


class NotLoaded(Exception):
    """No function of a file is loaded, so that no test could notice a change of one."""


def list_objects() -> list[object]:
    """All that this process holds, also what a project's tests have frozen, which the collector would not list."""
    gc.unfreeze()
    return gc.get_objects()


def find_functions(folder: Path) -> list[FunctionType]:
    """Every loaded function whose code stands below a folder. To look for them in each fork copies all its memory."""
    below = f"{folder.resolve()}/"
    functions = (each for each in list_objects() if isinstance(each, FunctionType))
    return [each for each in functions if each.__code__.co_filename.startswith(below)]


def plant_python(file: Path, before: str, after: str, loaded: Sequence[FunctionType] | None = None) -> Planted:
    """Give the functions of a file their new code: those that are `loaded`, or all that there are. Raises SyntaxError,
    ValueError for a function that would need other variables of the function around it, and NotLoaded.
    """
    old, new = (compile(text, str(file), "exec", dont_inherit=True) for text in (before, after))
    pairs = list(_find_changed(old, new))
    if not pairs:
        return Planted("", 0)
    wanted = dict(pairs)
    if loaded is None:
        loaded = find_functions(file.parent)
    if not any(each.__code__.co_filename in (str(file), str(file.resolve())) for each in loaded):
        raise NotLoaded(f"no function of {file.name} is loaded: do the tests that are asked import it?")
    functions = [each for each in loaded if each.__code__ in wanted]
    for function in functions:
        function.__code__ = wanted[function.__code__]
    return Planted(hashlib.sha256(repr([_describe(new) for _, new in pairs]).encode()).hexdigest(), len(functions))


def _find_changed(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The functions whose instructions differ, the outer ones first; what a class says outside of them has run."""
    inner = _list_inner(old), _list_inner(new)
    if len(inner[0]) != len(inner[1]):  # a function inside went with what was left out
        return
    for before, after in zip(*inner, strict=True):
        if _describe(before) != _describe(after):
            if before.co_flags & inspect.CO_OPTIMIZED:
                yield before, after
            yield from _find_changed(before, after)


def _list_inner(code: CodeType) -> list[CodeType]:
    return [each for each in code.co_consts if isinstance(each, CodeType)]


def _describe(code: CodeType) -> tuple[object, ...]:
    """A code without its lines."""
    constants = [_describe(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts]
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    return (code.co_qualname, code.co_code, code.co_exceptiontable, constants, *names)
