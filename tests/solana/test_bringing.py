"""Blocks brought to the program over a bad line, payouts paid and filled: each once, whoever is killed in between."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from tests.solana.lossy_node import TROUBLES, LossyNode
from tests.support.solana.blocks import History, Made, paid_here, words_of
from tests.support.solana.founding import SRM
from tests.support.solana.machine import key_of
from tests.support.solana.on_ledger import open_ledger_site
from tests.support.solana.site import Site
from tests.support.tries import tries
from zklink.lab.solana.chain import LocalSolana
from zklink.operations.payout import Payout
from zklink.protocol.errors import CallReverted, TransactionExpired
from zklink.protocol.ids import BlockNumber
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.importing import Evidence, Importer, encode_body, read_block
from zklink.solana.client.paying import Payer
from zklink.solana.client.program import Program
from zklink.solana.client.sending import Sender

BOB = key_of("bob").pubkey()
POOR = key_of("no account of the token").pubkey()


@pytest.fixture(scope="module")
def opened() -> tuple[Site, LocalSolana]:
    site, chain = open_ledger_site()
    site.make_holding(BOB, site.mints[SRM])
    site.machine.fund(BOB)
    chain.finalize()
    return site, chain


@pytest.fixture
def site(opened: tuple[Site, LocalSolana]) -> Iterator[Site]:
    """A bridge with a swap in its queue; its chain makes a slot only when somebody waits."""
    site, chain = opened
    moment = chain.snapshot()
    yield site
    chain.set_automine(True)
    chain.restore(moment)


class Killed(Exception):
    """The process has ended."""


class Actor:
    """Somebody with a key at a node that loses things, who is killed after so many waits."""

    def __init__(self, site: Site, troubles: list[str] | None = None, lives: int = 10**6) -> None:
        chain: LocalSolana = site.machine.chain  # type: ignore[attr-defined]
        self.chain, self.lives = chain, lives
        chain.set_automine(False)
        node = LossyNode(chain, troubles or []).client()
        program = Program(bytes(site.id))
        self.program, self.node = program, node
        sender = Sender(node, site.broker, pause=self.pause)
        bridge = SolanaBridge(node, bytes(site.id), bytes(program.bridge))
        self.importer = Importer(bridge, program, sender)
        self.payer = Payer(program, sender, site.deployment_hash)

    def pause(self, seconds: float) -> None:
        """Slots pass."""
        self.chain.mine(3)
        self.lives -= 1
        if self.lives < 0:
            raise Killed


def make_block(site: Site, *payouts: Payout) -> Made:
    """The first block: the refund of a swap, another swap, and these payouts."""
    request, other = site.swap(), site.swap()
    return History(site).make(words_of(request, Payout.refunded(request), other, *payouts))


def evidence_of(made: Made) -> Evidence:
    """The groups' word."""
    return Evidence(made.acc.validators, made.acc.watchers, made.later)


def bring(actor: Actor, made: Made) -> Pubkey:
    """Bring, execute."""
    key = actor.importer.bring(BlockNumber(made.number), made.member, evidence_of(made))
    actor.importer.execute(key)
    return key


def test_encode_body__any_block__is_what_the_program_reads(site: Site) -> None:
    made = make_block(site)
    assert encode_body(made.member, evidence_of(made)) == made.body()


def test_bring__a_block__is_imported_executed_and_paid_and_what_cannot_be_paid_waits(site: Site) -> None:
    before = site.balance(SRM, site.user.pubkey())
    made = make_block(site, paid_here(SRM, 900, BOB), paid_here(SRM, 800, POOR, id=2))
    paid_in = site.balance(SRM, site.bridge)
    actor = Actor(site)
    key = bring(actor, made)
    [waiting] = actor.payer.pay_all(key)
    assert (waiting.payout.recipient, waiting.reason) == (bytes(POOR), "pay: not the recipient's account")
    assert site.balance(SRM, BOB) == 900 and site.balance(SRM, site.user.pubkey()) == before - 5_000_000
    assert site.balance(SRM, site.bridge) == paid_in - 5_000_000 - 900
    assert actor.payer.pay_all(key) == [waiting]
    size = len(site.machine.data(key))
    actor.importer.close(key)
    assert len(site.machine.data(key)) < size and actor.payer.pay_all(key) == [waiting]
    actor.chain.set_automine(True)
    site.make_holding(POOR, site.mints[SRM])
    actor.chain.set_automine(False)
    assert actor.payer.pay_all(key) == [] and site.balance(SRM, POOR) == 800
    actor.importer.close(key)
    assert actor.payer.pay_all(key) == [] and site.machine.data(key) == b""


@given(troubles=st.lists(st.sampled_from(TROUBLES), max_size=12), lives=st.lists(st.integers(0, 12), max_size=4))
@tries(8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bring__killed_and_on_a_bad_line__once_all_the_same(site: Site, troubles: list[str], lives: list[int]) -> None:
    """Whoever is started again brings the same block from the same account."""
    chain: LocalSolana = site.machine.chain  # type: ignore[attr-defined]
    chain.set_automine(True)
    moment = chain.snapshot()
    made = make_block(site, paid_here(SRM, 900, BOB))
    keys = set()
    for life in [*lives, 10**6]:
        actor = Actor(site, troubles, life)
        try:
            key = bring(actor, made)
            actor.payer.pay_all(key)
        except Killed:
            continue
        keys.add(key)
    [key] = keys
    assert site.state()["number"] == 1 and site.state()["unpaid"] == 0
    assert site.balance(SRM, BOB) == 900 and site.books(SRM)["owed"] == 0
    Actor(site).importer.close(key)
    chain.restore(moment)


def test_bring__somebody_else_was_faster__takes_the_rent_back(site: Site) -> None:
    made = make_block(site)
    late = Actor(site, lives=1)
    with pytest.raises(Killed):
        bring(late, made)
    late.chain.set_automine(True)
    History(site).bring(made)
    again = Actor(site)
    key = bring(again, made)
    assert site.machine.data(key) == b"" and site.state()["number"] == 1


@pytest.mark.parametrize("lamports", [10**6, 10**10])
def test_bring__a_stranger_sends_lamports_to_the_block_s_address__changes_nothing(site: Site, lamports: int) -> None:
    """Less than its rent, and more; before the block is there, and when it is closed: anybody has seen the address."""
    made = make_block(site, paid_here(SRM, 900, BOB))
    actor = Actor(site)
    chain, key = actor.chain, actor.importer.account_of(BlockNumber(1), made.member.block.commitment)
    chain.ledger.give(key, lamports)
    chain.finalize()
    assert bring(actor, made) == key and actor.payer.pay_all(key) == [] and site.balance(SRM, BOB) == 900
    actor.importer.close(key)
    chain.ledger.give(key, lamports)
    chain.finalize()
    assert read_block(actor.node, actor.program, key) is None and actor.payer.pay_all(key) == []
    actor.importer.execute(key)
    assert bring(actor, made) == key


def test_pay_all__a_transaction_that_never_lands__holds_up_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_block(site, paid_here(SRM, 900, BOB))
    actor = Actor(site)
    key = bring(actor, made)
    pay, tried = actor.payer._pay, []

    def stuck(key: Pubkey, index: int, payout: Payout) -> None:
        tried.append(index)
        if len(tried) == 1:
            raise TransactionExpired("solana", "pay", ("1" * 64,))
        pay(key, index, payout)

    monkeypatch.setattr(actor.payer, "_pay", stuck)
    [waiting] = actor.payer.pay_all(key)
    assert waiting.index == tried[0] and "has not landed" in waiting.reason and site.balance(SRM, BOB) == 900


def test_fill__then_the_block__repays_the_broker_and_nobody_twice(site: Site) -> None:
    payout = paid_here(SRM, 1_000_000, BOB, fill_fee=100)
    made = make_block(site, payout)
    actor = Actor(site)
    before = site.balance(SRM, site.broker.pubkey())
    assert actor.payer.fill_of(payout) is None
    actor.payer.fill(payout, BlockNumber(1))
    fill = actor.payer.fill_of(payout)
    assert fill is not None and fill["payer"] == bytes(site.broker.pubkey())
    assert site.balance(SRM, BOB) == 1_000_000 - 100
    with pytest.raises(CallReverted):
        actor.payer.fill(payout, BlockNumber(1))
    actor.chain.advance_time(60)
    key = bring(actor, made)
    assert actor.payer.pay_all(key) == []
    assert site.balance(SRM, BOB) == 1_000_000 - 100
    assert site.balance(SRM, site.broker.pubkey()) == before + 100
    assert actor.payer.fill_of(payout) is None
