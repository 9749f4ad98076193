"""The peer that runs everywhere: the same code on Python's integers alone, without the field machine.

For measurements only: what is inside computes the same, slowly. Not for several threads.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from zklink.primitives import babyjubjub, eddsa, poseidon


@contextmanager
def on_plain_python() -> Iterator[None]:
    """Hashes and signatures as where llvmlite is missing."""
    with ExitStack() as stack:
        for module, name in ((poseidon, "_choose"), (poseidon, "_native"), (babyjubjub, "_native"), (eddsa, "_choose")):
            stack.enter_context(patch.object(module, name, lambda *_: None))
        yield
