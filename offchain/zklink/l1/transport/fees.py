"""The price that a transaction offers for its gas: the fields of a transaction by name, in wei per gas.

Takes the market of a chain, with or without a base fee; gives fields. Never sends anything.
"""

from collections.abc import Callable
from typing import Any, Final

from web3 import Web3

from zklink.l1.transport.rpc import Verdict, classify

FEE_BUMP: Final = (5, 4)
"""Nodes ask for 10 to 12.5 percent more before they replace a transaction."""

DEFAULT_TIP_WEI: Final = 1_000_000_000


def read_fees(w3: Web3, ask: Callable[[str, Callable[[], Any]], Any]) -> dict[str, int]:
    """The present market price of gas on a chain."""
    base = ask("eth_getBlockByNumber", lambda: w3.eth.get_block("latest")).get("baseFeePerGas")
    if base is None:
        return {"gasPrice": int(ask("eth_gasPrice", lambda: w3.eth.gas_price))}
    tip = int(ask("eth_maxPriorityFeePerGas", lambda: _read_tip(w3)))
    return {"maxFeePerGas": 2 * int(base) + tip, "maxPriorityFeePerGas": tip}


def raise_fees(fees: dict[str, int], market: dict[str, int]) -> dict[str, int]:
    """Fees that suffice to replace a transaction with these fees, and are never below the market."""
    return {name: max(fee * FEE_BUMP[0] // FEE_BUMP[1] + 1, market.get(name, 0)) for name, fee in fees.items()}


def is_cheaper(fees: dict[str, int], others: dict[str, int]) -> bool:
    """Whether any field is lower than the same field of `others`."""
    return any(fee < others.get(name, 0) for name, fee in fees.items())


def _read_tip(w3: Web3) -> int:
    try:
        return int(w3.eth.max_priority_fee)
    except Exception as error:
        if classify(error) is Verdict.REFUSED:
            return DEFAULT_TIP_WEI
        raise
