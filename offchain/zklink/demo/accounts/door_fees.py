"""What the people of the story paid at doors in the chains' coins: what blocks earned of it, and what came back.

Takes the cast; reads requests and cancellations from the chains, collects what is earned as anybody may. Gives amounts
in gwei by chain, and problems in plain words.
"""

from collections.abc import Mapping

from zklink.demo.accounts.actors import Cast, DoorFees
from zklink.demo.stories import format_coin
from zklink.l1.contracts.bridge_events import RequestCancelled
from zklink.l1.contracts.bridge_structs import WEI_PER_GWEI, Fees
from zklink.protocol.ids import ChainId

Coins = Mapping[ChainId, int]
"""Amounts of the chains' coins, in gwei."""


def read_paid(cast: Cast) -> dict[ChainId, int]:
    """What requests have paid so far, while nobody has collected it."""
    fees = {chain: bridge.fees() for chain, bridge in cast.system.bridges.items()}
    return {chain: (found.open_wei + found.earned_wei) // WEI_PER_GWEI for chain, found in fees.items()}


def settle_doors(cast: Cast) -> DoorFees:
    """Collect what blocks have earned, and compare with what every request paid."""
    found, account = DoorFees(), cast.system.world.roles.stranger
    for chain, bridge in cast.system.bridges.items():
        first, last = cast.system.deployment.chains[chain].from_block, bridge.client.head().number
        paid = sum(event.request.native_fee_gwei for event in bridge.requests(first, last))
        cancelled = [e for e in bridge.exodus.events(first, last) if isinstance(e, RequestCancelled)]
        found.cancelled += len(cancelled)
        returned = sum(event.fee_gwei for event in cancelled)
        earned = bridge.fees().earned_wei // WEI_PER_GWEI
        if earned:
            bridge.collect_fees(account)
        found.returned[chain], found.collected[chain] = returned, earned
        name = cast.read.name(chain)
        if paid != returned + earned:
            found.problems.append(f"{name}: requests paid {paid} gwei, {returned} came back, {earned} were earned")
        if bridge.fees() != Fees(0, 0):
            found.problems.append(f"{name}: fees are left in the bridge")
    return found


def describe_coins(cast: Cast, amounts: Coins) -> str:
    """Amounts in the chains' coins, those that are zero left out."""
    profiles = {chain: cast.system.world[chain].profile for chain in amounts}
    return ", ".join(format_coin(gwei, profiles[chain].native_symbol) for chain, gwei in amounts.items() if gwei)
