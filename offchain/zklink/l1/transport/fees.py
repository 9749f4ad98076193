"""The price that a transaction offers for its gas: the fields of a transaction by name, in wei per gas.

Takes what a chain's market is, with or without a base fee; gives fields below the ceilings of a policy. Never asks
anybody, never sends anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Fees = dict[str, int]

GWEI: Final = 10**9
MAX_FEE, TIP, PRICE = "maxFeePerGas", "maxPriorityFeePerGas", "gasPrice"

REPLACEMENT: Final = (9, 8)
"""Nodes ask for 10 percent more in every field before they replace a transaction (most for 10, some for 12.5)."""
LACKING: Final = (5, 4)
"""How far the field is raised that keeps a transaction from being mined."""
UNNAMED: Final = 10
"""How far a tip is raised that a node calls too low without saying what is enough."""

_TIP_FLOOR: Final = re.compile(
    r"(?:tip|priority)\D.*?(?:minimum needed|minimum|at least|required|min)\D{0,20}(\d+)", re.I
)
_BASE_FEE: Final = re.compile(r"base\s?fee\s*[:=]?\s*(\d+)", re.I)
_ANY_FLOOR: Final = re.compile(r"(?:minimum needed|minimum|at least|required|min)\D{0,20}(\d+)", re.I)
_CAP: Final = re.compile(r"configured cap \(([\d.]+)", re.I)


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """What a transaction may cost.

    market_multiple: the most that is paid per gas, as a multiple of what the last blocks took (`eth_feeHistory`).
    least_tip_ceiling_wei: a tip up to this many wei per gas is never called too high; it serves chains whose last
    blocks were empty. most_per_gas_wei: the most per gas in wei, whatever the market; None for no such limit.
    most_per_transaction_wei: the most that the gas of one transaction may cost, in wei of the chain's coin: 1 coin.
    headroom: how often the base fee fits into the max fee, as a fraction; a node's own cap makes it smaller.
    history_blocks: how many blocks the market is read from.
    """

    market_multiple: int = 10
    least_tip_ceiling_wei: int = 50 * GWEI
    most_per_gas_wei: int | None = None
    most_per_transaction_wei: int = 10**18
    headroom: tuple[int, int] = (2, 1)
    history_blocks: int = 20


@dataclass(frozen=True, slots=True)
class Market:
    """A chain's present price in wei per gas. `price` is set on chains without a base fee, the others on those with
    one. `suggested` is what the node proposes as a tip, `low` and `median` are what the last blocks were paid; None if
    the node does not say.
    """

    base: int = 0
    suggested: int | None = None
    low: int | None = None
    median: int | None = None
    price: int | None = None


@dataclass(eq=False)
class TooHigh(Exception):
    """A price above a ceiling; `setting` is what to raise."""

    wanted_wei: int
    ceiling_wei: int
    setting: str


def compute_tip_ceiling(market: Market, policy: FeePolicy) -> int:
    """The highest tip that is ever offered."""
    known = market.median if market.median is not None else market.base
    return max(policy.market_multiple * known, policy.least_tip_ceiling_wei)


def compute_offer(market: Market, policy: FeePolicy, tip_floor: int = 0) -> Fees:
    """What a new transaction offers. A suggestion that nobody paid in the last blocks is not believed."""
    if market.price is not None:
        return {PRICE: max(market.price, tip_floor)}
    ceiling = compute_tip_ceiling(market, policy)
    tip = market.suggested if market.suggested is not None else (market.median or GWEI)
    if tip > ceiling:
        tip = market.median or min(GWEI, ceiling)
    tip = max(tip, min(market.low or 0, ceiling), tip_floor)
    return {MAX_FEE: market.base * policy.headroom[0] // policy.headroom[1] + tip, TIP: tip}


def fit(
    fees: Fees, gas: int, market: Market, policy: FeePolicy, node_cap_wei: int | None = None, least: int = 0
) -> Fees:
    """The same fees with as little headroom as the limits leave, and a max fee not below `least`. Raises TooHigh if the
    price itself is above a limit.
    """
    if PRICE in fees:
        _check(fees[PRICE], _most_per_gas(market, policy), gas, policy, node_cap_wei)
        return fees
    tip_ceiling = compute_tip_ceiling(market, policy)
    if fees[TIP] > tip_ceiling:
        raise TooHigh(fees[TIP], tip_ceiling, "FeePolicy.market_multiple or least_tip_ceiling_wei (wei per gas)")
    least = max(least, market.base * REPLACEMENT[0] // REPLACEMENT[1] + fees[TIP])
    limits = [_most_per_gas(market, policy), policy.most_per_transaction_wei // gas]
    limits += [node_cap_wei // gas] if node_cap_wei is not None else []
    lowest = min(limit for limit in limits if limit is not None)
    if fees[MAX_FEE] <= lowest:
        return fees
    fitted = max(min(fees[MAX_FEE], lowest), min(least, fees[MAX_FEE]))
    _check(fitted, _most_per_gas(market, policy), gas, policy, node_cap_wei)
    return {**fees, MAX_FEE: fitted}


def raise_fees(fees: Fees, market: Market, policy: FeePolicy) -> Fees:
    """Fees that replace a transaction with these fees: every field as far as nodes ask for, the one that is too low
    for the market further.
    """
    offer = compute_offer(market, policy)
    if PRICE in fees:
        return {PRICE: max(_times(fees[PRICE], LACKING), offer.get(PRICE, 0))}
    is_base_lacking = fees[MAX_FEE] < market.base * REPLACEMENT[0] // REPLACEMENT[1] + fees[TIP]
    tip = _times(fees[TIP], REPLACEMENT if is_base_lacking else LACKING)
    most = _times(fees[MAX_FEE], LACKING if is_base_lacking else REPLACEMENT)
    tip = max(tip, offer.get(TIP, 0))
    return {MAX_FEE: max(most, offer.get(MAX_FEE, 0), tip), TIP: tip}


def answer_floor(fees: Fees, message: str, market: Market, policy: FeePolicy) -> tuple[Fees, int]:
    """Fees for a node that calls these too low, and the tip that it names as its floor (0 if none)."""
    if "replacement" in message.lower():
        return raise_fees(fees, market, policy), 0
    if PRICE in fees:
        floor = _read_number(_ANY_FLOOR, message)
        return {PRICE: max(floor, _times(fees[PRICE], LACKING if not floor else (1, 1)))}, floor
    if (tip_floor := _read_number(_TIP_FLOOR, message)) > fees[TIP]:
        return {MAX_FEE: fees[MAX_FEE] + tip_floor - fees[TIP], TIP: tip_floor}, tip_floor
    base = _read_number(_BASE_FEE, message)
    if base and base + fees[TIP] > fees[MAX_FEE]:
        return {**fees, MAX_FEE: base * policy.headroom[0] // policy.headroom[1] + fees[TIP]}, 0
    if (floor := _read_number(_ANY_FLOOR, message)) > fees[TIP]:
        return {MAX_FEE: max(fees[MAX_FEE], market.base + floor), TIP: floor}, floor
    most = compute_tip_ceiling(market, policy)
    tip = max(min(UNNAMED * fees[TIP], most), market.median or 0, fees[TIP] + 1)
    return {MAX_FEE: max(_times(fees[MAX_FEE], LACKING), fees[MAX_FEE] + tip - fees[TIP]), TIP: tip}, 0


def read_cap(message: str) -> int | None:
    """The most that a node takes for one transaction, in wei, from its own words."""
    found = _CAP.search(message)
    return int(float(found.group(1)) * 10**18) * 999 // 1_000 if found else None


def is_cheaper(fees: Mapping[str, int], others: Mapping[str, int]) -> bool:
    """Whether any field is lower than the same field of `others`."""
    return any(fee < others.get(name, 0) for name, fee in fees.items())


def _most_per_gas(market: Market, policy: FeePolicy) -> int | None:
    if market.price is not None:
        relative: int | None = policy.market_multiple * market.price
    else:
        relative = policy.market_multiple * market.base + compute_tip_ceiling(market, policy)
    limits = [limit for limit in (relative, policy.most_per_gas_wei) if limit is not None]
    return min(limits) if limits else None


def _check(price: int, most_per_gas: int | None, gas: int, policy: FeePolicy, node_cap_wei: int | None) -> None:
    if most_per_gas is not None and price > most_per_gas:
        raise TooHigh(price, most_per_gas, "FeePolicy.market_multiple or most_per_gas_wei (wei per gas)")
    if price * gas > policy.most_per_transaction_wei:
        raise TooHigh(price * gas, policy.most_per_transaction_wei, "FeePolicy.most_per_transaction_wei")
    if node_cap_wei is not None and price * gas > node_cap_wei:
        raise TooHigh(price * gas, node_cap_wei, "the node's own cap (geth: --rpc.txfeecap)")


def compute_replacement(fee: int) -> int:
    """The least fee with which nodes replace a transaction that has this one."""
    return _times(fee, REPLACEMENT)


def _times(fee: int, factor: tuple[int, int]) -> int:
    return fee * factor[0] // factor[1] + (factor[0] != factor[1])


def _read_number(pattern: re.Pattern[str], message: str) -> int:
    found = pattern.search(message)
    return int(found.group(1)) if found else 0
