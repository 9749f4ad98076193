"""A deposit on a local Solana chain for an owner who has no key there."""

from typing import Any

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from zklink.devnet.solana.founding import Founder
from zklink.devnet.solana.mints import TOKEN_PROGRAM
from zklink.devnet.solana.people import key_of
from zklink.l1.deployment.records import TokenPlan
from zklink.solana.client.program import SYSTEM, find_holding
from zklink.solana.interface import addresses, instructions


def deposit(founder: Founder, user: Keypair, plan: TokenPlan, amount: int, owner: bytes, fee: int) -> None:
    """The user deposits units of the token's mint for an owner of any format; `fee` is in lamports. Raises NodeRefused
    with the program's reason.
    """
    sender, mint = user.pubkey(), Pubkey.from_string(plan.contracts[founder.chain_id])
    places = {
        "sender": sender,
        "bridge": founder.program.bridge,
        "account_queue": key_of("accounts").pubkey(),
        "token": founder.token(plan.token_id),
        "source": find_holding(sender, mint, TOKEN_PROGRAM),
        "vault": find_holding(founder.program.bridge, mint, TOKEN_PROGRAM),
        "mint": mint,
        "token_program": TOKEN_PROGRAM,
        "sol": founder.program.derive(addresses.SOL_SEEDS),
        "system_program": SYSTEM,
    }
    values: dict[str, Any] = {"token": plan.token_id, "account": 0, "l1_amount": amount, "fee": fee, "owner": owner}
    call = founder.program.encode(instructions.DEPOSIT, places, **values, refund_to=bytes(sender))
    founder.desk.send([call], user)
