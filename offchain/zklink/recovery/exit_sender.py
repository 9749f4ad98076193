"""Sends the exits of a chain with contracts that have not been paid there yet. Asks the chain first, so anyone can run
it again at any time.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import evm_address, universal_address
from zklink.l1.deployment.records import Deployment, TokenPlan
from zklink.protocol.errors import CallReverted, ExitsRefused
from zklink.recovery.exit_proofs import ExitOrder

Say = Callable[[str], None]


def send_exits(
    bridge: BridgeClient, deployment: Deployment, orders: Sequence[ExitOrder], account: LocalAccount, say: Say
) -> None:
    """Send the exits of one chain that have not been paid there yet.

    Raises ExitsRefused for those that the chain does not take, after all others are sent.
    """
    name, refused = bridge.client.profile.name, list[str]()
    for order in orders:
        what = f"{name}: token {order.token} of account {order.account}"
        if bridge.exodus.is_exited(order.account, order.token):
            say(f"{what} has left already")
            continue
        if not order.is_signed and order.recipient != universal_address(account.address):
            refused.append(f"{what}: only {_show(order.recipient)}, whom it pays, may send it, not {account.address}")
            continue
        try:
            receipt = bridge.exodus.exit(account, order.call)
        except CallReverted as error:
            refused.append(f"{what}: {error.reason or 'refused without a reason'}")
            continue
        paid = describe_paid(deployment, order)
        say(f"{name}: account {order.account} is paid {paid} at {_show(order.recipient)} ({receipt.gas_used:,} gas)")
    if refused:
        raise ExitsRefused(tuple(refused))


def _show(address: bytes) -> str:
    """An address as its chain writes it."""
    return f"0x{address.hex()}" if any(address[:12]) else evm_address(address)


def describe_paid(deployment: Deployment, order: ExitOrder) -> str:
    """What an exit pays, both sides."""
    sides = [(order.amount_a, order.token_a), (order.amount_b, order.token_b)]
    return ", ".join(_describe(deployment.token(token), amount) for amount, token in sides if amount)


def _describe(token: TokenPlan, amount: int) -> str:
    """An amount in whole tokens, with all its digits."""
    return f"{Decimal(amount).scaleb(-token.layer2_decimals):f} {token.symbol}"
