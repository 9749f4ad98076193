"""END on the program beside what its twin shows: paths, evidence that is no word, imports up to an END, no clock."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.solana.blocks import History
from tests.support.solana.ends import UNREAD, Ends
from tests.support.solana.machine import key_of
from tests.support.solana.site import Site
from tests.support.upholds import upholds
from zklink.primitives.keccak import keccak256
from zklink.protocol.bridge_hashes import fold
from zklink.protocol.facts import Group
from zklink.protocol.ids import DENIAL_WINDOW_SECONDS, END_WINDOW_SECONDS, BlockNumber, ChainId
from zklink.protocol.limits import MAX_LATER
from zklink.solana.interface import accounts, end_instructions
from zklink.solana.interface.refusals import Refusal

VALIDATORS, WATCHERS = Group


@pytest.fixture
def ends(history: History) -> Ends:
    """The ends of a site whose primary has three blocks."""
    found = Ends(history)
    found.extend(count=3)
    return found


# --- paths ---


def test_path__pieces__fold_to_the_hash_of_the_core(ends: Ends) -> None:
    commitments = [keccak256(bytes([i])) for i in range(60)]
    path = ends.path_of(7, ends.sync_hash(0), commitments)
    known = accounts.PATH.unpack(ends.site.machine.data(path))
    assert (known["base"], known["base_hash"]) == (7, ends.sync_hash(0))
    assert (known["number"], known["sync_hash"]) == (67, fold(ends.sync_hash(0), commitments))


def test_path__somebody_else_half_a_commitment_or_too_far__refused(ends: Ends) -> None:
    site, path = ends.site, ends.path(0, 1)
    writer = site.writer
    for signer, tail, refusal in (
        (site.user, bytes(32), Refusal.SIGNER),
        (writer, b"", Refusal.PATH_LENGTH),
        (writer, bytes(31), Refusal.PATH_LENGTH),
        (writer, bytes(33), Refusal.PATH_LENGTH),
    ):
        places = {"writer": signer.pubkey(), "path": path}
        site.call(end_instructions.EXTEND_PATH, places, signer, tail=tail, refusal=refusal)
    last = ends.path_of(2**64 - 1, bytes(32), [])
    places = {"writer": writer.pubkey(), "path": last}
    site.call(end_instructions.EXTEND_PATH, places, writer, tail=bytes(32), refusal=Refusal.PATH_LENGTH)


def test_path__opened_again_or_of_another_size__refused(ends: Ends) -> None:
    site, path, writer = ends.site, ends.path(0, 1), ends.site.writer
    values: dict[str, Any] = {"number": 0, "sync_hash": bytes(32)}
    places = {"writer": writer.pubkey(), "path": path, "bridge": site.bridge}
    site.call(end_instructions.OPEN_PATH, places, writer, refusal=Refusal.EXISTS, **values)
    for size in (accounts.PATH.size - 1, accounts.PATH.size + 1):
        places["path"] = site.machine.put(key_of(f"size {size}").pubkey(), site.id, bytes(size))
        site.call(end_instructions.OPEN_PATH, places, writer, refusal=Refusal.ACCOUNT, **values)


def test_close_path__its_writer__gets_the_rent_and_nobody_else(ends: Ends) -> None:
    site, path = ends.site, ends.path(0, 1)
    close, user, writer = end_instructions.CLOSE_PATH, site.user, site.writer
    site.call(close, {"writer": user.pubkey(), "path": path}, user, refusal=Refusal.SIGNER)
    site.call(close, {"writer": writer.pubkey(), "path": ends.evidence()}, writer, refusal=Refusal.ACCOUNT)
    before = site.machine.lamports(writer.pubkey())
    site.call(close, {"writer": writer.pubkey(), "path": path}, writer)
    assert site.machine.lamports(writer.pubkey()) == before + site.machine.rent(accounts.PATH.size)
    assert site.machine.data(path) == b""


def test_close_path__closed_and_used_in_one_transaction__is_no_path_any_more(ends: Ends) -> None:
    site, path, writer = ends.site, ends.path(0, 2), ends.site.writer
    places = {"writer": writer.pubkey(), "path": path}
    close = site.encode(end_instructions.CLOSE_PATH, places, end_instructions.CLOSE_PATH.encode())
    fact = ends.fact(2)
    evidence = ends.evidence(*(site.groups.sign(fact, group) for group in Group))
    both = {"governor": UNREAD, "bridge": site.bridge, "evidence": evidence, "path": path}
    call = end_instructions.RAISE_END
    site.call(call, both, writer, before=[close], validators_say=1, refusal=Refusal.ACCOUNT)
    site.call(call, both, validators_say=1)


# --- evidence ---


@upholds("SYN-4")
def test_raise_end__signatures_of_another_fact_or_group__refused(ends: Ends) -> None:
    site = ends.site
    known, fact = site.groups, ends.fact(2)
    good = known.sign(fact, WATCHERS)
    for other in (
        replace(fact, round=1),
        replace(fact, number=BlockNumber(3)),
        replace(fact, sync_hash=bytes(32)),
        replace(fact, member=ChainId(1)),
    ):
        ends.raise_end(2, WATCHERS, places={"evidence": ends.evidence(known.seal(2, fact.sync_hash),
                       known.sign(other, WATCHERS))}, refusal=Refusal.WATCHERS)  # fmt: skip
    for seal in (b"", known.seal(2, bytes(32)), known.seal(1, fact.sync_hash), known.sign(fact, VALIDATORS)):
        ends.raise_end(2, WATCHERS, places={"evidence": ends.evidence(seal, good)}, refusal=Refusal.VALIDATORS)
    for word in (b"", known.seal(2, fact.sync_hash), known.sign(fact, WATCHERS)):
        ends.raise_end(2, *Group, places={"evidence": ends.evidence(word, good)}, refusal=Refusal.VALIDATORS)
    few = known.watchers.evidence(fact.digest(site.deployment_hash), known.watchers.keys[:2])
    ends.raise_end(2, *Group, places={"evidence": ends.evidence(known.sign(fact, VALIDATORS), few)},
                   refusal=Refusal.WATCHERS)  # fmt: skip
    ends.raise_end(2, WATCHERS)


def test_raise_end__evidence_or_path_that_is_none__refused(ends: Ends) -> None:
    ends.raise_end(2, *Group, places={"path": ends.evidence()}, refusal=Refusal.ACCOUNT)
    ends.raise_end(2, *Group, places={"evidence": ends.path(0, 2)}, refusal=Refusal.ACCOUNT)
    ends.raise_end(2, *Group, places={"path": ends.path(1, 2)}, refusal=Refusal.NOT_ABOVE_TIP)
    ends.raise_end(2, *Group, places={"path": ends.path(0, 2, bytes(32))}, refusal=Refusal.NOT_ABOVE_TIP)
    written = ends.write_next()
    ends.raise_end(2, *Group, places={"evidence": written}, refusal=Refusal.FORM)
    with_later = ends.write_next(top=2)
    ends.raise_end(2, *Group, places={"evidence": with_later}, refusal=Refusal.FORM)
    imported = ends.bring()
    ends.raise_end(2, *Group, places={"evidence": imported}, refusal=Refusal.STAGE)
    call, places = end_instructions.RAISE_END, {"evidence": ends.evidence(), "path": ends.path(1, 2)}
    ends.act(call, places, Refusal.INPUT, validators_say=2)
    ends.raise_end(2, WATCHERS)
    ends.act(end_instructions.DENY_END, {"evidence": UNREAD}, Refusal.INPUT, by_governor=2)


def test_governor__named_without_a_signature__has_no_word(ends: Ends) -> None:
    site = ends.site
    ends.raise_end(2, VALIDATORS, places={"governor": site.governor.pubkey()}, refusal=Refusal.GOVERNOR)
    ends.raise_end(2, WATCHERS)
    places = {"governor": site.governor.pubkey(), "evidence": UNREAD}
    ends.act(end_instructions.DENY_END, places, Refusal.GOVERNOR, by_governor=1)
    ends.deny(VALIDATORS)
    call = end_instructions.VOID_END
    stranger = {"governor": site.user.pubkey(), "bridge": site.bridge}
    site.call(call, stranger, site.user, refusal=Refusal.GOVERNOR)
    ends.void()


def test_deny_end__word_of_another_round_or_group__refused(ends: Ends) -> None:
    ends.raise_end(2, WATCHERS)
    fact, known = ends.fact(2), ends.site.groups
    for denied in (replace(fact, round=1), replace(fact, number=BlockNumber(1)), replace(fact, sync_hash=bytes(32))):
        word = known.denial(denied, VALIDATORS)
        ends.act(end_instructions.DENY_END, {"evidence": ends.evidence(word)}, Refusal.VALIDATORS, by_governor=0)
    both = {"evidence": ends.evidence(known.sign(fact, VALIDATORS))}
    ends.act(end_instructions.DENY_END, both, Refusal.VALIDATORS, by_governor=0)
    ends.act(end_instructions.DENY_END, {"evidence": ends.path(0, 1)}, Refusal.ACCOUNT, by_governor=0)
    ends.deny(VALIDATORS)


@upholds("SYN-11")
def test_deny_end__by_validators__adds_a_window(ends: Ends) -> None:
    ends.raise_end(2, WATCHERS)
    ends.deny(VALIDATORS)
    ends.wait(END_WINDOW_SECONDS)
    ends.stand(Refusal.WITHIN_WINDOW)
    ends.wait(DENIAL_WINDOW_SECONDS)
    ends.stand()


def test_fell_end__no_acc_or_another_path__refused(ends: Ends) -> None:
    ends.raise_end(2, WATCHERS)
    other = keccak256(b"another history")
    call, known = end_instructions.FELL_END, ends.site.groups
    acc, false = known.acc(1, other), known.acc(1, ends.sync_hash(2))
    good = ends.path(1, 2)
    for evidence, path, refusal in (
        ((false.validators, acc.watchers), good, Refusal.VALIDATORS),
        ((acc.validators, false.watchers), good, Refusal.WATCHERS),
        (acc, ends.path(0, 2), Refusal.NOT_ITS_HISTORY),
        (acc, ends.path(1, 3), Refusal.NOT_ITS_HISTORY),
        (acc, ends.path(1, 2, keccak256(b"of nobody")), Refusal.NOT_ITS_HISTORY),
        (acc, UNREAD, Refusal.ACCOUNT),
    ):
        places = {"evidence": ends.evidence(*evidence), "path": path}
        ends.act(call, places, refusal, number=1, sync_hash=other)
    ends.fell(1, other, good)
    assert ends.site.state()["end_round"] == 1


# --- imports up to an END ---


@upholds("SYN-8")
def test_import__end_that_stands__needs_no_signature_and_takes_nothing_else(ends: Ends) -> None:
    ends.raise_end(2, *Group)
    ends.bring(1, refusal=Refusal.NO_PATH)
    ends.bring(3, refusal=Refusal.BEYOND_END)
    ends.bring(2)
    ends.bring(2)
    assert (ends.site.state()["number"], ends.site.state()["sync_hash"]) == (2, ends.sync_hash(2))
    ends.bring(3, refusal=Refusal.BEYOND_END)


def test_import__end_of_another_history__refused(ends: Ends) -> None:
    site = ends.site
    site.machine.put(site.bridge, site.id, accounts.BRIDGE.pack(
        **(site.state() | {"has_end": 1, "end_number": 2, "end_hash": keccak256(b"another history")})
    ), 10**10)  # fmt: skip
    ends.bring(2, refusal=Refusal.NOT_END)


def test_import__end_that_is_far_away__by_a_path(ends: Ends) -> None:
    far = MAX_LATER + 40
    line = ends.commitments(0, 3)
    commitments = [*line, *(keccak256(i.to_bytes(2, "big")) for i in range(far))]
    last = fold(ends.sync_hash(0), commitments)
    path = ends.path_of(0, ends.sync_hash(0), commitments)
    known = ends.site.groups
    fact = replace(ends.fact(3), number=BlockNumber(3 + far), sync_hash=last)
    evidence = ends.evidence(*(known.sign(fact, group) for group in Group))
    ends.raise_end(3, *Group, places={"evidence": evidence, "path": path})
    assert ends.site.state()["end_number"] == 3 + far
    ends.bring(3, refusal=Refusal.NO_PATH)
    ends.bring(3, refusal=Refusal.NO_PATH, path=path)
    ends.bring(1, refusal=Refusal.ACCOUNT, path=evidence)
    ends.bring(1, path=ends.path_of(1, ends.sync_hash(1), commitments[1:]))
    ends.bring(3, path=ends.path_of(3, ends.sync_hash(3), commitments[3:]))
    assert ends.site.state()["number"] == 2


def test_stand__no_clock__refused(site: Site, ends: Ends) -> None:
    now = site.machine.now()
    site.machine.set_time(0)
    ends.raise_end(3, WATCHERS, refusal=Refusal.CLOCK)
    ends.raise_end(3, *Group, refusal=Refusal.CLOCK)
    site.machine.set_time(now)
    ends.raise_end(3, WATCHERS)
    ends.wait(END_WINDOW_SECONDS)
    after = site.machine.now()
    site.machine.set_time(0)
    ends.stand(Refusal.CLOCK)
    site.machine.set_time(after)
    ends.stand(Refusal.NOT_ABOVE_TIP, path=ends.path(0, 2))
    ends.stand(Refusal.ACCOUNT, path=ends.evidence())
    ends.stand()
    assert site.state()["frozen_at"] == after


def test_stand__chain_that_is_frozen_already__keeps_its_time(ends: Ends) -> None:
    site = ends.site
    site.machine.put(site.bridge, site.id, accounts.BRIDGE.pack(**(site.state() | {"frozen_at": 5})), 10**10)
    ends.raise_end(3, *Group)
    assert site.state()["frozen_at"] == 5
