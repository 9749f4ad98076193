"""The protocol as it is meant: what chains check and what honest groups sign."""

from .chains import Chains
from .groups import Groups


class Rules(Chains, Groups):
    """The star. Wrong rules (mutants.py) and weaker ones (weaker.py) change one part."""
