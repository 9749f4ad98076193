"""A mutant of a contract of the product, compiled only where it differs from the product.

Takes a contract and the files that read differently; gives its ABI and creation code, the same as a whole compilation's
up to the compiler's own hash of the sources. The product is compiled once in a process, without optimizer, and each
mutant from that in a forked one, since the compiler writes into what is kept.
"""

import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from vyper.compiler.output import build_abi_output

from zklink.l1.contract_artifacts import AbiEntry
from zklink.lab.mutation.recompile import Recompiler

T = TypeVar("T")
Texts = Mapping[Path, str]
OpenCompiler = Callable[[Path, Texts], AbstractContextManager[Any]]
Compiled = tuple[tuple[AbiEntry, ...], bytes]
"""ABI and creation code."""


class MutantCompiler:
    """Compiles mutants in this process' children. `open_data` gives the compiler's data of a contract with some files
    read differently, `read` a file as the product has it.
    """

    def __init__(self, open_data: OpenCompiler, read: Callable[[Path], str]) -> None:
        self._open_data, self._as_in_product = open_data, read
        self._recompiler = Recompiler(self._open, self._read)
        self._replaced: Texts = {}
        self._abis: dict[Path, tuple[AbiEntry, ...]] = {}

    def compile(self, contract: Path, replaced: Texts) -> Compiled:
        """The contract with these files in place of the product's. Raises what the compiler does."""
        self._compile(contract, {})
        said = compute_apart(lambda: self._compile(contract, replaced))
        # What fails apart fails here again, and says why.
        return said or self._compile(contract, replaced)

    def _compile(self, contract: Path, replaced: Texts) -> Compiled:
        self._replaced = replaced
        code = self._recompiler.compile(contract)
        return self._abis[contract], code

    def _read(self, file: Path) -> str:
        return self._replaced.get(file) or self._as_in_product(file)

    @contextmanager
    def _open(self, contract: Path) -> Iterator[Any]:
        with self._open_data(contract, {contract: self._read(contract), **self._replaced}) as data:
            yield data
            # After what is kept: it makes the compiler generate code.
            self._abis[contract] = tuple(build_abi_output(data))


def compute_apart(work: Callable[[], T]) -> T | None:
    """What `work` gives in a forked process, which it may leave in any state; None if it fails there."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(writer, "wb") as answer:
                pickle.dump(work(), answer)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        said = answer.read()
    _, status = os.waitpid(child, 0)
    return pickle.loads(said) if status == 0 else None
