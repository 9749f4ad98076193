"""Gas of blocks of the account lane: deposits, key changes, and what the primary pays to read them.

Takes a run, gives gas by figure.
"""

from typing import Final

from zklink.bench.block_run import HOME, PRIMARY, BlockRun, GasByChain
from zklink.devnet.roles import layer2_key
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.registries import sign_key_change
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.signed import sign
from zklink.protocol.ids import AccountId, Amount, Lane, Nonce
from zklink.protocol.signing import compute_public_key_hash

_FOREVER: Final = 2**40 - 1


def measure_account_blocks(run: BlockRun, account: AccountId) -> dict[str, int]:
    """Blocks of deposits on the home chain, and the first key of the account, which takes nonce 0."""
    count = run.system.deployment.preset.account.ledger
    one, many = (_measure_deposits(run, each) for each in (1, count))
    _sign_key(run, account)
    run.seal()
    keyed = run.everywhere()
    return {
        "accept, per deposit of a member": (many[PRIMARY] - one[PRIMARY]) // (count - 1),
        "import, per deposit in the own slice": (many[HOME] - one[HOME]) // (count - 1),
        "accept, block with a key change and its owner's signature": keyed[PRIMARY],
    }


def _measure_deposits(run: BlockRun, count: int) -> GasByChain:
    for _ in range(count):
        run.requests.deposit(HOME, USDC)
    run.seal()
    return run.everywhere()


def _sign_key(run: BlockRun, account: AccountId) -> None:
    key = layer2_key(run.depositor)
    key_hash = compute_public_key_hash(key.public_key)
    deployment_hash = run.system.deployment.deployment_hash
    consent = sign_key_change(run.depositor, deployment_hash, account, Nonce(0), key_hash, _FOREVER)
    change = ChangePubKey(account, Nonce(0), _FOREVER, key_hash, PRIMARY, Amount(0), USDC)
    run.sequencer.submit(sign(change, run.sequencer.parameters.domain(Lane.ACCOUNT), key), run.now, consent)
