"""The circuit inputs of applied blocks and of exits. Pure: no clock, chain, log, random or file."""
