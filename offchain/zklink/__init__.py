"""Cross-chain swaps without a deposit, proven to every chain."""

__version__ = "0.1.0"
