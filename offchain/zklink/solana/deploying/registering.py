"""The call that gives a token's id its meaning on a Solana chain, whoever makes it: the deployer in the founding, and
the timelock by a proposal later.

Takes a program, a token and who signs; gives the call. Never asks a chain.
"""

from collections.abc import Collection
from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from zklink.l1.deployment.places import NATIVE_MINT
from zklink.l1.deployment.records import TokenPlan
from zklink.protocol.ids import ChainId
from zklink.solana.client.program import SYSTEM, Program, find_holding
from zklink.solana.interface import addresses, instructions


def find_mint(token: TokenPlan, chain: ChainId) -> Pubkey:
    """A token's mint; the system program for one that is not on this chain."""
    return Pubkey.from_string(token.contracts[chain]) if chain in token.contracts else SYSTEM


def find_vault(program: Program, mint: Pubkey, owner: Pubkey) -> Pubkey:
    """Where a token lies, whose mint belongs to the program `owner`; the system program for one that is not here."""
    if mint == SYSTEM:
        return SYSTEM
    return (
        program.derive(addresses.SOL_SEEDS) if str(mint) == NATIVE_MINT else find_holding(program.bridge, mint, owner)
    )


def register_token(
    program: Program,
    token: TokenPlan,
    chain: ChainId,
    chains: Collection[ChainId],
    owner: Pubkey,
    governor: Pubkey,
    payer: Pubkey,
) -> Instruction:
    """The call in a deployment of these chains. `owner` is the program that moves the token on this one, the system
    program for SOL and for a token that is not here; the payer lends the rent of its accounts.
    """
    config, mint = token.config(chain, chains), find_mint(token, chain)
    is_here = chain in token.contracts
    places = {
        "governor": governor,
        "payer": payer,
        "bridge": program.bridge,
        "token": program.derive(addresses.token_seeds(token.token_id)),
        "mint_mark": program.derive(addresses.mint_seeds(bytes(mint))),
        "mint": mint,
        "vault": find_vault(program, mint, owner),
        "token_program": owner,
        "system_program": SYSTEM,
    }
    values: dict[str, Any] = {
        "id": token.token_id,
        "chains": sum(1 << each for each in config.chains),
        "layer2_decimals": token.layer2_decimals,
        "minimum": config.minimum if is_here else 0,
        "cap": config.cap if is_here else 0,
    }
    return program.encode(instructions.REGISTER_TOKEN, places, **values)
