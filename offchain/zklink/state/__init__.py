"""The state that blocks change: accounts, token rows, pools, and the genesis they start from. Pure: no clock, chain,
log, random or file.
"""
