"""What the node and the signers read of a Solana chain: requests and facts, of what is finalized alone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from solders.account import Account

from tests.solana.lossy_node import LossyNode
from tests.support.solana.founding import POLYGON, SOLANA
from tests.support.solana.on_ledger import open_ledger_site
from tests.support.solana.site import Site
from tests.support.tries import tries
from zklink.lab.accounts import funded_account
from zklink.lab.solana.chain import LocalSolana
from zklink.operations.requests import Request
from zklink.protocol.bridge_hashes import ZERO_HASH, next_queue_hash
from zklink.protocol.errors import NotFinal, RequestGap, RequestRewritten, RpcUnavailable
from zklink.protocol.facts import Accepted, Frozen, QueueFact
from zklink.protocol.ids import BlockNumber, Lane
from zklink.signers.journal import MemorySignerJournal
from zklink.signers.ports import EndState
from zklink.signers.signer import Deployment
from zklink.signers.solana_reader import SolanaReader
from zklink.signers.watcher import Watcher
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.requests import SolanaRequests
from zklink.solana.client.sending import Sender
from zklink.solana.interface import accounts, instructions

SWAP = Lane.SWAP


@pytest.fixture(scope="module")
def opened() -> tuple[Site, LocalSolana]:
    return open_ledger_site()


@pytest.fixture
def site(opened: tuple[Site, LocalSolana]) -> Iterator[Site]:
    """A bridge that takes swaps, on a chain of its own that is set back afterwards."""
    site, chain = opened
    moment = chain.snapshot()
    yield site
    chain.restore(moment)


def chain_of(site: Site) -> LocalSolana:
    """The site's chain."""
    chain: LocalSolana = site.machine.chain  # type: ignore[attr-defined]
    return chain


def read_bridge(site: Site) -> SolanaBridge:
    """The site's bridge as a node shows it."""
    return SolanaBridge(LossyNode(chain_of(site)).client(), bytes(site.id), bytes(site.bridge))


def watch(site: Site) -> SolanaRequests:
    """The requests of the site from the first."""
    return SolanaRequests(read_bridge(site), dict.fromkeys(Lane, 0), dict.fromkeys(Lane, site.deployment_hash))


def spoil(site: Site, request_id: int, at: int = 0) -> None:
    """Another byte in the place of a request, which its hash, at 0, does not know."""
    ledger = chain_of(site).ledger
    account = ledger.svm.get_account(site.swap_queue)
    assert account is not None
    data = bytearray(account.data)
    data[accounts.QUEUE_HEAD.size + request_id * accounts.SWAP_ENTRY.size + at] ^= 1
    ledger.put(site.swap_queue, Account(account.lamports, bytes(data), account.owner, False, 0))


# -- requests --------------------------------------------------------------------------------------------------------


def test_poll__a_swap__is_given_once_and_when_it_is_finalized(site: Site) -> None:
    requests, chain = watch(site), chain_of(site)
    assert requests.poll() == []
    swap = site.swap()
    while chain.ledger.height("finalized") < chain.ledger.entries[-1].slot:
        assert requests.poll() == []
        chain.mine()
    assert requests.poll() == [swap]
    assert requests.poll() == []
    assert requests.last_request_id(SWAP) == 1


@given(steps=st.lists(st.one_of(st.just("swap"), st.just("poll"), st.integers(1, 5)), max_size=12))
@tries(15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_poll__any_story__gives_what_is_finalized_each_once(site: Site, steps: list[Any]) -> None:
    """Forks take unfinalized swaps back, and slots pass; what was given never changes."""
    chain = chain_of(site)
    moment = chain.snapshot()
    requests, given_out = watch(site), list[Request]()
    for step in steps:
        if step == "swap":
            site.swap()
        elif step == "poll":
            given_out += requests.poll()
        elif chain.ledger.entries and chain.height() - chain.ledger.entries[0].slot >= step:
            chain.reorg(step, ())
            chain.mine()
    chain.finalize()
    given_out += requests.poll()
    state = site.state()
    assert [each.request_id for each in given_out] == list(range(1, state["totals"][0] + 1))
    queue_hash = site.deployment_hash
    for request in given_out:
        queue_hash = next_queue_hash(queue_hash, request.words())
    assert queue_hash == state["queue_hashes"][0]
    chain.restore(moment)


@pytest.mark.parametrize("at", [0, 40, accounts.SWAP_ENTRY.size - 1])
def test_poll__ring_that_its_hashes_do_not_fit__is_a_gap_and_nothing_is_given(site: Site, at: int) -> None:
    requests = watch(site)
    site.swap()
    site.swap()
    spoil(site, 1, at)
    chain_of(site).finalize()
    with pytest.raises(RequestGap):
        requests.poll()
    assert requests.last_request_id(SWAP) == 0


def test_poll__what_was_finalized_is_forgotten__is_rewritten_and_goes_back(site: Site) -> None:
    requests, chain = watch(site), chain_of(site)
    first = site.swap()
    chain.finalize()
    moment = chain.snapshot()
    second = site.swap()
    chain.finalize()
    assert requests.poll() == [first, second]
    chain.restore(moment)
    other = site.swap(l1_amount=7_000_000)
    chain.mine(100)
    with pytest.raises(RequestRewritten):
        requests.poll()
    assert requests.rewind()[SWAP] == 1
    assert requests.poll() == [other]


def test_read__another_programs_account__is_no_answer(site: Site) -> None:
    node = LossyNode(chain_of(site)).client()
    with pytest.raises(RpcUnavailable):
        SolanaBridge(node, bytes(site.bridge), bytes(site.bridge)).read()
    with pytest.raises(RpcUnavailable):
        SolanaBridge(node, bytes(site.id), bytes(site.swap_queue)).read()


# -- facts -----------------------------------------------------------------------------------------------------------


def watcher_of(site: Site) -> Watcher:
    """One watcher, which reads this chain."""
    reader = SolanaReader(read_bridge(site))
    deployment = Deployment(site.deployment_hash, POLYGON, 0)
    return Watcher(funded_account(3), deployment, {POLYGON: reader, SOLANA: reader}, MemorySignerJournal(), lambda: 0.0)


def test_queues__a_request__is_vouched_for_when_it_is_finalized(site: Site) -> None:
    watcher = watcher_of(site)
    fact = QueueFact(SOLANA, SWAP, 1, next_queue_hash(site.deployment_hash, site.swap().words()))
    with pytest.raises(NotFinal):
        watcher.queues([fact])
    chain_of(site).finalize()
    assert len(watcher.queues([fact])) == 65
    for false in (replace(fact, hash=bytes(32)), replace(fact, count=2), replace(fact, lane=Lane.ACCOUNT)):
        with pytest.raises(NotFinal):
            watcher.queues([false])


def test_frozen__chain_that_runs_and_one_that_does_not__is_vouched_for_when_final(site: Site) -> None:
    watcher, chain = watcher_of(site), chain_of(site)
    with pytest.raises(NotFinal):
        watcher.frozen(Frozen(SOLANA, 0))
    account = chain.ledger.svm.get_account(site.bridge)
    assert account is not None
    frozen = accounts.BRIDGE.pack(**(site.state() | {"frozen_at": 1}))
    chain.ledger.put(site.bridge, Account(account.lamports, frozen, account.owner, False, 0))
    with pytest.raises(NotFinal):
        watcher.frozen(Frozen(SOLANA, 0))
    chain.finalize()
    assert len(watcher.frozen(Frozen(SOLANA, 0))) == 65


def test_queue_hash__any_count__is_the_rolling_hash_or_zero(site: Site) -> None:
    reader = SolanaReader(read_bridge(site))
    hashes = [site.deployment_hash]
    for _ in range(3):
        hashes.append(next_queue_hash(hashes[-1], site.swap().words()))
    chain_of(site).finalize()
    final = reader.final()
    assert final is not None and final.number == chain_of(site).ledger.height("finalized")
    assert [reader.queue_hash(SWAP, count, final.number) for count in range(5)] == [*hashes, ZERO_HASH]
    assert reader.queue_hash(Lane.ACCOUNT, 0, final.number) == site.deployment_hash
    assert not reader.is_frozen(final.number) and reader.tip(final.number).sync_hash == site.deployment_hash
    with pytest.raises(RpcUnavailable):
        reader.queue_hash(SWAP, 1, final.number + 1)


# -- a call of the program -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("troubles", [[], ["lost", "blind", "blind", "busy", "dropped"]])
def test_send__a_swap_over_a_bad_line__is_queued_once(site: Site, troubles: list[str]) -> None:
    chain = chain_of(site)
    chain.set_automine(False)
    order = site.order()
    call = instructions.SWAP
    encoded = site.encode(call, site.swap_places(order["token_in"], order["token_out"]), call.encode(**order))
    node = LossyNode(chain, list(troubles)).client()
    sender = Sender(node, site.user, pause=lambda seconds: chain.mine(3))
    try:
        receipt = sender.send("swap", [encoded])
        chain.mine(50)
    finally:
        chain.set_automine(True)
    assert site.state()["totals"][0] == 1 and receipt.units > 0


def test_end_state__raised_or_not__is_what_the_bridge_says_now(site: Site) -> None:
    reader, ledger = SolanaReader(read_bridge(site)), chain_of(site).ledger
    assert reader.end_state(reader.newest().number) == EndState(0, None)
    account = ledger.svm.get_account(site.bridge)
    assert account is not None
    raised = accounts.BRIDGE.unpack(account.data) | {
        "end_word": 2,
        "end_round": 3,
        "end_number": 7,
        "end_hash": b"\7" * 32,
    }
    ledger.put(site.bridge, Account(account.lamports, accounts.BRIDGE.pack(**raised), account.owner, False, 0))
    chain_of(site).mine(chain_of(site).spec.confirmed_slots)
    assert reader.end_state(reader.newest().number) == EndState(3, Accepted(BlockNumber(7), b"\7" * 32))
    with pytest.raises(RpcUnavailable, match="behind slot"):
        reader.end_state(10**9)
