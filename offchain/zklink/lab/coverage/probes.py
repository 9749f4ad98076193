"""Contracts compiled a second time, with a probe before each statement and at each condition.

Takes a project; gives for each contract the code that it has on a chain, and the code with probes. A probe reads the
balance of an account of its own, which leaves no trace on the chain, and one in revm's memory.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from zklink.lab.contracts import list_sources
from zklink.lab.gates.cache import find_cache
from zklink.lab.gates.compiling import AstNode, open_compiler
from zklink.lab.gates.project import Project
from zklink.lab.gates.sizes import find_deployables

RUN, TRUE, FALSE = "run", "true", "false"
PREFIX: Final = bytes.fromhex("c05ec05e")
_FORMAT: Final = 1
_ID_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """What a probe says: a statement was reached (`run`), or the condition of an `if` or `assert` was true or false.

    `place` is a file below the project's folder; lines count from 1, columns from 0.
    """

    place: str
    line: int
    column: int
    kind: str
    statement: str
    end: int


@dataclass(frozen=True, slots=True)
class Probed:
    """One contract. `runtime` and `creation` are as on a chain, without what is appended; the others have probes."""

    place: str
    tag: bytes
    runtime: bytes
    creation: bytes
    suffix: int
    """Bytes at the end of `creation` that may differ between two compilers of the same source."""

    probed_runtime: bytes
    probed_creation: bytes
    marks: tuple[Mark, ...]

    def swap_runtime(self, code: bytes) -> bytes | None:
        """The code of an account with probes, and its own immutables; None if it is another contract's."""
        return self.probed_runtime + code[len(self.runtime) :] if code.startswith(self.runtime) else None

    def swap_creation(self, data: bytes) -> bytes | None:
        """What creates the contract, with probes in the constructor, and its own arguments."""
        is_ours = data.startswith(self.creation[: -self.suffix]) and len(data) >= len(self.creation)
        return self.probed_creation + data[len(self.creation) :] if is_ours else None


def probe_contracts(project: Project, *, is_apart: bool = False, has_helpers: bool = False) -> list[Probed]:
    """Every contract of the product that people write; with helpers, also theirs that import what people write: tests
    call modules through them. What was compiled once is kept in the cache. Probes that tell contexts `apart` read
    another account in each: it begins with who makes the block. Raises ContractUnusable.
    """
    paths = [path for path in find_deployables(project) if path in project.written]
    if has_helpers:
        paths += _find_helpers(project)
    return [found for path in paths if (found := _probe(project, path, is_apart))]


def _find_helpers(project: Project) -> list[Path]:
    """Contracts of helpers, whose names begin with a capital letter, that import a source of the product."""
    others = {path for path in project.sources if path.suffix == ".vy"} - set(project.product)
    contracts = sorted(path for path in others if path.name[:1].isupper())
    return [path for path in contracts if not list_sources(path, project.folder).isdisjoint(project.written)]


def _probe(project: Project, path: Path, is_apart: bool) -> Probed | None:
    """None for a module that offers no function."""
    with open_compiler(project, path, path.read_text()) as data:
        kept = find_cache("probes") / f"{_hash(data, project, path, is_apart)}.json"
        if kept.is_file():
            return _read(kept)
        if not data.annotated_vyper_module._metadata["type"].exposed_functions:
            return None
        plain_runtime, plain = data.bytecode_runtime, data.bytecode
        inner = next(each for each in data.assembly if isinstance(each, list))
    tag = hashlib.sha256(project.place(path).encode()).digest()[:_ID_BYTES]
    marks: list[Mark] = []
    with open_compiler(project, path, path.read_text()) as data, _probing(project, marks, PREFIX + tag, is_apart):
        runtime = data.bytecode_runtime
        creation = _assemble(data, inner)
    suffix = int.from_bytes(plain[-2:], "big")
    found = Probed(project.place(path), tag, plain_runtime, plain, suffix, runtime, creation, tuple(marks))
    _keep(kept, found)
    return found


def _assemble(data: Any, inner: list[Any]) -> bytes:
    """The code that creates a contract: with probes in the constructor, and none in what it leaves on the chain."""
    from vyper.compiler.phases import generate_bytecode

    assembly = list(data.assembly)
    at = next(index for index, each in enumerate(assembly) if isinstance(each, list))
    assembly[at] = inner
    return bytes(generate_bytecode(assembly, compiler_metadata=bytes.fromhex(data.integrity_sum)))


@contextmanager
def _probing(project: Project, marks: list[Mark], prefix: bytes, is_apart: bool) -> Iterator[None]:
    """Let the compiler put probes before statements of the project's own sources."""
    from vyper.codegen import stmt

    plain: Callable[[AstNode, Any], Any] = stmt.parse_stmt
    written = {str(path.resolve()): project.place(path) for path in project.written}

    def probe(mark: Mark) -> Any:
        marks.append(mark)
        address = int.from_bytes(prefix + (len(marks) - 1).to_bytes(_ID_BYTES, "big"), "big")
        return ["add", ["coinbase"], address] if is_apart else address

    def parse_stmt(node: AstNode, context: Any) -> Any:
        result = plain(node, context)
        place = written.get(_file_of(node))
        if place is None or type(node).__name__ == "Pass":
            return result
        kind = type(node).__name__
        mark = Mark(place, node.lineno, node.col_offset, RUN, kind, node.end_lineno)
        if kind in ("If", "Assert"):
            # The statement's own lines end before its body.
            mark = replace(mark, end=node.test.end_lineno)
            first = probe(replace(mark, kind=TRUE))
            probe(replace(mark, kind=FALSE))
            _watch_condition(result, first, is_refusal=kind == "Assert" and result.value == "if")
        elif kind == "For":
            mark = replace(mark, end=node.iter.end_lineno)
        return stmt.IRnode.from_list(["seq", ["pop", ["balance", probe(mark)]], result])

    stmt.parse_stmt = parse_stmt
    try:
        yield
    finally:
        stmt.parse_stmt = plain


def _watch_condition(result: Any, first: Any, *, is_refusal: bool) -> None:
    """Probe `first` if the condition is true, the next one if not. `assert` with a reason is compiled as an `if` of the
    opposite.
    """
    from vyper.codegen.ir_node import IRnode

    condition, name = result.args[0], "probed_condition"
    is_false = name if is_refusal else ["iszero", name]
    watched = ["seq", ["pop", ["balance", ["add", first, is_false]]], name]
    result.args[0] = IRnode.from_list(["with", name, condition, watched])


def _file_of(node: AstNode) -> str:
    """The source of a statement; empty for one that the compiler adds itself."""
    module = getattr(node, "module_node", None) if getattr(node, "lineno", None) else None
    return "" if module is None else str(Path(module.resolved_path).resolve())


def _hash(data: Any, project: Project, path: Path, is_apart: bool) -> str:
    import vyper

    words = [_FORMAT, vyper.__version__, project.evm_version, data.integrity_sum, project.place(path)]
    words += ["apart"] * is_apart
    return hashlib.sha256(" ".join(map(str, words)).encode()).hexdigest()


def _keep(file: Path, found: Probed) -> None:
    data = asdict(found)
    data = {name: value.hex() if isinstance(value, bytes) else value for name, value in data.items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(json.dumps(data))
    fresh.replace(file)


def _read(file: Path) -> Probed:
    data: dict[str, Any] = json.loads(file.read_text())
    marks = tuple(Mark(**each) for each in data.pop("marks"))
    place, suffix = data.pop("place"), data.pop("suffix")
    return Probed(place=place, suffix=suffix, marks=marks, **{name: bytes.fromhex(text) for name, text in data.items()})
