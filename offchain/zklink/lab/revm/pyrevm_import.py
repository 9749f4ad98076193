"""The door to pyrevm: says what is missing, in a sentence, where Python would only say that a module is."""

import importlib
import sys
from typing import Any, Final

from zklink.lab.errors import PyrevmMissing

PYTHON: Final = sys.version_info[:2]


def import_pyrevm() -> Any:
    """The module. Raises PyrevmMissing."""
    try:
        return importlib.import_module("pyrevm")
    except ImportError as error:
        raise PyrevmMissing(".".join(map(str, PYTHON))) from error
