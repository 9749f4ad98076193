"""Exodus: when it begins, what is cancelled, and that nothing is paid back twice."""

from collections.abc import Iterable

import pytest

from tests.support.drafts.escape import (
    Exit,
    begin_exodus,
    end_and_begin,
    end_everywhere,
    make_escaping,
    pay_everywhere,
    provider_words,
)
from tests.support.drafts.rig import COIN, RESERVE, TOKENS, Rig, RigChain
from tests.support.evm import reverts
from tests.support.three_chains import DEPOSITOR, GOVERNOR, PROVIDER, STRANGER, USD, A, B, C
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.ids import Lane

OWNER = DEPOSITOR


@pytest.fixture
def escaping(rig: Rig) -> Rig:
    """Exodus on A."""
    return make_escaping(rig)


def provider_queue(here: RigChain, ids: Iterable[int]) -> list[int]:
    """The words of the provider's deposits with these ids."""
    return [word for i in ids for word in provider_words(here, i)]


# --- begin ---


def test_begin_exodus__end_imported_and_paid__opens_exits_against_its_root(rig: Rig) -> None:
    root = pay_everywhere(rig)
    end_everywhere(rig)
    for chain in (A, B, C):
        here = rig[chain]
        assert (here.exodus.is_begun(), here.exodus.exit_root()) == (False, 0)
        begin_exodus(here)
        assert here.evm.event("ExodusBegun") == {"number": 1, "root": root}
        assert (here.exodus.is_begun(), here.exodus.exit_root()) == (True, root)
        with reverts("exodus: already begun"):
            begin_exodus(here)


def test_begin_exodus__no_block_ever__at_the_genesis(rig: Rig) -> None:
    end_and_begin(rig)
    assert rig[A].exodus.exit_root() == rig.genesis_root


def test_begin_exodus__chain_that_runs__is_refused(rig: Rig) -> None:
    for chain in (A, B, C):
        with reverts("exodus: may not begin yet"):
            begin_exodus(rig[chain])


# --- cancel ---


def test_cancel_requests__swaps_and_deposits__are_paid_back_to_their_senders(rig: Rig) -> None:
    """In order, in the tokens and units that came in; a full exit only leaves the queue."""
    here = rig[A]
    here.swap(l1_amount=7_000_000)
    swap_words = here.request_words()
    here.deposit(COIN, 900, sender=STRANGER, owner=bytes([7] * 32))
    deposit_words = here.deposit_words()
    here.full_exit(5, USD, sender=OWNER)
    exit_words = here.full_exit_words()
    end_and_begin(rig)

    before = here.balance(USD, DEPOSITOR)
    here.exodus.cancel_requests(Lane.SWAP, list(swap_words), sender=GOVERNOR)
    assert here.evm.event("RequestCancelled") == {
        "lane": Lane.SWAP,
        "request_id": 1,
        "receiver": DEPOSITOR,
        "token_id": USD,
        "l1_amount": 7_000_000,
        "fee_gwei": 0,
    }
    assert here.balance(USD, DEPOSITOR) == before + 7_000_000

    provided, coin = here.balance(USD, PROVIDER), here.balance(COIN, STRANGER)
    words = [*provider_queue(here, (1, 2, 3, 4)), *deposit_words, *exit_words]
    here.exodus.cancel_requests(Lane.ACCOUNT, words, sender=GOVERNOR)
    cancelled = [(e.args["request_id"], e.args["l1_amount"]) for e in here.evm.events("RequestCancelled")]
    units = [RESERVE * here.scale(t) for t in TOKENS]
    assert cancelled == [*enumerate(units, 1), (5, 900 * 10**6), (6, 0)]
    assert here.balance(USD, PROVIDER) == provided + RESERVE * here.scale(USD)
    assert here.balance(COIN, STRANGER) == coin + 900 * 10**6
    assert [here.exodus.settled_requests(lane) for lane in (1, 2)] == [1, 6]
    for token in (COIN, USD):
        assert here.bridge.solvency(token) == (0, 0, 0)


def test_cancel_requests__twice_or_not_in_order__is_refused(escaping: Rig) -> None:
    here = escaping[A]
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (2,)))
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (1, 3)))
    here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (1, 2)))
    for again in ((1,), (1, 2), (2, 3), (4,)):
        with reverts("cancel: not the next requests"):
            here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, again))
    here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (3, 4)))
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (4,)))


def test_cancel_requests__consumed_by_a_block__is_refused(rig: Rig) -> None:
    """Not both credited and cancelled: the first deposit is in the last block, the second is not."""
    here = rig[A]
    first, second = (provider_words(here, i) for i in (1, 2))
    rig.everywhere(rig.draft({A: first}, lane=Lane.ACCOUNT))
    end_and_begin(rig)
    assert [here.exodus.settled_requests(lane) for lane in Lane] == [0, 1]
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.ACCOUNT, first)
    here.exodus.cancel_requests(Lane.ACCOUNT, second)
    assert here.exodus.settled_requests(Lane.ACCOUNT) == 2
    assert here.bridge.custody(COIN) == RESERVE


def test_cancel_requests__swap_consumed_by_a_block__is_refused(rig: Rig) -> None:
    here = rig[A]
    queued = []
    for _ in range(2):
        here.swap()
        queued.append(here.request_words())
    rig.everywhere(rig.draft({A: queued[0]}))
    end_and_begin(rig)
    assert [here.exodus.settled_requests(lane) for lane in Lane] == [1, 0]
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.SWAP, list(queued[0]))
    here.exodus.cancel_requests(Lane.SWAP, list(queued[1]))


def test_cancel_requests__malformed__are_refused(escaping: Rig) -> None:
    here = escaping[A]
    words = provider_queue(here, (1, 2))
    for lane in (0, 3):
        with reverts("records: unknown lane"):
            here.exodus.cancel_requests(lane, words)
    with reverts("cancel: no request"):
        here.exodus.cancel_requests(Lane.ACCOUNT, [])
    for cut in (words[:3], words[:7], words[:5]):
        with reverts("cancel: request cut short"):
            here.exodus.cancel_requests(Lane.ACCOUNT, cut)
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.SWAP, words[:5])
    words[0] += 1
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.ACCOUNT, words)


def test_cancel_requests__beyond_the_last__is_refused(escaping: Rig) -> None:
    """The hash of a place that nobody has taken is zero; no words hash to it."""
    here = escaping[A]
    words = [*provider_queue(here, (1, 2, 3, 4)), 0, 0, 0, 0]
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.ACCOUNT, words)


def test_cancel_requests__sender_that_refuses_coin__is_owed(rig: Rig) -> None:
    here = rig[A]
    recipient = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    call = here.bridge.encode("deposit", (COIN, 900 * 10**6, bytes([1] * 32), 0, recipient.address))
    recipient.act(here.bridge.address, call, sender=GOVERNOR, value=900 * 10**6)
    words = here.deposit_words()
    recipient.set_mode(1, sender=GOVERNOR)
    end_and_begin(rig)
    here.exodus.cancel_requests(Lane.ACCOUNT, [*provider_queue(here, (1, 2, 3, 4)), *words])
    assert here.bridge.pending_balance(recipient.address, COIN) == 900 * 10**6
    assert here.bridge.solvency(COIN)[1] == 900 * 10**6
    assert here.exodus.settled_requests(Lane.ACCOUNT) == 5


def test_cancel_requests__no_fee_was_paid__receiver_is_called_for_the_amount_alone(rig: Rig) -> None:
    here = rig[A]
    recipient = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    call = here.bridge.encode("deposit", (COIN, 900 * 10**6, bytes([1] * 32), 0, recipient.address))
    recipient.act(here.bridge.address, call, sender=GOVERNOR, value=900 * 10**6)
    words = here.deposit_words()
    recipient.set_call(here.groups.address, here.groups.encode("governor"), sender=GOVERNOR)
    recipient.set_mode(4, sender=GOVERNOR)
    end_and_begin(rig)
    here.exodus.cancel_requests(Lane.ACCOUNT, [*provider_queue(here, (1, 2, 3, 4)), *words])
    assert (here.evm.balance(recipient.address), recipient.reentries()) == (900 * 10**6, 1)


def test_cancel_requests__low_gas__cannot_push_a_refund_into_pending(escaping: Rig) -> None:
    here = escaping[A]
    with reverts("tokens: too little gas (coin)"):
        here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (1,)), gas=140_000)
    assert here.exodus.settled_requests(Lane.ACCOUNT) == 0


@pytest.mark.parametrize("has_ended", [False, True])
def test_before_exodus__cancel_and_exit__are_refused(rig: Rig, has_ended: bool) -> None:
    here = rig[A]
    if has_ended:
        end_everywhere(rig)
    with reverts("exodus: not begun"):
        here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (1,)))
    with reverts("exodus: not begun"):
        Exit(3, USD, A, universal_address(OWNER), 10).send(here, 0, OWNER)


def test_views__partners__are_those_of_the_chain(rig: Rig) -> None:
    for chain in (A, B, C):
        here = rig[chain]
        partners = (here.bridge.address, here.history.address, here.end.address)
        assert (here.exodus.bridge(), here.exodus.history(), here.exodus.end()) == tuple(p.lower() for p in partners)
        assert here.exodus.is_for(*partners)
        for i in range(3):
            assert not here.exodus.is_for(*(STRANGER if i == j else p for j, p in enumerate(partners)))
