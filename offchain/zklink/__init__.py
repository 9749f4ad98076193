"""Cross-chain swaps without a deposit, proven to every chain.

`from zklink import Client, Wallet` is all that most users need; what stands in `__all__` is the public face. Each name
is loaded when it is first used, so that `import zklink` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zklink.client.accounts import AsyncAccounts
    from zklink.client.blocking_accounts import Accounts
    from zklink.client.client import Client
    from zklink.client.core import AsyncClient
    from zklink.client.event_models import BlockEvent, ChainEvent, OperationEvent, TransferEvent
    from zklink.client.following import Sent
    from zklink.client.outgoing import Step
    from zklink.client.quotes import Quote
    from zklink.client.signers import Signer
    from zklink.client.solana_wallet import SolanaWallet
    from zklink.client.swaps import Rehearsal
    from zklink.client.wallet import Wallet
    from zklink.protocol.errors import ZkLinkError
    from zklink.recovery import exits

__version__ = "0.1.0"
__all__ = [
    "Accounts",
    "AsyncAccounts",
    "AsyncClient",
    "BlockEvent",
    "ChainEvent",
    "Client",
    "OperationEvent",
    "Quote",
    "Rehearsal",
    "Sent",
    "Signer",
    "SolanaWallet",
    "Step",
    "TransferEvent",
    "Wallet",
    "ZkLinkError",
    "exits",
]

_HOMES: Final = {
    "Accounts": "zklink.client.blocking_accounts",
    "AsyncAccounts": "zklink.client.accounts",
    "AsyncClient": "zklink.client.core",
    "BlockEvent": "zklink.client.event_models",
    "ChainEvent": "zklink.client.event_models",
    "Client": "zklink.client.client",
    "OperationEvent": "zklink.client.event_models",
    "Quote": "zklink.client.quotes",
    "Rehearsal": "zklink.client.swaps",
    "Sent": "zklink.client.following",
    "Signer": "zklink.client.signers",
    "SolanaWallet": "zklink.client.solana_wallet",
    "Step": "zklink.client.outgoing",
    "TransferEvent": "zklink.client.event_models",
    "Wallet": "zklink.client.wallet",
    "ZkLinkError": "zklink.protocol.errors",
    "exits": "zklink.recovery.exits",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'zklink' has no attribute {name!r}")
    if name == "exits":
        return _open_exits()
    return getattr(import_module(_HOMES[name]), name)


def _open_exits() -> object:
    """The module of exits. Raises ExtraMissing where a node's packages are not installed."""
    try:
        return import_module(_HOMES["exits"])
    except ModuleNotFoundError as error:
        from zklink.protocol.errors import ExtraMissing

        raise ExtraMissing("node", "leaving without the operator") from error


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
