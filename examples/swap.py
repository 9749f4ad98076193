"""A swap from a program of your own: it needs `pip install zklink`, a node's API, and a node of the source's chain.

Start `zklink devnet --json > devnet.json`, then run `python examples/swap.py devnet.json`. It prints something like:

    600 USDC on polygon for 0.00996009 BTC on bsc
    sent: 0x5d0c.. on polygon
    arrived: 0.00996009 BTC, shown by the receipt of 0x93a1..
"""

import json
import sys
from pathlib import Path

from zklink import Client, Wallet


def main(devnet: Path) -> None:
    described = json.loads(devnet.read_text())
    rpc = {chain["name"]: chain["rpc"] for chain in described["chains"]}
    wallet = Wallet.from_key(described["accounts"]["depositor"]["key"])
    with Client(described["api"], rpc, deployment_hash=described["deployment_hash"]) as client:
        quote = client.quote("polygon", "USDC", "600", "bsc", "BTC")
        print(quote)
        sent = client.swap(wallet, quote)
        print(f"sent: {sent}", flush=True)
        transfer = client.wait(sent, seconds=300)
        amount = client.book().show_amount(quote.token_out, transfer.amount_out or 0)
        print(f"{transfer.state}: {amount} BTC, shown by the receipt of {transfer.receipts[0].tx_hash}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
