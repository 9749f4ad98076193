# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title history_views
@license Apache-2.0
@notice What anybody can ask either history: its tip, what it owes, and what it was made for. Changes nothing.
@dev Locked like everything in a history: while the bridge pays, the tip is not for others to read.
"""

from ..interfaces import IHistory
from . import accs
from . import deployment
from . import proofs
from . import settlement
from . import tips

uses: accs
uses: deployment
uses: proofs
uses: settlement
uses: tips

END: immutable(address)
EXODUS: immutable(address)


@deploy
def __init__(parts: IHistory.Parts):
    """
    @notice Fixes the partners.
    """
    END = parts.end
    EXODUS = parts.exodus


@external
@view
def tip() -> IHistory.Tip:
    """
    @notice The last block here.
    """
    return tips.load()


@external
@view
def accepted() -> (uint64, bytes32):
    """
    @notice Number and sync hash of the last block here; on the primary this is what ACC says.
    """
    last: IHistory.Tip = tips.load()
    return last.number, last.sync_hash


@external
@view
def owed(number: uint64) -> bytes32:
    """
    @notice The rolling hash of the payouts that a block still owes here; empty when there are none.
    @param number The block.
    """
    return settlement.owed[number]


@external
@view
def parts() -> IHistory.Parts:
    """
    @notice The contracts that this history relies on.
    """
    return IHistory.Parts(
        bridge=settlement.BRIDGE.address,
        groups=accs.GROUPS,
        end=END,
        exodus=EXODUS,
        swap_verifier=proofs.SWAP_VERIFIER,
        account_verifier=proofs.ACCOUNT_VERIFIER,
    )


@external
@view
def vk_hashes() -> bytes32[2]:
    """
    @notice Hashes of the verification keys of swap blocks and of account blocks.
    """
    return proofs.vk_hashes()


@external
@view
def deployment_hash() -> bytes32:
    """
    @notice The deployment that this history was made for.
    """
    return deployment.DEPLOYMENT_HASH


@external
@view
def is_for(bridge: address, end: address, exodus: address, deployment_hash: bytes32) -> bool:
    """
    @notice Whether this history was made for these partners.
    @param bridge The bridge of this chain.
    @param end The end of this chain.
    @param exodus The exodus contract of this chain.
    @param deployment_hash What the bridge has computed from its chain table.
    """
    return (
        bridge == settlement.BRIDGE.address
        and end == END
        and exodus == EXODUS
        and deployment_hash == deployment.DEPLOYMENT_HASH
    )
