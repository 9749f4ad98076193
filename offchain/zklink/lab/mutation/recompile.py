"""A Vyper contract compiled again after the body of one function changed, in a fraction of a compilation.

Takes a contract's compiler data and one file's new text; gives creation code, the same as a whole compilation's, to the
last byte before the compiler's own hash. It writes into what is kept: once in a process, which is a fork. What changes
anything but the body of one function, or a constructor, it leaves to a whole compilation.

Kept are the trees with their types, and the intermediate code of every function. The changed function is analysed and
generated again, and those that call it only if its memory is laid out otherwise or it uses other variables.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from zklink.lab.mutation import function_bodies as bodies
from zklink.lab.mutation.assembler import assemble
from zklink.lab.mutation.kept_assembly import KeptAssembly
from zklink.lab.mutation.kept_codes import KeptCodes

AstNode = Any
"""Of the compiler, which has no types to import."""


class Recompiler:
    """Compiles each contract whole once, and after that only what changed in one function."""

    def __init__(self, open_data: Callable[[Path], AbstractContextManager[Any]], read: Callable[[Path], str]) -> None:
        """`open_data` gives the compiler's data of a contract, `read` a source as the compiler gets it."""
        self._open_data, self._read = open_data, read
        self._kept: dict[Path, KeptContract] = {}
        self.runtimes: dict[Path, tuple[bytes, bytes]] = {}
        """What contracts that changed leave on a chain, before and after; nothing after a whole compilation."""

    def compile(self, contract: Path) -> bytes:
        """Creation code, as the sources read now. Raises what the compiler does."""
        kept = self._kept.get(contract)
        if kept is None:
            with self._open_data(contract) as data:
                kept = self._kept[contract] = KeptContract(data)
            return kept.creation_code
        changed = {file: text for file in kept.texts if (text := self._read(file)) != kept.texts[file]}
        if not changed:
            return kept.creation_code
        del self._kept[contract]
        before = kept.runtime_code
        code = kept.recompile(*changed.popitem()) if len(changed) == 1 else None
        self.runtimes[contract] = (before, kept.runtime_code if code else b"")
        if code is None:
            with self._open_data(contract) as data:
                code = bytes(data.bytecode)
        return code


class KeptContract:
    """A contract that was compiled once. `texts` are its sources as they were read, by their paths."""

    def __init__(self, data: Any) -> None:
        """`data` is the compiler's; what it has not computed yet, it computes here."""
        from vyper.codegen import core
        from vyper.compiler.input_bundle import BUILTIN

        self._data = data
        self._codes, self._assembly = KeptCodes(), KeptAssembly()
        with self._codes.noted(), self._lowered_here():
            self.creation_code: bytes = data.bytecode
        self._names = core._label
        self.runtime_code = assemble(data.assembly)[1]
        units = {
            Path(unit.resolved_path): (unit.contents, tree)
            for unit, tree in data.resolved_imports.compiler_inputs.items()
            if unit.source_id != BUILTIN
        }
        units[Path(data.file_input.resolved_path)] = data.source_code, data.annotated_vyper_module
        self.texts = {path: text for path, (text, _) in units.items()}
        self._trees = {path: tree for path, (_, tree) in units.items() if path.suffix == ".vy"}

    def recompile(self, file: Path, text: str) -> bytes | None:
        """Creation code with another text of one file; None if it takes a whole compilation. Raises what the compiler
        does.
        """
        tree = self._trees.get(file)
        function = bodies.find_function(tree, self.texts[file], text) if tree is not None else None
        if function is None or self._data.settings.experimental_codegen:
            return None
        kind = function._metadata["func_type"]
        body = bodies.parse_body(tree, function.name, text)
        if kind.is_constructor or kind.is_deploy or not body:
            return None
        before = bodies.Uses(kind)
        bodies.replace_body(function, body)
        bodies.forget(kind)
        with bodies.names_of(tree):
            bodies.fold(tree, body)
            bodies.find_callees(kind, function)
            self._find_reachable()
            bodies.analyse(tree, function)
        after = bodies.Uses(kind)
        if before.modules != after.modules:
            return None
        self._codes.changed = kind
        self._codes.is_told = before != after
        return self._generate()

    def _find_reachable(self) -> None:
        """Who can be reached from whom, of all modules, in the compiler's own order."""
        from vyper.semantics.analysis.module import _compute_reachable_set
        from vyper.utils import OrderedSet

        kinds = [each._metadata["func_type"] for tree in self._list_modules() for each in bodies.list_functions(tree)]
        for kind in kinds:
            kind.reachable_internal_functions = OrderedSet()
        for kind in kinds:
            _compute_reachable_set(kind)

    def _list_modules(self) -> list[AstNode]:
        """Those that are imported before those that import them."""
        from vyper import ast as vy_ast

        found: dict[int, AstNode] = {}

        def visit(tree: AstNode) -> None:
            for node in tree.get_children((vy_ast.Import, vy_ast.ImportFrom)):
                parsed = node._metadata["import_info"].parsed
                if isinstance(parsed, vy_ast.Module) and id(parsed) not in found:
                    visit(parsed)
            found[id(tree)] = tree

        visit(self._data.annotated_vyper_module)
        return list(found.values())

    @contextmanager
    def _lowered_here(self) -> Iterator[None]:
        """Inside, the compiler's assembly is made of parts that are kept."""
        from vyper.ir import compile_ir

        def lower(code: Any, optimize: Any = None) -> list[Any]:
            return self._assembly.lower(code, self._codes.list_parts(), optimize)

        with patch.object(compile_ir, "compile_to_assembly", lower):
            yield

    def _generate(self) -> bytes:
        from vyper.codegen import core
        from vyper.compiler import phases

        settings = self._data.settings
        # Places to return to are labels with numbers. Another contract, compiled meanwhile, has begun at 0 again.
        core._label = max(core._label, self._names)
        with patch.object(core, "reset_names"), patch.object(phases, "reset_symbols"), self._codes.used():
            deploying, _ = phases.generate_ir_nodes(self._data.global_ctx, settings)
            with phases.anchor_settings(settings):
                assembly = self._assembly.lower_again(deploying, settings.optimize)
                code, self.runtime_code = assemble(assembly, bytes.fromhex(self._data.integrity_sum))
        return code
