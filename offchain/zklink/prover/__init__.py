"""Circuits, keys, witnesses, proofs and the verifier generator."""
