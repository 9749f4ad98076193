"""What the doors of the account lane refuse, each for its own reason."""

from collections.abc import Callable
from typing import Any

import pytest
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import Transaction

from tests.support.solana.account_doors import ALL, HERE, ask_key, deposit, full_exit, plant
from tests.support.solana.founding import ACCOUNT_LIMIT, CAKE, ELSEWHERE, SOL, SRM, TOKEN_LIMIT
from tests.support.solana.machine import SYSTEM, TOKEN_PROGRAM, Refused, associated, key_of
from tests.support.solana.site import LARGE_CAP, Site, open_site
from tests.support.upholds import upholds
from zklink.primitives.field import R
from zklink.protocol.ids import MAX_OPEN_ACCOUNT_REQUESTS, TokenId
from zklink.solana.interface import instructions
from zklink.solana.interface.refusals import Refusal
from zklink.solana.interface.timelock.refusals import TimelockRefusal

WALLET = bytes(key_of("bob").pubkey())
EVM = bytes(12) + b"\xb1" * 20
BOUND = b"\2" + EVM[1:]
DOORS: dict[str, Callable[..., Any]] = {"deposit": deposit, "full_exit": full_exit, "key_request": ask_key}

REFUSED: dict[str, tuple[str, dict[str, Any], Refusal]] = {
    "zero owner": ("deposit", {"owner": bytes(32)}, Refusal.ZERO_OWNER),
    "account beyond the tree": ("deposit", {"account": ACCOUNT_LIMIT}, Refusal.NO_ACCOUNT),
    "account of 32 bits": ("deposit", {"account": 2**32 - 1}, Refusal.NO_ACCOUNT),
    "zero refund": ("deposit", {"refund_to": bytes(32)}, Refusal.REFUND),
    "EVM refund": ("deposit", {"refund_to": EVM}, Refusal.REFUND),
    "zero amount": ("deposit", {"l1_amount": 0}, Refusal.ZERO_AMOUNT),
    "above the cap": ("deposit", {"l1_amount": LARGE_CAP + 1}, Refusal.CAP),
    "not convertible": ("deposit", {"token": CAKE, "l1_amount": 1_001}, Refusal.CONVERTIBLE),
    "fee of 41 bits": ("deposit", {"fee": 2**40}, Refusal.FEE_LIMIT),
    "exit of an account beyond": ("full_exit", {"account": ACCOUNT_LIMIT}, Refusal.NO_ACCOUNT),
    "exit of token 0": ("full_exit", {"token": 0}, Refusal.EXIT_TOKEN),
    "exit of a token beyond": ("full_exit", {"token": TOKEN_LIMIT}, Refusal.EXIT_TOKEN),
    "mask with chain 4": ("full_exit", {"mask": 0b1100}, Refusal.MASK),
    "mask with chain 8": ("full_exit", {"mask": 0b10000100}, Refusal.MASK),
    "mask without this chain": ("full_exit", {"mask": 0b011}, Refusal.NOT_HERE),
    "empty mask": ("full_exit", {"mask": 0}, Refusal.NOT_HERE),
    "second is a wallet": ("full_exit", {"second": WALLET}, Refusal.SECOND),
    "second is nobody": ("full_exit", {"second": bytes(32)}, Refusal.SECOND),
    "second bound to one of two": ("full_exit", {"second": BOUND}, Refusal.SECOND),
    "second is a bridge": ("full_exit", {"second": bytes(12) + b"\xa2" * 20}, Refusal.SECOND_BRIDGE),
    "second is a bridge, bound": (
        "full_exit",
        {"mask": 0b110, "second": b"\2" + bytes(11) + b"\xa2" * 20},
        Refusal.SECOND_BRIDGE,
    ),
    "exit's fee of 41 bits": ("full_exit", {"coin": 2**40}, Refusal.FEE_LIMIT),
    "key of an account beyond": ("key_request", {"account": ACCOUNT_LIMIT}, Refusal.NO_ACCOUNT),
    "key that is r": ("key_request", {"public_key_hash": R}, Refusal.KEY_HASH),
    "key of 256 bits": ("key_request", {"public_key_hash": 2**256 - 1}, Refusal.KEY_HASH),
    "key's fee of 41 bits": ("key_request", {"fee": 2**40}, Refusal.FEE_LIMIT),
}


@pytest.fixture(scope="module")
def door() -> Site:
    """One site for all calls that change nothing."""
    return open_site()


@upholds("CIR-5")
@pytest.mark.parametrize("name", REFUSED)
def test_door__request_that_could_never_be_served__refused(door: Site, name: str) -> None:
    call, changes, refusal = REFUSED[name]
    before = door.state()
    DOORS[call](door, refusal=refusal, **changes)
    assert door.state() == before


def test_doors__seconds_of_any_format_that_are_not_asked__taken(site: Site) -> None:
    full_exit(site, mask=HERE, second=WALLET)
    full_exit(site, mask=0b110, second=BOUND)
    full_exit(site, mask=ALL, second=EVM)


def test_deposit__bridge_or_its_accounts_exchanged__refused(door: Site) -> None:
    deposit(door, refund_to=bytes(door.bridge), refusal=Refusal.REFUND)
    other = associated(door.broker.pubkey(), door.mints[SRM])
    for places in (
        {"vault": other},
        {"mint": door.mints[CAKE]},
        {"token_program": key_of("nobody").pubkey()},
        {"sol": door.user.pubkey()},
        {"account_queue": door.swap_queue},
        {"bridge": door.account_queue},
    ):
        deposit(door, places, refusal=Refusal.ACCOUNT)
    for token in (CAKE, ELSEWHERE, TokenId(6)):
        deposit(door, {"token": door.token(token)}, refusal=Refusal.TOKEN_IN)
    vault = {"vault": door.vaults[SRM]}
    deposit(door, vault, token=ELSEWHERE, refusal=Refusal.TOKEN_IN)
    deposit(door, vault, token=6, refusal=Refusal.TOKEN_IN)
    deposit(door, {"source": other}, token=SOL, refusal=Refusal.ACCOUNT)
    with pytest.raises(Exception, match="custom program error"):
        deposit(door, {"source": door.vaults[SRM]})


def test_deposit__paused_below_the_minimum_or_short__refused(site: Site) -> None:
    places = {"governor": site.governor.pubkey(), "bridge": site.bridge, "token": site.token(SRM)}
    site.call(instructions.SET_TOKEN, places, site.governor, is_paused=1, minimum=100, cap=2_000)
    deposit(site, refusal=Refusal.PAUSED)
    site.call(instructions.SET_TOKEN, places, site.governor, is_paused=0, minimum=100, cap=2_000)
    deposit(site, l1_amount=99, refusal=Refusal.MINIMUM)
    deposit(site, l1_amount=1_000)
    deposit(site, l1_amount=1_001, refusal=Refusal.CAP)
    vault = bytearray(site.machine.data(site.vaults[SRM]))
    vault[64:72] = (999).to_bytes(8, "little")
    site.machine.put(site.vaults[SRM], TOKEN_PROGRAM, bytes(vault))
    deposit(site, l1_amount=1_000, refusal=Refusal.SHORT)


@pytest.mark.parametrize("name", DOORS)
def test_door__chain_that_is_frozen_ended_or_without_groups__refused(site: Site, name: str) -> None:
    counts = site.state()["group_counts"]
    for changes, refusal in (
        ({"frozen_at": 1}, Refusal.FROZEN),
        ({"has_end": 1}, Refusal.FROZEN),
        ({"group_counts": [0, counts[1]]}, Refusal.GROUP),
        ({"group_counts": [counts[0], 0]}, Refusal.GROUP),
    ):
        plant(site, **changes)
        DOORS[name](site, refusal=refusal)
        plant(site, frozen_at=0, has_end=0, group_counts=counts)
    DOORS[name](site)


@pytest.mark.parametrize("name", DOORS)
def test_door__places_of_the_lane_taken__upper_half_is_for_full_exits(site: Site, name: str) -> None:
    limit = MAX_OPEN_ACCOUNT_REQUESTS // (1 if name == "full_exit" else 2)
    for open_, refusal in ((limit, Refusal.FULL), (limit - 1, None)):
        plant(site, totals=[0, 10 + open_], consumed=[0, 10])
        DOORS[name](site, refusal=refusal)
    assert site.state()["totals"][1] == 10 + limit


@pytest.mark.parametrize("name", DOORS)
def test_door__no_clock__refused(site: Site, name: str) -> None:
    site.machine.set_time(0)
    DOORS[name](site, refusal=Refusal.CLOCK)


@pytest.mark.parametrize("name", ["full_exit", "key_request"])
def test_owner__name_of_an_evm_account_or_the_bridge__refused(site: Site, name: str) -> None:
    """Nobody has such a key or can sign as the bridge; what its payout would name no chain could pay."""
    site.machine.svm = site.machine.svm.with_sigverify(False)
    for owner in (EVM, BOUND, bytes(site.bridge)):
        assert ask_as(site, name, Pubkey(owner)) == Refusal.OWNER
    assert ask_as(site, name, Pubkey(WALLET)) is None


def ask_as(site: Site, name: str, owner: Pubkey) -> Refusal | TimelockRefusal | str | None:
    """Call a door as an owner whose signature nobody checks; why it is refused."""
    machine, user = site.machine, site.user.pubkey()
    machine.fund(owner)
    places = {"owner": owner, "payer": user, "bridge": site.bridge, "account_queue": site.account_queue}
    places |= {"sol": site.sol, "system_program": SYSTEM}
    exit_, key = instructions.FULL_EXIT, instructions.KEY_REQUEST
    if name == "full_exit":
        call = site.encode(exit_, places, exit_.encode(account=1, token=SRM, mask=HERE, coin=0, second=EVM))
    else:
        call = site.encode(key, places, key.encode(account=1, fee=0, public_key_hash=5))
    message = Message.new_with_blockhash([call], user, machine.svm.latest_blockhash())
    try:
        machine.send_as_it_is(Transaction.populate(message, [Signature.default()] * 2))
    except Refused as error:
        return error.reason
    return None
