"""The whole way out for anyone: every chain to exodus, then exits.

Takes a driver of exodus and exit orders; sends the transactions that are due on every chain, and reports each step.
Asks the chains first, so anyone can run it again at any time. Never waits: a later run goes on.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import evm_address, universal_address
from zklink.l1.deployment.records import Deployment, TokenPlan
from zklink.protocol.errors import (
    CallReverted,
    ExitsRefused,
    FeeCeilingReached,
    RpcUnavailable,
    TransactionReplaced,
    TransactionStuck,
)
from zklink.protocol.ids import ChainId
from zklink.recovery.exit_proofs import ExitOrder
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.outcome import Done, Finished, Waiting

Say = Callable[[str], None]

PASSING: Final = (RpcUnavailable, TransactionStuck, TransactionReplaced, FeeCeilingReached)
"""Failures that a later run may not have; what was sent is continued."""


def leave(rescue: ExodusDriver, orders: Sequence[ExitOrder], account: LocalAccount, say: Say) -> bool:
    """Send everything that the chains allow now; true if nothing is left to do.

    A chain whose node is away, or whose transactions are not mined, does not hold up the others: it is said, and a
    later run goes on. Raises ExitsRefused once everything else is sent, and what else `ExodusDriver.advance` raises.
    """
    is_done, refused = True, list[str]()
    for chain, bridge in rescue.bridges.items():
        try:
            if _advance(rescue, chain, say):
                mine = [order for order in orders if order.chain == chain]
                send_exits(bridge, rescue.deployment, mine, account, say)
            else:
                is_done = False
        except ExitsRefused as error:
            refused += error.refused
        except PASSING as error:
            say(f"{error}; it is tried again by a later run")
            is_done = False
    if refused:
        raise ExitsRefused(tuple(refused))
    return is_done


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


def _advance(rescue: ExodusDriver, chain: ChainId, say: Say) -> bool:
    """Send everything that a chain takes now; true if its exodus is complete."""
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
