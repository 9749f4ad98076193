"""`ape run verify-deployment NAME`: the same as `zklink verify-deployment`, for users of ape."""

from zklink.cli.verify_deployment import verify_deployment as cli

__all__ = ["cli"]
