"""`zklink …`: tools, circuits, keys, generated files, genesis. Thin: each command parses, calls and prints."""

from zklink.cli.main import main

__all__ = ["main"]
