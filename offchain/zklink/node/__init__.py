"""The loop of an operator: watch, seal, gather evidence, prove, submit, fill; and the port to its prover."""
