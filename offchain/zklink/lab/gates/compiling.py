"""The compiler's own view of a project's sources: syntax trees with types, and code.

Takes a project and a source; gives what the installed Vyper makes of it. Never writes.
"""

import contextlib
import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from zklink.lab.errors import ContractUnusable
from zklink.lab.gates.project import Project

AstNode = Any
"""A node of the compiler's tree; the compiler has no types to import."""


@contextlib.contextmanager
def open_compiler(project: Project, place: Path, source: str) -> Iterator[Any]:
    """The compiler's data of a source that stands, or would stand, at `place`; its parts are computed when asked for.

    Imports are looked for as ape and Vyper do: beside the source, in the contracts' folder, in the project's, and among
    the installed packages. Raises ContractUnusable for what the compiler refuses.
    """
    # Not above: a command that does not compile does not wait for the compiler.
    from vyper.compiler import CompilerData
    from vyper.compiler.input_bundle import FileInput, FilesystemInputBundle
    from vyper.compiler.settings import Settings, anchor_settings

    packages = Path(sysconfig.get_path("purelib"))
    bundle = FilesystemInputBundle([packages, project.root, project.folder])
    unit = FileInput(contents=source, source_id=-1, path=place, resolved_path=place)
    with _refusals_of(place), bundle.search_path(place.parent):
        data = CompilerData(unit, bundle, settings=Settings(evm_version=project.evm_version))
        with anchor_settings(data.settings):
            yield data


def annotate(project: Project, place: Path, source: str) -> AstNode:
    """The tree with types. The compiler analyses a module that says `uses:` without an owner, too. Raises
    ContractUnusable.
    """
    with open_compiler(project, place, source) as data:
        return data.annotated_vyper_module


def parse(path: Path) -> AstNode:
    """The tree without types, to be read only. Raises ContractUnusable."""
    with _refusals_of(path):
        return _parse(path.read_text(), path.suffix == ".vyi")


@lru_cache(maxsize=256)
def _parse(source: str, is_interface: bool) -> AstNode:
    from vyper import ast as vy_ast

    return vy_ast.parse_to_ast(source, is_interface=is_interface)


@contextlib.contextmanager
def _refusals_of(path: Path) -> Iterator[None]:
    from vyper.exceptions import VyperException

    try:
        yield
    except (VyperException, SyntaxError, UnicodeDecodeError) as error:
        said = next(iter(str(error).strip().splitlines()), "")
        raise ContractUnusable(str(path), f"it does not compile: {type(error).__name__}: {said}") from None
