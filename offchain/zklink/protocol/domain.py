"""What a proof and a message are bound to: the deployment and its swap lane (docs/protocol.md, section 9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from zklink.primitives.keccak import keccak256, keccak_words
from zklink.protocol.errors import BadChainTable
from zklink.protocol.ids import MAX_CHAINS, AddressFormat, ChainId

DEPLOYMENT_TAG: Final = keccak256(b"zklink.deployment.1")
SWAP_LANE_TAG: Final = keccak256(b"zklink.lane.swap.1")
DOMAIN_SHIFT: Final = 8
"""The domain is the top 248 bits of its hash, so that it is a word."""


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One chain of a deployment; `bridge` is the bridge's universal address (32 bytes)."""

    chain_id: ChainId
    evm_chain_id: int
    address_format: AddressFormat
    bridge: bytes


def compute_chains_hash(chains: Sequence[ChainEntry]) -> bytes:
    """Fold the chain table, in ascending order of chain_id; BadChainTable if it is not one."""
    if not chains:
        raise BadChainTable("it is empty")
    if any(not 1 <= entry.chain_id <= MAX_CHAINS for entry in chains):
        raise BadChainTable(f"chain ids are 1..{MAX_CHAINS}")
    if any(left.chain_id >= right.chain_id for left, right in pairwise(chains)):
        raise BadChainTable("chain ids must ascend")
    chains_hash = bytes(32)
    for entry in chains:
        chains_hash = keccak_words(chains_hash, entry.chain_id, entry.evm_chain_id, entry.address_format, entry.bridge)
    return chains_hash


def compute_deployment_hash(
    genesis_root: int,
    primary_chain: ChainId,
    slots: int,
    token_limit: int,
    vk_hash: bytes,
    chains: Sequence[ChainEntry],
) -> bytes:
    """Identify a deployment: its genesis, circuit and every bridge."""
    return keccak_words(
        DEPLOYMENT_TAG, genesis_root, primary_chain, slots, token_limit, vk_hash, compute_chains_hash(chains)
    )


def compute_swap_domain(deployment_hash: bytes) -> int:
    """The domain of the swap lane, 248 bits."""
    return int.from_bytes(keccak_words(SWAP_LANE_TAG, deployment_hash), "big") >> DOMAIN_SHIFT
