"""Test tokens on a local Solana chain: mints of SPL Token whose authority everybody knows, and accounts of them."""

from typing import Final

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from zklink.devnet.solana.people import Desk, read, write
from zklink.solana.client import program
from zklink.solana.client.program import find_holding

TOKEN_PROGRAM: Final = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
MINT_BYTES: Final = 82
INITIALIZE_MINT, MINT_TO = b"\x14", b"\x07"
AMOUNT: Final = slice(64, 72)
"""Where a token's account has its amount."""


def make_mint(desk: Desk, mint: Keypair, decimals: int, authority: Pubkey) -> Pubkey:
    """A mint of SPL Token without a freeze authority."""
    data = INITIALIZE_MINT + bytes([decimals]) + bytes(authority) + b"\0"
    make = Instruction(TOKEN_PROGRAM, data, [write(mint.pubkey())])
    desk.send([desk.create(mint, MINT_BYTES, TOKEN_PROGRAM), make], mint)
    return mint.pubkey()


def make_holding(desk: Desk, owner: Pubkey, mint: Pubkey) -> Pubkey:
    """The owner's associated account, if it is not there yet."""
    desk.send([program.make_holding(desk.payer.pubkey(), owner, mint, TOKEN_PROGRAM)])
    return find_holding(owner, mint, TOKEN_PROGRAM)


def mint_to(desk: Desk, mint: Pubkey, holding: Pubkey, amount: int, authority: Keypair) -> None:
    """Make tokens, in the mint's units."""
    desk.send([call_to_mint(mint, holding, amount, authority.pubkey())], authority)


def call_to_mint(mint: Pubkey, holding: Pubkey, amount: int, authority: Pubkey) -> Instruction:
    """The call that makes tokens, in the mint's units."""
    metas = [write(mint), write(holding), read(authority, True)]
    return Instruction(TOKEN_PROGRAM, MINT_TO + amount.to_bytes(8, "little"), metas)
