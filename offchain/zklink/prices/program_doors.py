"""The doors of a Solana chain as the loop of prices sees them: in lamports, set through the timelock.

Takes a node, the deployed program and its timelock, and the setter's sender. Its keypair can set prices within the
bounds, and nothing else.
"""

from collections.abc import Iterable, Mapping

from zklink.l1.contracts.bridge_structs import PriceState
from zklink.l1.deployment.places import ProgramDeployment
from zklink.prices.setter import SetPrice
from zklink.primitives.base58 import decode_base58
from zklink.protocol.ids import DAY
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.node import CONFIRMED
from zklink.solana.client.program import Program
from zklink.solana.client.sending import Sender
from zklink.solana.client.timelock import Timelock, TimelockReader


class ProgramDoors:
    """The Doors of a program that a timelock governs."""

    def __init__(self, place: ProgramDeployment, sender: Sender) -> None:
        self._place, self._sender, program = place, sender, decode_base58(place.program, 32)
        self._program, self._lock = Program(program), Timelock(decode_base58(place.timelock, 32))
        self._bridge = SolanaBridge(sender.node, program, decode_base58(place.bridge, 32))

    @property
    def name(self) -> str:
        return self._place.name

    @property
    def unit(self) -> str:
        return "lamports"

    def read(self, kinds: Iterable[int]) -> tuple[int, dict[int, SetPrice]]:
        reading = self._bridge.read(CONFIRMED)
        bridge, lock = reading.fields, TimelockReader(self._sender.node, self._lock).read(CONFIRMED)
        now, found = self._sender.node.block_time(reading.slot), dict[int, SetPrice]()
        for kind in kinds:
            parts = (bridge["prices"], bridge["next_prices"], bridge["prices_from"], lock["lows"], lock["highs"])
            state = PriceState(*(part[kind] for part in parts))
            current = state.at(now)
            base = lock["bases"][kind] if now < lock["since"][kind] + DAY else current
            found[kind] = SetPrice(state, max(current, min(2 * base, state.high)))
        return now, found

    def set(self, changes: Mapping[int, int]) -> None:
        setter, program = self._sender.payer.pubkey(), self._program.id
        calls = [self._lock.set_price(setter, program, kind, price) for kind, price in sorted(changes.items())]
        self._sender.send("set_price", calls)
