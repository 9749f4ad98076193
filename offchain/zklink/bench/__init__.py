"""Measures circuits, proofs and gas on real runs, and writes docs/performance.md."""
