"""The deployed system of a test run, and short ways to use it."""

from eth_account.signers.local import LocalAccount

from zklink.broker.policy import SLACK_SECONDS
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.world import World
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import DepositOrder, SwapOrder, universal_address
from zklink.l1.deployment.records import Verifiers
from zklink.l1.transport.client import Receipt
from zklink.protocol.ids import NO_TOKEN, Amount, ChainId, TokenId
from zklink.protocol.presets import MINIMAL

ORDER_SECONDS = 3_600
FILLABLE_SECONDS = SLACK_SECONDS + 3_600
"""Valid for so long that a broker advances it at once."""
"""How long the orders of tests may wait."""


def open_system(world: World) -> LocalSystem:
    """The system with the smallest circuits' verifiers on the world's chains."""
    return deploy_local_system(world, MINIMAL)


def open_credulous_system(world: World) -> LocalSystem:
    """The same, but its verifiers believe everything: tests write its blocks themselves (tests/support/writer.py)."""
    believing = load_contract("AcceptAllVerifier")
    return deploy_local_system(world, MINIMAL, verifiers=Verifiers(believing, believing, believing))


def build_order(
    system: LocalSystem,
    source: ChainId,
    token_in: TokenId,
    amount: int,
    destination: ChainId,
    token_out: TokenId,
    *,
    min_out: int = 0,
    operator_fee: int = 0,
    fill_fee: int = 0,
    recipient: str | None = None,
    seconds: int | None = None,
    via: TokenId = NO_TOKEN,
) -> SwapOrder:
    """An order for the recipient, or for another one; `amount` is in layer-2 units."""
    bridge = system.bridges[source]
    valid_seconds = seconds or (FILLABLE_SECONDS if fill_fee else ORDER_SECONDS)
    return SwapOrder(
        token_in=token_in,
        l1_amount=amount * bridge.tokens.token_scale(token_in),
        destination=destination,
        token_out=token_out,
        min_out=Amount(min_out),
        operator_fee=Amount(operator_fee),
        fill_fee=Amount(fill_fee),
        recipient=universal_address(recipient or system.world.roles.recipient.address),
        deadline=bridge.client.head().timestamp + valid_seconds,
        via=via,
    )


def send_swap(system: LocalSystem, source: ChainId, order: SwapOrder) -> Receipt:
    """The depositor's approval, if one is needed, and its swap."""
    depositor, bridge = system.world.roles.depositor, system.bridges[source]
    token = system.token(source, order.token_in)
    token.ensure_allowance(depositor, bridge.address, order.l1_amount)
    return bridge.swap(depositor, order)


def send_deposit(
    system: LocalSystem,
    chain: ChainId,
    token_id: TokenId,
    amount: int,
    *,
    owner: bytes | None = None,
    sender: LocalAccount | None = None,
) -> Receipt:
    """The depositor's (or another sender's) approval, if one is needed, and its deposit for itself or another owner;
    `amount` is in layer-2 units.
    """
    account, bridge, token = (
        sender or system.world.roles.depositor,
        system.bridges[chain],
        system.token(chain, token_id),
    )
    l1_amount = amount * bridge.tokens.token_scale(token_id)
    token.ensure_allowance(account, bridge.address, l1_amount)
    order = DepositOrder(token_id, l1_amount, owner or universal_address(account.address))
    return bridge.deposit(account, order)
