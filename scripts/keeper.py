"""`ape run keeper NAME`: whatever anybody may do for a deployment, within a budget."""

from zklink.cli.keeper import keeper as cli

__all__ = ["cli"]
