"""A Groth16 prover in machine code; see docs/roadmap.md and `backend`."""
