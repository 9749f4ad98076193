"""The client of the way out, at a node of a chain with slots and levels: a freeze, exodus, refunds, exits."""

import pytest

from tests.solana.test_bringing import Actor
from tests.support.drafts.escape import Exit
from tests.support.solana.account_doors import ask_key, deposit, full_exit
from tests.support.solana.blocks import History
from tests.support.solana.ends import Ends
from tests.support.solana.founding import SOL, SOLANA, SRM, prover
from tests.support.solana.machine import TOKEN_PROGRAM, associated, key_of
from tests.support.solana.on_ledger import open_ledger_site
from tests.support.solana.site import Site
from zklink.protocol.errors import CallReverted
from zklink.protocol.facts import Accepted, Group
from zklink.protocol.ids import AccountId, BlockNumber, Lane
from zklink.prover.source import Statement
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.ending import Ender, Lead
from zklink.solana.client.importing import Importer
from zklink.solana.client.leaving import Leaver
from zklink.solana.client.sending import Sender

BOB = key_of("bob").pubkey()


@pytest.fixture
def site() -> Site:
    """A bridge on a chain."""
    return open_ledger_site()[0]


def make_leaver(site: Site) -> Leaver:
    """Somebody without a part in anything: the broker."""
    actor = Actor(site)
    sender = actor.importer._sender
    return Leaver(SolanaBridge(sender.node, bytes(site.id), bytes(site.bridge)), actor.program, sender)


def test_leaver__exodus__refunds_every_kind_and_pays_exits(site: Site) -> None:
    user, broker = site.user.pubkey(), site.broker.pubkey()
    site.machine.fund(BOB)
    site.swap(fee=5)
    site.swap(token_in=SOL, token_out=SRM, l1_amount=10**9, refund_to=bytes(BOB))
    deposit(site, fee=6)
    full_exit(site, coin=7)
    ask_key(site, owner=key_of("bob"), fee=8)
    deposit(site, l1_amount=9_000)
    Ends(History(site)).raise_end(0, *Group)
    before = site.balance(SRM, user), site.balance(SOL, BOB)
    leaver = make_leaver(site)
    leaver.begin_exodus()
    for lane, request_id in ((1, 2), (1, 1), (2, 3), (2, 2), (2, 1)):
        leaver.cancel(Lane(lane), request_id)
    with pytest.raises(CallReverted, match="refunded already"):
        leaver.cancel(Lane.SWAP, 1)
    assert (site.balance(SRM, user), site.balance(SOL, BOB)) == (before[0] + 10_000_000, before[1] + 10**9 + 8)
    assert site.state()["open_fees"] == [0, 0] and site.books(SRM)["custody"] == 9_000
    state = site.state()
    held = site.balance(SRM, broker)
    for account, is_signed, amount in ((3, 1, 4_000), (4, 0, 5_000)):
        exit_ = Exit(account, SRM, SOLANA, bytes(broker), amount, is_signed=is_signed)
        statement = exit_.x0, exit_.recipient_lo, exit_.x1
        proof = prover(Statement.EXIT).forge((state["exit_domain"], state["exit_root"], *statement)).evm()
        assert leaver.pay_exit(AccountId(account), SRM) == []
        leaver.exit(statement, proof)
        assert len(leaver.pay_exit(AccountId(account), SRM)) == 1
        assert leaver.pay_exit(AccountId(account), SRM) == []
    assert site.balance(SRM, broker) == held + 9_000


def test_leaver__part_that_cannot_be_paid__is_paid_later(site: Site) -> None:
    """A fee below the rent of a wallet that is not there, and a token account that is not there."""
    poor, late = (key_of(name).pubkey() for name in ("poor", "late"))
    data = site.machine.data(site.make_holding(poor, site.mints[SRM]))
    site.machine.fund(late)
    site.swap(refund_to=bytes(poor), fee=5)
    deposit(site, refund_to=bytes(late), fee=6)
    Ends(History(site)).raise_end(0, *Group)
    leaver = make_leaver(site)
    leaver.begin_exodus()
    held = site.balance(SOL, late)
    for lane in Lane:
        leaver.cancel(lane, 1)
        with pytest.raises(CallReverted, match="pay: "):
            leaver.cancel(lane, 1)
    assert site.balance(SRM, poor) == 5_000_000 and site.balance(SOL, late) == held + 6
    site.machine.fund(poor)
    empty = data[:32] + bytes(late) + bytes(8) + data[72:]
    site.machine.put(associated(late, site.mints[SRM]), TOKEN_PROGRAM, empty)
    for lane in Lane:
        leaver.cancel(lane, 1)
        with pytest.raises(CallReverted, match="refunded already"):
            leaver.cancel(lane, 1)
    assert site.balance(SRM, late) == 5_000_000 and site.state()["open_fees"] == [0, 0]


def test_leaver__request_that_has_not_waited_long_enough__refused_with_the_reason(site: Site) -> None:
    deposit(site)
    leaver = make_leaver(site)
    with pytest.raises(CallReverted, match="request not expired"):
        leaver.call_freeze(Lane.ACCOUNT)
    with pytest.raises(CallReverted, match="not called"):
        leaver.confirm_freeze(Lane.ACCOUNT)


class Killed(Exception):
    """The process has ended."""


def kill(*arguments: object) -> None:
    """It ends here."""
    raise Killed


def lead(ends: Ends, last: int) -> Lead:
    """The way from the genesis to a block of the line."""
    return Lead(Accepted(BlockNumber(0), ends.sync_hash(0)), tuple(ends.commitments(0, last)))


def make_ender(site: Site) -> tuple[Ender, Sender]:
    """Somebody who brings END, and what it sends with."""
    actor = Actor(site)
    sender = actor.importer._sender
    bridge = SolanaBridge(sender.node, bytes(site.id), bytes(site.bridge))
    return Ender(Importer(bridge, actor.program, sender), actor.program, sender), sender


def test_ender__word_of_both_groups__end_stands_and_all_rent_comes_back(site: Site) -> None:
    """END is further away than one transaction's path reaches, and somebody was killed before."""
    ends, known = Ends(History(site)), site.groups
    ends.extend(count=50)
    fact = ends.fact(50)
    words = known.sign(fact, Group.VALIDATORS), known.sign(fact, Group.WATCHERS)
    ender, sender = make_ender(site)
    before = site.machine.lamports(sender.payer.pubkey())
    path = lead(ends, 50)
    ender._evidence(*words)
    with pytest.MonkeyPatch.context() as killed, pytest.raises(Killed):
        killed.setattr(ender, "_extend_path", kill)
        ender.lend_path(path)
    ender.raise_end(path, *words, validators_say=True, governor=site.governor.pubkey())
    state = site.state()
    assert (state["has_end"], state["end_number"], state["end_hash"]) == (1, 50, ends.sync_hash(50))
    assert before - site.machine.lamports(sender.payer.pubkey()) == sender.paid


def test_ender__word_that_the_program_does_not_take__refused_and_all_rent_comes_back(site: Site) -> None:
    ends, known = Ends(History(site)), site.groups
    ends.extend(count=2)
    fact, other = ends.fact(2), ends.fact(1)
    ender, sender = make_ender(site)
    before = site.machine.lamports(sender.payer.pubkey())
    with pytest.raises(CallReverted):
        words = known.sign(other, Group.VALIDATORS), known.sign(fact, Group.WATCHERS)
        ender.raise_end(lead(ends, 2), *words, validators_say=True, governor=site.governor.pubkey())
    assert site.state()["end_word"] == 0
    assert before - site.machine.lamports(sender.payer.pubkey()) == sender.paid
