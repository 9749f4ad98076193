"""Solana in process: a ledger over LiteSVM, its JSON-RPC, and a chain that stands beside EVM chains in a world."""
