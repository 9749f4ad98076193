"""A Solana cluster as this system uses it: what is read at which level, and calls that take effect once."""
