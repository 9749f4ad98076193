"""DAT-4, the Python side: a fill key contains all that makes a payout unique, a queue entry all it says."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import hashes, swap_payouts, swap_requests, words_248
from tests.support.refute import check_refuted
from tests.support.upholds import upholds
from zklink.operations import swap
from zklink.operations.swap import SwapPayout, SwapRequest
from zklink.primitives.keccak import keccak_words
from zklink.protocol import chain
from zklink.protocol.ids import RecordKind

PAYOUT_FIELDS = tuple(field.name for field in fields(SwapPayout))
REQUEST_FIELDS = tuple(field.name for field in fields(SwapRequest))
places = st.integers(0, 31)


def _changed(record: Any, name: str, place: int) -> Any:
    """The record with one field different and still well formed; of an address, one byte."""
    value = getattr(record, name)
    if name == "kind":
        return replace(record, kind=RecordKind.SWAP_PAID + RecordKind.SWAP_REFUNDED - value)
    if isinstance(value, bytes):
        flipped = bytes([value[place] ^ 1])
        return replace(record, **{name: value[:place] + flipped + value[place + 1 :]})
    return replace(record, **{name: value ^ 1})


def check_fill_key(payout: SwapPayout, name: str, place: int, domain: int) -> None:
    """Another payout, or another deployment, has another key."""
    assert _changed(payout, name, place).fill_key(domain) != payout.fill_key(domain)
    assert payout.fill_key(domain ^ 1) != payout.fill_key(domain)


def check_queue_entry(request: SwapRequest, name: str, place: int, before: bytes) -> None:
    """Another request, or another queue before it, gives another queue hash."""
    entry = chain.next_queue_hash(before, request.words())
    assert chain.next_queue_hash(before, _changed(request, name, place).words()) != entry
    assert chain.next_queue_hash(entry, request.words()) != entry


@upholds("DAT-4")
class TestKeys:
    """Every field of a payout and the domain are in its key; every field of a request is in the queue."""

    @given(swap_payouts(), st.sampled_from(PAYOUT_FIELDS), places, words_248)
    @settings(max_examples=500, deadline=None)
    def test_fill_key__any_field_changed__differs(self, payout: SwapPayout, name: str, place: int, domain: int) -> None:
        check_fill_key(payout, name, place, domain)

    @given(swap_requests(), st.sampled_from(REQUEST_FIELDS), places, hashes)
    @settings(max_examples=500, deadline=None)
    def test_next_queue_hash__any_field_changed__differs(
        self, request: SwapRequest, name: str, place: int, before: bytes
    ) -> None:
        check_queue_entry(request, name, place, before)


@pytest.mark.parametrize("kept", [(0,), (1, 2), (0, 1), (0, 2)], ids=str)
def test_check_fill_key__a_word_left_out__refutes(monkeypatch: pytest.MonkeyPatch, kept: tuple[int, ...]) -> None:
    mutant = lambda domain, words: keccak_words(domain, *(words[i] for i in kept))  # noqa: E731
    monkeypatch.setattr(swap, "compute_fill_key", mutant)
    check_refuted(check_fill_key, swap_payouts(), st.sampled_from(PAYOUT_FIELDS), places, words_248)


def test_check_fill_key__domain_left_out__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "compute_fill_key", lambda domain, words: keccak_words(*words))
    check_refuted(check_fill_key, swap_payouts(), st.sampled_from(PAYOUT_FIELDS), places, words_248)


@pytest.mark.parametrize("left_out", range(5))
def test_check_queue_entry__a_word_left_out__refutes(monkeypatch: pytest.MonkeyPatch, left_out: int) -> None:
    mutant = lambda before, words: keccak_words(before, *words[:left_out], *words[left_out + 1 :])  # noqa: E731
    monkeypatch.setattr(chain, "next_queue_hash", mutant)
    check_refuted(check_queue_entry, swap_requests(), st.sampled_from(REQUEST_FIELDS), places, st.just(bytes(32)))
