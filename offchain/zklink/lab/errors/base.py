"""The root of the tree of errors."""


class LabError(Exception):
    """Every error that this package raises on purpose."""
