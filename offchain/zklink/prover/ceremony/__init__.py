"""Keys for value: phase 2 of Groth16 for the circuits of a preset, with snarkjs underneath."""
