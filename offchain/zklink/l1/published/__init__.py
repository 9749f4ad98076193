"""What stands in calldata on chains for ever: the bridge's own reading rules for commits and proofs."""
