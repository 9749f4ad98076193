"""Carries acknowledgements between the bridges: committee members sign the final blocks that they saw, a relayer
delivers them.

Takes the events of bridges; gives signed messages to bridges. Knows blocks only by number and sync hash. A stale or
repeated message changes nothing on a bridge, and a forged one needs k of the n members, so a relayer never has to be
trusted.
"""
