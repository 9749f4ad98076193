"""What every door costs: a fee in coin; the request's words carry it, blocks earn it, exodus gives it back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.drafts.escape import begin_exodus, end_everywhere, provider_words
from tests.support.drafts.rig import BAD, COIN, TOKENS, Rig, RigChain, payment
from tests.support.drafts.second_bridge import Site
from tests.support.evm import reverts
from tests.support.three_chains import (
    DEPOSITOR,
    FEE_RECIPIENT,
    GOVERNOR,
    PROVIDER,
    RECIPIENT,
    SEQUENCER,
    STRANGER,
    USD,
    ZERO,
    A,
    B,
    C,
)
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.ids import MAX_OPEN_ACCOUNT_REQUESTS, NATIVE_FEE_BITS, ChainId, Door, Kind, Lane

GWEI = 10**9
PRICE = 7
NO_PERMIT = (0, 0, 0, bytes(32), bytes(32))
HALF = MAX_OPEN_ACCOUNT_REQUESTS // 2
REFUSE = 1

Call = Callable[[RigChain, int], object]


@dataclass(frozen=True)
class Way:
    """A way in: what it costs, its lane, its event, and the call with some coin."""

    kind: int
    lane: Lane
    event: str
    call: Call


def swap(here: RigChain, value: int) -> None:
    here.swap(value=value)


def deposit_order(here: RigChain) -> tuple[object, ...]:
    return (USD, 10**6 * here.scale(USD), universal_address(DEPOSITOR), 0, DEPOSITOR)


def set_key_by_signature(here: RigChain, value: int) -> None:
    wallet = here.evm.deploy(GOVERNOR, load_contract("TestWallet"))
    wallet.expect(here.bridge.key_digest(wallet.address, 3, 11)[0], b"accepted")
    here.bridge.set_key_by_signature(wallet.address, 3, 11, b"accepted", sender=DEPOSITOR, value=value)


WAYS = {
    "swap": Way(B, Lane.SWAP, "SwapRequested", swap),
    "swap_up_to": Way(
        B,
        Lane.SWAP,
        "SwapRequested",
        lambda here, value: here.bridge.swap_up_to(here.order(), sender=DEPOSITOR, value=value),
    ),
    "swap_with_permit": Way(
        B,
        Lane.SWAP,
        "SwapRequested",
        lambda here, value: here.bridge.swap_with_permit(here.order(), NO_PERMIT, sender=DEPOSITOR, value=value),
    ),
    "deposit": Way(
        Door.DEPOSIT,
        Lane.ACCOUNT,
        "DepositRequested",
        lambda here, value: here.bridge.deposit(deposit_order(here), sender=DEPOSITOR, value=value),
    ),
    "deposit_up_to": Way(
        Door.DEPOSIT,
        Lane.ACCOUNT,
        "DepositRequested",
        lambda here, value: here.bridge.deposit_up_to(deposit_order(here), sender=DEPOSITOR, value=value),
    ),
    "deposit_with_permit": Way(
        Door.DEPOSIT,
        Lane.ACCOUNT,
        "DepositRequested",
        lambda here, value: here.bridge.deposit_with_permit(
            deposit_order(here), NO_PERMIT, sender=DEPOSITOR, value=value
        ),
    ),
    "full_exit": Way(
        Door.FULL_EXIT,
        Lane.ACCOUNT,
        "FullExitRequested",
        lambda here, value: here.full_exit(3, USD, value=value),
    ),
    "set_key": Way(
        Door.KEY_REQUEST,
        Lane.ACCOUNT,
        "KeyRequested",
        lambda here, value: here.bridge.set_key(3, 11, sender=DEPOSITOR, value=value),
    ),
    "set_key_by_signature": Way(Door.KEY_REQUEST, Lane.ACCOUNT, "KeyRequested", set_key_by_signature),
}


def last_words(here: RigChain, way: Way) -> tuple[int, ...]:
    """The words of the request that the last call queued."""
    if way.event == "SwapRequested":
        return here.request_words()
    if way.event == "DepositRequested":
        return here.deposit_words()
    return here.full_exit_words() if way.event == "FullExitRequested" else here.key_words()


def wei(here: RigChain) -> tuple[int, int]:
    """Open and earned fees of a chain."""
    opened, earned = here.bridge.fees()
    return int(opened), int(earned)


def check_coin(here: RigChain) -> None:
    """SOL-1 of the coin."""
    balance, pending, custody = here.bridge.solvency(COIN)
    assert balance >= pending + custody * here.scale(COIN) + sum(here.bridge.fees())


# --- at the door ---


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_door__fee__is_at_least_the_price_and_all_of_it_is_in_the_words(rig: Rig, way: Way) -> None:
    here = rig[A]
    here.set_price(way.kind, PRICE)
    for value in (0, (PRICE - 1) * GWEI, PRICE * GWEI - 1):
        with reverts("fee: below the price"):
            way.call(here, value)
    before = here.evm.balance(here.bridge.address)
    for fee in (PRICE, 2**NATIVE_FEE_BITS - 1):
        queue = here.bridge.queue_hash(way.lane, here.bridge.request_counts(way.lane)[0])
        way.call(here, fee * GWEI)
        event = here.evm.event(way.event)
        assert event["native_fee_gwei"] == fee
        assert here.bridge.queue_hash(way.lane, event["request_id"]) == next_queue_hash(queue, last_words(here, way))
    total = (PRICE + 2**NATIVE_FEE_BITS - 1) * GWEI
    assert here.evm.balance(here.bridge.address) - before == total
    assert wei(here) == (total, 0)
    check_coin(here)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_door__fee_that_words_cannot_say__is_refused(rig: Rig, way: Way) -> None:
    here = rig[A]
    with reverts("fee: not whole gwei"):
        way.call(here, GWEI + 1)
    with reverts("fee: too large"):
        way.call(here, GWEI << NATIVE_FEE_BITS)
    assert wei(here) == (0, 0)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_door__price_of_another_kind__is_not_asked(rig: Rig, way: Way) -> None:
    here = rig[A]
    for kind in {*range(1, 9), *Door} - {way.kind}:
        here.set_price(kind, PRICE)
    way.call(here, 0)


def test_swap__coin__what_is_above_the_amount_is_the_fee(rig: Rig) -> None:
    here = rig[A]
    here.set_price(B, PRICE)
    order: dict[str, Any] = {"token_in": COIN, "token_out": USD, "l1_amount": 10**18, "operator_fee": 0}
    for value in (10**18, 10**18 + PRICE * GWEI - 1, 10**18 - 1, 0):
        with reverts("fee: below the price"):
            here.swap(value=value, **order)
    here.swap(value=10**18 + 9 * GWEI, **order)
    event = here.evm.event("SwapRequested")
    assert (event["l1_amount"], event["amount"], event["native_fee_gwei"]) == (10**18, 10**12, 9)
    assert wei(here) == (9 * GWEI, 0)
    check_coin(here)


def test_full_exit__queue_half_full__burns_a_price_that_doubles(rig: Rig) -> None:
    """The burnt part is in no book: nobody gets it."""
    here = rig[A]
    here.set_price(Door.FULL_EXIT, PRICE)
    here.set_price(Door.CROWDED_EXIT, 5)
    opened = len(TOKENS)
    while opened < MAX_OPEN_ACCOUNT_REQUESTS:
        burnt = 0 if opened < HALF else 5 << (opened - HALF) // 32
        assert here.bridge.quote_full_exit() == (PRICE, burnt)
        if opened in (HALF - 1, HALF, HALF + 31, HALF + 32, MAX_OPEN_ACCOUNT_REQUESTS - 1):
            with reverts("fee: below the price"):
                here.full_exit(3, USD, value=(PRICE + burnt) * GWEI - 1)
        here.full_exit(3, USD, value=(PRICE + burnt) * GWEI)
        event = here.evm.event("FullExitRequested")
        assert (event["native_fee_gwei"], event["burnt_gwei"]) == (PRICE, burnt)
        opened += 1
    assert wei(here) == ((opened - len(TOKENS)) * PRICE * GWEI, 0)
    assert burnt == 5 * 2**7


def test_quote_full_exit__requests_that_blocks_have_consumed__crowd_nobody(rig: Rig) -> None:
    here = rig[A]
    here.set_price(Door.CROWDED_EXIT, 5)

    def wait(count: int) -> None:
        while here.bridge.request_counts(Lane.ACCOUNT)[0] - here.bridge.request_counts(Lane.ACCOUNT)[1] < count:
            here.full_exit(3, USD, value=here.bridge.quote_full_exit()[1] * GWEI)

    wait(HALF)
    assert here.bridge.quote_full_exit()[1] == 5
    with here.evm.any_sender(here.history.address) as history:
        consumed = here.bridge.queue_hash(Lane.ACCOUNT, 200)
        here.bridge.consume(Lane.ACCOUNT, 200, consumed, bytes(32), 0, sender=history)
    assert here.bridge.quote_full_exit()[1] == 0
    wait(HALF - 1)
    assert here.bridge.quote_full_exit()[1] == 0
    wait(HALF)
    assert here.bridge.quote_full_exit()[1] == 5
    check_coin(here)


def test_quotes__every_kind__is_what_the_door_asks(rig: Rig) -> None:
    here = rig[A]
    for kind in range(1, 13):
        here.set_price(kind, 100 + kind)
    quotes = here.bridge.quotes()
    assert list(quotes) == [0] + [100 + kind for kind in range(1, 13)]
    for way in WAYS.values():
        with reverts("fee: below the price"):
            way.call(here, (quotes[way.kind] - 1) * GWEI)
        way.call(here, quotes[way.kind] * GWEI)


# --- earned ---


def provider_queue(here: RigChain) -> list[int]:
    """The words of the provider's deposits, which open the account queue."""
    return [word for i in range(1, len(TOKENS) + 1) for word in provider_words(here, i)]


@pytest.mark.parametrize("chain", [A, B, C])
def test_consume__requests_of_every_kind__their_fees_are_earned_and_no_others(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    other = A if chain != A else B
    here.swap(value=3 * GWEI, destination=other)
    swaps = list(here.request_words())
    here.swap(value=5 * GWEI, destination=other)
    swaps += here.request_words()
    accounts = provider_queue(here)
    for fee, name in ((20, "deposit"), (300, "full_exit"), (4_000, "set_key")):
        WAYS[name].call(here, fee * GWEI)
        accounts += last_words(here, WAYS[name])
    here.swap(value=70_000 * GWEI, destination=other)
    WAYS["set_key"].call(here, 800_000 * GWEI)
    rig.everywhere(rig.draft({chain: swaps}), rig.draft({chain: accounts}, lane=Lane.ACCOUNT))
    assert wei(here) == (870_000 * GWEI, 4_328 * GWEI)
    for another in {A, B, C} - {chain}:
        assert wei(rig[another]) == (0, 0)
    check_coin(here)


def test_consume__full_exit_served_in_part__pays_when_it_is_served_in_full(rig: Rig) -> None:
    here = rig[A]
    here.full_exit(3, USD, value=9 * GWEI)
    words = here.full_exit_words()
    part = [words[0] ^ (Kind.FULL_EXIT ^ Kind.FULL_EXIT_PART) << 240, *words[1:]]
    rig.everywhere(rig.draft({A: [*provider_queue(here), *part]}, lane=Lane.ACCOUNT))
    rig.everywhere(rig.draft({A: part}, lane=Lane.ACCOUNT))
    assert wei(here) == (9 * GWEI, 0)
    rig.everywhere(rig.draft({A: list(words)}, lane=Lane.ACCOUNT))
    assert wei(here) == (0, 9 * GWEI)


def test_consume__refund_in_a_block__gives_no_fee_back(rig: Rig) -> None:
    here = rig[A]
    here.swap(value=9 * GWEI)
    words = here.request_words()
    refund = payment(A, USD, 10**6, source=A, kind=Kind.SWAP_REFUNDED)
    before = here.evm.balance(RECIPIENT)
    rig.everywhere(rig.draft({A: [*words, *refund.words()]}))
    assert wei(here) == (0, 9 * GWEI)
    assert here.evm.balance(RECIPIENT) == before


def test_consume__broken_history__earns_no_more_than_is_open(rig: Rig) -> None:
    """And of one lane no more than is open in that lane."""
    site = Site(rig[A], rig.deployment.vk_hashes, replacements=rig.replacements)
    bridge, broken = site.deploy_broken()
    bridge.set_key(3, 11, sender=STRANGER, value=9 * GWEI)

    def consume(lane: Lane, count: int, fee: int) -> None:
        call = bridge.encode("consume", lane, count, bridge.queue_hash(lane, count), bytes(32), fee)
        broken.act(bridge.address, call)

    for lane, count, fee in ((Lane.ACCOUNT, 1, 10), (Lane.SWAP, 0, 1), (Lane.ACCOUNT, 1, 2**128)):
        with reverts("queue: more fees than open"):
            consume(lane, count, fee)
    consume(Lane.ACCOUNT, 1, 4)
    assert bridge.fees() == (5 * GWEI, 4 * GWEI)
    assert bridge.request_counts(Lane.ACCOUNT) == (1, 1)


# --- collected ---


def earn(rig: Rig, fee: int) -> None:
    """A block on A earns a fee."""
    rig[A].swap(value=fee * GWEI)
    rig.everywhere(rig.draft({A: list(rig[A].request_words())}))


def test_collect_fees__by_anybody__pays_all_that_is_earned_to_the_recipient_of_fees(rig: Rig) -> None:
    here = rig[A]
    earn(rig, 9)
    here.swap(value=4 * GWEI)
    before = here.evm.balance(FEE_RECIPIENT)
    here.bridge.collect_fees(sender=STRANGER)
    assert here.evm.event("FeesCollected") == {"receiver": FEE_RECIPIENT, "l1_amount": 9 * GWEI}
    assert here.evm.balance(FEE_RECIPIENT) - before == 9 * GWEI
    assert wei(here) == (4 * GWEI, 0)
    here.bridge.collect_fees(sender=STRANGER)
    assert here.evm.balance(FEE_RECIPIENT) - before == 9 * GWEI
    check_coin(here)


def test_collect_fees__recipient_refuses__waits_for_another(rig: Rig) -> None:
    here = rig[A]
    earn(rig, 9)
    recipient = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    recipient.set_mode(REFUSE)
    here.registry.set_fee_recipient(recipient.address, sender=GOVERNOR)
    with reverts("tokens: coin refused"):
        here.bridge.collect_fees()
    assert wei(here) == (0, 9 * GWEI)
    here.registry.set_fee_recipient(STRANGER, sender=GOVERNOR)
    before = here.evm.balance(STRANGER)
    here.bridge.collect_fees(sender=SEQUENCER)
    assert here.evm.balance(STRANGER) - before == 9 * GWEI


# --- given back ---


def cancel(here: RigChain, lane: Lane, words: Sequence[int]) -> list[dict[str, object]]:
    """Cancel requests; gives the events."""
    here.exodus.cancel_requests(lane, list(words), sender=GOVERNOR)
    return [event.args for event in here.evm.events("RequestCancelled")]


def test_cancel_requests__fees__go_back_to_whom_the_request_names(rig: Rig) -> None:
    here = rig[A]
    here.swap(value=3 * GWEI, refund_to=RECIPIENT)
    swap_words = here.request_words()
    order = (COIN, 10**12, bytes([7] * 32), 0, RECIPIENT)
    here.bridge.deposit(order, sender=DEPOSITOR, value=10**12 + 20 * GWEI)
    words = [*provider_queue(here), *here.deposit_words()]
    here.full_exit(5, USD, sender=DEPOSITOR, value=300 * GWEI)
    words += here.full_exit_words()
    here.bridge.set_key(5, 11, sender=STRANGER, value=4_000 * GWEI)
    words += here.key_words()
    end_everywhere(rig)
    begin_exodus(here)

    accounts = (RECIPIENT, DEPOSITOR, STRANGER, PROVIDER)
    before = {account: here.evm.balance(account) for account in accounts}
    (swapped,) = cancel(here, Lane.SWAP, swap_words)
    assert (swapped["fee_gwei"], swapped["receiver"]) == (3, RECIPIENT)
    assert wei(here) == (4_320 * GWEI, 0)
    events = cancel(here, Lane.ACCOUNT, words)[len(TOKENS) :]
    assert [(e["receiver"], e["l1_amount"], e["fee_gwei"]) for e in events] == [
        (RECIPIENT, 10**12, 20),
        (DEPOSITOR, 0, 300),
        (STRANGER, 0, 4_000),
    ]
    gained = {account: here.evm.balance(account) - before[account] for account in accounts}
    provided = 10**12 * here.scale(COIN)
    assert gained == {
        RECIPIENT: 10**12 + 23 * GWEI,
        DEPOSITOR: 300 * GWEI,
        STRANGER: 4_000 * GWEI,
        PROVIDER: provided,
    }
    assert wei(here) == (0, 0)


def test_cancel_requests__bound_owner__gets_the_fee_at_its_address(rig: Rig) -> None:
    here = rig[A]
    wallet = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    call = here.bridge.encode("full_exit", 5, USD, bytes(32), 1)
    wallet.act(here.bridge.address, call, sender=STRANGER, value=300 * GWEI)
    words = [*provider_queue(here), *here.full_exit_words()]
    assert here.evm.event("FullExitRequested")["owner"][0] == A
    end_everywhere(rig)
    begin_exodus(here)
    before = here.evm.balance(wallet.address)
    cancel(here, Lane.ACCOUNT, words)
    assert here.evm.balance(wallet.address) - before == 300 * GWEI


def test_cancel_requests__receiver_refuses_the_fee__is_owed_coin_outside_of_tokens(rig: Rig) -> None:
    here = rig[A]
    wallet = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    call = here.bridge.encode("full_exit", 5, USD, bytes(32), 1)
    wallet.act(here.bridge.address, call, sender=STRANGER, value=300 * GWEI)
    words = [*provider_queue(here), *here.full_exit_words()]
    wallet.set_mode(REFUSE)
    end_everywhere(rig)
    begin_exodus(here)
    cancel(here, Lane.ACCOUNT, words)
    assert here.bridge.pending_balance(wallet.address, 0) == 300 * GWEI
    assert here.bridge.solvency(0)[1:] == (300 * GWEI, 0)
    assert here.bridge.solvency(COIN)[1] == 300 * GWEI
    check_coin(here)
    before = here.evm.balance(STRANGER)
    take = here.bridge.encode("withdraw_pending_balance", 0, STRANGER, 2**256 - 1)
    wallet.act(here.bridge.address, take)
    assert here.evm.balance(STRANGER) - before == 300 * GWEI
    assert here.bridge.solvency(COIN)[1] == 0


def test_cancel_requests__burnt__is_not_given_back(rig: Rig) -> None:
    here = rig[A]
    here.set_price(Door.CROWDED_EXIT, 5)
    words = provider_queue(here)
    for _ in range(HALF + 1 - len(TOKENS)):
        here.full_exit(3, USD, value=(2 + here.bridge.quote_full_exit()[1]) * GWEI)
        words += here.full_exit_words()
    assert here.evm.event("FullExitRequested")["burnt_gwei"] == 5
    assert wei(here) == ((HALF + 1 - len(TOKENS)) * 2 * GWEI, 0)
    end_everywhere(rig)
    begin_exodus(here)
    for at in range(0, len(words), 4 * 32):
        cancel(here, Lane.ACCOUNT, words[at : at + 4 * 32])
    assert wei(here) == (0, 0)
    assert here.evm.balance(here.bridge.address) == 5 * GWEI
    assert here.bridge.solvency(COIN) == (5 * GWEI, 0, 0)


def test_release_fee__exodus_contract_alone_on_a_frozen_chain_no_more_than_is_open(rig: Rig) -> None:
    site = Site(rig[A], rig.deployment.vk_hashes, replacements=rig.replacements)
    bridge, broken = site.deploy_broken()
    bridge.set_key(3, 11, sender=STRANGER, value=9 * GWEI)
    with reverts("bridge: not the exodus contract"):
        bridge.release_fee(Lane.ACCOUNT, STRANGER, 1, sender=STRANGER)
    with reverts("bridge: not frozen"):
        broken.act(bridge.address, bridge.encode("release_fee", Lane.ACCOUNT, STRANGER, 9))
    broken.act(bridge.address, bridge.encode("freeze"))
    for lane, fee in ((Lane.ACCOUNT, 10), (Lane.SWAP, 1)):
        with reverts("queue: more fees than open"):
            broken.act(bridge.address, bridge.encode("release_fee", lane, STRANGER, fee))
    before = site.evm.balance(STRANGER)
    broken.act(bridge.address, bridge.encode("release_fee", Lane.ACCOUNT, STRANGER, 9))
    assert site.evm.balance(STRANGER) - before == 9 * GWEI
    assert bridge.fees() == (0, 0)


def test_fees__token_that_misbehaves__touches_no_coin(rig: Rig) -> None:
    """A fee and a token's amount are apart: a token that takes nothing in leaves no fee behind."""
    here = rig[A]
    here.token(BAD).set_mode(9)
    with reverts("bridge: nothing arrived"):
        here.swap(token_in=BAD, l1_amount=10**6, value=9 * GWEI)
    assert wei(here) == (0, 0)
    assert here.bridge.pending_balance(ZERO, 0) == 0
