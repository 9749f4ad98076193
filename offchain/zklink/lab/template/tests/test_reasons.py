"""Every reason for which the contracts refuse: each call is made once, and says why it does not work."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lock_and_mint import CONTRACTS, NOTHING, LockAndMint
from zklink.lab.accounts import funded_account
from zklink.lab.committee import Committee
from zklink.lab.conformance import AWAY, HOME, Setting
from zklink.lab.contracts import compile_vyper, deploy
from zklink.lab.errors import ContractUnusable
from zklink.lab.messages import Message
from zklink.lab.sending import Sent
from zklink.lab.world import LabWorld

OWNER, ALICE = funded_account(0).address, funded_account(11).address
COMMITTEE = Committee.of(3, 2)
Case = Callable[[LockAndMint], tuple[str, Any, str]]
"""Gives a chain, a call on it and its sender."""


def signed(bridge: LockAndMint, message: Message, committee: Committee = COMMITTEE) -> Message:
    return replace(message, signatures=committee.sign(bridge.digest(message)))


def lock_of(bridge: LockAndMint, **changes: Any) -> Message:
    message = bridge.invent_lock(ALICE, 5)
    return signed(bridge, replace(message, args={**message.args, **changes}))


def burn_of(bridge: LockAndMint, source: str = "") -> Message:
    args = {"number": 1, "recipient": ALICE, "amount": 0}
    return signed(bridge, bridge._invent("Burned", AWAY, HOME, args, source or str(bridge.mints[AWAY].address)))


def with_signatures(*signatures: bytes) -> Case:
    def case(bridge: LockAndMint) -> tuple[str, Any, str]:
        return AWAY, bridge.bring(replace(lock_of(bridge), signatures=signatures)), ALICE

    return case


def twice(bridge: LockAndMint, message: Message, chain: str) -> tuple[str, Any, str]:
    bridge.world.send(chain, bridge.bring(message), ALICE)
    return chain, bridge.bring(message), ALICE


def initialise(bridge: LockAndMint, place: int, sender: str) -> tuple[str, Any, str]:
    chain, call = bridge.set_up_calls()[place]
    return chain, call, sender


def say_no(bridge: LockAndMint) -> None:
    """From now on the token answers every call with zero: it refuses, and does not revert."""
    bridge.home.rpc("anvil_setCode", bridge.token.address, "0x60206000f3")


def lock_of_what_is_not_paid(bridge: LockAndMint) -> tuple[str, Any, str]:
    say_no(bridge)
    return HOME, bridge.lock(ALICE, 5, 10), ALICE


def expired(bridge: LockAndMint) -> tuple[str, Any, str]:
    message = lock_of(bridge, deadline=1)
    bridge.world.send(AWAY, bridge.expire(message), ALICE)
    return AWAY, bridge.expire(message), ALICE


def filled(bridge: LockAndMint) -> Message:
    """A lock that is over, which Alice has paid herself in advance."""
    bridge.world.send(AWAY, bridge.bring(lock_of(bridge, number=2)), ALICE)
    message = lock_of(bridge, deadline=1)
    bridge.world.send(AWAY, bridge.fill(message, ALICE), ALICE)
    return message


def fill_of_a_settled_lock(bridge: LockAndMint) -> tuple[str, Any, str]:
    message = lock_of(bridge)
    bridge.world.send(AWAY, bridge.bring(message), ALICE)
    return AWAY, bridge.fill(message, ALICE), ALICE


def transfer_to_whom_is_refused(bridge: LockAndMint) -> tuple[str, Any, str]:
    bridge.refuse(ALICE, True)
    return HOME, bridge.token.functions.transfer(ALICE, 0), OWNER


def claim_while_refused(bridge: LockAndMint) -> tuple[str, Any, str]:
    bridge.give(ALICE, 5)
    bridge.world.send(HOME, bridge.lock(ALICE, 5, 10), ALICE)
    bridge.refuse(ALICE, True)
    bridge.world.send(HOME, bridge.bring(signed(bridge, bridge.invent_expiry(1))), ALICE)
    say_no(bridge)
    return HOME, bridge.claim(ALICE), ALICE


SIGNATURES = COMMITTEE.sign(bytes(32))
REASONS: dict[str, Case] = {
    "committee: initialised before": lambda bridge: initialise(bridge, 0, OWNER),
    "committee: too few signatures": with_signatures(SIGNATURES[0]),
    "committee: signature length": with_signatures(SIGNATURES[0][:64], SIGNATURES[1]),
    "committee: order of signers": lambda bridge: with_signatures(*reversed(lock_of(bridge).signatures))(bridge),
    "committee: not a member": lambda bridge: with_signatures(
        *signed(bridge, lock_of(bridge), COMMITTEE.strangers()).signatures
    )(bridge),
    "mint: another source": lambda bridge: (AWAY, bridge.bring(replace(lock_of(bridge), source=NOTHING)), ALICE),
    "mint: settled before": lambda bridge: twice(bridge, lock_of(bridge), AWAY),
    "mint: settled already": expired,
    "mint: not expired": lambda bridge: (AWAY, bridge.expire(lock_of(bridge)), ALICE),
    "mint: fill of a settled lock": fill_of_a_settled_lock,
    "mint: filled before": lambda bridge: (AWAY, bridge.fill(filled(bridge), ALICE), ALICE),
    "mint: filled": lambda bridge: (AWAY, bridge.expire(filled(bridge)), ALICE),
    "mint: no whole units": lambda bridge: (AWAY, bridge.mints[AWAY].functions.burn(0, ALICE), ALICE),
    "vault: nothing received": lambda bridge: (HOME, bridge.lock(ALICE, 0, 10), ALICE),
    "vault: not paid": lock_of_what_is_not_paid,
    "vault: another source": lambda bridge: (HOME, bridge.bring(replace(burn_of(bridge), source=NOTHING)), ALICE),
    "vault: released before": lambda bridge: twice(bridge, burn_of(bridge), HOME),
    "vault: refund from elsewhere": lambda bridge: (
        HOME,
        bridge.bring(replace(bridge.invent_expiry(1), source=NOTHING)),
        ALICE,
    ),
    "vault: nothing to refund": lambda bridge: (HOME, bridge.bring(signed(bridge, bridge.invent_expiry(9))), ALICE),
    "vault: nothing pending": lambda bridge: (HOME, bridge.claim(ALICE), ALICE),
    "vault: still refused": claim_while_refused,
    "token: receiver is refused": transfer_to_whom_is_refused,
}


def open_bridge(world: LabWorld, **changes: Any) -> LockAndMint:
    bridge = LockAndMint()
    bridge.deploy(world, replace(Setting(COMMITTEE), **changes))
    return bridge


def refusal(world: LabWorld, chain: str, call: Any, sender: str) -> str:
    sent = Sent(world.chain(chain), call, sender, "what is refused")
    sent.offer(world.story)
    assert sent.is_reverted, "it went through, and should have been refused"
    return sent.reason()


@pytest.mark.parametrize("reason", REASONS)
def test_call__refused__says_why(reason: str, lab_world: LabWorld) -> None:
    assert refusal(lab_world, *REASONS[reason](open_bridge(lab_world))) == reason


@pytest.mark.parametrize(
    ("reason", "place", "sender", "committee"),
    [
        ("vault: not the owner", 0, ALICE, COMMITTEE),
        ("mint: not the owner", 1, ALICE, COMMITTEE),
        ("committee: threshold", 0, OWNER, Committee(COMMITTEE.accounts, 0)),
    ],
)
def test_initialise__refused__says_why(
    reason: str, place: int, sender: str, committee: Committee, lab_world: LabWorld
) -> None:
    bridge = open_bridge(lab_world, is_initialised=False, committee=committee)
    assert refusal(lab_world, *initialise(bridge, place, sender)) == reason


def test_mint__nobody_has_set_it_up__says_why(lab_world: LabWorld) -> None:
    bridge = open_bridge(lab_world, is_initialised=False)
    message = lock_of(bridge)
    call = bridge.bring(replace(message, source="0x" + "00" * 20))
    assert refusal(lab_world, AWAY, call, ALICE) == "committee: not initialised"


@pytest.mark.parametrize(("name", "reason"), [("Vault", "vault: decimals"), ("Mint", "mint: decimals")])
def test_deployment__too_many_decimals__says_why(name: str, reason: str, lab_world: LabWorld) -> None:
    arguments = (NOTHING, 19) if name == "Vault" else (19,)
    with pytest.raises(ContractUnusable, match=reason):
        deploy(lab_world.chain(HOME), compile_vyper(CONTRACTS / f"{name}.vy"), *arguments)
