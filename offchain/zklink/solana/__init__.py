"""Solana as a chain of a deployment: the program's interface, how it is built, and what talks to it."""
