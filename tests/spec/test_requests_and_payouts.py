"""Requests and payouts: their words read back, and malformed ones are refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.account_strategies import Record, records
from tests.strategies import malformed_requests, swap_payouts, swap_requests
from tests.support.tries import tries
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitPart, FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.ledger_data import LedgerData
from zklink.operations.payout import Payout, compute_operation_id, split_operation_id
from zklink.operations.pool_data import PoolData
from zklink.operations.swap import SwapRequest
from zklink.protocol.addresses import join_address, split_address
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.errors import (
    ProtocolError,
    WrongAddressLength,
    WrongRecordField,
    WrongRecordKind,
    WrongWordCount,
    ZkLinkError,
)
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, Kind, Nonce, RequestId, TokenId

many = tries(300)


@given(malformed_requests())
@many
def test_words__malformed_request__is_refused(case: tuple[SwapRequest, type[ZkLinkError]]) -> None:
    request, error = case
    with pytest.raises(error):
        request.words()


@given(swap_payouts(), st.sampled_from(("amount", "fill_fee", "token", "chain", "source", "id")))
@many
def test_words__malformed_payout__is_refused(payout: Payout, name: str) -> None:
    with pytest.raises(ZkLinkError):
        replace(payout, **{name: 1 << 112}).words()  # type: ignore[arg-type]
    with pytest.raises(WrongAddressLength):
        replace(payout, recipient=payout.recipient[1:]).words()
    with pytest.raises(WrongRecordKind):
        replace(payout, kind=Kind.SWAP_REQUEST).words()


@given(records(), st.integers(0, 255))
@many
def test_from_words__another_kind__is_refused_or_another_record(record: Record, kind: int) -> None:
    first, *rest = record.words()
    changed = [first % (1 << 240) | kind << 240, *rest]
    try:
        found = type(record).from_words(changed)
    except ProtocolError:
        return
    assert found.kind == kind


@given(swap_payouts(), st.sampled_from([kind for kind in range(256) if kind not in (2, 3, 20, 21, 22)]))
@many
def test_from_words__not_a_payout__is_refused(payout: Payout, kind: int) -> None:
    first, *rest = payout.words()
    with pytest.raises(WrongRecordKind):
        Payout.from_words([first % (1 << 240) | kind << 240, *rest])


@given(records())
@many
def test_from_words__wrong_count__is_refused(record: Record) -> None:
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
def test_refunded__any_request__gives_everything_back(request: SwapRequest) -> None:
    payout = Payout.refunded(request)
    assert payout.kind == Kind.SWAP_REFUNDED
    assert (payout.source, payout.chain) == (request.source, request.source)
    assert (payout.token, payout.amount, payout.recipient) == (request.token_in, request.amount, request.refund_to)
    assert payout.fill_fee == 0


@given(st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1))
@many
def test_compute_operation_id__any_account_and_nonce__reads_back(account: int, nonce: int) -> None:
    id = compute_operation_id(AccountId(account), Nonce(nonce))
    assert id < 1 << 64
    assert split_operation_id(id) == (account, nonce)


DEPOSIT = DepositRequest(ChainId(1), RequestId(2), TokenId(3), Amount(4), b"\x05" * 32, b"\x06" * 32, 7)
MASK = make_chain_set([ChainId(1), ChainId(3)])
FULL_EXIT = FullExitRequest(ChainId(1), RequestId(2), AccountId(3), TokenId(4), b"\x05" * 32, b"\x06" * 32, MASK, 6)
KEY_REQUEST = KeyRequest(ChainId(1), RequestId(2), AccountId(3), b"\x05" * 32, 7, 8)
KEY_CHANGE = KeyChange(ChainId(1), AccountId(3), Nonce(4), b"\x05" * 32, 7, 8)
WITHDRAWAL = Payout(Kind.WITHDRAW_PAYOUT, ChainId(0), ChainId(1), 2, TokenId(3), Amount(4), b"\x05" * 32, Amount(6))
REFUND = Payout(Kind.SWAP_REFUNDED, ChainId(1), ChainId(1), 2, TokenId(3), Amount(4), b"\x05" * 32, Amount(0))
POOL_SWAP = PoolData(Kind.POOL_SWAP, AccountId(1), TokenId(2), TokenId(3), 0, TokenId(2))


@pytest.mark.parametrize(
    ("record", "word", "bit"),
    [
        (DEPOSIT, 2, 56),  # a mask
        (DEPOSIT, 2, 65),  # a flag that is 2
        (FULL_EXIT, 0, 0),  # an amount
        (FULL_EXIT, 2, 56),  # chains without the one that asks
        (FULL_EXIT, 2, 64),  # a flag
        (KEY_REQUEST, 0, 0),  # an amount
        (KEY_REQUEST, 0, 144),  # a token
        (KEY_REQUEST, 2, 60),  # a mask
        (KEY_CHANGE, 0, 112),  # an account beside the one in the id
        (KEY_CHANGE, 2, 72),  # a fee
        (LedgerData(Kind.WITHDRAW), 0, 112),  # an owner that only kind 7 has, or the source of a full exit
        (WITHDRAWAL, 2, 120),  # a slot that only a full exit's has
        (WITHDRAWAL, 2, 136),  # a block
        (REFUND, 2, 120),  # an amount between that only a paid swap's has
        (POOL_SWAP, 1, 224),  # a chain that only a full exit of shares has
    ],
)
def test_from_words__a_field_that_the_kind_fixes__is_refused(record: Record, word: int, bit: int) -> None:
    words = list(record.words())
    words[word] ^= 1 << bit
    with pytest.raises(WrongRecordField):
        type(record).from_words(words)


def test_elements__ledger_data__is_padded_in_front() -> None:
    short, long = LedgerData(Kind.WITHDRAW), LedgerData(Kind.TRANSFER_NEW, owner=b"\x01" * 32)
    assert short.elements() == (0, *short.words())
    assert long.elements() == long.words()
    with pytest.raises(WrongRecordField):
        LedgerData(Kind.TRANSFER, owner=b"\x01" * 32).words()


@pytest.mark.parametrize("kind", [Kind.SWAP_PAID, Kind.WITHDRAW_PAYOUT, Kind.FULL_EXIT_PAYOUT, Kind.SWAP_REFUNDED])
def test_is_fillable__kinds_with_a_recipient_who_waits__are(kind: Kind) -> None:
    payout = Payout(kind, ChainId(0), ChainId(1), 2, TokenId(3), Amount(4), b"\x05" * 32, Amount(6))
    assert payout.is_fillable == (kind in (Kind.SWAP_PAID, Kind.WITHDRAW_PAYOUT))


def test_part_words__a_full_exit__differ_from_the_queued_ones_by_the_kind_only() -> None:
    """So a chain hashes what is served in part as what stands in its queue."""
    queued, part = FULL_EXIT.words(), FullExitPart(FULL_EXIT).words()
    assert part[1:] == queued[1:]
    assert part[0] - queued[0] == (Kind.FULL_EXIT_PART - Kind.FULL_EXIT) << 240
    assert FullExitPart.from_words(part) == FullExitPart(FULL_EXIT)
    with pytest.raises(WrongRecordKind):
        FullExitRequest.from_words(part)


@pytest.mark.parametrize(("chain", "recipient"), [(1, b"\x05" * 32), (3, b"\x06" * 32)])
def test_payout__a_full_exit__goes_to_the_owner_at_home_and_to_the_second_elsewhere(
    chain: int, recipient: bytes
) -> None:
    payout = FULL_EXIT.payout(ChainId(chain), Amount(9), BlockNumber(1 << 63), 65_535)
    assert (payout.source, payout.chain, payout.recipient) == (1, chain, recipient)
    assert Payout.from_words(payout.words()) == payout
