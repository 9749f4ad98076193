"""`ape run govern ACT NAME`: acts of government on all chains alike."""

from zklink.cli.govern import govern as cli

__all__ = ["cli"]
