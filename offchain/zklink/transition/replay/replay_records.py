"""The records of a published block, read back from its slices (docs/protocol.md, sections 4 and 7).

Takes words, gives records in slice order. The first byte of a record's first word names its kind. Never believes more
than the words: a word that belongs to no record is refused.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitPart, FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.ledger_data import LEDGER_KINDS, LedgerData
from zklink.operations.order_match import OrderData
from zklink.operations.payout import Payout
from zklink.operations.pool_data import POOL_KINDS, PoolData
from zklink.operations.swap import SwapRequest
from zklink.protocol.errors import ProtocolError, ReplayRefused
from zklink.protocol.ids import KIND_BITS, SLICE_COUNT, WORD_BITS, BlockNumber, ChainId, Kind, Lane
from zklink.protocol.words import (
    ACCOUNT_REQUEST_WORDS,
    ORDER_DATA_WORDS,
    PAYOUT_WORDS,
    POOL_DATA_WORDS,
    SWAP_REQUEST_WORDS,
)

ChainRecord: TypeAlias = SwapRequest | DepositRequest | FullExitRequest | FullExitPart | KeyRequest | KeyChange
Data: TypeAlias = LedgerData | PoolData | OrderData
Format: TypeAlias = tuple[int, Callable[[Sequence[int]], ChainRecord | Payout | Data]]
"""The number of words of each kind of record, and its reader."""

_PAYOUT: Final[Format] = (PAYOUT_WORDS, Payout.from_words)
SWAP_FORMATS: Final[Mapping[int, Format]] = {
    Kind.SWAP_REQUEST: (SWAP_REQUEST_WORDS, SwapRequest.from_words),
    Kind.SWAP_PAID: _PAYOUT,
    Kind.SWAP_REFUNDED: _PAYOUT,
}
ACCOUNT_FORMATS: Final[Mapping[int, Format]] = {
    Kind.DEPOSIT: (ACCOUNT_REQUEST_WORDS, DepositRequest.from_words),
    Kind.FULL_EXIT: (ACCOUNT_REQUEST_WORDS, FullExitRequest.from_words),
    Kind.FULL_EXIT_PART: (ACCOUNT_REQUEST_WORDS, FullExitPart.from_words),
    Kind.KEY_REQUEST: (ACCOUNT_REQUEST_WORDS, KeyRequest.from_words),
    Kind.CHANGE_PUB_KEY: (ACCOUNT_REQUEST_WORDS, KeyChange.from_words),
    Kind.WITHDRAW_PAYOUT: _PAYOUT,
    Kind.FULL_EXIT_PAYOUT: _PAYOUT,
    Kind.FORCED_EXIT_PAYOUT: _PAYOUT,
}
DATA_FORMATS: Final[Mapping[int, Format]] = {
    **{kind: (2 if kind == Kind.TRANSFER_NEW else 1, LedgerData.from_words) for kind in LEDGER_KINDS},
    **dict.fromkeys(POOL_KINDS, (POOL_DATA_WORDS, PoolData.from_words)),
    Kind.ORDER_MATCH: (ORDER_DATA_WORDS, OrderData.from_words),
}


@dataclass(slots=True)
class Records:
    """A block's records: the data of slice 0, and per chain its requests and key changes, and its payouts."""

    number: BlockNumber
    data: list[Data] = field(default_factory=list)
    chain_records: dict[ChainId, deque[ChainRecord]] = field(default_factory=dict)
    payouts: dict[ChainId, deque[Payout]] = field(default_factory=dict)


def read_records(number: BlockNumber, lane: Lane, slices: Sequence[Sequence[int]]) -> Records:
    """Every record of a block; ReplayRefused for a word that belongs to none, or a record in another chain's slice."""
    if len(slices) != SLICE_COUNT:
        raise ReplayRefused(number, len(slices), f"a block has {SLICE_COUNT} slices")
    records = Records(number)
    data_formats = DATA_FORMATS if lane == Lane.ACCOUNT else {}
    for record in _read_slice(number, 0, slices[0], data_formats):
        assert isinstance(record, Data)
        records.data.append(record)
    formats = ACCOUNT_FORMATS if lane == Lane.ACCOUNT else SWAP_FORMATS
    for k in range(1, SLICE_COUNT):
        taken: deque[ChainRecord] = deque()
        paid: deque[Payout] = deque()
        for record in _read_slice(number, k, slices[k], formats):
            if isinstance(record, Payout):
                _check_chain(number, k, record.chain)
                paid.append(record)
            else:
                assert not isinstance(record, Data)
                _check_chain(number, k, record.chain if isinstance(record, KeyChange) else record.source)
                taken.append(record)
        records.chain_records[ChainId(k)], records.payouts[ChainId(k)] = taken, paid
    return records


def _read_slice(
    number: BlockNumber, k: int, words: Sequence[int], formats: Mapping[int, Format]
) -> list[ChainRecord | Payout | Data]:
    records: list[ChainRecord | Payout | Data] = []
    position = 0
    while position < len(words):
        kind = words[position] >> WORD_BITS - KIND_BITS
        if kind not in formats:
            raise ReplayRefused(number, k, f"no record of kind {kind} belongs here")
        count, read = formats[kind]
        try:
            records.append(read(words[position : position + count]))
        except ProtocolError as error:
            raise ReplayRefused(number, k, str(error)) from error
        position += count
    return records


def _check_chain(number: BlockNumber, k: int, chain: ChainId) -> None:
    if chain != k:
        raise ReplayRefused(number, k, f"a record of chain {chain} does not belong here")
