"""The domains that bind a proof or a signed message to a deployment, and to a lane or to exits (protocol, section
9).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from zklink.primitives.keccak import keccak256, keccak_words
from zklink.protocol.addresses import find_bound_chain, is_recipient
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
    """One chain of a deployment; `bridge` is the bridge's universal address (32 bytes), an unbound one on an EVM chain.

    `evm_chain_id` of a chain with addresses of 32 bytes is the hash of its genesis, as a number.
    """

    chain_id: ChainId
    evm_chain_id: int
    address_format: AddressFormat
    bridge: bytes


def compute_chains_hash(chains: Sequence[ChainEntry]) -> bytes:
    """Fold the chain table, in ascending order of chain_id; BadChainTable if it is not one, as the contracts see it."""
    if not chains:
        raise BadChainTable("it is empty")
    if any(not 1 <= entry.chain_id <= MAX_CHAINS for entry in chains):
        raise BadChainTable(f"chain ids are 1..{MAX_CHAINS}")
    if any(left.chain_id >= right.chain_id for left, right in pairwise(chains)):
        raise BadChainTable("chain ids must ascend")
    for entry in chains:
        if not 0 < entry.evm_chain_id < 1 << 256:
            raise BadChainTable(f"chain {entry.chain_id} has no number of its own")
        if not _is_bridge(entry):
            raise BadChainTable(f"the bridge of chain {entry.chain_id} is no address of its format")
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
    """Identify a deployment: its genesis, sizes, circuits and every bridge. BadChainTable if the chains are no table,
    or the primary is none of them that has EVM addresses.
    """
    if not any(entry.chain_id == primary_chain and entry.address_format == AddressFormat.EVM for entry in chains):
        raise BadChainTable(f"the primary, chain {primary_chain}, must be an EVM chain of the table")
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


def _is_bridge(entry: ChainEntry) -> bool:
    """Whether a bridge can stand at this address; one of an EVM chain names no chain in its first byte."""
    is_unbound = entry.address_format == AddressFormat.BYTES32 or find_bound_chain(entry.bridge) == 0
    return is_unbound and is_recipient(entry.bridge, entry.address_format, entry.chain_id)


def _compute_domain(tag: bytes, deployment_hash: bytes) -> int:
    return int.from_bytes(keccak_words(tag, deployment_hash), "big") >> DOMAIN_SHIFT
