"""The whole way out for anyone: every chain to exodus, then exits.

Takes a rescue and exit orders; sends what is due on every chain and says each step. Asks the chains first, so it can be
run again at any time by anybody.
"""

from collections.abc import Callable, Sequence

from eth_account.signers.local import LocalAccount

from zklink.l1.bridge import BridgeClient
from zklink.protocol.ids import ChainId
from zklink.recovery.exits import ExitOrder
from zklink.recovery.rescue import Done, Finished, Rescue, Waiting

Say = Callable[[str], None]


def leave(rescue: Rescue, orders: Sequence[ExitOrder], account: LocalAccount, say: Say) -> bool:
    """Go as far as the chains allow now; says whether all is done. Raises what reading and sending may raise."""
    is_done = True
    for chain, bridge in rescue.bridges.items():
        if _advance(rescue, chain, say):
            send_exits(bridge, [order for order in orders if order.chain == chain], account, say)
        else:
            is_done = False
    return is_done


def send_exits(bridge: BridgeClient, orders: Sequence[ExitOrder], account: LocalAccount, say: Say) -> None:
    """Send the exits of one chain that have not been paid there yet."""
    name = bridge.client.profile.name
    for order in orders:
        if bridge.exodus.is_exited(order.account, order.token):
            say(f"{name}: token {order.token} of account {order.account} has left already")
            continue
        receipt = bridge.exodus.exit(account, order.call)
        sides = [(order.amount_a, order.token_a), (order.amount_b, order.token_b)]
        paid = ", ".join(f"{amount} units of token {token}" for amount, token in sides if amount)
        say(f"{name}: account {order.account} is paid {paid} ({receipt.gas_used:,} gas)")


def _advance(rescue: Rescue, chain: ChainId, say: Say) -> bool:
    """Everything that can be sent to a chain now; says whether its exodus is complete."""
    name = rescue.deployment.chains[chain].name
    while True:
        match rescue.advance(chain):
            case Done(what):
                say(f"{name}: {what}")
            case Waiting(why):
                say(f"{name}: waiting, {why}")
                return False
            case Finished():
                return True
