"""Exodus: when it begins, and what is refunded, as on the contracts; nobody twice, and nobody waits for another."""

import pytest
from solders.pubkey import Pubkey

from tests.support.drafts.escape import end_and_begin, provider_words
from tests.support.drafts.rig import Rig
from tests.support.solana.account_doors import ask_key, deposit, full_exit, plant
from tests.support.solana.blocks import History, paid_here
from tests.support.solana.ends import UNREAD, Ends
from tests.support.solana.founding import CAKE, SOL, SRM
from tests.support.solana.leaving import Leaving
from tests.support.solana.machine import TOKEN_PROGRAM, associated, key_of
from tests.support.solana.site import Site
from tests.support.three_chains import DEPOSITOR, STRANGER, USD, A
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.facts import Group
from zklink.protocol.ids import END_WINDOW_SECONDS, Door, Lane, TokenId
from zklink.solana.interface import accounts, end_instructions
from zklink.solana.interface.end_instructions import BOTH_PARTS, ITS_AMOUNT, ITS_FEE
from zklink.solana.interface.refusals import Refusal

BOB = key_of("bob")
GWEI = 10**9
FEES = (4_000, 10, 20, 30)
PROVIDED = 4
"""Deposits of the rig's provider, which nobody has here."""


@pytest.fixture
def leaving(history: History) -> Leaving:
    """The ways out of a fresh site."""
    return Leaving(Ends(history))


# --- begin ---


@upholds("EXI-2", "SYN-7")
def test_begin_exodus__end_imported_and_executed__at_its_root_once(leaving: Leaving) -> None:
    site, ends = leaving.site, leaving.ends
    site.swap()
    ends.extend(paid_here(SRM, 1_000, BOB.pubkey()).words())
    ends.extend()
    leaving.begin(Refusal.MAY_NOT_BEGIN)
    ends.raise_end(1, Group.WATCHERS)
    leaving.begin(Refusal.MAY_NOT_BEGIN)
    ends.wait(END_WINDOW_SECONDS)
    ends.stand()
    leaving.begin(Refusal.MAY_NOT_BEGIN)
    block = ends.bring()
    leaving.begin(Refusal.MAY_NOT_BEGIN)
    ends.history.execute(block, SRM)
    leaving.begin()
    assert site.state()["exit_root"] == ends.line[0].member.block.new_root == site.state()["root"]
    leaving.begin(Refusal.BEGUN_ALREADY)


def test_begin_exodus__empty_history__at_the_genesis(leaving: Leaving) -> None:
    leaving.end_here()
    assert leaving.site.state()["exit_root"] == leaving.site.genesis_root


@upholds("SYN-7")
def test_begin_exodus__seceded__at_the_tip(leaving: Leaving) -> None:
    ends = leaving.ends
    ends.extend()
    ends.bring()
    request = deposit(leaving.site)
    ends.extend([request.words()[0] + 1, *request.words()[1:]], Lane.ACCOUNT)
    ends.raise_end(2, *Group)
    leaving.begin(Refusal.MAY_NOT_BEGIN)
    ends.show_mismatch(2)
    leaving.begin()
    assert leaving.site.state()["exit_root"] == ends.line[0].member.block.new_root


# --- refunds ---


def contract_refunds(rig: Rig) -> list[tuple[int, int]]:
    """Amount and fee that the contract gives back of a swap, a deposit, a full exit and a key request."""
    here = rig[A]
    fees = [fee * GWEI for fee in FEES]
    for door in Door:
        here.set_price(door, 0)
    swap_words = (here.swap(value=fees[0], l1_amount=5_000_000), here.request_words())[1]
    order = (USD, 5_000_000 * here.scale(USD), universal_address(DEPOSITOR), 0, DEPOSITOR)
    here.bridge.deposit(order, sender=DEPOSITOR, value=fees[1])
    words = list(here.deposit_words())
    here.full_exit(1, USD, value=fees[2])
    words += here.full_exit_words()
    here.bridge.set_key(1, 5, sender=DEPOSITOR, value=fees[3])
    words += here.key_words()
    end_and_begin(rig)
    here.exodus.cancel_requests(Lane.SWAP, list(swap_words), sender=STRANGER)
    events = here.evm.events("RequestCancelled")
    provided = [word for i in range(1, PROVIDED + 1) for word in provider_words(here, i)]
    here.exodus.cancel_requests(Lane.ACCOUNT, [*provided, *words], sender=STRANGER)
    events += here.evm.events("RequestCancelled")[PROVIDED:]
    return [(e.args["l1_amount"] // here.scale(USD), e.args["fee_gwei"]) for e in events]


@upholds("SOL-1")
def test_cancel__one_of_every_kind__gives_back_what_the_contract_gives(rig: Rig, leaving: Leaving) -> None:
    site = leaving.site
    user = site.user.pubkey()
    site.swap(fee=FEES[0])
    deposit(site, fee=FEES[1])
    full_exit(site, coin=FEES[2])
    ask_key(site, fee=FEES[3])
    leaving.end_here()
    refunded = []
    for lane, request_id, token in ((1, 1, SRM), (2, 1, SRM), (2, 2, None), (2, 3, None)):
        before = site.balance(SRM, user), site.balance(SOL, user), site.books(SRM)["custody"]
        leaving.cancel(Lane(lane), request_id, user, token)
        tokens, coin = site.balance(SRM, user) - before[0], site.balance(SOL, user) - before[1]
        assert site.books(SRM)["custody"] == before[2] - tokens
        refunded.append((tokens, coin))
    assert refunded == contract_refunds(rig)
    assert site.state()["open_fees"] == [0, 0]
    assert site.books(SRM)["custody"] == site.balance(SRM, site.bridge) == 0


@upholds("EXI-2")
def test_cancel__any_order__each_once_and_only_open_ones(leaving: Leaving) -> None:
    site, ends = leaving.site, leaving.ends
    user = site.user.pubkey()
    requests = [deposit(site, l1_amount=1_000 + i) for i in range(3)]
    ends.extend(requests[0].words(), Lane.ACCOUNT)
    ends.bring()
    leaving.cancel(Lane.ACCOUNT, 2, user, SRM, refusal=Refusal.NOT_BEGUN)
    leaving.end_here()
    for request_id in (0, 1, 4, 2**64 - 1):
        leaving.cancel(Lane.ACCOUNT, request_id, user, SRM, refusal=Refusal.NOT_OPEN)
    leaving.cancel(Lane.SWAP, 1, user, SRM, refusal=Refusal.NOT_OPEN)
    for request_id in (3, 2):
        leaving.cancel(Lane.ACCOUNT, request_id, user, SRM)
        leaving.cancel(Lane.ACCOUNT, request_id, user, SRM, refusal=Refusal.CANCELLED)
    assert site.books(SRM)["custody"] == 1_000


def test_cancel__across_the_end_of_the_ring__every_place_has_its_mark(leaving: Leaving) -> None:
    site, user = leaving.site, leaving.site.user.pubkey()
    plant(site, totals=[4_094, 510], consumed=[4_094, 510])
    for _ in range(6):
        site.swap(l1_amount=1_000)
        deposit(site, l1_amount=1_000)
    leaving.end_here()
    for lane, first in ((Lane.SWAP, 4_095), (Lane.ACCOUNT, 511)):
        for request_id in range(first, first + 6):
            leaving.cancel(lane, request_id, user, SRM)
            for parts in (ITS_AMOUNT, ITS_FEE):
                leaving.cancel(lane, request_id, user, SRM, parts=parts, refusal=Refusal.CANCELLED)
    assert site.books(SRM)["custody"] == 0


@upholds("EXI-3")
def test_cancel__to_somebody_else_or_by_other_accounts__refused(leaving: Leaving) -> None:
    site, bob = leaving.site, BOB.pubkey()
    user, broker = site.user.pubkey(), site.broker.pubkey()
    site.swap(refund_to=bytes(bob), fee=5)
    full_exit(site, coin=7)
    leaving.end_here()

    def cancel(refusal: Refusal | None, claimant: bool = False, **places: Pubkey) -> None:
        leaving.cancel(Lane.SWAP, 1, bob, SRM, places, refusal, BOB if claimant else None)

    cancel(Refusal.PAY_TO)  # its account is missing
    site.make_holding(bob, site.mints[SRM])
    theirs = associated(broker, site.mints[SRM])
    cancel(Refusal.PAY_TO, destination=theirs)
    cancel(Refusal.PAY_TO, destination=theirs, claimant=True)
    cancel(Refusal.PAY_TO, destination=site.vaults[SRM])
    cancel(Refusal.PAY_TO, fee_to=broker)
    cancel(Refusal.PAY_RENT)  # 5 lamports are below the rent of a wallet that is not there
    site.machine.fund(bob)
    cancel(Refusal.ACCOUNT, token=site.token(CAKE))
    cancel(Refusal.ACCOUNT, vault=theirs)
    cancel(Refusal.ACCOUNT, mint=site.mints[CAKE])
    cancel(Refusal.ACCOUNT, token_program=site.sol)
    cancel(Refusal.ACCOUNT, sol=broker)
    cancel(Refusal.ACCOUNT, queue=site.account_queue)
    other = key_of("another holding").pubkey()
    site.machine.put(other, TOKEN_PROGRAM, site.machine.data(associated(bob, site.mints[SRM])))
    cancel(Refusal.PAY_TO, destination=other)
    cancel(None, destination=other, claimant=True)
    assert int.from_bytes(site.machine.data(other)[64:72], "little") == 5_000_000
    leaving.cancel(Lane.ACCOUNT, 1, broker, refusal=Refusal.PAY_TO)
    leaving.cancel(Lane.ACCOUNT, 1, user, places={"sol": broker}, refusal=Refusal.ACCOUNT)
    leaving.cancel(Lane.ACCOUNT, 1, user)


def test_cancel__swap_of_sol__comes_back_with_its_fee(leaving: Leaving) -> None:
    site, bob = leaving.site, BOB.pubkey()
    site.swap(token_in=SOL, token_out=SRM, l1_amount=10**9, fee=30, refund_to=bytes(bob))
    leaving.end_here()
    leaving.cancel(Lane.SWAP, 1, bob, SOL, {"destination": site.user.pubkey()}, Refusal.PAY_TO)
    leaving.cancel(Lane.SWAP, 1, bob, SOL, {"fee_to": site.user.pubkey()}, Refusal.PAY_TO)
    leaving.cancel(Lane.SWAP, 1, bob, SOL)
    assert site.balance(SOL, bob) == 10**9 + 30
    assert site.balance(SOL, site.sol) == site.machine.rent(0)


@upholds("SOL-1", "SOL-3")
def test_cancel__more_than_the_books_have__refused(leaving: Leaving) -> None:
    """If everything else were broken: never more of a token than came in, nor more fees than are open."""
    site, user = leaving.site, leaving.site.user.pubkey()
    deposit(site, fee=5)
    leaving.end_here()
    plant(site, open_fees=[0, 4])
    leaving.cancel(Lane.ACCOUNT, 1, user, SRM, refusal=Refusal.OPEN_FEES)
    plant(site, open_fees=[0, 5])
    plant_books(site, SRM, custody=4_999_999)
    leaving.cancel(Lane.ACCOUNT, 1, user, SRM, refusal=Refusal.CUSTODY)
    plant_books(site, SRM, custody=5_000_000)
    leaving.cancel(Lane.ACCOUNT, 1, user, SRM)


def plant_books(site: Site, token: TokenId, **changes: int) -> None:
    """Change a token's books."""
    site.machine.put(site.token(token), site.id, accounts.TOKEN.pack(**(site.books(token) | changes)))


@upholds("EXI-2", "EXI-3")
def test_cancel__fee_that_cannot_be_paid__holds_no_amount_up(leaving: Leaving) -> None:
    """Five lamports are below the rent of a wallet that is not there."""
    site, bob = leaving.site, BOB.pubkey()
    site.swap(refund_to=bytes(bob), fee=5)
    site.make_holding(bob, site.mints[SRM])
    leaving.end_here()
    leaving.cancel(Lane.SWAP, 1, bob, SRM, refusal=Refusal.PAY_RENT)
    leaving.cancel(Lane.SWAP, 1, bob, SRM, parts=ITS_FEE, refusal=Refusal.PAY_RENT)
    unread = {"fee_to": UNREAD, "sol": key_of("foreign").pubkey()}
    leaving.cancel(Lane.SWAP, 1, bob, SRM, unread, parts=ITS_AMOUNT)
    assert site.balance(SRM, bob) == 5_000_000 and site.state()["open_fees"] == [5, 0]
    for parts in (ITS_AMOUNT, BOTH_PARTS):
        leaving.cancel(Lane.SWAP, 1, bob, SRM, parts=parts, refusal=Refusal.CANCELLED)
    site.machine.fund(bob)
    before = site.balance(SOL, bob)
    leaving.cancel(Lane.SWAP, 1, bob, None, parts=ITS_FEE)
    leaving.cancel(Lane.SWAP, 1, bob, None, parts=ITS_FEE, refusal=Refusal.CANCELLED)
    assert site.balance(SOL, bob) == before + 5 and site.state()["open_fees"] == [0, 0]


@upholds("EXI-2", "EXI-3")
def test_cancel__token_account_that_takes_nothing__holds_no_fee_up(leaving: Leaving) -> None:
    site, bob = leaving.site, BOB.pubkey()
    site.machine.fund(bob)
    deposit(site, refund_to=bytes(bob), fee=7)
    leaving.end_here()
    before, custody = site.balance(SOL, bob), site.books(SRM)["custody"]
    leaving.cancel(Lane.ACCOUNT, 1, bob, SRM, refusal=Refusal.PAY_TO)
    leaving.cancel(Lane.ACCOUNT, 1, bob, None, parts=ITS_FEE)
    leaving.cancel(Lane.ACCOUNT, 1, bob, SRM, parts=ITS_AMOUNT, refusal=Refusal.PAY_TO)
    assert (site.balance(SOL, bob), site.books(SRM)["custody"]) == (before + 7, custody)
    site.make_holding(bob, site.mints[SRM])
    leaving.cancel(Lane.ACCOUNT, 1, bob, SRM, parts=BOTH_PARTS, refusal=Refusal.CANCELLED)
    leaving.cancel(Lane.ACCOUNT, 1, bob, SRM, parts=ITS_AMOUNT)
    assert site.balance(SRM, bob) == 5_000_000


def test_cancel__coin_and_fee_apart__each_once(leaving: Leaving) -> None:
    site, bob = leaving.site, BOB.pubkey()
    site.machine.fund(bob)
    site.swap(token_in=SOL, token_out=SRM, l1_amount=10**9, fee=30, refund_to=bytes(bob))
    leaving.end_here()
    before = site.balance(SOL, bob)
    for parts, paid in ((ITS_FEE, 30), (ITS_AMOUNT, 10**9 + 30)):
        leaving.cancel(Lane.SWAP, 1, bob, SOL, parts=parts)
        leaving.cancel(Lane.SWAP, 1, bob, SOL, parts=parts, refusal=Refusal.CANCELLED)
        assert site.balance(SOL, bob) == before + paid


@pytest.mark.parametrize("parts", [0, 4, 255])
def test_cancel__no_part_of_a_request__refused(leaving: Leaving, parts: int) -> None:
    user = leaving.site.user.pubkey()
    leaving.site.swap()
    leaving.end_here()
    leaving.cancel(Lane.SWAP, 1, user, SRM, parts=parts, refusal=Refusal.INPUT)


@pytest.mark.parametrize("lane", [0, 3])
def test_cancel__no_lane__refused(leaving: Leaving, lane: int) -> None:
    leaving.end_here()
    both = leaving.payment_places(BOB.pubkey(), None) | {"queue": leaving.site.swap_queue, "fee_to": BOB.pubkey()}
    values = {"lane": lane, "id": 1, "parts": 3}
    leaving.pay(end_instructions.CANCEL, both | {"sol": leaving.site.sol}, None, refusal=Refusal.LANE, **values)
