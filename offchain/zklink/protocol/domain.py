"""The domains that bind a proof or a signed message to a deployment, and to a lane or to exits (protocol, section
9).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from zklink.primitives.keccak import keccak256, keccak_words
from zklink.protocol.errors import BadChainTable
from zklink.protocol.ids import MAX_CHAINS, AddressFormat, ChainId, Lane

DEPLOYMENT_TAG: Final = keccak256(b"zklink.deployment.2")
SWAP_LANE_TAG: Final = keccak256(b"zklink.lane.swap.1")
ACCOUNT_LANE_TAG: Final = keccak256(b"zklink.lane.account.1")
EXIT_TAG: Final = keccak256(b"zklink.exit.1")
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
    token_limit: int,
    account_limit: int,
    swap_vk_hash: bytes,
    account_vk_hash: bytes,
    exit_vk_hash: bytes,
    chains: Sequence[ChainEntry],
) -> bytes:
    """Identify a deployment: its genesis, sizes, circuits and every bridge."""
    return keccak_words(
        DEPLOYMENT_TAG,
        genesis_root,
        primary_chain,
        token_limit,
        account_limit,
        swap_vk_hash,
        account_vk_hash,
        exit_vk_hash,
        compute_chains_hash(chains),
    )


def compute_lane_domain(deployment_hash: bytes, lane: Lane) -> int:
    """The domain of one lane's blocks and, for the account lane, of its signatures; 248 bits."""
    return _compute_domain(SWAP_LANE_TAG if lane == Lane.SWAP else ACCOUNT_LANE_TAG, deployment_hash)


def compute_exit_domain(deployment_hash: bytes) -> int:
    """The domain of exits, 248 bits."""
    return _compute_domain(EXIT_TAG, deployment_hash)


def _compute_domain(tag: bytes, deployment_hash: bytes) -> int:
    return int.from_bytes(keccak_words(tag, deployment_hash), "big") >> DOMAIN_SHIFT
