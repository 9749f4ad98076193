"""An account: a deposit on Polygon, a transfer to somebody who has no account yet, a withdrawal to BSC.

Start `zklink devnet --json > devnet.json`, then run `python examples/account.py devnet.json`. It prints something like:

    Alice's account has 999.98 USDC and her key
    Bob's account has 250 USDC, Alice is left with 749.88
    the withdrawal is executed: Alice is paid 100 USDC on bsc, where she never deposited
"""

import json
import sys
from pathlib import Path

from zklink import Client, Wallet


def show_balance(client: Client, wallet: Wallet) -> str:
    """What an owner's account has in dollars, as people write it."""
    book = client.book()
    usdc = book.find_token("USDC").token
    held = sum(int(balance.amount) for balance in client.accounts.find(wallet).balances if balance.token == usdc)
    return book.show_amount(usdc, held)


def main(devnet: Path) -> None:
    described = json.loads(devnet.read_text())
    rpc = {chain["name"]: chain["rpc"] for chain in described["chains"]}
    alice, bob = (Wallet.from_key(described["accounts"][name]["key"]) for name in ("depositor", "recipient"))
    with Client(described["api"], rpc, deployment_hash=described["deployment_hash"]) as client:
        accounts = client.accounts
        accounts.deposit(alice, "polygon", "USDC", "1000")
        accounts.wait_balance(alice, "USDC", "1000")
        accounts.wait(accounts.set_key(alice))  # a signature lets the account have its key, for a small fee
        print(f"Alice's account has {show_balance(client, alice)} USDC and her key")
        accounts.wait(accounts.transfer(alice, "USDC", "250", bob.address))
        left = show_balance(client, alice)
        print(f"Bob's account has {show_balance(client, bob)} USDC, Alice is left with {left}")
        withdrawal = accounts.withdraw(alice, "USDC", "100", "bsc")  # with a fill fee, a broker would pay at once
        state = accounts.wait(withdrawal, state="executed").state
        print(f"the withdrawal is {state}: Alice is paid 100 USDC on bsc, where she never deposited")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
