"""The loop of an operator: watch, seal, prove, submit, relay, fill; and the ports to its prover and its sources of
consent.
"""
