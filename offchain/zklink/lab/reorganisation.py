"""Other blocks in place of a chain's last ones, and what waits for a block: each back end in its own way.

Takes a local chain; changes it. py-evm has neither.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from zklink.lab.errors import FaultUnavailable, ReorgTooDeep, UnknownTransaction

if TYPE_CHECKING:
    from zklink.lab.chain import LocalChain

NOT_PY_EVM: Final = "revm, anvil or fork"


def reorganise(chain: "LocalChain", depth: int, back: Sequence[str] | None) -> tuple[str, ...]:
    """See LocalChain.reorg."""
    if chain.is_py_evm:
        raise FaultUnavailable(chain.name, "a reorganisation", NOT_PY_EVM)
    if chain.is_revm:
        chosen = None if back is None else [bytes.fromhex(tx_hash.removeprefix("0x")) for tx_hash in back]
        return tuple(f"0x{each.tx_hash.hex()}" for each in chain.provider.chain.reorg(depth, chosen))
    height = chain.w3.eth.block_number
    fork_height = chain.rpc("anvil_nodeInfo")["forkConfig"].get("forkBlockNumber")
    # anvil does not go back to the very block that a fork stands on.
    own = height if fork_height is None else height - fork_height - 1
    if not 0 < depth <= own:
        raise ReorgTooDeep(depth, max(own, 0))
    blocks = [chain.w3.eth.get_block(number) for number in range(height - depth + 1, height + 1)]
    removed = tuple(f"0x{bytes(tx_hash).hex()}" for block in blocks for tx_hash in block["transactions"])  # type: ignore[arg-type]
    again = removed if back is None else back
    for tx_hash in again:
        if tx_hash not in removed:
            raise UnknownTransaction(tx_hash)
    pairs = [[chain.rpc("debug_getRawTransaction", tx_hash), 0] for tx_hash in again]
    chain.rpc("anvil_reorg", depth, pairs)
    return removed


def list_waiting(chain: "LocalChain") -> tuple[str, ...]:
    """See LocalChain.waiting."""
    if chain.is_py_evm:
        raise FaultUnavailable(chain.name, "a look into the pool", NOT_PY_EVM)
    if chain.is_revm:
        return tuple(f"0x{each.tx_hash.hex()}" for each in chain.provider.chain.pool.transactions())
    queues = chain.rpc("txpool_content")["pending"].values()
    return tuple(queue[nonce]["hash"] for queue in queues for nonce in sorted(queue, key=int))
