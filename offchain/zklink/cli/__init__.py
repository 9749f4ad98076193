"""`zklink …`: tools, circuits, keys, generated files, genesis. Thin: each command parses, calls and prints."""

import sys
from typing import Any

from zklink.cli.extras import name_missing


def run(*arguments: Any, **options: Any) -> Any:
    """The command group. Where its packages are not installed, one line says which extra brings them."""
    try:
        from zklink.cli.main import main as group
    except ModuleNotFoundError as error:
        if sys.argv[1:2] != ["lab"]:
            sys.exit(f"zklink: {name_missing(error)}")
        return _run_lab(*arguments, **options)
    try:
        return group(*arguments, **options)
    except ModuleNotFoundError as error:  # of a command that is listed
        sys.exit(f"zklink: {name_missing(error)}")


def _run_lab(*arguments: Any, **options: Any) -> Any:
    """The laboratory needs nothing of the rest."""
    try:
        from zklink.cli.lab_alone import main as group
    except ModuleNotFoundError as error:
        sys.exit(f"zklink: {name_missing(error)}")
    return group(*arguments, **options)
