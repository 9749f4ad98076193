"""What tests of the lab do on a chain and read from it."""

from web3.types import BlockData, TxParams, Wei

from zklink.lab.accounts import funded_account
from zklink.lab.chain import LocalChain

PAYER, PAYEE = funded_account(0).address, funded_account(1).address


def pay(chain: LocalChain) -> None:
    """One wei, in a block of its own."""
    chain.w3.eth.send_transaction(TxParams({"from": PAYER, "to": PAYEE, "value": Wei(1)}))


def balance(chain: LocalChain) -> int:
    return chain.w3.eth.get_balance(PAYEE)


def head(chain: LocalChain) -> BlockData:
    return chain.w3.eth.get_block("latest")
