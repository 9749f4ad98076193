"""Sets a chain's prices when they have drifted from what its doors should cost.

Takes wanted prices and what a registry says; gives the changes that it takes now: within the governor's bounds, at most
doubled within a day (the registry's own ceiling), a rise an hour ahead. Decides by the chain's present state, so a
restart changes nothing and two setters do not fight. Never holds more than the setter's key.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge_structs import PriceState
from zklink.l1.contracts.registries import RegistryClient
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import FEE_NOTICE_SECONDS, ChainId

PERCENT: Final = 100
DRIFT_UP: Final = 10
DRIFT_DOWN: Final = 20
"""Percent that a wanted price may be above or below the one that is set, before it is set anew."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SetPrice:
    """A door's price as a registry has it, and the highest that it takes now, all in gwei."""

    state: PriceState
    ceiling: int


@dataclass(frozen=True, slots=True)
class Drift:
    """When a price is set anew, in percent of the one that is set."""

    up: int = DRIFT_UP
    down: int = DRIFT_DOWN

    def has_risen(self, price: int, wanted: int) -> bool:
        """Whether the wanted price is too far above."""
        return wanted * PERCENT > price * (PERCENT + self.up)

    def has_fallen(self, price: int, wanted: int) -> bool:
        """Whether the wanted price is too far below."""
        return wanted * PERCENT < price * (PERCENT - self.down)


def plan_changes(wanted: Mapping[int, int], found: Mapping[int, SetPrice], now: int, drift: Drift) -> dict[int, int]:
    """The prices to set at `now` (UNIX seconds), in gwei by kind; none for a door that has no price there.

    A rise that waits is left alone until it counts, unless less than the present price is wanted: a new one would begin
    its hour again, and prices that rise all the time would never count.
    """
    changes = dict[int, int]()
    for kind, price in wanted.items():
        if kind in found and found[kind].state.high > 0:
            change = _plan(price, found[kind], now, drift)
            changes |= {} if change is None else {kind: change}
    return changes


def _plan(wanted: int, found: SetPrice, now: int, drift: Drift) -> int | None:
    state = found.state
    present, is_waiting = state.at(now), now < state.counts_from and state.later != state.now
    goal = max(state.low, min(wanted, state.high))
    if drift.has_fallen(present, goal):
        return goal
    if is_waiting or not drift.has_risen(present, goal):
        return None
    goal = min(goal, found.ceiling)
    return goal if goal > present else None


class Doors(Protocol):
    """The prices of one chain, and who sets them."""

    @property
    def name(self) -> str:
        """The chain's."""
        ...

    @property
    def unit(self) -> str:
        """What prices are counted in, of which 10^9 are a coin."""
        ...

    def read(self, kinds: Iterable[int]) -> tuple[int, dict[int, SetPrice]]:
        """The chain's time (UNIX seconds), and the prices of these kinds. Raises RpcUnavailable."""
        ...

    def set(self, changes: Mapping[int, int]) -> None:
        """Set prices by kind. Raises CallReverted, RpcUnavailable, ..."""
        ...


@dataclass
class RegistryDoors:
    """The doors of a chain with contracts."""

    registry: RegistryClient
    account: LocalAccount

    @property
    def name(self) -> str:
        return self.registry.client.profile.name

    @property
    def unit(self) -> str:
        return "gwei"

    def read(self, kinds: Iterable[int]) -> tuple[int, dict[int, SetPrice]]:
        registry = self.registry
        now = registry.client.head().timestamp
        return now, {kind: SetPrice(registry.price_state(kind), registry.price_ceiling(kind)) for kind in kinds}

    def set(self, changes: Mapping[int, int]) -> None:
        self.registry.set_prices(self.account, changes)


@dataclass
class PriceSetter:
    """Keeps the prices of every chain near what they should be. `compute` gives them by chain and kind."""

    doors: Mapping[ChainId, Doors]
    compute: Callable[[], Mapping[ChainId, Mapping[int, int]]]
    drift: Drift = Drift()
    said: dict[ChainId, str] = field(default_factory=dict)

    def round(self, say: Say) -> bool:
        """Look at every chain once; whether anything was set. What goes wrong on one chain is said, once, and does not
        hold up the others. Raises what `compute` does.
        """
        wanted, is_busy = self.compute(), False
        for chain, doors in self.doors.items():
            try:
                now, found = doors.read(wanted[chain])
                changes = plan_changes(wanted[chain], found, now, self.drift)
                if changes:
                    doors.set(changes)
            except ZkLinkError as error:
                if self.said.get(chain) != str(error):
                    say(f"{doors.name}: {error}")
                self.said[chain] = str(error)
                continue
            self.said.pop(chain, None)
            if changes:
                say(f"{doors.name}: {describe_changes(changes, doors.unit)}")
                is_busy = True
        return is_busy


def describe_changes(changes: Mapping[int, int], unit: str) -> str:
    """Prices in words."""
    prices = ", ".join(f"{kind}: {price:,}" for kind, price in sorted(changes.items()))
    return f"set ({unit} by kind; rises count in {FEE_NOTICE_SECONDS // 60} minutes) {prices}"
