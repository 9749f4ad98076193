"""Every function of every contract, and the figures that measure it.

A function that only other contracts of the system call is measured as a part of its caller.
"""

from collections.abc import Mapping
from typing import Final

_COMMITS: Final = (
    "commit, fixed part of a block",
    "commit, per request in the own slice",
    "commit, per payout in the own slice",
    "commit, per deposit in the own slice",
    "commit, block with a key change and its signature",
    "commit, block with a recorded key change",
    "commit, block with a withdrawal here",
    "commit, block with a full exit here",
    "commit, on the primary, per data word",
)
_EXECUTIONS: Final = (
    "execute, block without payouts here",
    "execute, each further ERC-20 payout",
    "execute, ERC-20 payout",
    "execute, native payout",
    "execute, ERC-20 payout repaid to its broker",
    "execute, native payout repaid to its broker",
    "execute, withdrawal repaid to its broker",
    "execute, ERC-20 refund",
    "execute, full exit of nothing",
    "execute, payout that its recipient refuses",
)

FUNCTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Bridge.swap": ("swap ERC-20", "swap native coin"),
    "Bridge.swap_with_permit": ("swap ERC-20 with permit",),
    "Bridge.deposit": ("deposit ERC-20", "deposit native coin"),
    "Bridge.deposit_with_permit": ("deposit ERC-20 with permit",),
    "Bridge.full_exit": ("full_exit",),
    "KeyRegistry.authorise": ("authorise a key",),
    "KeyRegistry.authorise_by_contract": ("authorise_by_contract",),
    "Bridge.fill": ("fill ERC-20", "fill native coin", "fill withdrawal"),
    "Bridge.commit_blocks": _COMMITS,
    "Bridge.prove_blocks": ("prove one block", "prove, each further block in the same call"),
    "Bridge.receive_message": (
        "receive_message, 2 of 3 signatures, accepts",
        "receive_message, 2 of 3 signatures",
        "receive_message, before the blocks are proven",
        "receive_message, a freeze",
    ),
    "Bridge.apply_message": ("apply_message",),
    "Bridge.execute_blocks": _EXECUTIONS,
    "Bridge.withdraw_pending_balance": ("withdraw_pending_balance, native coin, through a contract",),
    "Bridge.revert_blocks": ("revert_blocks",),
    "TokenRegistry.register_token": ("register_token",),
    "TokenRegistry.set_token_limits": ("set_token_limits",),
    "TokenRegistry.set_paused": ("set_paused",),
    "Exodus.freeze_for_request": ("freeze_for_request",),
    "Exodus.freeze_for_execution": ("freeze_for_execution",),
    "SyncLedger.open_message": ("open_message, 1 step", "open_message, 4 steps"),
    "SyncLedger.find_common_block": ("find_common_block, one block to open",),
    "Exodus.begin_exodus": ("begin_exodus",),
    "Exodus.cancel_requests": ("cancel_requests, one swap", "cancel_requests, one deposit"),
    "Exodus.exit": ("exit by proof, ERC-20",),
}
"""Transactions, in the order of the page, by contract and function."""

INNER: Final[Mapping[str, str]] = {
    "Bridge.freeze": "Exodus.freeze_for_request",
    "Bridge.release": "Exodus.exit",
    "SyncLedger.record_message": "Bridge.receive_message",
    "SyncLedger.record_own_freeze": "Exodus.freeze_for_request",
    "BlockReader.read_block": "Bridge.commit_blocks",
    "BlockReader.open_block": "SyncLedger.find_common_block",
    "KeyRegistry.check": "Bridge.commit_blocks",
    "CommitteeTransport.check_message": "Bridge.receive_message",
    "CommitteeTransport.compute_digest": "Bridge.receive_message",
    "SwapVerifier.check_proofs": "Bridge.prove_blocks",
    "AccountVerifier.check_proofs": "Bridge.prove_blocks",
    "ExitVerifier.check_proofs": "Exodus.exit",
}
"""Functions for the system's own contracts, each with the figures that include it."""
