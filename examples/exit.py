"""An exit: the operator is gone with its database, and an owner leaves with what the chains alone can show.

It needs `pip install 'zklink[node]'`, the deployment as it was published, and nodes of its chains. A devnet's line of
JSON names both: start `zklink devnet --json > devnet.json`, run `python examples/account.py devnet.json`, then
`python examples/exit.py devnet.json`. While the operator lives, all of it is a rehearsal. After its end it prints
something like:

    1 exit is proven, from the primary's calldata alone
    polygon: account 1 is paid 1000.000000 USDC at 0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65 (323,773 gas)
    everything is paid
"""

import json
import sys
from pathlib import Path

from zklink import Wallet, exits


def main(devnet: Path) -> None:
    described = json.loads(devnet.read_text())
    rpc = {chain["name"]: chain["rpc"] for chain in described["chains"]}  # a chain that has halted is left out
    wallet = Wallet.from_key(described["accounts"]["depositor"]["key"])
    prepared = exits.prepare(described["deployment"], rpc, wallet)
    count = len(prepared.orders)
    print(f"{count} {'exit is' if count == 1 else 'exits are'} proven, from the primary's calldata alone")
    for chain in prepared.early:
        print(f"{chain} has not ended: what is proven for it is a rehearsal")
    if exits.send(prepared, rpc, wallet):  # what brings a chain to its end is sent, too, where it is due
        print("everything is paid")
    else:
        print("not yet: call send again later, it sends nothing twice")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
