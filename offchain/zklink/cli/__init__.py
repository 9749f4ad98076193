"""`zklink …`: tools, circuits, keys, generated files, genesis. Thin: each command parses, calls and prints."""

import sys
from typing import Any

from zklink.cli.extras import name_missing


def main(*arguments: Any, **options: Any) -> Any:
    """The command group. Where its packages are not installed, one line says which extra brings them."""
    try:
        from zklink.cli.main import main as group
    except ModuleNotFoundError as error:
        sys.exit(f"zklink: {name_missing(error)}")
    return group(*arguments, **options)
