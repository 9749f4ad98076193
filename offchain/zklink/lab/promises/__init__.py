"""Promises: what must always hold, as a page of a project; tests carry the ids of those that they would refute."""

from zklink.lab.promises.mark import get_upheld, upholds

__all__ = ["get_upheld", "upholds"]
