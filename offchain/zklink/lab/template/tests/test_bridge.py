"""The bridge by hand, under faults, and by chance."""

from collections.abc import Callable

from lock_and_mint import LockAndMint
from zklink.lab.accounts import funded_account
from zklink.lab.committee import Committee
from zklink.lab.conformance import AWAY, HOME, SPECS, Setting
from zklink.lab.faults import Censored, Delayed, Forged, Halt, Lost, Reordered, Reorg, Repeated, Skew
from zklink.lab.faults.strategies import plans
from zklink.lab.machines import Machine, invariant, step
from zklink.lab.promises import upholds
from zklink.lab.pytest_plugin import machine_test
from zklink.lab.world import LabWorld

ALICE, BOB = funded_account(11).address, funded_account(12).address
LONG = 10**6
FAULTS = (Repeated, Delayed, Lost, Reordered, Forged, Censored, Halt, Skew)


def open_bridge(world: LabWorld) -> LockAndMint:
    """The bridge with a committee of three, of whom two must sign."""
    bridge = LockAndMint()
    bridge.deploy(world, Setting(Committee.of(3, 2)))
    world.name(ALICE, "alice")
    world.name(BOB, "bob")
    return bridge


def test_lock__honest_courier__minted_away(lab_world: LabWorld) -> None:
    bridge = open_bridge(lab_world)
    bridge.give(ALICE, 100)
    lab_world.send(HOME, bridge.lock(BOB, 100, LONG), ALICE, "alice locks 100 for bob")
    lab_world.settle()
    assert bridge.balance(AWAY, BOB) == 100
    assert bridge.locked() == bridge.minted() == 100


@upholds("SOL-1", "MSG-1")
def test_lock__messages_under_faults__never_more_minted_than_locked(
    lab_world: LabWorld, lab_hunt: Callable[..., None]
) -> None:
    bridge = open_bridge(lab_world)
    bridge.give(ALICE, 100)

    def play(world: LabWorld) -> None:
        world.send(HOME, bridge.lock(BOB, 30, LONG), ALICE, "alice locks 30 for bob")
        world.round(7)
        world.send(AWAY, bridge.burn(ALICE, 10), BOB, "bob burns 10 for alice")
        world.round(7)
        assert bridge.minted() <= bridge.locked(), "more is minted than locked"

    lab_hunt(play, plans(lab_world.places, FAULTS), examples=15)


class Solvency(Machine):
    """People lock and burn, messages and chains misbehave; what circulates away is locked at home."""

    specs = SPECS
    examples = 10
    most_steps = 15
    fault_weight = 2
    fault_kinds = (Repeated, Delayed, Forged, Halt)

    def deploy(self) -> None:
        self.bridge = open_bridge(self.world)
        for name in self.actors:
            self.bridge.give(self.address(name), 10**6)

    @step(weight=4)
    def lock(self) -> None:
        who, receiver, amount = self.actor(), self.actor("receiver"), self.number("amount", 1, 1_000)
        call = self.bridge.lock(self.address(receiver), amount, LONG)
        self.world.send(HOME, call, self.address(who), f"{who} locks {amount} for {receiver}")

    @step(weight=3, when=lambda self: self.bridge.minted() > 0)
    def burn(self) -> None:
        who = self.pick("who", [name for name in self.actors if self.bridge.balance(AWAY, self.address(name))])
        amount = self.number("amount", 1, self.bridge.balance(AWAY, self.address(who)))
        self.world.send(AWAY, self.bridge.burn(self.address(who), amount), self.address(who), f"{who} burns {amount}")

    @step()
    def reorganise(self) -> None:
        """Fewer blocks than the bridge waits for."""
        depth = self.number("depth", 1, self.bridge.confirmations - 1)
        self.world.strike(Reorg(HOME, depth, back=()))

    @invariant()
    def minted_is_locked(self) -> None:
        assert self.bridge.minted() <= self.bridge.locked(), "more is minted than locked"


test_solvency = upholds("SOL-1")(machine_test(Solvency))
