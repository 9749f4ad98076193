"""`ape run proposals NAME`: what the timelocks of all chains have proposed, in words."""

from zklink.cli.proposals import proposals as cli

__all__ = ["cli"]
