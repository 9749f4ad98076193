"""What nobody can hold up, and for whose money: a broker's repayment, what is left for the recipient, a block's rent, a
deployer's queues. Each test is an attack that once worked.
"""

import struct

import pytest
from solders.pubkey import Pubkey
from solders.rent import Rent

from tests.solana.test_payment_refusals import BOB, CLOCK, DAN, bring, payout, prepare
from tests.support.solana.account_doors import plant
from tests.support.solana.blocks import History
from tests.support.solana.founding import POLYGON, SOL, SRM, Founding
from tests.support.solana.machine import TOKEN_PROGRAM, Refused, associated, key_of
from tests.support.solana.site import Site
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.protocol.ids import FEE_NOTICE_SECONDS, FILL_LEAD_SECONDS, Amount, TokenId
from zklink.solana.client.bridge import BridgeReading
from zklink.solana.interface import accounts, instructions
from zklink.solana.interface.refusals import Refusal

FEE = 600


@pytest.fixture
def paying(history: History) -> History:
    """A history after some swaps."""
    return prepare(history)


def repaid(history: History, **changes: Pubkey) -> dict[str, Pubkey]:
    """The accounts of `pay` where the broker has filled, with these changed."""
    broker = history.site.broker.pubkey()
    return {"repay_to": associated(broker, history.site.mints[SRM]), "fill_payer": broker} | changes


def set_byte(site: Site, holding: Pubkey, at: int, value: bytes) -> None:
    """Change a token account."""
    data = site.machine.data(holding)
    site.machine.put(holding, TOKEN_PROGRAM, data[:at] + value + data[at + len(value) :])


def set_rent(site: Site, factor: float) -> None:
    """Another rate of rent: a number with a point beside the lamports of a byte."""
    rent = site.machine.svm.get_rent()
    other = rent.lamports_per_byte.to_bytes(8, "little") + struct.pack("<dB", factor, rent.burn_percent)
    site.machine.svm.set_rent(Rent.from_bytes(other))


def fill_and_execute(history: History, filled: Payout) -> Pubkey:
    """A filled payout, executed in the second of its fill: nothing of the fee is earned."""
    history.fill(filled, 1)
    block = bring(history, filled)
    history.execute(block, SRM)
    return block


@upholds("SOL-5")
def test_pay__long_after_execution__fill_has_earned_no_more(paying: History) -> None:
    site, filled = paying.site, payout(fill_fee=Amount(FEE))
    before = site.balance(SRM, site.broker.pubkey())
    block = fill_and_execute(paying, filled)
    site.machine.set_time(site.machine.now() + 100 * FILL_LEAD_SECONDS)
    paying.pay(block, 0, filled, repaid(paying))
    assert site.balance(SRM, BOB) == 1_000 and site.balance(SRM, site.broker.pubkey()) == before


@upholds("SOL-5")
def test_fill__of_a_block_that_is_here_under_a_later_number__earns_nothing(paying: History) -> None:
    site, filled = paying.site, payout(fill_fee=Amount(FEE))
    before = site.balance(SRM, site.broker.pubkey())
    block = bring(paying, filled)
    paying.execute(block, SRM)
    paying.fill(filled, 99)
    site.machine.set_time(site.machine.now() + 100 * FILL_LEAD_SECONDS)
    paying.pay(block, 0, filled, repaid(paying))
    assert site.balance(SRM, BOB) == 1_000 and site.balance(SRM, site.broker.pubkey()) == before


@upholds("SOL-5", "EXI-3")
def test_pay__recipient_gives_its_account_away__broker_is_repaid_all_the_same(paying: History) -> None:
    site, filled = paying.site, payout(fill_fee=Amount(FEE))
    broker, theirs = site.broker.pubkey(), associated(BOB, site.mints[SRM])
    before, lamports = site.balance(SRM, broker), site.machine.lamports(broker)
    block = fill_and_execute(paying, filled)
    set_byte(site, theirs, 32, bytes(DAN))
    paying.pay(block, 0, filled, repaid(paying))
    assert site.balance(SRM, broker) == before and site.machine.lamports(broker) == lamports
    assert site.books(SRM)["owed"] == FEE and site.machine.data(site.fill_place(filled)) == b""
    left = payout(amount=Amount(FEE))
    paying.pay(block, 0, left, refusal=Refusal.PAY_TO)
    set_byte(site, theirs, 32, bytes(BOB))
    paying.pay(block, 0, left)
    paying.pay(block, 0, left, refusal=Refusal.PAID)
    assert site.balance(SRM, BOB) == 1_000 and site.books(SRM)["owed"] == 0


@upholds("SOL-5", "EXI-3")
def test_pay__broker_s_account_is_frozen__recipient_is_paid_all_the_same(paying: History) -> None:
    site, filled = paying.site, payout(fill_fee=Amount(FEE))
    own, other = repaid(paying)["repay_to"], {"repay_to": site.user.pubkey()}
    before = site.balance(SRM, site.broker.pubkey())
    block = fill_and_execute(paying, filled)
    set_byte(site, own, 108, b"\2")
    with pytest.raises(Exception, match="custom program error"):
        paying.pay(block, 0, filled, repaid(paying))
    paying.pay(block, 0, filled, repaid(paying, **other))
    assert site.balance(SRM, BOB) == 1_000 and site.books(SRM)["owed"] == 1_000 - FEE
    paying.pay(block, 0, filled, repaid(paying, **other), refusal=Refusal.FILL_REPAY)
    set_byte(site, own, 108, b"\1")
    paying.pay(block, 0, filled, repaid(paying))
    paying.pay(block, 0, filled, repaid(paying), refusal=Refusal.PAID)
    assert site.balance(SRM, BOB) == 1_000 and site.balance(SRM, site.broker.pubkey()) == before
    assert site.books(SRM)["owed"] == 0


@upholds("SOL-5")
def test_pay__what_is_left_filled_once_more__is_repaid_by_it(paying: History) -> None:
    site, filled, left = paying.site, payout(fill_fee=Amount(FEE)), payout(amount=Amount(FEE))
    before = site.balance(SRM, site.broker.pubkey())
    block = fill_and_execute(paying, filled)
    paying.pay(block, 0, filled, repaid(paying, destination=site.user.pubkey()))
    paying.fill(left, 99)
    assert site.balance(SRM, BOB) == 1_000
    paying.pay(block, 0, left, repaid(paying))
    assert site.balance(SRM, BOB) == 1_000 and site.balance(SRM, site.broker.pubkey()) == before
    assert site.books(SRM)["owed"] == 0


def test_pay__coin_left_below_the_rent__waits_without_the_broker(paying: History) -> None:
    site, broker = paying.site, paying.site.broker.pubkey()
    rent = site.machine.rent(0)
    filled = payout(token=SOL, recipient=bytes(DAN), amount=Amount(2 * rent), fill_fee=Amount(rent - 1))
    before = site.balance(SOL, broker)
    paying.fill(filled, 1)
    block = bring(paying, filled)
    paying.execute(block, SOL)
    site.machine.put(DAN, Pubkey.default(), b"", 0)
    paying.pay(block, 0, filled, {"repay_to": broker, "fill_payer": broker})
    assert site.balance(SOL, broker) == before and site.balance(SOL, DAN) == 0
    left = payout(token=SOL, recipient=bytes(DAN), amount=Amount(rent - 1))
    paying.pay(block, 0, left, refusal=Refusal.PAY_RENT)
    site.machine.fund(DAN, rent)
    paying.pay(block, 0, left)
    assert site.balance(SOL, DAN) == 2 * rent - 1


@upholds("GOV-3")
@pytest.mark.parametrize("stop", [{"frozen_at": 1}, {"has_end": 1}])
def test_pay__token_paused_chain_frozen_or_ended__goes_out_all_the_same(paying: History, stop: dict[str, int]) -> None:
    site, paid = paying.site, payout()
    block = bring(paying, paid)
    places = {"governor": site.governor.pubkey(), "bridge": site.bridge, "token": site.token(SRM)}
    site.call(instructions.SET_TOKEN, places, site.governor, is_paused=1, minimum=1, cap=1)
    site.swap(refusal=Refusal.PAUSED)
    site.machine.put(site.bridge, site.id, accounts.BRIDGE.pack(**(site.state() | stop)), 10**10)
    paying.execute(block, SRM)
    paying.pay(block, 0, paid)
    assert site.balance(SRM, BOB) == 1_000
    paying.close(block)


@upholds("EXI-3")
def test_pay__rate_of_rent_of_an_unknown_kind__coin_is_paid(paying: History) -> None:
    site = paying.site
    paid = payout(token=SOL, recipient=bytes(DAN), amount=Amount(10**8))
    block = bring(paying, paid)
    paying.execute(block, SOL)
    set_rent(site, 2.0**24)
    held = site.machine.rent(0)
    site.machine.fund(DAN, held)
    paying.pay(block, 0, paid)
    assert site.balance(SOL, DAN) == held + 10**8


def test_close_block__payout_that_never_can_be_paid__gives_back_all_but_its_rent(paying: History) -> None:
    site = paying.site
    never = payout(token=SOL, id=2, recipient=bytes(CLOCK))
    block = bring(paying, payout(id=1), never, payout(id=3))
    paying.close(block, refusal=Refusal.OWED)
    paying.execute(block, SRM, SOL)
    paying.pay(block, 0, payout(id=1))
    lamports, held = site.machine.lamports(site.writer.pubkey()), site.machine.lamports(block)
    paying.close(block, key_of("user"), refusal=Refusal.SIGNER)
    paying.close(block)
    size = accounts.BLOCK.size + 2 * 96
    assert len(site.machine.data(block)) == size and site.machine.lamports(block) == site.machine.rent(size)
    assert site.machine.lamports(site.writer.pubkey()) - lamports == held - site.machine.rent(size)
    paying.pay(block, 0, payout(id=1), refusal=Refusal.PAID)
    paying.pay(block, 1, never, refusal=Refusal.ACCOUNT)
    paying.pay(block, 2, payout(id=3))
    assert site.balance(SRM, BOB) == 2_000
    paying.close(block)
    assert len(site.machine.data(block)) == accounts.BLOCK.size + 96
    paying.pay(block, 2, payout(id=3), refusal=Refusal.PAID)


def test_open_block__a_deployer_s_new_queue__is_not_taken_for_a_block() -> None:
    bare = Founding()
    eve = key_of("user")
    for queue in (bare.swap_queue, bare.account_queue):
        places = {"writer": eve.pubkey(), "block": queue, "bridge": bare.bridge}
        bare.call(instructions.OPEN_BLOCK, places, eve, refusal=Refusal.ACCOUNT, later=0, validators=0, watchers=0)
    bare.found()


def test_set_price__before_both_groups_stand__counts_at_once() -> None:
    bare = Site()
    bare.put_keys()
    bare.init()
    bare.found_group(1)
    places = {"governor": bare.governor.pubkey(), "bridge": bare.bridge}
    bare.call(instructions.SET_PRICE, places, bare.governor, kind=1, price=50)
    assert bare.state()["prices_from"][1] == bare.machine.now()
    bare.found_group(2)
    bare.register_all()
    bare.swap(fee=49, refusal=Refusal.FEE)
    bare.call(instructions.SET_PRICE, places, bare.governor, kind=1, price=60)
    assert bare.state()["prices_from"][1] == bare.machine.now() + FEE_NOTICE_SECONDS
    bare.swap(fee=50)


@upholds("EXI-3")
@pytest.mark.parametrize("factor", [1 / 128, 0.3, 1.0, 1.5, 2.0, 2.75, 1_000.1])
def test_accounts__rate_of_rent_of_any_kind__are_made_and_shrunk_for_what_it_asks(
    paying: History, factor: float
) -> None:
    site, block = paying.site, bring(paying, payout(), payout(id=2, recipient=bytes(DAN)))
    paying.execute(block, SRM)
    paying.pay(block, 0, payout())
    site.machine.fund(block, 10**12)
    set_rent(site, factor)
    site.register(TokenId(5), chains=1 << POLYGON)
    paying.fill(payout(id=9), 2)
    paying.close(block)
    for place in (site.token(TokenId(5)), site.fill_place(payout(id=9)), block):
        least = site.machine.rent(len(site.machine.data(place)))
        # The runtime cuts a fraction off.
        assert least <= site.machine.lamports(place) <= least + 1
    bare = Site()
    bare.put_keys()
    for queue in (bare.swap_queue, bare.account_queue):
        bare.machine.fund(queue, 10**14)
    set_rent(bare, factor)
    bare.init()


@upholds("EXI-3")
def test_accounts__rate_of_rent_of_an_unknown_kind__are_made_of_what_is_there(paying: History) -> None:
    """The program does not know what to lend: somebody sends it first, and the runtime looks whether it is enough."""
    site, place = paying.site, paying.site.token(TokenId(5))
    set_rent(site, 2.0**24)
    with pytest.raises(Refused, match="InsufficientFundsForRent"):
        site.register(TokenId(5), chains=1 << POLYGON)
    site.machine.fund(place, site.machine.rent(accounts.TOKEN.size))
    site.register(TokenId(5), chains=1 << POLYGON)
    assert site.books(TokenId(5))["chains"] == 1 << POLYGON


@pytest.mark.parametrize("factor", [0.0, -2.0, float("nan")])
def test_accounts__no_rent_at_all__stand_all_the_same(paying: History, factor: float) -> None:
    """Without a lamport an account would be gone after its transaction, and a payout be filled twice."""
    site = paying.site
    set_rent(site, factor)
    paying.fill(payout(id=9), 2)
    assert site.machine.lamports(site.fill_place(payout(id=9))) == 1
    paying.fill(payout(id=9), 2, refusal=Refusal.EXISTS)


def test_import__whoever_brings_it__the_bridge_names_the_account(paying: History) -> None:
    site = paying.site
    assert BridgeReading(0, site.state(), {}).block_place(1) is None
    blocks = [bring(paying, payout(id=i)) for i in (1, 2, 3)]
    paying.execute(blocks[1], SRM)
    paying.pay(blocks[1], 0, payout(id=2))
    paying.close(blocks[1])
    reading = BridgeReading(0, site.state(), {})
    assert [reading.block_place(number) for number in (1, 2, 3)] == [bytes(block) for block in blocks]
    assert reading.block_place(0) is None and reading.block_place(4) is None
    later = BridgeReading(0, site.state() | {"number": accounts.BLOCK_PLACES + 1}, {})
    assert later.block_place(1) is None and later.block_place(2) == bytes(blocks[1])


def test_import__more_blocks_than_places__the_newest_are_named(paying: History) -> None:
    site, tip = paying.site, accounts.BLOCK_PLACES - 1
    plant(site, number=tip)
    paying.number = tip
    blocks = [bring(paying, payout(id=i)) for i in (1, 2)]
    reading = BridgeReading(0, site.state(), {})
    assert [reading.block_place(tip + i) for i in (1, 2)] == [bytes(block) for block in blocks]
    assert site.state()["imported_from"][:2] == [bytes(block) for block in blocks]
