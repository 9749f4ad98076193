"""A swap from a local Solana chain, as its user sends it."""

import base64
from dataclasses import dataclass
from typing import Any

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from zklink.devnet.solana.founding import Founder
from zklink.devnet.solana.mints import TOKEN_PROGRAM
from zklink.devnet.solana.people import key_of
from zklink.l1.deployment.records import TokenPlan
from zklink.lab.solana.base import SolanaChain
from zklink.protocol.ids import NO_TOKEN, Amount, ChainId
from zklink.solana.client.program import SYSTEM, find_holding
from zklink.solana.interface import accounts, addresses, instructions


@dataclass(frozen=True, slots=True)
class Order:
    """What the user signs. `l1_amount` is in the mint's units, the others in layer-2 units."""

    token_in: TokenPlan
    token_out: TokenPlan
    destination: ChainId
    l1_amount: int
    min_out: Amount
    fill_fee: Amount
    deadline: int
    recipient: bytes


def send_swap(founder: Founder, user: Keypair, order: Order) -> int:
    """Queue it; gives the request's number. Raises NodeRefused with the program's reason."""
    owner, mint = user.pubkey(), Pubkey.from_string(order.token_in.contracts[founder.chain_id])
    places = {
        "sender": owner,
        "bridge": founder.program.bridge,
        "swap_queue": key_of("swaps").pubkey(),
        "token_in": founder.token(order.token_in.token_id),
        "token_out": founder.token(order.token_out.token_id),
        "token_via": SYSTEM,
        "source": find_holding(owner, mint, TOKEN_PROGRAM),
        "sol": founder.program.derive(addresses.SOL_SEEDS),
        "system_program": SYSTEM,
        "mint": mint,
        "vault": find_holding(founder.program.bridge, mint, TOKEN_PROGRAM),
        "token_program": TOKEN_PROGRAM,
    }
    values: dict[str, Any] = {
        "token_in": order.token_in.token_id,
        "destination": order.destination,
        "token_out": order.token_out.token_id,
        "via": NO_TOKEN,
        "l1_amount": order.l1_amount,
        "fee": 0,
        "deadline": order.deadline,
        "min_out": order.min_out,
        "operator_fee": 0,
        "fill_fee": order.fill_fee,
        "recipient": order.recipient,
        "refund_to": bytes(owner),
    }
    founder.desk.send([founder.program.encode(instructions.SWAP, places, **values)], user)
    return count_requests(founder)


def count_requests(founder: Founder) -> int:
    """How many swaps the queue has had."""
    return int(accounts.BRIDGE.unpack(read_data(founder.desk.chain, founder.program.bridge))["totals"][0])


def read_data(chain: SolanaChain, key: Pubkey) -> bytes:
    """An account's data as of the newest slot; empty where there is none."""
    found = chain.rpc("getAccountInfo", str(key), {"encoding": "base64", "commitment": "processed"})["value"]
    return base64.b64decode(found["data"][0]) if found else b""
