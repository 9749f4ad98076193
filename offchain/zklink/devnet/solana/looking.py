"""What a local Solana chain says of an account, as of its newest slot."""

import base64

from solders.pubkey import Pubkey

from zklink.devnet.solana.founding import Founder
from zklink.lab.solana.base import SolanaChain
from zklink.solana.interface import accounts


def count_requests(founder: Founder) -> int:
    """How many swaps the queue has had."""
    return int(accounts.BRIDGE.unpack(read_data(founder.desk.chain, founder.program.bridge))["totals"][0])


def read_data(chain: SolanaChain, key: Pubkey) -> bytes:
    """An account's data; empty where there is none."""
    found = chain.rpc("getAccountInfo", str(key), {"encoding": "base64", "commitment": "processed"})["value"]
    return base64.b64decode(found["data"][0]) if found else b""
