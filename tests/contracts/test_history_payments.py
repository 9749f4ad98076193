"""What a history pays at once, what it owes, and how anybody has it paid."""

import pytest

from tests.support.drafts.requests import queue_swaps
from tests.support.drafts.rig import BAD, COIN, EXECUTED, OLD, RESERVE, Rig, RigChain, payment
from tests.support.evm import reverts
from tests.support.lines import join
from tests.support.three_chains import BROKER, PRIMARY, RECIPIENT, STRANGER, USD, ZERO, A, B, C
from zklink.operations.payout import Payout
from zklink.protocol.bridge_hashes import compute_owed_hash
from zklink.protocol.ids import FILL_LEAD_SECONDS, Amount, ChainId, Kind, Lane, TokenId

assert PRIMARY == B
BOTH_KINDS = pytest.mark.parametrize("chain", [A, B])
"""A member and the primary."""


def payouts(chain: ChainId, count: int, token: TokenId = USD, amount: int = 100) -> list[Payout]:
    """Payouts of 100, 101, .. on a chain."""
    return [payment(chain, token, amount + i, 1 + i) for i in range(count)]


def words_of(found: list[Payout]) -> tuple[int, ...]:
    """Their words."""
    return join(payout.words() for payout in found)


def received(here: RigChain, token: TokenId = USD) -> int:
    """What the recipient has, in layer-2 units."""
    return here.balance(token, RECIPIENT) // here.scale(token)


def bring(rig: Rig, chain: ChainId, pay: bool) -> None:
    """All blocks of the line to the primary, and to this chain with or without payment."""
    if rig.primary.tip().number < rig.blocks.height:
        rig.primary.accept(rig.accept_call(pay=pay if chain == B else True))
    if chain != B:
        rig[chain].import_blocks(rig.import_call(chain, pay=pay))


@BOTH_KINDS
def test_enter__paid_at_once__owes_nothing(rig: Rig, chain: ChainId) -> None:
    here, before = rig[chain], received(rig[chain])
    requests = queue_swaps(rig, chain, 2)
    first, second = payouts(chain, 5), payouts(chain, 2, amount=1_000)
    rig.extend(rig.draft({chain: join((requests[0], words_of(first[:2]), requests[1], words_of(first[2:])))}))
    rig.extend(rig.draft({C: payment(C, USD, 1).words()}), rig.draft({chain: words_of(second)}))
    bring(rig, chain, pay=True)
    assert received(here) - before == sum(100 + i for i in range(5)) + 2_001
    assert [e.args["number"] for e in here.evm.events("BlockExecuted")] == [1, 3]
    assert here.evm.events("PayoutsOwed") == []
    assert len(here.evm.events("PayoutPaid")) == 7
    assert here.tip().unpaid == 0
    assert here.history.owed(1) == bytes(32)


@BOTH_KINDS
def test_enter__not_paid__owes_the_payouts_and_no_requests(rig: Rig, chain: ChainId) -> None:
    here, before = rig[chain], received(rig[chain])
    (request,) = queue_swaps(rig, chain, 1)
    first, second = payouts(chain, 3), payouts(chain, 2)
    rig.extend(rig.draft({chain: join((words_of(first[:1]), request, words_of(first[1:])))}))
    rig.extend(rig.draft({C: payment(C, USD, 1).words()}), rig.draft({chain: words_of(second)}))
    bring(rig, chain, pay=False)
    assert received(here) == before
    assert [e.args["number"] for e in here.evm.events("PayoutsOwed")] == [1, 3]
    assert here.evm.events("BlockExecuted") == []
    assert [here.history.owed(n) for n in (1, 2, 3)] == [
        compute_owed_hash(words_of(first)),
        bytes(32),
        compute_owed_hash(words_of(second)),
    ]
    assert here.tip().unpaid == 2


@BOTH_KINDS
def test_execute__some_and_then_the_rest__each_once_in_any_order_of_blocks(rig: Rig, chain: ChainId) -> None:
    here, before = rig[chain], received(rig[chain])
    first, second = payouts(chain, 4), payouts(chain, 1, amount=1_000)
    rig.extend(rig.draft({chain: words_of(first)}), rig.draft({chain: words_of(second)}))
    bring(rig, chain, pay=False)
    rig.execute(chain, 2)
    assert here.evm.event("BlockExecuted") == {"number": 2}
    assert received(here) - before == 1_000
    rig.execute(chain, 1, count=1)
    assert here.evm.events("BlockExecuted") == []
    assert here.history.owed(1) == compute_owed_hash(words_of(first[1:]))
    assert here.tip().unpaid == 1
    rig.execute(chain, 1, count=2, paid=1)
    assert here.history.owed(1) == compute_owed_hash(words_of(first[3:]))
    rig.execute(chain, 1, paid=3)
    assert here.evm.event("BlockExecuted") == {"number": 1}
    assert received(here) - before == 1_000 + 100 + 101 + 102 + 103
    assert (here.history.owed(1), here.tip().unpaid) == (bytes(32), 0)


@BOTH_KINDS
def test_execute__other_payouts__are_refused(rig: Rig, chain: ChainId) -> None:
    found = payouts(chain, 3)
    rig.extend(rig.draft({chain: words_of(found)}), rig.draft({chain: words_of(found[:1])}))
    bring(rig, chain, pay=False)
    history = rig[chain].history
    good = list(words_of(found))
    for words in (
        good[:6],
        good[3:],
        [*good, *good[:3]],
        [*good[:-1], good[-1] + 1],
        [*good[3:6], *good[:3], *good[6:]],
    ):
        with reverts("execute: other payouts"):
            history.execute(1, words, 1, sender=STRANGER)
    for number in (0, 2, 3, 2**64 - 1):
        with reverts("execute: other payouts"):
            history.execute(number, good, 1, sender=STRANGER)
    for words in (good[:8], good[:1], [*good, 0]):
        with reverts("execute: payout words"):
            history.execute(1, words, 1, sender=STRANGER)
    for words, count in ((good, 0), (good, 4), (good, 2**256 - 1), ([], 0), ([], 1)):
        with reverts("execute: count"):
            history.execute(1, words, count, sender=STRANGER)
    history.execute(1, good, 3, sender=STRANGER)
    with reverts("execute: other payouts"):
        history.execute(1, good, 3, sender=STRANGER)


@BOTH_KINDS
@pytest.mark.parametrize("pay", [True, False])
def test_enter__more_payouts_than_one_batch__all_are_paid(rig: Rig, chain: ChainId, pay: bool) -> None:
    """The bridge gets sixteen at a time."""
    here = rig[chain]
    for count in (15, 16, 17, 64):
        before = received(here)
        rig.extend(rig.draft({chain: words_of(payouts(chain, count, amount=count * 1_000))}))
        bring(rig, chain, pay)
        if not pay:
            rig.execute(chain, rig.blocks.height)
        assert received(here) - before == sum(count * 1_000 + i for i in range(count))


@BOTH_KINDS
def test_enter__every_kind_of_payout_and_token__is_paid(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    nowhere = ChainId(0)
    kinds = [
        payment(chain, COIN, 11, 1, kind=Kind.WITHDRAW_PAYOUT, source=nowhere),
        payment(chain, OLD, 12, 2, kind=Kind.FULL_EXIT_PAYOUT, source=chain),
        payment(chain, USD, 13, 3, kind=Kind.FORCED_EXIT_PAYOUT, source=nowhere),
        payment(chain, BAD, 14, 4, kind=Kind.WITHDRAW_PAYOUT, source=nowhere),
    ]
    before = [received(here, token) for token in (COIN, OLD, USD, BAD)]
    rig.extend(rig.draft({chain: words_of(kinds)}, Lane.ACCOUNT))
    rig.extend(rig.draft({chain: payment(chain, USD, 1_000, kind=Kind.SWAP_REFUNDED, source=chain).words()}))
    bring(rig, chain, pay=True)
    after = [received(here, token) for token in (COIN, OLD, USD, BAD)]
    assert [b - a for a, b in zip(before, after, strict=True)] == [11, 12, 1_013, 14]


@BOTH_KINDS
def test_enter__payout_of_nothing__executes_the_block(rig: Rig, chain: ChainId) -> None:
    """A full exit of an account that is empty, or another's."""
    nothing = payment(chain, USD, 0, kind=Kind.FULL_EXIT_PAYOUT, source=chain)
    rig.extend(rig.draft({chain: nothing.words()}, Lane.ACCOUNT))
    bring(rig, chain, pay=True)
    assert rig[chain].evm.event("BlockExecuted") == {"number": 1}


# --- whom the bridge pays ---


@BOTH_KINDS
@pytest.mark.parametrize("token", [COIN, USD, OLD])
def test_execute__filled__repays_the_broker_in_full(rig: Rig, chain: ChainId, token: TokenId) -> None:
    here = rig[chain]
    payout = payment(chain, token, 5_000, fill_fee=Amount(100))
    value = 4_900 * here.scale(COIN) if token == COIN else 0
    here.fill(payout, value=value)
    before, of_recipient = here.balance(token, BROKER), here.balance(token, RECIPIENT)
    here.evm.time += FILL_LEAD_SECONDS
    rig.extend(rig.draft({chain: payout.words()}))
    bring(rig, chain, pay=True)
    assert here.balance(token, BROKER) - before == 5_000 * here.scale(token)
    assert here.balance(token, RECIPIENT) == of_recipient
    assert here.evm.event("PayoutPaid")["receiver"] == BROKER
    assert here.repaid(payout.fill_key(rig.deployment_hash)) == EXECUTED


@BOTH_KINDS
def test_execute__refund_or_account_payout__needs_no_key(rig: Rig, chain: ChainId) -> None:
    here, before = rig[chain], received(rig[chain])
    refund = payment(chain, USD, 5_000, kind=Kind.SWAP_REFUNDED, source=chain)
    rig.extend(rig.draft({chain: refund.words()}))
    bring(rig, chain, pay=True)
    assert here.repaid(refund.fill_key(rig.deployment_hash)) == ZERO
    assert received(here) - before == 5_000


@BOTH_KINDS
def test_execute__same_key_a_second_time__is_not_paid_and_blocks_nothing(rig: Rig, chain: ChainId) -> None:
    """Only a corrupt source chain brings it."""
    here, before = rig[chain], received(rig[chain])
    payout, other = payment(chain, USD, 5_000), payment(chain, USD, 7, 2)
    rig.extend(rig.draft({chain: payout.words()}), rig.draft({chain: words_of([payout, other])}))
    bring(rig, chain, pay=True)
    assert received(here) - before == 5_007
    assert here.tip().number == 2


@BOTH_KINDS
def test_execute__more_than_came_in__is_refused_and_stays_owed(rig: Rig, chain: ChainId) -> None:
    """Whatever a block says: no chain pays more than it has."""
    here = rig[chain]
    rig.extend(rig.draft({chain: payment(chain, USD, RESERVE + 1).words()}))
    with rig.rollback(), reverts("custody: more than came in"):
        bring(rig, chain, pay=True)
    bring(rig, chain, pay=False)
    with reverts("custody: more than came in"):
        rig.execute(chain, 1)
    assert here.tip().unpaid == 1
    rig.extend(rig.draft({chain: payment(chain, USD, RESERVE, 2).words()}))
    bring(rig, chain, pay=False)
    rig.execute(chain, 2)
    assert here.bridge.custody(USD) == 0
