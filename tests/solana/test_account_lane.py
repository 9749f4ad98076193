"""The account lane: its queue has the core's words, and blocks consume it as on EVM chains."""

from collections.abc import Callable
from typing import Any

from tests.support.drafts.rig import TOKENS, Rig
from tests.support.solana.account_doors import HERE, ask_key, deposit, full_exit, plant, queued, set_price
from tests.support.solana.blocks import History, words_of
from tests.support.solana.founding import CAKE, SOL, SOLANA, SRM
from tests.support.solana.machine import key_of
from tests.support.solana.site import DESTINATION, Site
from tests.support.three_chains import USD, A
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.primitives.field import R
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.ids import (
    FEE_NOTICE_SECONDS,
    MAX_OPEN_ACCOUNT_REQUESTS,
    Amount,
    BlockNumber,
    ChainId,
    Door,
    Kind,
    Lane,
)
from zklink.solana.interface import accounts, instructions
from zklink.solana.interface.refusals import Refusal

BOB = key_of("bob")
LANE = Lane.ACCOUNT - 1
GWEI = 10**9


@upholds("DAT-1", "QUE-1")
def test_doors__requests_of_every_kind__words_and_hashes_of_the_core(site: Site) -> None:
    queue_hash, before = site.deployment_hash, site.balance(SOL, site.sol)
    for request in (
        deposit(site, fee=4_000, account=63),
        deposit(site, token=CAKE, l1_amount=7_000_000_000, owner=bytes([2]) + DESTINATION[1:]),
        deposit(site, token=SOL, l1_amount=10**9, owner=bytes(BOB.pubkey()), refund_to=bytes(BOB.pubkey())),
        full_exit(site, coin=30, account=63, token=15),
        full_exit(site, owner=BOB, mask=HERE, second=bytes(32)),
        ask_key(site, owner=BOB, public_key_hash=R - 1, fee=2**40 - 1),
        ask_key(site, public_key_hash=0),
    ):
        queue_hash = next_queue_hash(queue_hash, request.words())
        assert queued(site, request.request_id) == {"hash": queue_hash, "words": list(request.words())}
    state = site.state()
    fees = 4_000 + 30 + 2**40 - 1
    assert (state["queue_hashes"][LANE], state["open_fees"], state["totals"]) == (queue_hash, [0, fees], [0, 7])
    assert [site.books(token)["custody"] for token in (SRM, CAKE, SOL)] == [5_000_000, 7_000_000, 10**9]
    assert site.balance(SOL, site.sol) == before + 10**9 + fees


@upholds("EXI-5")
def test_import__requests_of_the_account_lane__consumed_and_paid(site: Site, history: History) -> None:
    first, leaving, key = deposit(site, fee=10), full_exit(site, coin=20), ask_key(site, fee=30)
    payout = leaving.payout(SOLANA, Amount(1_000), BlockNumber(1), 0)
    part = leaving.payout(SOLANA, Amount(500), BlockNumber(1), 0)
    withdrawn = Payout(
        Kind.WITHDRAW_PAYOUT, ChainId(0), SOLANA, 1 << 32, SRM, Amount(7), bytes(site.user.pubkey()), Amount(0)
    )
    begun = history.make((*first.words(), *leaving.part_words(), *part.words()), lane=Lane.ACCOUNT)
    block = history.bring(begun)
    state = site.state()
    assert (state["consumed"], state["open_fees"], state["earned_fees"]) == ([0, 1], [0, 50], 10)
    history.execute(block, SRM)
    before = site.balance(SRM, site.user.pubkey())
    history.pay(block, 0, part)
    rest = history.make(words_of(leaving, payout, key, withdrawn), lane=Lane.ACCOUNT)
    block = history.bring(rest)
    state = site.state()
    assert (state["consumed"], state["open_fees"], state["earned_fees"]) == ([0, 3], [0, 0], 60)
    history.execute(block, SRM)
    history.pay(block, 0, payout)
    history.pay(block, 1, withdrawn)
    assert site.balance(SRM, site.user.pubkey()) == before + 1_507
    assert site.books(SRM)["custody"] == 5_000_000 - 1_507 == site.balance(SRM, site.bridge)


def test_import__request_served_in_part_that_is_another__refused(site: Site, history: History) -> None:
    leaving, other = full_exit(site), full_exit(site, account=2)
    for words in (other.part_words(), (*leaving.part_words(), *other.words()), other.words()):
        made = history.make(words, lane=Lane.ACCOUNT)
        is_second = len(words) > 4
        history.bring(made, Refusal.OTHER_FULL_EXIT if is_second else Refusal.REQUESTS)
    history.bring(history.make(leaving.part_words(), lane=Lane.ACCOUNT))
    history.bring(history.make(words_of(leaving, other), lane=Lane.ACCOUNT))
    assert site.state()["consumed"] == [0, 2]


def test_full_exit__crowded_queue__burns_what_the_contract_burns(site: Site, rig: Rig) -> None:
    """The same prices and the same crowd on both: the contract's quote is what this door takes."""
    here = rig[A]
    for kind, price in ((Door.FULL_EXIT, 1_000), (Door.CROWDED_EXIT, 7)):
        set_price(site, kind, price)
        here.set_price(kind, price)
    half, waiting, burnt = MAX_OPEN_ACCOUNT_REQUESTS // 2, len(TOKENS), 0
    for until in (half - 1, half, half + 31, half + 32, MAX_OPEN_ACCOUNT_REQUESTS - 1):
        for _ in range(until - waiting):
            here.full_exit(3, USD, value=10**6 * GWEI)
        waiting = until
        price, burnt = here.bridge.quote_full_exit()
        plant(site, totals=[0, 1_000 + waiting], consumed=[0, 1_000], open_fees=[0, 0])
        sol = site.balance(SOL, site.sol)
        full_exit(site, coin=burnt + price - 1, refusal=Refusal.FEE)
        request = full_exit(site, coin=burnt + price + 3, burnt=burnt)
        assert queued(site, request.request_id)["words"] == list(request.words())
        assert site.state()["open_fees"][LANE] == price + 3
        assert site.balance(SOL, site.sol) == sol + burnt + price + 3
    assert burnt == 7 << 7
    full_exit(site, coin=10**6, refusal=Refusal.FULL)


def test_doors__after_the_last_place_of_the_ring__take_the_first(site: Site) -> None:
    last = accounts.ACCOUNT_ENTRIES - 1
    plant(site, totals=[0, last], consumed=[0, last])
    request = deposit(site)
    assert request.request_id == accounts.ACCOUNT_ENTRIES
    assert queued(site, 0)["words"] == list(request.words())


def test_doors__price_that_rises__counts_an_hour_later(site: Site) -> None:
    governor = {"governor": site.governor.pubkey(), "bridge": site.bridge}
    doors: dict[Door, Callable[..., Any]] = {Door.DEPOSIT: deposit, Door.KEY_REQUEST: ask_key}
    for kind, door in doors.items():
        site.call(instructions.SET_PRICE, governor, site.governor, kind=kind, price=50)
        door(site)
    site.machine.set_time(site.machine.now() + FEE_NOTICE_SECONDS)
    for door in doors.values():
        door(site, fee=49, refusal=Refusal.FEE)
        assert door(site, fee=50).native_fee_gwei == 50
