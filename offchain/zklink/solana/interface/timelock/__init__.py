"""What the timelock's program takes and keeps, written once: `zklink generate` makes its C header from it.

`instructions` are its calls, `accounts` what it keeps, `refusals` why it refuses, `texts` proposed calls as bytes.
"""
