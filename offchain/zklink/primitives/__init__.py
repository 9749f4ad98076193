"""The field, hashes, signatures and trees that everything else is built from. Pure: no clock, chain, log, random or
file; and no knowledge of the protocol.
"""
