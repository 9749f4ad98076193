"""Whether the books of a bridge add up over all of its accounts, as of one slot: what is owed of each token is what
executed blocks and exits have not paid, what is in custody covers the requests and the blocks that wait, and the fees
are those of the open requests.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from zklink.l1.deployment.checks import Check, check
from zklink.operations.deposit import DepositRequest
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import Lane
from zklink.protocol.words import PAYOUT_WORDS
from zklink.solana.client.bridge import BridgeReading
from zklink.solana.client.importing import BlockAccount
from zklink.solana.client.requests import decode_request
from zklink.solana.deploying.side import ProgramSide
from zklink.solana.deploying.verify_accounts import Census
from zklink.solana.interface import accounts, addresses


def verify_books(side: ProgramSide, census: Census, reading: BridgeReading) -> Iterator[Check]:
    """Sums over everything that the program owns; `reading` is of the same slot."""
    name = side.place.name
    try:
        due, waiting = _count_due(side, census, reading.deployment_hash), _count_waiting(census)
        held, fees = _count_open(reading)
    except (ZkLinkError, ValueError, IndexError) as error:
        yield Check(name, "program: its books", False, f"a payout or a request is none: {error}")
        return
    for token in side.plan.tokens:
        fields, k = census.tokens.get(token.token_id), token.token_id
        if fields is None:
            continue
        what = f"token {k} ({token.symbol})"
        yield check(name, f"{what}: owed by blocks and exits", fields["owed"], due[k])
        if reading.fields["exit_root"]:
            continue
        needed = held[k] + waiting[k]
        is_enough = fields["custody"] == needed if not reading.tip.number else fields["custody"] >= needed
        detail = f"custody of {fields['custody']}, and requests and blocks that wait have {needed}"
        yield Check(name, f"{what}: custody", is_enough, detail)
    if not reading.fields["exit_root"]:
        yield check(name, "Bridge: open fees", reading.fields["open_fees"], fees)
    yield check(name, "program: ids of mints", sorted(census.marks.items()), _list_marks(side))


def _list_marks(side: ProgramSide) -> list[tuple[str, int]]:
    here = [token for token in side.plan.tokens if side.chain in token.contracts]
    return sorted((str(side.mark(side.mint(token))), int(token.token_id)) for token in here)


def _count_due(side: ProgramSide, census: Census, deployment_hash: bytes) -> Counter[int]:
    """What executed blocks and exits have not paid, by token."""
    due = Counter[int]()
    for block in census.blocks:
        if block.fields["stage"] == accounts.EXECUTED:
            for payout in _list_unpaid(block):
                due[payout.token] += payout.amount - _find_rested(side, census, block, payout, deployment_hash)
    for each in census.exits:
        for token, amount in zip(each["tokens"], each["amounts"], strict=True):
            due[token] += amount
    return due


def _find_rested(side: ProgramSide, census: Census, block: BlockAccount, payout: Payout, deployment_hash: bytes) -> int:
    """What the recipient of a filled payout has got already of a fee that was not earned."""
    if not payout.is_fillable:
        return 0
    place = side.program.derive(addresses.fill_seeds(payout.fill_key(deployment_hash)))
    fill = census.fills.get(str(place))
    if fill is None or not fill["is_rested"]:
        return 0
    lead = block.fields["executed_at"] - fill["filled_at"]
    return int(payout.fill_fee - payout.compute_earned_fee(lead))


def _count_waiting(census: Census) -> Counter[int]:
    """What blocks pay that are imported and not executed, by token."""
    waiting = Counter[int]()
    for block in census.blocks:
        if block.fields["stage"] == accounts.IMPORTED:
            for payout in _list_unpaid(block):
                waiting[payout.token] += payout.amount
    return waiting


def _list_unpaid(block: BlockAccount) -> Iterator[Payout]:
    start = block.fields["words_at"] - accounts.BLOCK.size
    for index, place in enumerate(block.fields["places"][: block.fields["payouts"]]):
        if not block.is_paid(index):
            text = block.body[start + 32 * place : start + 32 * (place + PAYOUT_WORDS)]
            words = [int.from_bytes(text[32 * i : 32 * i + 32], "big") for i in range(PAYOUT_WORDS)]
            yield Payout.from_words(words)


def _count_open(reading: BridgeReading) -> tuple[Counter[int], list[int]]:
    """What open requests have brought in, by token, and their fees, by lane."""
    held, fees = Counter[int](), [0, 0]
    for lane in Lane:
        for request_id in range(reading.fields["consumed"][lane - 1] + 1, reading.total(lane) + 1):
            request = decode_request(reading.entry(lane, request_id)["words"])
            fees[lane - 1] += request.native_fee_gwei
            if isinstance(request, SwapRequest):
                held[request.token_in] += request.amount
            elif isinstance(request, DepositRequest):
                held[request.token] += request.amount
    return held, fees


def read_bridge(found: Mapping[str, Any], side: ProgramSide, slot: int) -> BridgeReading | None:
    """The bridge and its rings among all accounts; None where one is missing."""
    places = (side.program.bridge, side.swap_queue.key, side.account_queue.key)
    sizes = (accounts.BRIDGE.size, accounts.SWAP_QUEUE_SIZE, accounts.ACCOUNT_QUEUE_SIZE)
    data = [found[str(key)].data if str(key) in found else b"" for key in places]
    if [len(each) for each in data] != list(sizes):
        return None
    return BridgeReading(slot, accounts.BRIDGE.unpack(data[0]), {Lane.SWAP: data[1], Lane.ACCOUNT: data[2]})
