"""Ids, parameters, words, slices, commitments, messages and errors, exactly as in docs/protocol.md."""
