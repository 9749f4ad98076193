"""What the door for swaps refuses, each for its own reason."""

from typing import Any

import pytest

from tests.support.solana.founding import CAKE, ELSEWHERE, SOL, SRM
from tests.support.solana.machine import TOKEN_PROGRAM, associated, key_of
from tests.support.solana.site import LARGE_CAP, Site, open_site
from tests.support.upholds import upholds
from zklink.protocol.ids import MAX_OPEN_SWAPS, TokenId
from zklink.solana.interface import accounts, instructions
from zklink.solana.interface.refusals import Refusal

WALLET = bytes(key_of("bob").pubkey())
EVM = bytes(12) + b"\xb1" * 20


def bound(chain: int) -> bytes:
    """An EVM address that is bound to a chain."""
    return bytes([chain]) + EVM[1:]


REFUSED: dict[str, tuple[dict[str, Any], Refusal]] = {
    "unknown destination": ({"destination": 4}, Refusal.DESTINATION),
    "destination 0": ({"destination": 0}, Refusal.DESTINATION),
    "destination 65": ({"destination": 65}, Refusal.DESTINATION),
    "destination 255": ({"destination": 255}, Refusal.DESTINATION),
    "token out not there": ({"token_out": CAKE, "destination": 2}, Refusal.TOKEN_OUT),
    "unknown token out": ({"token_out": 6}, Refusal.TOKEN_OUT),
    "same token, same chain": ({"token_out": SRM, "destination": 3, "recipient": WALLET}, Refusal.SAME_TOKEN),
    "zero recipient": ({"recipient": bytes(32)}, Refusal.RECIPIENT),
    "wallet on an EVM chain": ({"recipient": WALLET}, Refusal.RECIPIENT),
    "bound to another chain": ({"recipient": bound(2)}, Refusal.RECIPIENT),
    "bound to no chain": ({"recipient": bound(9)}, Refusal.RECIPIENT),
    "bridge there": ({"recipient": bytes(12) + b"\xa1" * 20}, Refusal.RECIPIENT_BRIDGE),
    "bridge there, bound": ({"recipient": b"\1" + bytes(11) + b"\xa1" * 20}, Refusal.RECIPIENT_BRIDGE),
    "EVM address here": ({"destination": 3, "recipient": EVM}, Refusal.RECIPIENT),
    "bound EVM address here": ({"destination": 3, "recipient": bound(8)}, Refusal.RECIPIENT),
    "zero here": ({"destination": 3, "recipient": bytes(32)}, Refusal.RECIPIENT),
    "EVM refund": ({"refund_to": EVM}, Refusal.REFUND),
    "zero refund": ({"refund_to": bytes(32)}, Refusal.REFUND),
    "deadline passed": ({"deadline": 1_799_999_999}, Refusal.DEADLINE),
    "deadline too far": ({"deadline": 2**40}, Refusal.DEADLINE),
    "zero amount": ({"l1_amount": 0}, Refusal.ZERO_AMOUNT),
    "above the cap": ({"l1_amount": LARGE_CAP + 1}, Refusal.CAP),
    "not convertible": ({"token_in": CAKE, "token_out": SRM, "l1_amount": 1_001}, Refusal.CONVERTIBLE),
    "operator fee of all": ({"operator_fee": 5_000_000}, Refusal.OPERATOR_FEE),
    "operator fee of 65 bits": ({"operator_fee": 2**64 + 1}, Refusal.OPERATOR_FEE),
    "operator fee of 112 bits": ({"operator_fee": 2**111}, Refusal.OPERATOR_FEE),
    "fee of 41 bits": ({"fee": 2**40}, Refusal.FEE_LIMIT),
    "route without pools": ({"via": 6}, Refusal.ROUTE),
    "route through token in": ({"via": SRM}, Refusal.ROUTE),
    "route through token out": ({"via": CAKE}, Refusal.ROUTE),
    "route to the same token": ({"via": CAKE, "token_out": SRM}, Refusal.ROUTE),
}


@pytest.fixture(scope="module")
def door() -> Site:
    """One site for all orders that change nothing."""
    return open_site()


@upholds("CIR-5", "SOL-6", "DAT-3")
@pytest.mark.parametrize("name", REFUSED)
def test_swap__order_that_could_never_be_paid__refused(door: Site, name: str) -> None:
    changes, refusal = REFUSED[name]
    before = door.state()
    door.swap(refusal=refusal, **changes)
    assert door.state() == before


def test_swap__bridges_here__refused_as_recipient_and_for_refunds(door: Site) -> None:
    own = bytes(door.bridge)
    door.swap(destination=3, recipient=own, refusal=Refusal.RECIPIENT_BRIDGE)
    door.swap(refund_to=own, refusal=Refusal.REFUND)


def test_swap__address_bound_to_the_destination__taken(site: Site) -> None:
    site.swap(recipient=bound(1))
    site.swap(token_out=ELSEWHERE, destination=2, recipient=bound(2))
    site.swap(destination=3, recipient=WALLET, fill_fee=0)
    site.swap(destination=3, recipient=bound(9))  # 32 bytes that are no EVM account's name


def test_swap__least_amount__and_cap_of_what_is_held(site: Site) -> None:
    places = {"governor": site.governor.pubkey(), "bridge": site.bridge, "token": site.token(SRM)}
    site.call(instructions.SET_TOKEN, places, site.governor, is_paused=0, minimum=100, cap=1_000)
    site.swap(l1_amount=99, refusal=Refusal.MINIMUM)
    site.swap(l1_amount=100)
    site.swap(l1_amount=901, refusal=Refusal.CAP)
    site.swap(l1_amount=900)
    site.swap(l1_amount=100, refusal=Refusal.CAP)


def test_swap__account_of_another_token_or_queue__refused(door: Site) -> None:
    other = associated(door.broker.pubkey(), door.mints[SRM])
    for places in (
        {"vault": other},
        {"mint": door.mints[CAKE]},
        {"token_program": key_of("nobody").pubkey()},
        {"sol": door.user.pubkey()},
        {"swap_queue": door.account_queue},
        {"bridge": door.swap_queue},
    ):
        door.swap(places, refusal=Refusal.ACCOUNT)
    door.swap({"token_in": door.token(CAKE)}, refusal=Refusal.TOKEN_IN)
    door.swap({"token_out": door.token(SOL)}, refusal=Refusal.TOKEN_OUT)
    for nowhere in (door.user.pubkey(), door.token(SRM)):  # address 0 can be read, and has a 0 where a token has its id
        door.swap({"token_out": nowhere}, token_out=0, refusal=Refusal.TOKEN_OUT)
    door.swap({"source": other}, token_in=SOL, token_out=SRM, refusal=Refusal.ACCOUNT)


def test_swap__vault_as_source__brings_nothing(door: Site) -> None:
    with pytest.raises(Exception, match="custom program error"):
        door.swap({"source": door.vaults[SRM]})


@upholds("SOL-1")
def test_swap__vault_that_is_short__takes_no_more(site: Site) -> None:
    site.swap(l1_amount=1_000)
    vault = bytearray(site.machine.data(site.vaults[SRM]))
    vault[64:72] = (999).to_bytes(8, "little")
    site.machine.put(site.vaults[SRM], TOKEN_PROGRAM, bytes(vault))
    site.swap(l1_amount=1_000, refusal=Refusal.SHORT)


@upholds("QUE-1")
def test_swap__queue_with_all_places_taken__is_full(site: Site) -> None:
    state = site.state()
    for open_, refusal in ((MAX_OPEN_SWAPS, Refusal.FULL), (MAX_OPEN_SWAPS - 1, None)):
        planted = state | {"totals": [10 + open_, 0], "consumed": [10, 0]}
        site.machine.put(site.bridge, site.id, accounts.BRIDGE.pack(**planted), 10**10)
        site.swap(refusal=refusal)
    assert site.state()["totals"][0] == 10 + MAX_OPEN_SWAPS
    # The hash before the oldest open request stands where it stood.
    assert (10 + MAX_OPEN_SWAPS) % accounts.SWAP_ENTRIES != 10


def test_swap__frozen_or_ended__refused(site: Site) -> None:
    for change in ({"frozen_at": 1}, {"has_end": 1}):
        site.machine.put(site.bridge, site.id, accounts.BRIDGE.pack(**(site.state() | change)), 10**10)
        site.swap(refusal=Refusal.FROZEN)
        site.machine.put(
            site.bridge, site.id, accounts.BRIDGE.pack(**(site.state() | dict.fromkeys(change, 0))), 10**10
        )
    site.swap()


@upholds("QUE-1")
def test_swap__after_the_last_place_of_the_ring__takes_the_first(site: Site) -> None:
    state = site.state()
    last = accounts.SWAP_ENTRIES - 1
    planted = state | {"totals": [last, 0], "consumed": [last, 0]}
    site.machine.put(site.bridge, site.id, accounts.BRIDGE.pack(**planted), 10**10)
    request = site.swap()
    assert request.request_id == accounts.SWAP_ENTRIES
    assert site.queued(0)["words"] == list(request.words())


def test_token_id__name_of_another__is_not_taken(site: Site) -> None:
    site.swap({"token_via": site.token(TokenId(6))}, via=SOL, refusal=Refusal.ROUTE)
    site.swap({"token_via": site.token(ELSEWHERE)}, via=SOL, refusal=Refusal.ROUTE)
    site.swap(via=SOL)
