"""Code sizes: below what a chain allows, and those that were accepted.

Takes sources; gives bytes of code by contract. What was measured once is kept in the cache, under the compiler's own
hash of a contract and all it imports.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from zklink.lab.gates.cache import find_cache
from zklink.lab.gates.compiling import open_compiler, parse
from zklink.lab.gates.figures import find_changes, read_figures
from zklink.lab.gates.finding import Finding
from zklink.lab.gates.project import Project

CREATION: Final = ", creation"
"""Ends the name of what is sent to create a contract."""


def find_deployables(project: Project) -> list[Path]:
    """The contracts of the product: sources that no other source imports. Raises ContractUnusable."""
    imported = tuple(f"/{name}" for path in project.product for name in _list_imports(path))
    return [path for path in project.product if not path.with_suffix("").as_posix().endswith(imported)]


def _list_imports(path: Path) -> Iterator[str]:
    """What a source imports, as ends of paths."""
    from vyper import ast as vy_ast

    tree = parse(path)
    for node in tree.get_children(vy_ast.Import):
        yield from (alias.name.replace(".", "/") for alias in _names_of(node))
    for node in tree.get_children(vy_ast.ImportFrom):
        module = (node.module or "").replace(".", "/")
        yield from (f"{module}/{alias.name}".strip("/") for alias in _names_of(node))


def _names_of(node: Any) -> list[Any]:
    """Vyper 0.4 has one name in each import; later ones a list."""
    return list(getattr(node, "names", None) or [node])


def measure_sizes(project: Project) -> dict[str, int]:
    """Bytes of each contract on a chain, immutables included, and of the code that creates it."""
    sizes: dict[str, int] = {}
    for path in find_deployables(project):
        if (size := _measure(project, path)) is not None:
            sizes[path.stem], sizes[f"{path.stem}{CREATION}"] = size
    return sizes


def _measure(project: Project, path: Path) -> tuple[int, int] | None:
    """Runtime and creation; None for a module that offers no function."""
    with open_compiler(project, path, path.read_text()) as data:
        kept = find_cache("sizes") / f"{_hash(data, project)}.json"
        if kept.is_file():
            runtime, creation = json.loads(kept.read_text())
            return runtime, creation
        if not data.annotated_vyper_module._metadata["type"].exposed_functions:
            return None
        size = (len(data.bytecode_runtime) + int(data.global_ctx.immutable_section_bytes), len(data.bytecode))
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(size))
    return size


def _hash(data: Any, project: Project) -> str:
    import vyper

    return hashlib.sha256(f"{vyper.__version__} {project.evm_version} {data.integrity_sum}".encode()).hexdigest()


def find_bad_sizes(project: Project) -> Iterator[Finding]:
    """Contracts that are too large, or other than accepted."""
    sizes = measure_sizes(project)
    for name, size in sizes.items():
        if not name.endswith(CREATION) and size > project.code_limit:
            yield Finding("sizes", project.contracts, 0, f"{name} has {size:,} bytes; {project.code_limit:,} at most")
    if project.code_sizes is not None:
        for change in find_changes(read_figures(project.root / project.code_sizes), sizes):
            yield Finding("sizes", project.code_sizes, 0, f"{change}; to accept: zklink lab check --accept")
