"""Requests and payouts: their words read back, and malformed ones are refused."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import malformed_requests, swap_payouts, swap_requests
from zklink.operations.swap import SwapPayout, SwapRequest, join_address, split_address
from zklink.protocol.errors import WrongAddressLength, WrongRecordKind, WrongWordCount, ZkLinkError
from zklink.protocol.ids import RecordKind

many = settings(max_examples=300, deadline=None)


@given(malformed_requests())
@many
def test_words__malformed_request__is_refused(case: tuple[SwapRequest, type[ZkLinkError]]) -> None:
    request, error = case
    with pytest.raises(error):
        request.words()


@given(swap_payouts(), st.sampled_from(("amount", "fill_fee", "token", "chain", "source", "request_id")))
@many
def test_words__malformed_payout__is_refused(payout: SwapPayout, name: str) -> None:
    with pytest.raises(ZkLinkError):
        replace(payout, **{name: 1 << 112}).words()  # type: ignore[arg-type]
    with pytest.raises(WrongAddressLength):
        replace(payout, recipient=payout.recipient[1:]).words()
    with pytest.raises(WrongRecordKind):
        replace(payout, kind=RecordKind.SWAP_REQUEST).words()


@given(swap_requests(), swap_payouts(), st.integers(0, 255))
@many
def test_from_words__another_kind__is_refused(request: SwapRequest, payout: SwapPayout, kind: int) -> None:
    w0, *rest = request.words()
    if kind != RecordKind.SWAP_REQUEST:
        with pytest.raises(WrongRecordKind):
            SwapRequest.from_words([w0 % (1 << 240) | kind << 240, *rest])
    p0, *others = payout.words()
    if kind not in (RecordKind.SWAP_PAID, RecordKind.SWAP_REFUNDED):
        with pytest.raises(WrongRecordKind):
            SwapPayout.from_words([p0 % (1 << 240) | kind << 240, *others])


@given(swap_requests(), swap_payouts())
@many
def test_from_words__wrong_count__is_refused(request: SwapRequest, payout: SwapPayout) -> None:
    for record in (request, payout):
        for words in (record.words()[:-1], (*record.words(), 0), ()):
            with pytest.raises(WrongWordCount):
                type(record).from_words(words)


@given(st.binary(min_size=32, max_size=32))
@many
def test_split_address__any_address__joins_back(address: bytes) -> None:
    hi, lo = split_address("recipient", address)
    assert 0 <= hi < 1 << 8
    assert 0 <= lo < 1 << 248
    assert join_address(hi, lo) == address


@given(swap_requests())
@many
def test_refunded__any_request__gives_everything_back_to_the_sender(request: SwapRequest) -> None:
    payout = SwapPayout.refunded(request)
    assert payout.kind == RecordKind.SWAP_REFUNDED
    assert (payout.source, payout.chain) == (request.source, request.source)
    assert (payout.token, payout.amount, payout.recipient) == (request.token_in, request.amount, request.sender)
    assert payout.fill_fee == 0
