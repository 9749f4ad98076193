"""Conditions that stand beside others: each test breaks one of founding, doors, blocks or payments while all others
hold, or shows a case at its edge that must go through.
"""

import pytest
from solders.pubkey import Pubkey

from tests.solana.test_founding_refusals import EVE, NEW
from tests.solana.test_payment_refusals import BOB, DAN, bring, payout, prepare
from tests.support.solana.account_doors import full_exit, plant, set_price
from tests.support.solana.blocks import History, words_of
from tests.support.solana.founding import CAKE, ELSEWHERE, SOL, SRM, Founding
from tests.support.solana.machine import SYSTEM, TOKEN_PROGRAM, associated, key_of
from tests.support.solana.site import Site
from tests.support.upholds import upholds
from zklink.protocol.facts import Group
from zklink.protocol.ids import (
    FEE_NOTICE_SECONDS,
    FILL_LEAD_SECONDS,
    MAX_OPEN_ACCOUNT_REQUESTS,
    Amount,
    ChainId,
    Door,
    Kind,
    Lane,
)
from zklink.solana.interface import accounts, addresses, instructions
from zklink.solana.interface.refusals import Refusal

FOREIGN = key_of("foreign program").pubkey()
OTHER = key_of("other").pubkey()
DECIMALS_AT, OWNER_AT, STATE_AT = 44, 32, 108
COIN = 10**8
VAULTS = "frozen", "another's", "of another mint"


@pytest.fixture
def paying(history: History) -> History:
    """A history after some swaps."""
    return prepare(history)


@pytest.fixture
def minted(site: Site) -> Site:
    """A site with a mint that is no token yet."""
    site.mints[NEW] = site.make_mint(6)
    site.vaults[NEW] = site.make_holding(site.bridge, site.mints[NEW])
    return site


def set_bytes(site: Site, key: Pubkey, at: int, value: bytes) -> None:
    """Change an account of the token program."""
    data = site.machine.data(key)
    site.machine.put(key, TOKEN_PROGRAM, data[:at] + value + data[at + len(value) :])


# --- founding ---


@pytest.mark.parametrize(("decimals", "layer2"), [(19, 0), (20, 10)])
def test_register__more_decimals_than_64_bits_hold__refused(minted: Site, decimals: int, layer2: int) -> None:
    set_bytes(minted, minted.mints[NEW], DECIMALS_AT, bytes([decimals]))
    minted.register(NEW, layer2_decimals=layer2, cap=1, refusal=Refusal.DECIMALS)
    set_bytes(minted, minted.mints[NEW], DECIMALS_AT, b"\x13")
    minted.register(NEW, layer2_decimals=1, cap=1)
    assert minted.books(NEW)["scale"] == 10**18


@upholds("SOL-7")
def test_register__mint_of_a_program_that_is_no_token_program__refused(minted: Site) -> None:
    minted.machine.put(minted.mints[NEW], FOREIGN, minted.machine.data(minted.mints[NEW]))
    minted.register(NEW, {"token_program": FOREIGN}, refusal=Refusal.MINT)


@upholds("SOL-7")
def test_register__mint_of_spl_token_with_extensions__refused(minted: Site) -> None:
    """Its program makes none: whatever stands there is not known."""
    data = minted.machine.data(minted.mints[NEW]).ljust(165, b"\0") + b"\1" + bytes(8)
    minted.machine.put(minted.mints[NEW], TOKEN_PROGRAM, data)
    minted.register(NEW, refusal=Refusal.MINT)


@upholds("SOL-1")
@pytest.mark.parametrize(
    ("at", "value"), [(STATE_AT, b"\2"), (OWNER_AT, bytes(EVE.pubkey())), (0, bytes(32))], ids=VAULTS
)
def test_register__vault_at_its_address_that_cannot_be_used__refused(minted: Site, at: int, value: bytes) -> None:
    set_bytes(minted, minted.vaults[NEW], at, value)
    minted.register(NEW, refusal=Refusal.VAULT)


def test_register__mark_of_another_mint__refused(minted: Site) -> None:
    mark = minted.derive(addresses.mint_seeds(bytes(OTHER)))
    minted.register(NEW, {"mint_mark": mark}, refusal=Refusal.ACCOUNT)


def test_put_keys__account_of_another_program__refused() -> None:
    bare = Founding()
    bare.machine.put(bare.keys, FOREIGN, bytes(accounts.KEYS_SIZE))
    bare.put_key_piece(0, b"\1", refusal=Refusal.KEYS)


def test_init__queues__say_of_which_lane_they_are(site: Site) -> None:
    for lane, queue in ((Lane.SWAP, site.swap_queue), (Lane.ACCOUNT, site.account_queue)):
        head = accounts.QUEUE_HEAD.unpack(site.machine.data(queue)[: accounts.QUEUE_HEAD.size])
        assert (head["tag"], head["lane"]) == (accounts.QUEUE_TAG, lane)


def test_set_price__no_clock__refused(site: Site) -> None:
    places = {"governor": site.governor.pubkey(), "bridge": site.bridge}
    site.machine.set_time(0)
    site.call(instructions.SET_PRICE, places, site.governor, kind=1, price=1, refusal=Refusal.CLOCK)


@upholds("SYN-3")
@pytest.mark.parametrize("first", Group)
def test_site__one_group_alone__takes_no_swap_and_prices_at_once(first: Group) -> None:
    site = Site()
    site.put_keys()
    site.init()
    site.register_all()
    site.found_group(first)
    site.swap(refusal=Refusal.GROUP)
    places = {"governor": site.governor.pubkey(), "bridge": site.bridge}
    site.call(instructions.SET_PRICE, places, site.governor, kind=1, price=50)
    assert site.state()["prices_from"][1] == site.machine.now()
    site.found_group(3 - first)
    site.call(instructions.SET_PRICE, places, site.governor, kind=1, price=60)
    assert site.state()["prices_from"][1] == site.machine.now() + FEE_NOTICE_SECONDS


# --- doors and blocks ---


def test_swap__no_clock__refused(site: Site) -> None:
    site.machine.set_time(0)
    site.swap(deadline=600, refusal=Refusal.CLOCK)


def test_swap__name_that_differs_from_the_bridge_s_in_one_byte__is_another_account(site: Site) -> None:
    name = bytes(site.bridge)
    for at in (0, 31):
        other = name[:at] + bytes([name[at] ^ 1]) + name[at + 1 :]
        site.swap(destination=3, recipient=other, refund_to=other)


def test_swap__token_between_that_another_program_keeps__refused(site: Site) -> None:
    copy = site.machine.put(OTHER, FOREIGN, site.machine.data(site.token(SOL)))
    site.swap({"token_via": copy}, via=SOL, refusal=Refusal.ROUTE)
    site.swap(via=SOL)


def test_full_exit__coin_below_what_is_burnt__refused(site: Site) -> None:
    set_price(site, Door.CROWDED_EXIT, 7)
    plant(site, totals=[0, 1_000 + MAX_OPEN_ACCOUNT_REQUESTS // 2], consumed=[0, 1_000])
    full_exit(site, coin=6, refusal=Refusal.FEE)
    full_exit(site, coin=7)


@upholds("QUE-1")
def test_import__request_that_is_not_counted__refused(site: Site, history: History) -> None:
    """Its words and hash stand in the ring, as those of an earlier round do."""
    made = history.make(words_of(site.swap(), site.swap()))
    plant(site, totals=[1, 0])
    history.bring(made, Refusal.REQUESTS)
    plant(site, totals=[2, 0])
    history.bring(made)


@upholds("VER-7")
def test_import__the_same_keys_in_another_account__refused(site: Site, history: History) -> None:
    made, keys = history.make(()), site.keys
    site.keys = site.machine.put(OTHER, site.id, site.machine.data(keys))
    history.bring(made, Refusal.KEYS)
    site.keys = keys
    history.bring(made)


def test_import__blocks__say_in_their_accounts_which_they_are(site: Site, history: History) -> None:
    """By that a node finds what it has still to execute and to pay."""
    blocks = [history.bring(history.make(())) for _ in range(3)]
    heads = [accounts.BLOCK.unpack(site.machine.data(block)[: accounts.BLOCK.size]) for block in blocks]
    assert [(head["tag"], head["number"]) for head in heads] == [(accounts.BLOCK_TAG, i) for i in (1, 2, 3)]


def test_close_block__written_and_never_imported__gives_its_rent_back(site: Site, history: History) -> None:
    block = history.write(history.make(()))
    history.close(block)
    assert site.machine.data(block) == b""


def test_call__more_accounts_than_there_is_room_for__refused(paying: History) -> None:
    block = bring(paying, payout())
    paying.execute(block, *[SRM] * 31, refusal=Refusal.INPUT)
    paying.execute(block, *[SRM] * 30)


# --- payments ---


@upholds("SOL-1", "SOL-8")
def test_pay__account_of_sol_is_short__nothing_is_paid_or_forgotten(paying: History) -> None:
    site = paying.site
    paid = payout(token=SOL, recipient=bytes(DAN), amount=Amount(COIN))
    block = bring(paying, paid)
    paying.execute(block, SOL)
    rent = site.machine.rent(0)
    site.machine.put(site.sol, site.id, b"", rent + COIN - 1)
    paying.pay(block, 0, paid, refusal=Refusal.SHORT)
    site.machine.put(site.sol, site.id, b"", rent + COIN)
    paying.pay(block, 0, paid)
    assert (site.balance(SOL, DAN), site.balance(SOL, site.sol)) == (COIN, rent)


@upholds("SOL-5")
def test_pay__repaid_in_coin_where_it_cannot_be__stays_due(paying: History) -> None:
    site = paying.site
    site.machine.fund(DAN)
    filled = payout(token=SOL, recipient=bytes(DAN), amount=Amount(1_000), fill_fee=Amount(10))
    paying.fill(filled, 1, {"repay_to": OTHER})
    block = bring(paying, filled)
    site.machine.set_time(site.machine.now() + FILL_LEAD_SECONDS)
    paying.execute(block, SOL)
    places = {"repay_to": OTHER, "fill_payer": site.broker.pubkey()}
    paying.pay(block, 0, filled, places, refusal=Refusal.PAY_RENT)
    site.machine.fund(OTHER, 10**9)
    paying.pay(block, 0, filled, places)
    assert site.balance(SOL, OTHER) == 10**9 + 1_000


def test_pay__broker_is_not_repaid__who_paid_for_the_fill_is_not_looked_at(paying: History) -> None:
    site, filled = paying.site, payout(fill_fee=Amount(600))
    paying.fill(filled, 1)
    block = bring(paying, filled)
    paying.execute(block, SRM)
    paying.pay(block, 0, filled, {"repay_to": OTHER, "fill_payer": OTHER})
    assert site.balance(SRM, BOB) == 1_000


@upholds("SOL-4")
def test_pay__in_another_token_that_is_named_throughout__refused(paying: History) -> None:
    site, paid = paying.site, payout()
    site.swap(token_in=CAKE, token_out=SRM, l1_amount=7_000_000_000)
    other = payout(token=CAKE, id=2)
    block = bring(paying, paid, other)
    paying.execute(block, SRM, CAKE)
    theirs = site.make_holding(BOB, site.mints[CAKE])
    places = {"token": site.token(CAKE), "destination": theirs, **site.token_places(CAKE)}
    paying.pay(block, 0, paid, places, refusal=Refusal.ACCOUNT)
    paying.pay(block, 1, other, places)


@upholds("SOL-5")
def test_fill__in_another_token_that_is_named_throughout__refused(paying: History) -> None:
    site, filled = paying.site, payout()
    site.make_holding(BOB, site.mints[CAKE])
    other = paying.fill_places(payout(token=CAKE))
    del other["fill"]
    paying.fill(filled, 1, other, refusal=Refusal.ACCOUNT)
    site.mints[ELSEWHERE] = SYSTEM
    here = {"destination": BOB, "source": site.broker.pubkey(), "repay_to": site.broker.pubkey()}
    paying.fill(payout(token=ELSEWHERE), 1, here, refusal=Refusal.ACCOUNT)


@upholds("SOL-5", "SOL-8")
def test_fill__amount_of_65_bits_whose_lower_64_are_ordinary__refused(paying: History) -> None:
    for bit in (64, 111):
        paying.fill(payout(amount=Amount(2**bit + 1_000)), 1, refusal=Refusal.FILL_FEE)
        paying.fill(payout(fill_fee=Amount(2**bit + 1)), 1, refusal=Refusal.FILL_FEE)


def test_pay__refund__fill_is_not_looked_at(paying: History) -> None:
    refund = payout(kind=Kind.SWAP_REFUNDED, source=ChainId(3))
    block = bring(paying, refund)
    paying.execute(block, SRM)
    paying.pay(block, 0, refund, {"fill": OTHER})
    assert paying.site.balance(SRM, BOB) == 1_000


@upholds("EXI-3")
def test_pay__token_account_below_today_s_rent__is_paid(paying: History) -> None:
    """The rate may have risen since it was made; only lamports can bring it back above."""
    site, paid = paying.site, payout()
    holding = associated(BOB, site.mints[SRM])
    site.machine.put(holding, TOKEN_PROGRAM, site.machine.data(holding), site.machine.rent(165) - 10_000)
    block = bring(paying, paid)
    paying.execute(block, SRM)
    paying.pay(block, 0, paid)
    assert site.balance(SRM, BOB) == 1_000


def test_fill__no_clock__refused(paying: History) -> None:
    paying.site.machine.set_time(0)
    paying.fill(payout(), 1, refusal=Refusal.CLOCK)


@upholds("SOL-5")
def test_fill__to_the_account_that_it_comes_from__brings_nothing(paying: History) -> None:
    broker = bytes(paying.site.broker.pubkey())
    paying.fill(payout(recipient=broker), 1, refusal=Refusal.NOT_ARRIVED)
    paying.fill(payout(token=SOL, recipient=broker, amount=Amount(COIN)), 1, refusal=Refusal.NOT_ARRIVED)


def test_fill__repaid_at_a_copy_that_another_program_owns__refused(paying: History) -> None:
    site = paying.site
    own = associated(site.broker.pubkey(), site.mints[SRM])
    copy = site.machine.put(OTHER, FOREIGN, site.machine.data(own))
    paying.fill(payout(), 1, {"repay_to": copy}, refusal=Refusal.FILL_REPAY)


def test_collect_fees__recipient_that_would_end_below_its_rent__stay(paying: History) -> None:
    site = paying.site
    request = site.swap(fee=123)
    queued = [site.queued(i)["words"] for i in (1, 2)]
    paying.bring(paying.make([*queued[0], *queued[1], *request.words()]))
    places = {"bridge": site.bridge, "sol": site.sol, "fee_recipient": site.fee_recipient}
    site.call(instructions.COLLECT_FEES, places, refusal=Refusal.PAY_RENT)
    site.machine.fund(site.fee_recipient, 10**9)
    site.call(instructions.COLLECT_FEES, places)
    assert site.machine.lamports(site.fee_recipient) == 10**9 + 123
