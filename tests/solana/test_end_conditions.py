"""Conditions of an end that stand beside others: each test breaks one while all others hold, or shows a case at its
edge that must go through.
"""

from typing import Any

import pytest
from solders.instruction import AccountMeta

from tests.solana.test_exits import LP, open_exodus, to_bob
from tests.solana.test_freeze import lie
from tests.solana.test_holding_up import set_rent
from tests.support.groups import Acc
from tests.support.solana.account_doors import deposit
from tests.support.solana.blocks import History, Made
from tests.support.solana.ends import UNREAD, Ends
from tests.support.solana.founding import CAKE, SRM
from tests.support.solana.leaving import Leaving
from tests.support.solana.machine import TOKEN_PROGRAM, associated, key_of
from tests.support.upholds import upholds
from zklink.protocol.facts import Group
from zklink.protocol.ids import DENIAL_WINDOW_SECONDS, END_WINDOW_SECONDS, Lane
from zklink.solana.interface import accounts, end_instructions
from zklink.solana.interface.forms import Instruction
from zklink.solana.interface.refusals import Refusal

VALIDATORS, WATCHERS = Group
FOREIGN = key_of("foreign program").pubkey()


@pytest.fixture
def ends(history: History) -> Ends:
    """The ends of a site whose primary has three blocks."""
    found = Ends(history)
    found.extend(count=3)
    return found


# --- paths ---


@upholds("SYN-9")
def test_fell_end__path_that_leaves_a_block_out__refused(ends: Ends) -> None:
    """It says of block 1 what is block 2's: else an honest ACC would fell an honest END."""
    ends.raise_end(3, WATCHERS)
    path = ends.path_of(1, ends.sync_hash(2), ends.commitments(2, 3))
    ends.fell(1, ends.sync_hash(1), path, refusal=Refusal.NOT_ITS_HISTORY)


def test_fell_end__evidence_that_is_none__refused(ends: Ends) -> None:
    ends.raise_end(2, WATCHERS)
    both = {"evidence": ends.path(0, 1), "path": UNREAD}
    ends.act(end_instructions.FELL_END, both, Refusal.ACCOUNT, number=3, sync_hash=ends.sync_hash(3))


def test_open_path__account_of_another_program__refused(ends: Ends) -> None:
    site, writer = ends.site, ends.site.writer
    foreign = site.machine.put(key_of("foreign").pubkey(), FOREIGN, bytes(accounts.PATH.size))
    places = {"writer": writer.pubkey(), "path": foreign, "bridge": site.bridge}
    call, values = end_instructions.OPEN_PATH, {"number": 0, "sync_hash": bytes(32)}
    site.call(call, places, writer, refusal=Refusal.ACCOUNT, **values)  # type: ignore[arg-type]


def test_extend_path__account_that_is_no_path__refused(ends: Ends) -> None:
    site, writer = ends.site, ends.site.writer
    places = {"writer": writer.pubkey(), "path": ends.evidence()}
    site.call(end_instructions.EXTEND_PATH, places, writer, tail=bytes(32), refusal=Refusal.ACCOUNT)


# --- END ---


@upholds("SYN-11")
def test_end__nothing_waits_or_it_stands__nobody_denies_voids_or_fells_it(ends: Ends) -> None:
    def refuse(refusal: Refusal) -> None:
        for group in Group:
            ends.deny(group, refusal)
        ends.deny(None, refusal, by=True)
        ends.void(refusal)
        ends.fell(3, ends.sync_hash(3), refusal=refusal)
        ends.stand(refusal)

    refuse(Refusal.NONE_RAISED)
    ends.raise_end(2, *Group)
    refuse(Refusal.STANDS)
    ends.raise_end(2, *Group, refusal=Refusal.STANDS_ALREADY)


@upholds("SYN-11")
def test_end__watchers_alone__each_denies_once(ends: Ends) -> None:
    ends.raise_end(2, refusal=Refusal.NOBODY_SAYS)
    ends.raise_end(2, WATCHERS)
    ends.raise_end(3, WATCHERS, refusal=Refusal.ANOTHER_WAITS)
    ends.void(Refusal.NOT_DENIED)
    ends.fell(1, ends.sync_hash(1), ends.path(1, 2), refusal=Refusal.AGREES)
    ends.deny(None, by=True)
    ends.deny(None, Refusal.DENIED_BY_GOVERNOR, by=True)
    ends.deny(VALIDATORS)
    ends.deny(VALIDATORS, Refusal.DENIED_ALREADY)
    ends.deny(None, Refusal.DENIED_ALREADY, by=True)
    ends.raise_end(1, *Group)
    state = ends.site.state()
    assert (state["has_end"], state["end_number"], state["end_round"]) == (1, 1, 0)


@upholds("SYN-11")
def test_end__validators_and_governor__denied_by_the_watchers_alone(ends: Ends) -> None:
    ends.raise_end(2, VALIDATORS, by=True)
    ends.deny(None, Refusal.NOT_THE_WATCHERS, by=True)
    ends.deny(VALIDATORS, Refusal.WATCHERS)
    ends.deny(WATCHERS)
    state = ends.site.state()
    cleared = "end_word", "end_number", "end_at", "end_in", "end_denied_by_validators", "end_denied_by_governor"
    assert [state[name] for name in cleared] == [0] * 6
    assert (state["end_round"], state["end_hash"]) == (1, bytes(32))


@upholds("SYN-11")
def test_deny_end__by_the_governor__adds_a_window(ends: Ends) -> None:
    ends.raise_end(2, WATCHERS)
    ends.deny(None, by=True)
    ends.wait(END_WINDOW_SECONDS)
    ends.stand(Refusal.WITHIN_WINDOW)
    ends.wait(DENIAL_WINDOW_SECONDS)
    ends.stand()


def as_governor(ends: Ends, call: Instruction, **values: Any) -> None:
    """The user signs in the governor's place, and is refused."""
    site = ends.site
    state = site.state()
    word = site.groups.sign(ends.fact(2, state["end_round"]), VALIDATORS)
    places = {"governor": site.user.pubkey(), "bridge": site.bridge, "evidence": ends.evidence(word)}
    places |= {"path": ends.path(0, 2)}
    encoded = site.encode(call, places, call.encode(**values))
    encoded.accounts = [AccountMeta(site.user.pubkey(), True, False), *encoded.accounts[1:]]
    site.send(call, encoded, site.user, refusal=Refusal.GOVERNOR)


@upholds("GOV-1")
def test_governor__somebody_else_signs_in_its_place__refused(ends: Ends) -> None:
    as_governor(ends, end_instructions.RAISE_END, validators_say=1)
    ends.raise_end(2, WATCHERS)
    as_governor(ends, end_instructions.DENY_END, by_governor=1)


def test_evidence__that_says_it_has_later_blocks__refused(ends: Ends) -> None:
    """Its size fits the signatures alone: where a block's later commitments would stand, they stand."""
    fact, known, blank = ends.fact(2), ends.site.groups, ends.line[0]
    words = Acc(known.sign(fact, VALIDATORS), known.sign(fact, WATCHERS))
    made = Made(blank.member, blank.preimage, 0, b"", words, (bytes(32),))
    evidence = ends.history.write(made, words.validators + words.watchers)
    ends.raise_end(2, *Group, places={"evidence": evidence}, refusal=Refusal.FORM)


# --- what the queue cannot match ---


def test_show_mismatch__no_clock__refused(history: History) -> None:
    ends = Ends(history)
    lie(ends)
    now = ends.site.machine.now()
    ends.site.machine.set_time(0)
    ends.show_mismatch(refusal=Refusal.CLOCK)
    ends.site.machine.set_time(now)
    ends.show_mismatch()


def test_show_mismatch__block_that_is_imported__refused(history: History) -> None:
    ends = Ends(history)
    ends.extend()
    imported = ends.bring()
    lie(ends)
    ends.show_mismatch(block=imported, refusal=Refusal.STAGE)


# --- exodus ---


def test_cancel__no_fee__where_it_would_go_is_not_looked_at(history: History) -> None:
    leaving = Leaving(Ends(history))
    site, user = leaving.site, leaving.site.user.pubkey()
    deposit(site)
    leaving.end_here()
    before = site.balance(SRM, user)
    leaving.cancel(Lane.ACCOUNT, 1, user, SRM, {"fee_to": UNREAD, "sol": FOREIGN})
    assert site.balance(SRM, user) == before + 5_000_000


@upholds("EXI-3")
def test_cancel__claimant_that_does_not_sign__chooses_nothing(history: History) -> None:
    leaving = Leaving(Ends(history))
    site, user = leaving.site, leaving.site.user.pubkey()
    deposit(site)
    leaving.end_here()
    holding = associated(user, site.mints[SRM])
    other = site.machine.put(key_of("other").pubkey(), TOKEN_PROGRAM, site.machine.data(holding))
    places = leaving.payment_places(user, SRM) | {"queue": site.account_queue, "fee_to": user, "sol": site.sol}
    places |= {"bridge": site.bridge, "claimant": user, "destination": other}
    call = end_instructions.CANCEL
    site.call(call, places, refusal=Refusal.PAY_TO, lane=Lane.ACCOUNT, id=1, parts=3)
    leaving.cancel(Lane.ACCOUNT, 1, user, SRM, {"destination": other}, claimant=site.user)


@upholds("EXI-3", "SOL-1")
def test_cancel__in_another_token_that_is_named_throughout__refused(history: History) -> None:
    leaving = Leaving(Ends(history))
    site, user = leaving.site, leaving.site.user.pubkey()
    deposit(site)
    deposit(site, token=CAKE, l1_amount=7_000_000_000)
    leaving.end_here()
    leaving.cancel(Lane.ACCOUNT, 1, user, CAKE, refusal=Refusal.ACCOUNT)
    leaving.cancel(Lane.ACCOUNT, 2, user, SRM, refusal=Refusal.ACCOUNT)
    leaving.cancel(Lane.ACCOUNT, 2, user, CAKE)
    leaving.cancel(Lane.ACCOUNT, 1, user, SRM)


@upholds("EXI-3", "SOL-1")
def test_exit__in_another_token_that_is_named_throughout__refused(history: History) -> None:
    leaving = open_exodus(history)
    exit_ = to_bob(1_000)
    leaving.exit(exit_, {"token_a": leaving.site.token(CAKE)}, refusal=Refusal.ACCOUNT)
    leaving.exit(exit_)
    leaving.pay_exit(exit_, CAKE, refusal=Refusal.ACCOUNT)
    leaving.pay_exit(exit_, SRM)


@upholds("SOL-3")
@pytest.mark.parametrize("bit", [64, 111])
def test_exit__amount_of_either_side_beyond_64_bits__refused(history: History, bit: int) -> None:
    leaving = open_exodus(history)
    for amounts in ((2**bit + 1, 1), (1, 2**bit + 1)):
        exit_ = to_bob(amounts[0], LP, amount_b=amounts[1], token_a=SRM, token_b=CAKE)
        leaving.exit(exit_, refusal=Refusal.CUSTODY)


@upholds("EXI-2", "EXI-3")
@pytest.mark.parametrize("factor", [1.5, 2.0**24, float("nan")])
def test_exit__rate_of_rent_of_another_kind__leaves_once(history: History, factor: float) -> None:
    leaving = open_exodus(history)
    site, place = leaving.site, leaving.place(to_bob(1_000))
    set_rent(site, factor)
    if factor == 2.0**24:  # what nobody can tell here is sent there first
        site.machine.fund(place, site.machine.rent(accounts.EXIT.size))
    leaving.exit(to_bob(1_000))
    leaving.exit(to_bob(1_000), refusal=Refusal.EXITED)
