"""Reads the calldata that stands on chains for ever, by the bridge's own reading rules: commits and proofs."""
