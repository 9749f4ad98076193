"""Ids, parameters, words, slices, commitments, messages and errors, exactly as in docs/protocol.md. Pure: no clock,
chain, log, random or file.
"""
