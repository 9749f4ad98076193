"""Gas of users' own transactions on the home chain: swaps, deposits, full exits, requests for keys.

Takes a run, gives gas by figure. Measures the second transaction of each kind: the first pays for storage that every
later one finds. What they queue is in a block on every chain afterwards.
"""

from typing import Final

from zklink.bench.block_run import HOME, OTHER, PRIMARY, THIRD, BlockRun
from zklink.bench.request_gas import AMOUNT
from zklink.devnet.roles import layer2_key
from zklink.devnet.tokens import POL, USDC, USDT
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.transport.client import encode_call
from zklink.protocol.ids import AccountId
from zklink.protocol.signing import compute_public_key_hash

_CHAINS: Final = (HOME, OTHER, THIRD, PRIMARY)
_KEY_HASH: Final = 1
_SIGNATURE: Final = b"yes"


def measure_requests(run: BlockRun) -> dict[str, int]:
    """Every door of a bridge; all later payments come from the deposits."""
    requests = run.requests
    for _ in range(2):
        deposits = {
            "deposit ERC-20": requests.deposit(HOME, USDC),
            "deposit native coin": requests.deposit(HOME, POL),
            "deposit ERC-20, up to an amount": requests.deposit(HOME, USDC, is_up_to=True),
            "deposit ERC-20 with permit": requests.deposit(HOME, USDC, with_permit=True),
        }
    for chain in _CHAINS:
        requests.deposit(chain, USDC)
        requests.deposit(THIRD, POL)
    run.settle()
    for _ in range(2):
        swaps = {
            "swap ERC-20": requests.swap(HOME, OTHER, USDC, USDC),
            "swap native coin": requests.swap(HOME, OTHER, POL, USDC, min_out=2 * AMOUNT),
            "swap ERC-20, up to an amount": requests.swap(HOME, OTHER, USDC, USDC, is_up_to=True),
            "swap ERC-20 with permit": requests.swap(HOME, OTHER, USDC, USDC, with_permit=True),
        }
    for chain in _CHAINS:
        for other in _CHAINS:
            if chain != other:
                requests.swap_dollars(chain, other)
    run.settle()
    return {name: receipt.gas_used for name, receipt in (deposits | swaps).items()}


def measure_account_requests(run: BlockRun, account: AccountId) -> dict[str, int]:
    """A full exit of nothing, and requests for keys: by the owner, and by a contract wallet that is not the owner."""
    requests, client, bridge = run.requests, run.system.world[HOME].client, run.system.bridges[HOME]
    wallet = client.deploy(run.depositor, load_contract("TestWallet"))
    contract = client.contract(wallet, load_contract("TestWallet"))
    key_hash = compute_public_key_hash(layer2_key(run.depositor).public_key)
    figures: dict[str, int] = {}
    for _ in range(2):
        digest, _ = bridge.key_digest(wallet, account, _KEY_HASH)
        client.send(run.depositor, encode_call(contract, "expect", digest, _SIGNATURE))
        asked = requests.set_key_by_signature(HOME, wallet, account, _KEY_HASH, _SIGNATURE)
        figures["request for a key by a contract wallet"] = asked.gas_used
        figures["request for a key"] = requests.set_key(HOME, account, key_hash).gas_used
        figures["full exit"] = requests.full_exit(HOME, account, USDT).gas_used
        figures["revoke key signatures"] = client.send(run.depositor, bridge.encode("revoke_key_signatures")).gas_used
    run.settle()
    return figures
