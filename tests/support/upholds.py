"""Ties a test to the promises of docs/invariants.md that it would refute if they were broken."""

from zklink.lab.promises import get_upheld as get_upheld
from zklink.lab.promises import upholds as upholds
