"""Who acts on a local Solana chain, and how: keys that everybody can derive, and transactions that land at once.

Takes calls; sends them to a chain of the laboratory. Never for keys of value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from solders.transaction import Transaction

from zklink.devnet.solana.seeds import seed_of
from zklink.lab.solana.base import SolanaChain

MOST_UNITS: Final = 1_400_000
NEWEST: Final = {"commitment": "processed"}


def key_of(name: str) -> Keypair:
    """The key of a name; anybody can derive it."""
    return Keypair.from_seed(seed_of(name))


@dataclass(frozen=True, slots=True)
class Desk:
    """Where calls are sent. `payer` pays for all of them."""

    chain: SolanaChain
    payer: Keypair

    def send(self, calls: Sequence[Instruction], *signers: Keypair) -> str:
        """Send one transaction; gives its signature. Raises NodeRefused with the program's reason."""
        blockhash = Hash.from_string(self.chain.rpc("getLatestBlockhash", NEWEST)["value"]["blockhash"])
        budget = set_compute_unit_limit(MOST_UNITS)
        message = Message.new_with_blockhash([budget, *calls], self.payer.pubkey(), blockhash)
        keys = {key.pubkey(): key for key in (self.payer, *signers)}
        return self.chain.send(bytes(Transaction(list(keys.values()), message, blockhash)))

    def create(self, account: Keypair, size: int, owner: Pubkey) -> Instruction:
        """The call that makes an account, with its rent."""
        rent = int(self.chain.rpc("getMinimumBalanceForRentExemption", size))
        payer, key = self.payer.pubkey(), account.pubkey()
        return create_account(
            CreateAccountParams(from_pubkey=payer, to_pubkey=key, lamports=rent, space=size, owner=owner)
        )

    def fund(self, key: Pubkey, lamports: int) -> str:
        """Give lamports, from the chain's faucet; gives the transaction's signature."""
        return str(self.chain.rpc("requestAirdrop", str(key), lamports))


def write(key: Pubkey, signs: bool = False) -> AccountMeta:
    """An account that a call writes."""
    return AccountMeta(key, signs, True)


def read(key: Pubkey, signs: bool = False) -> AccountMeta:
    """An account that a call reads."""
    return AccountMeta(key, signs, False)
