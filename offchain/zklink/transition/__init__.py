"""The rules by which operations and whole blocks change the state. A `check_` raises and changes nothing; an `apply_`
is total after it. Pure: no clock, chain, log, random or file.
"""
