"""The price that a transaction offers for its gas: the fields of a transaction by name, in wei per gas.

Takes what a chain's market is, with or without a base fee; gives fields below the ceilings of a policy. Never asks
anybody, never sends anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
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

COIN_DIGITS: Final = 18

_NUMBER: Final = r"([0-9]{1,40})(?![0-9])"
_TIP_FLOOR: Final = re.compile(
    rf"(?:tip|priority)\D.*?(?:minimum needed|minimum|at least|required|min)\D{{0,20}}{_NUMBER}", re.I
)
_BASE_FEE: Final = re.compile(rf"base\s?fee\s*[:=]?\s*{_NUMBER}", re.I)
_ANY_FLOOR: Final = re.compile(rf"(?:minimum needed|minimum|at least|required|min)\D{{0,20}}{_NUMBER}", re.I)
_CAP: Final = re.compile(rf"configured cap \(([0-9]{{1,12}})(?:\.([0-9]{{1,{COIN_DIGITS}}}))? ether\)", re.I)


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """What a transaction may cost.

    market_multiple: the most that is paid per gas, as a multiple of what the last blocks took (`eth_feeHistory`).
    least_tip_ceiling_wei: a tip up to this many wei per gas is never called too high; it serves chains whose last
    blocks were empty. unproven_price_wei: the most per gas on a chain without base fee whose last blocks do not show
    what they took, so that nothing speaks for its price but the node's own word. most_per_gas_wei: the most per gas in
    wei, whatever the market; None for no such limit. most_per_transaction_wei: the most that the gas of one transaction
    may cost, in wei of the chain's coin: 1 coin. headroom: how often the base fee fits into the max fee, as a fraction;
    a node's own cap makes it smaller. history_blocks: how many blocks the market is read from. memory_seconds: for how
    long it is believed what a node once called its floor or its cap, or that it lacks a method.
    """

    market_multiple: int = 10
    least_tip_ceiling_wei: int = 50 * GWEI
    unproven_price_wei: int = 500 * GWEI
    most_per_gas_wei: int | None = None
    most_per_transaction_wei: int = 10**18
    headroom: tuple[int, int] = (2, 1)
    history_blocks: int = 20
    memory_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Market:
    """A chain's present price in wei per gas. `price` is set on chains without a base fee, `base` and `suggested`, the
    tip that the node proposes, on those with one. `low` and `median` are what the last blocks were paid, as a tip or as
    the whole price; None if the node does not say.
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
    """The highest tip that is ever offered; on a chain without base fee, the highest price."""
    known = market.median if market.median is not None else market.price or market.base
    ceiling = max(policy.market_multiple * known, policy.least_tip_ceiling_wei)
    if market.price is not None and market.median is None:
        return min(ceiling, policy.unproven_price_wei)
    return ceiling


def compute_offer(market: Market, policy: FeePolicy, tip_floor: int = 0) -> Fees:
    """What a new transaction offers. A suggestion that nobody paid in the last blocks is not believed."""
    ceiling = compute_tip_ceiling(market, policy)
    if market.price is not None:
        price = market.median if market.median is not None and market.price > ceiling else market.price
        return {PRICE: max(price, tip_floor)}
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
    caps = [policy.most_per_transaction_wei] + ([] if node_cap_wei is None else [node_cap_wei])
    lowest = min(_most_per_gas(market, policy), *(cap // max(gas, 1) for cap in caps))
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
    """The most that a node certainly takes for one transaction, in wei, from its own words: it rounds what it says.
    None if it does not say, or rounds it to nothing.
    """
    found = _CAP.search(message)
    if found is None:
        return None
    whole, part = found.group(1), found.group(2) or ""
    rounding = Decimal(5).scaleb(-len(part) - 1)
    cap = int((Decimal(f"{whole}.{part}0") - rounding).scaleb(COIN_DIGITS))
    return cap if cap > 0 else None


def is_cheaper(fees: Mapping[str, int], others: Mapping[str, int]) -> bool:
    """Whether any field is lower than the same field of `others`."""
    return any(fee < others.get(name, 0) for name, fee in fees.items())


def _most_per_gas(market: Market, policy: FeePolicy) -> int:
    base = 0 if market.price is not None else policy.market_multiple * market.base
    most = base + compute_tip_ceiling(market, policy)
    return most if policy.most_per_gas_wei is None else min(most, policy.most_per_gas_wei)


def _check(price: int, most_per_gas: int, gas: int, policy: FeePolicy, node_cap_wei: int | None) -> None:
    if price > most_per_gas:
        settings = (
            "FeePolicy.market_multiple, most_per_gas_wei or, without a base fee, unproven_price_wei (wei per gas)"
        )
        raise TooHigh(price, most_per_gas, settings)
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
