"""One function per way in which bridges were lost. Each raises AssertionError where the bridge gives in.

Takes a stage, or what is needed to make one; acts as the people and the attacker of the story.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from zklink.lab.accounts import funded_account
from zklink.lab.committee import Committee
from zklink.lab.conformance.adapter import AWAY, ELSEWHERE, HOME, Bridge, Setting
from zklink.lab.conformance.stage import ALICE, BOB, CAROL, EVE, Stage
from zklink.lab.errors import LabError
from zklink.lab.faults import Reorg
from zklink.lab.world import LabWorld

DEPLOYER: Final = funded_account(0).address
"""Who deploys, by default: whoever has its key later must not set up again either."""

NOBODY: Final = "0x" + "00" * 20
DEPTH: Final = 2
"""A reorganisation of this many blocks must not cost anybody anything."""

Play = Callable[[LabWorld, Bridge], None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`name` is how tests call it, `lesson` what was lost in this way."""

    name: str
    lesson: str
    play: Play


SCENARIOS: Final[list[Scenario]] = []


def scenario(lesson: str) -> Callable[[Play], Play]:
    """Add a function to the suite, under its own name."""

    def add(play: Play) -> Play:
        SCENARIOS.append(Scenario(play.__name__, lesson, play))
        return play

    return add


def _trio(threshold: int = 2) -> Committee:
    return Committee.of(3, threshold)


@scenario("nothing: what the bridge is for")
def there_and_back(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    stage.lock(100)
    world.settle()
    assert bridge.balance(AWAY, BOB) == 100, "a lock of 100 did not give its recipient 100"
    assert bridge.locked() == bridge.minted() == 100, "more or less is minted than is locked"
    stage.send(AWAY, bridge.burn(CAROL, 40), BOB, "bob burns 40")
    world.settle()
    assert bridge.balance(HOME, CAROL) == 40, "a burn of 40 did not release 40"
    assert bridge.locked() == bridge.minted() == 60, "more or less is minted than is locked"


@scenario("a contract that is not set up believes everything (Nomad 2022, a root of zero)")
def uninitialised(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge, Setting(_trio(), is_initialised=False))
    for source in (None, NOBODY):
        assert not stage.bring(bridge.invent_lock(EVE, 100, source)), "a contract that is not set up believed a message"


@scenario("a threshold of zero is met by nobody")
def threshold_of_zero(world: LabWorld, bridge: Bridge) -> None:
    try:
        Stage(world, bridge, Setting(_trio(0)))
    except LabError:
        return
    raise AssertionError("a committee of which nobody must sign was accepted")


@scenario("nobody's signature is asked for")
def no_signature(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    assert not stage.bring(bridge.invent_lock(EVE, 100)), "a message that nobody signed was believed"


@scenario("it is counted who signed, not whether they are members (Wormhole 2022, unverified signers)")
def signed_by_strangers(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    forged = stage.sign(bridge.invent_lock(EVE, 100), stage.committee.strangers())
    assert not stage.bring(forged), "a message signed by strangers was believed"


@scenario("one stolen key is enough (Harmony 2022)")
def one_key_twice(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    forged = bridge.invent_lock(EVE, 100)
    one = stage.committee.sign(bridge.digest(forged), [0])
    assert not stage.bring(replace(forged, signatures=one)), "one signature was taken for two"
    assert not stage.bring(replace(forged, signatures=one * 2)), "the same signature twice was taken for two"


@scenario("the signatures are of another message")
def changed_message(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    message = stage.lock_and_catch(100)
    for name, value in message.args.items():
        other = EVE if isinstance(value, str) else value + 1
        changed = replace(message, args={**message.args, name: other})
        assert not stage.bring(changed), f"signatures were taken for another {name}"


@scenario("a message is brought twice")
def replayed(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    message = stage.lock_and_catch(100)
    assert stage.bring(message), "an honest message was refused"
    stage.bring(message)
    assert bridge.minted() == 100, "a message was believed twice"


@scenario("a message for one chain is brought to another, or to a fork of it")
def replayed_elsewhere(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    message = stage.lock_and_catch(100)
    assert not stage.bring(message, ELSEWHERE), "a message for another chain was believed"


@scenario("whoever comes sets the contract up once more (Ronin 2024, Parity 2017)")
def set_up_again(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    for chain, call in bridge.set_up_calls():
        for who in (EVE, DEPLOYER):
            assert not stage.attempt(chain, call, who), f"a contract on {chain} was set up a second time"


@scenario("another contract says the same (Poly Network 2021: a message not bound to its sender)")
def look_alike(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    message = stage.sign(bridge.look_alike(EVE, 100))
    assert not stage.bring(message), "what another contract said was believed"
    assert bridge.minted() == 0, "what another contract said was minted"


@scenario("a transfer costs a fee, and more is minted than has arrived")
def fee_on_transfer(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge, Setting(_trio(), fee_percent=10))
    stage.lock(100)
    world.settle()
    assert bridge.minted() <= bridge.locked(), "more is minted than has arrived"


@scenario("there is no token at the address, and its calls succeed (Qubit 2022)")
def token_without_code(world: LabWorld, bridge: Bridge) -> None:
    try:
        stage = Stage(world, bridge, Setting(_trio(), has_token=False))
    except LabError:
        return
    sent = stage.send(HOME, bridge.lock(EVE, 100, 10**6), EVE, "eve locks nothing")
    world.settle()
    assert not sent.is_done and bridge.minted() == 0, "a lock without a token was believed"


@scenario("the token counts in other decimals")
def decimals(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge, Setting(_trio(), decimals=6))
    stage.lock(5_000_001)
    world.settle()
    assert bridge.minted() == bridge.locked() == 5_000_001, "amounts of six decimals are not carried as they are"
    stage.send(AWAY, bridge.burn(CAROL, 5_000_001), BOB, "bob burns all")
    world.settle()
    assert bridge.balance(HOME, CAROL) == 5_000_001, "amounts of six decimals do not come back as they were"


@scenario("a reorganisation takes the lock away after it was credited")
def reorganised(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    with world.by_rounds():
        stage.lock(100)
        world.round(DEPTH)
        world.strike(Reorg(HOME, DEPTH, back=()))
        world.round(8)
        assert bridge.minted() <= bridge.locked(), f"{DEPTH} replaced blocks left more minted than locked"


@scenario("a burn is released twice")
def released_twice(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    stage.bring(stage.lock_and_catch(100))
    burned = stage.burn_and_catch(40)
    assert stage.bring(burned, HOME), "an honest release was refused"
    stage.bring(burned, HOME)
    assert bridge.balance(HOME, CAROL) == 40, "a burn was released twice"


@scenario("a refund is paid without the other chain's word")
def refund_unsigned(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    stage.bring(stage.lock_and_catch(100))
    stage.bring(bridge.invent_expiry(1), HOME)
    assert bridge.minted() <= bridge.locked(), "a refund was paid that nobody vouched for"


@scenario("a lock is refunded that can still be minted")
def refund_too_early(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    message = stage.lock_and_catch(100)
    assert not stage.attempt(AWAY, bridge.expire(message)), "a lock expired before its time"


@scenario("a lock is refunded and minted")
def refund_and_payment(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    message = stage.lock_and_catch(100, seconds=600)
    world.chain(AWAY).advance_time(10_000)
    assert stage.attempt(AWAY, bridge.expire(message)), "a lock whose time is over did not expire"
    world.settle()
    assert bridge.balance(HOME, ALICE) == 100, "an expired lock was not refunded"
    stage.bring(message)
    assert bridge.minted() <= bridge.locked(), "a lock was refunded and minted"


@scenario("a payment is minted, then refunded")
def payment_and_refund(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    message = stage.lock_and_catch(100, seconds=600)
    assert stage.bring(message), "an honest message was refused"
    world.chain(AWAY).advance_time(10_000)
    stage.attempt(AWAY, bridge.expire(message))
    world.settle()
    assert bridge.minted() <= bridge.locked(), "a lock was minted and refunded"


@scenario("two brokers pay the same lock in advance, and one of them is not repaid")
def filled_twice(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    message = stage.lock_and_catch(100)
    for broker in (CAROL, EVE):
        bridge.stock(broker, 100)
    assert stage.attempt(AWAY, bridge.fill(message, CAROL), CAROL), "an honest fill was refused"
    assert bridge.balance(AWAY, BOB) == 100, "a fill of 100 did not give its recipient 100"
    assert not stage.attempt(AWAY, bridge.fill(message, EVE), EVE), "a lock was filled twice"
    assert stage.bring(message), "the message of a filled lock was refused"
    assert bridge.balance(AWAY, CAROL) == 100, "a broker was not repaid what he paid"
    assert bridge.balance(AWAY, BOB) == 100, "a lock was paid by a broker and by the bridge"


@scenario("a broker pays a lock in advance that was paid already, and is never repaid")
def filled_too_late(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    message = stage.lock_and_catch(100)
    bridge.stock(CAROL, 100)
    assert stage.bring(message), "an honest message was refused"
    assert not stage.attempt(AWAY, bridge.fill(message, CAROL), CAROL), "a lock was filled after it was paid"


@scenario("one receiver who is refused blocks what is owed")
def refused_receiver(world: LabWorld, bridge: Bridge) -> None:
    stage = Stage(world, bridge)
    stage.bring(stage.lock_and_catch(100))
    bridge.refuse(CAROL, True)
    burned = stage.burn_and_catch(40)
    assert stage.bring(burned, HOME), "a receiver whom the token refuses blocks the release"
    bridge.refuse(CAROL, False)
    assert stage.attempt(HOME, bridge.claim(CAROL), CAROL), "what could not be paid cannot be claimed"
    assert bridge.balance(HOME, CAROL) == 40, "what could not be paid was claimed in another amount"
    assert not stage.attempt(HOME, bridge.claim(CAROL), CAROL), "what could not be paid was claimed twice"
