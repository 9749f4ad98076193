"""A Groth16 prover in machine code; see docs/adr/0017-native-prover.md and `backend`."""
