"""Executing, paying, filling, collecting: what is refused, and that nothing is paid twice or to somebody else."""

from dataclasses import replace

import pytest
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from tests.support.solana.blocks import History, paid_here, words_of
from tests.support.solana.founding import CAKE, ELSEWHERE, SOL, SRM
from tests.support.solana.machine import TOKEN_PROGRAM, associated, key_of
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.protocol.ids import FILL_LEAD_SECONDS, Amount, ChainId, Kind, Lane, TokenId
from zklink.solana.interface import accounts, instructions
from zklink.solana.interface.refusals import Refusal

BOB = key_of("bob").pubkey()
DAN = key_of("dan").pubkey()
CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")


def payout(**changes: object) -> Payout:
    return replace(paid_here(SRM, 1_000, BOB), **changes)  # type: ignore[arg-type]


def prepare(history: History) -> History:
    """Swaps of SRM and SOL have come in; Bob holds SRM, the broker too."""
    site = history.site
    site.make_holding(BOB, site.mints[SRM])
    site.swap()
    site.swap(token_in=SOL, token_out=SRM, l1_amount=10**9)
    return history


@pytest.fixture
def paying(history: History) -> History:
    """A history after some swaps."""
    return prepare(history)


def bring(history: History, *payouts: Payout) -> Pubkey:
    """A block with these payouts, imported."""
    return history.bring(history.make(words_of(*payouts)))


@upholds("SOL-3")
def test_execute__token_missing_or_short__refused(paying: History) -> None:
    block = bring(paying, payout(), payout(token=SOL, id=2))
    paying.execute(block, SRM, refusal=Refusal.TOKEN_ID)
    paying.execute(block, CAKE, SOL, refusal=Refusal.TOKEN_ID)
    paying.execute(block, SOL, SRM)
    for amount in (5_000_000, 2**64 + 1, 2**111):
        paying.execute(bring(paying, payout(amount=Amount(amount))), SRM, refusal=Refusal.CUSTODY)
    paying.execute(bring(paying, payout(amount=Amount(4_999_000))), SRM)
    assert paying.site.books(SRM)["custody"] == 0 and paying.site.books(SRM)["owed"] == 5_000_000
    assert paying.site.state()["unpaid"] == 3


@upholds("EXI-3", "SYN-7")
def test_execute__nothing_of_a_token_that_nobody_registered__holds_nobody_up(paying: History) -> None:
    empty = payout(kind=Kind.FULL_EXIT_PAYOUT, source=ChainId(3), token=TokenId(6), amount=Amount(0))
    filled = payout(kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0))
    block = paying.bring(paying.make(words_of(empty, filled), {}, lane=Lane.ACCOUNT))
    paying.execute(block, SRM)
    paying.pay(block, 1, filled)
    assert paying.site.state()["unpaid"] == 0 and paying.site.balance(SRM, BOB) == 1_000
    long = paying.bring(paying.make(words_of(replace(empty, amount=Amount(2**64))), {}, lane=Lane.ACCOUNT))
    paying.execute(long, SRM, refusal=Refusal.TOKEN_ID)


@upholds("SYN-7", "SOL-4")
def test_execute__blocks_out_of_order__each_once(paying: History) -> None:
    first, second = bring(paying, payout()), bring(paying, payout(id=2))
    paying.execute(second, SRM)
    paying.execute(first, SRM)
    paying.execute(first, SRM, refusal=Refusal.STAGE)
    assert paying.site.state()["unpaid"] == 0 and paying.site.books(SRM)["owed"] == 2_000


@upholds("SOL-4", "SOL-5")
def test_pay__before_execution_twice_or_another_index__refused(paying: History) -> None:
    first = payout()
    block = bring(paying, first, payout(id=2, amount=Amount(0)))
    paying.pay(block, 0, first, refusal=Refusal.STAGE)
    paying.execute(block, SRM)
    paying.pay(block, 2, first, refusal=Refusal.PAID)
    paying.pay(block, 127, first, refusal=Refusal.PAID)
    paying.pay(block, 200, first, refusal=Refusal.PAID)
    paying.pay(block, 1, payout(id=2, amount=Amount(0)), refusal=Refusal.PAID)
    paying.pay(block, 0, first)
    paying.pay(block, 0, first, refusal=Refusal.PAID)
    assert paying.site.balance(SRM, BOB) == 1_000 and paying.site.books(SRM)["owed"] == 0
    paying.close(block)


@upholds("SOL-4")
def test_pay__somebody_else_s_account__refused(paying: History) -> None:
    site, first = paying.site, payout()
    block = bring(paying, first)
    paying.execute(block, SRM)
    data = site.machine.data(associated(BOB, site.mints[SRM]))
    hidden = site.machine.put(key_of("hidden").pubkey(), TOKEN_PROGRAM, data)
    for to in (associated(site.broker.pubkey(), site.mints[SRM]), hidden, site.vaults[SRM], site.vaults[CAKE]):
        paying.pay(block, 0, first, {"destination": to}, refusal=Refusal.PAY_TO)
    frozen = data[:108] + b"\2" + data[109:]
    site.machine.put(associated(BOB, site.mints[SRM]), TOKEN_PROGRAM, frozen)
    paying.pay(block, 0, first, refusal=Refusal.PAY_TO)
    for places in (
        {"vault": site.vaults[CAKE]},
        {"mint": site.mints[CAKE]},
        {"token_program": key_of("nobody").pubkey()},
        {"token": site.token(CAKE)},
        {"fill": key_of("nobody").pubkey()},
        {"bridge": site.swap_queue},
        {"block": site.swap_queue},
    ):
        paying.pay(block, 0, first, places, refusal=Refusal.ACCOUNT)


@upholds("EXI-3")
def test_pay__recipient_without_account__stays_due_and_holds_nobody_up(paying: History) -> None:
    site, first, second = paying.site, payout(recipient=bytes(DAN)), payout(id=2)
    block = bring(paying, first, second)
    paying.execute(block, SRM)
    paying.pay(block, 0, first, refusal=Refusal.PAY_TO)
    paying.pay(block, 1, second)
    assert site.state()["unpaid"] == 0
    site.make_holding(DAN, site.mints[SRM])
    paying.pay(block, 0, first)
    assert site.balance(SRM, DAN) == 1_000


@upholds("SOL-8", "EXI-3")
def test_pay__coin__to_the_recipient_above_the_rent(paying: History) -> None:
    site = paying.site
    rent = site.machine.rent(0)
    small, rest, exact = (
        payout(token=SOL, id=i, amount=Amount(amount), recipient=bytes(DAN))
        for i, amount in enumerate((rent - 1, 1, rent), 1)
    )
    block = bring(paying, small, rest, exact)
    paying.execute(block, SOL)
    paying.pay(block, 0, small, refusal=Refusal.PAY_RENT)
    paying.pay(block, 2, exact, {"destination": BOB}, refusal=Refusal.PAY_TO)
    paying.pay(block, 2, exact)
    paying.pay(block, 0, small)
    paying.pay(block, 1, rest)
    assert site.balance(SOL, DAN) == 2 * rent
    assert site.balance(SOL, site.sol) == rent + 10**9 - 2 * rent


def test_pay__claimant_that_does_not_sign__chooses_nothing(paying: History) -> None:
    site, owner = paying.site, key_of("dan")
    first = payout(recipient=bytes(DAN))
    block = bring(paying, first)
    paying.execute(block, SRM)
    site.make_holding(DAN, site.mints[SRM])
    other = site.machine.put(
        key_of("other").pubkey(), TOKEN_PROGRAM, site.machine.data(associated(DAN, site.mints[SRM]))
    )
    places = paying.pay_places(block, first) | {"claimant": DAN, "destination": other}
    call = site.encode(instructions.PAY, places, instructions.PAY.encode(index=0))
    site.send(instructions.PAY, call, refusal=Refusal.PAY_TO)
    stranger = key_of("eve")
    metas = [AccountMeta(stranger.pubkey(), True, False), *call.accounts[1:]]
    call.accounts = metas
    site.send(instructions.PAY, call, stranger, refusal=Refusal.PAY_TO)
    call.accounts = [AccountMeta(DAN, True, False), *metas[1:]]
    site.send(instructions.PAY, call, owner)


# --- fills ---


def with_bit(word: int, bit: int) -> list[bytes]:
    """An ordinary payout's words with a bit set."""
    words = list(payout().words())
    words[word] |= 1 << bit
    return [item.to_bytes(32, "big") for item in words]


@upholds("DAT-4")
def test_fill__payout_that_cannot_be_filled__refused(paying: History) -> None:
    wallet = bytes(12) + b"\xb1" * 20
    for bad in (
        payout(kind=Kind.SWAP_REFUNDED, source=ChainId(3)),
        payout(kind=Kind.FULL_EXIT_PAYOUT),
        payout(kind=Kind.FORCED_EXIT_PAYOUT, source=ChainId(0)),
        payout(kind=Kind.WITHDRAW_PAYOUT),
        payout(source=ChainId(4)),
        payout(source=ChainId(65)),
        payout(source=ChainId(0)),
        payout(id=0),
        payout(chain=ChainId(1)),
    ):
        paying.fill(bad, 1, refusal=Refusal.FILL_FORM)
    places = paying.fill_places(payout())
    for name in (wallet, bytes(32), bytes(paying.site.bridge)):
        paying.fill(payout(recipient=name), 1, {"destination": places["destination"]}, refusal=Refusal.FILL_FORM)
    for fee in (1_000, 2**64, 2**111):
        paying.fill(payout(fill_fee=Amount(fee)), 1, refusal=Refusal.FILL_FEE)
    paying.fill(payout(amount=Amount(2**64)), 1, refusal=Refusal.FILL_FEE)
    most = paying.site.books(CAKE)["scale"]
    big = payout(token=CAKE, amount=Amount(2**64 // most + 1))
    paying.fill(big, 1, refusal=Refusal.FILL_FEE)


@upholds("DAT-4")
@pytest.mark.parametrize(("word", "bit"), [(0, 112), (0, 143), (0, 248), (1, 248), (2, 240), (2, 255)])
def test_fill__unused_bit_set__refused(paying: History, word: int, bit: int) -> None:
    call = instructions.FILL.encode(block=1, payout=with_bit(word, bit))
    encoded = paying.site.encode(instructions.FILL, paying.fill_places(payout()), call)
    paying.site.send(instructions.FILL, encoded, paying.site.broker, refusal=Refusal.FILL_FORM)


@upholds("SOL-5")
def test_fill__block_that_is_here__too_late(paying: History) -> None:
    paying.fill(payout(), 0, refusal=Refusal.FILL_LATE)
    bring(paying)
    paying.fill(payout(), 1, refusal=Refusal.FILL_LATE)
    paying.fill(payout(), 2)
    paying.fill(payout(), 3, refusal=Refusal.EXISTS)


def test_fill__accounts_of_others__refused(paying: History) -> None:
    site = paying.site
    data = site.machine.data(associated(BOB, site.mints[SRM]))
    hidden = site.machine.put(key_of("hidden").pubkey(), TOKEN_PROGRAM, data)
    own = associated(site.broker.pubkey(), site.mints[SRM])
    for places, refusal in (
        ({"destination": hidden}, Refusal.FILL_TO),
        ({"destination": own}, Refusal.FILL_TO),
        ({"repay_to": site.vaults[SRM]}, Refusal.FILL_REPAY),
        ({"repay_to": associated(site.broker.pubkey(), site.mints[CAKE])}, Refusal.FILL_REPAY),
        ({"repay_to": site.broker.pubkey()}, Refusal.FILL_REPAY),
        ({"fill": key_of("nobody").pubkey()}, Refusal.ACCOUNT),
        ({"fill": site.fill_place(payout(id=2))}, Refusal.ACCOUNT),
        ({"mint": site.mints[CAKE]}, Refusal.ACCOUNT),
        ({"token": site.token(CAKE)}, Refusal.ACCOUNT),
        ({"token_program": key_of("nobody").pubkey()}, Refusal.ACCOUNT),
        ({"token": site.token(ELSEWHERE)}, Refusal.ACCOUNT),
    ):
        paying.fill(payout(), 1, places, refusal=refusal)
    coin = payout(token=SOL, recipient=bytes(DAN))
    paying.fill(coin, 1, {"repay_to": site.sol}, refusal=Refusal.FILL_REPAY)
    paying.fill(coin, 1, {"repay_to": TOKEN_PROGRAM}, refusal=Refusal.FILL_REPAY)
    paying.fill(coin, 1, {"repay_to": site.fill_place(coin)}, refusal=Refusal.FILL_REPAY)
    paying.fill(coin, 1, {"repay_to": CLOCK}, refusal=Refusal.ACCOUNT)
    paying.fill(coin, 1, {"source": site.user.pubkey()}, refusal=Refusal.ACCOUNT)


@upholds("SOL-9")
@pytest.mark.parametrize("lamports", [1, 890_880, 10**9])
def test_fill__lamports_were_there_before__filled_all_the_same(paying: History, lamports: int) -> None:
    paying.site.machine.fund(paying.site.fill_place(payout()), lamports)
    paying.fill(payout(), 1)
    fill = accounts.FILL.unpack(paying.site.machine.data(paying.site.fill_place(payout())))
    assert (fill["tag"], fill["filled_at"]) == (accounts.FILL_TAG, paying.site.machine.now())


@upholds("SOL-5")
@pytest.mark.parametrize("lead", [0, 1, 5, FILL_LEAD_SECONDS - 1, FILL_LEAD_SECONDS, 1_000])
def test_pay__filled__fee_in_proportion_to_the_lead(paying: History, lead: int) -> None:
    site = paying.site
    filled = payout(fill_fee=Amount(799))
    paying.fill(filled, 1)
    assert site.balance(SRM, BOB) == 201
    block = bring(paying, filled)
    site.machine.set_time(site.machine.now() + lead)
    paying.execute(block, SRM)
    site.machine.set_time(site.machine.now() + FILL_LEAD_SECONDS)
    own, before = associated(site.broker.pubkey(), site.mints[SRM]), site.balance(SRM, site.broker.pubkey())
    right = {"repay_to": own, "fill_payer": site.broker.pubkey()}
    for change, refusal in (
        ({"fill_payer": site.user.pubkey()}, Refusal.FILL_REPAY),
        ({"fill": site.fill_place(payout())}, Refusal.ACCOUNT),
    ):
        paying.pay(block, 0, filled, right | change, refusal=refusal)
    neither = {"repay_to": associated(BOB, site.mints[SRM]), "destination": own}
    reason = Refusal.PAY_TO if lead < FILL_LEAD_SECONDS else Refusal.FILL_REPAY
    paying.pay(block, 0, filled, right | neither, refusal=reason)
    lamports = site.machine.lamports(site.broker.pubkey())
    paying.pay(block, 0, filled, right)
    earned = filled.compute_earned_fee(lead)
    assert site.balance(SRM, site.broker.pubkey()) - before == 1_000 - 799 + earned
    assert site.balance(SRM, BOB) == 201 + 799 - earned
    assert site.machine.lamports(site.broker.pubkey()) - lamports == site.machine.rent(accounts.FILL.size)


def test_pay__filled_in_coin__broker_and_recipient_have_their_shares(paying: History) -> None:
    site = paying.site
    filled = payout(token=SOL, recipient=bytes(DAN), amount=Amount(10**8), fill_fee=Amount(1_200))
    paying.fill(filled, 1)
    assert site.balance(SOL, DAN) == 10**8 - 1_200
    block = bring(paying, filled)
    site.machine.set_time(site.machine.now() + 3)
    paying.execute(block, SOL)
    before, broker = site.balance(SOL, site.broker.pubkey()), site.broker.pubkey()
    paying.pay(block, 0, filled, {"repay_to": broker, "fill_payer": broker})
    assert site.balance(SOL, DAN) == 10**8 - 1_200 + 900
    assert site.balance(SOL, broker) - before == 10**8 - 900 + site.machine.rent(accounts.FILL.size)


def test_pay__withdrawal__is_filled_like_a_swap(paying: History) -> None:
    filled = payout(kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0), id=7)
    paying.fill(filled, 1)
    site = paying.site
    made = paying.make(words_of(filled), {}, lane=Lane.ACCOUNT)
    block = paying.bring(made)
    site.machine.set_time(site.machine.now() + FILL_LEAD_SECONDS)
    paying.execute(block, SRM)
    own = associated(site.broker.pubkey(), site.mints[SRM])
    paying.pay(block, 0, filled, {"repay_to": own, "fill_payer": site.broker.pubkey()})
    assert site.balance(SRM, BOB) == 1_000


def test_collect_fees__to_the_recipient_alone__what_is_earned(paying: History) -> None:
    site = paying.site
    places = {"bridge": site.bridge, "sol": site.sol, "fee_recipient": site.fee_recipient}
    site.machine.fund(site.fee_recipient, 10**9)
    request = site.swap(fee=123)
    site.call(instructions.COLLECT_FEES, places)
    assert site.machine.lamports(site.fee_recipient) == 10**9
    queued = [site.queued(i)["words"] for i in (1, 2)]
    paying.bring(paying.make([*queued[0], *queued[1], *request.words()]))
    for wrong in ({"fee_recipient": site.user.pubkey()}, {"sol": site.user.pubkey()}, {"bridge": site.swap_queue}):
        site.call(instructions.COLLECT_FEES, places | wrong, refusal=Refusal.ACCOUNT)
    site.call(instructions.COLLECT_FEES, places)
    site.call(instructions.COLLECT_FEES, places)
    assert site.machine.lamports(site.fee_recipient) == 10**9 + 123


@upholds("SOL-9", "SOL-8")
def test_donations__to_vault_and_bridge__change_no_books(paying: History) -> None:
    site = paying.site
    books, state = site.books(SRM), site.state()
    site.mint_to(site.mints[SRM], site.vaults[SRM], 77)
    site.machine.fund(site.bridge, 12_345)
    site.machine.fund(site.sol, 12_345)
    assert (site.books(SRM), site.state()) == (books, state)
    site.swap()
    assert site.books(SRM)["custody"] == books["custody"] + 5_000_000
