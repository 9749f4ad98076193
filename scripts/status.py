"""`ape run status NAME`: the same as `zklink status`, for users of ape."""

from zklink.cli.status import status as cli

__all__ = ["cli"]
