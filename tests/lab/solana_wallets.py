"""People on a Solana chain of the laboratory: keys, and transfers between them as signed bytes."""

from collections.abc import Sequence

from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction

from zklink.lab.solana.base import SolanaChain

SOL = 10**9
ALICE, BOB = (Keypair.from_seed(bytes([number]) * 32) for number in (1, 2))
BOBS = BOB.pubkey()


def sign_calls(payer: Keypair, calls: Sequence[Instruction], blockhash: Hash) -> bytes:
    """A legacy transaction of one signer."""
    message = Message.new_with_blockhash(list(calls), payer.pubkey(), blockhash)
    return bytes(Transaction([payer], message, blockhash))


def newest_blockhash(chain: SolanaChain, level: str = "processed") -> Hash:
    """What a transaction names so that it can land."""
    return Hash.from_string(chain.rpc("getLatestBlockhash", {"commitment": level})["value"]["blockhash"])


def pay(chain: SolanaChain, lamports: int, to: Pubkey = BOBS, level: str = "processed") -> bytes:
    """A transfer of Alice's."""
    call = transfer(TransferParams(from_pubkey=ALICE.pubkey(), to_pubkey=to, lamports=lamports))
    return sign_calls(ALICE, [call], newest_blockhash(chain, level))


def balance(chain: SolanaChain, key: Pubkey = BOBS, level: str = "processed") -> int:
    """What an account has, in lamports."""
    return int(chain.rpc("getBalance", str(key), {"commitment": level})["value"])
