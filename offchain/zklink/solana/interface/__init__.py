"""What the Solana program takes and keeps, written once: `zklink generate` makes the C header from it.

`instructions` are the calls with their accounts and data, `accounts` what the program's own accounts hold, `refusals`
why it refuses, `addresses` where its accounts are.
"""
