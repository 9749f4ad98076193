"""DAT-4, the Python side: a fill key contains all that makes a payout unique, a queue entry all it says."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.account_strategies import account_requests, roll_any_payout
from tests.strategies import hashes, rolled, swap_requests
from tests.support.refute import check_refuted
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations import payout as payouts
from zklink.operations.payout import PAYOUT_KINDS, Payout
from zklink.operations.requests import Request
from zklink.primitives.keccak import keccak_words
from zklink.protocol import bridge_hashes
from zklink.protocol.ids import Kind

OWNERS = {"block_number": Kind.FULL_EXIT_PAYOUT, "slot": Kind.FULL_EXIT_PAYOUT, "between": Kind.SWAP_PAID}
"""The fields that only a payout of one kind has; they are 0 in all others."""

PAYOUT_FIELDS = tuple(field.name for field in fields(Payout))
any_payouts = rolled(roll_any_payout)
requests: st.SearchStrategy[Request] = st.one_of(swap_requests(), account_requests())
choices, places = st.integers(0, 1_000), st.integers(0, 31)


def _as_kind(payout: Payout, kind: Kind) -> Payout:
    """The payout as one of another kind, which has no field that only its own kind has."""
    none: Any = {name: 0 for name, owner in OWNERS.items() if owner != kind}
    return replace(payout, kind=kind, **none)


def _changed(record: Any, name: str, place: int) -> Any:
    """The record with one field different and still well formed; of an address, one byte."""
    value = getattr(record, name)
    if name == "kind":
        others = [kind for kind in PAYOUT_KINDS if kind != value]
        return _as_kind(record, others[place % len(others)])
    if isinstance(value, bytes):
        flipped = bytes([value[place] ^ 1])
        return replace(record, **{name: value[:place] + flipped + value[place + 1 :]})
    return replace(record, **{name: value ^ 1})


def check_fill_key(payout: Payout, name: str, place: int, deployment: bytes) -> None:
    """Another payout, or another deployment, has another key."""
    if name in OWNERS:
        payout = _as_kind(payout, OWNERS[name])
    assert _changed(payout, name, place).fill_key(deployment) != payout.fill_key(deployment)
    another = bytes([deployment[0] ^ 1]) + deployment[1:]
    assert payout.fill_key(another) != payout.fill_key(deployment)


def check_queue_entry(request: Request, choice: int, place: int, before: bytes) -> None:
    """Another request, or another queue before it, gives another queue hash."""
    names = [field.name for field in fields(request)]
    name = names[choice % len(names)]
    entry = bridge_hashes.next_queue_hash(before, request.words())
    assert bridge_hashes.next_queue_hash(before, _changed(request, name, place).words()) != entry
    assert bridge_hashes.next_queue_hash(entry, request.words()) != entry


@upholds("DAT-4")
class TestKeys:
    """Every field of a payout and the deployment are in its key; every field of a request is in its queue."""

    @given(any_payouts, st.sampled_from(PAYOUT_FIELDS), places, hashes)
    @tries(1_000)
    def test_fill_key__any_field_changed__differs(
        self, payout: Payout, name: str, place: int, deployment: bytes
    ) -> None:
        check_fill_key(payout, name, place, deployment)

    @given(requests, choices, places, hashes)
    @tries(1_000)
    def test_next_queue_hash__any_field_changed__differs(
        self, request: Request, choice: int, place: int, before: bytes
    ) -> None:
        check_queue_entry(request, choice, place, before)


# breaks: DAT-4
@pytest.mark.parametrize("kept", [(0,), (1, 2), (0, 1), (0, 2)], ids=str)
def test_check_fill_key__a_word_left_out__refutes(monkeypatch: pytest.MonkeyPatch, kept: tuple[int, ...]) -> None:
    mutant = lambda deployment, *words: keccak_words(deployment, *(words[i] for i in kept))  # noqa: E731
    monkeypatch.setattr(payouts, "compute_fill_key", mutant)
    check_refuted(check_fill_key, any_payouts, st.sampled_from(PAYOUT_FIELDS), places, hashes)


def test_check_fill_key__deployment_left_out__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payouts, "compute_fill_key", lambda deployment, *words: keccak_words(*words))
    check_refuted(check_fill_key, any_payouts, st.sampled_from(PAYOUT_FIELDS), places, hashes)


# breaks: DAT-4
@pytest.mark.parametrize("left_out", range(5))
def test_check_queue_entry__a_word_left_out__refutes(monkeypatch: pytest.MonkeyPatch, left_out: int) -> None:
    mutant = lambda before, words: keccak_words(before, *words[:left_out], *words[left_out + 1 :])  # noqa: E731
    monkeypatch.setattr(bridge_hashes, "next_queue_hash", mutant)
    check_refuted(check_queue_entry, requests, choices, places, st.just(bytes(32)))
