"""DAT-1 to DAT-3, the chain's side: what Python encodes the reader reads, and it reads nothing else."""

import pytest
from eth_keys.datatypes import PrivateKey
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.support.desk import (
    ANY_BITS,
    BRIDGE,
    EVM_BITS,
    NO_PART,
    Desk,
    Words,
    expected_content,
    open_desk,
    sign_change,
)
from tests.support.evm import Reverted
from tests.support.lines import join
from tests.support.three_chains import A, C
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.payout import NO_CHAIN, Payout
from zklink.operations.swap import SwapRequest
from zklink.primitives.field import R
from zklink.protocol.addresses import is_recipient
from zklink.protocol.errors import ProtocolError
from zklink.protocol.ids import (
    AMOUNT_LIMIT,
    AccountId,
    AddressFormat,
    Amount,
    BlockNumber,
    ChainId,
    ChainSet,
    Kind,
    Lane,
    Nonce,
    RequestId,
    TokenId,
)
from zklink.protocol.slices import compute_slice_hash, evaluate

one_desk = [HealthCheck.function_scoped_fixture]
plenty, plenty_more = (tries(count, suppress_health_check=one_desk) for count in (150, 400))

amounts = st.integers(0, AMOUNT_LIMIT - 1).map(Amount)
addresses = st.binary(min_size=32, max_size=32)
evm_owners = st.binary(min_size=20, max_size=20).filter(any).map(lambda account: bytes(12) + account)
widths = st.sampled_from((EVM_BITS, ANY_BITS))
points = st.integers(0, R - 1)
KEYS = [PrivateKey(bytes([i]) * 32) for i in range(1, 4)]
OWNERS = {bytes(12) + key.public_key.to_canonical_address(): key for key in KEYS}
"""Owners who sign."""
numbers_32 = st.integers(0, 2**32 - 1)
numbers_64 = st.integers(0, 2**64 - 1)
tokens = st.integers(0, 2**16 - 1).map(TokenId)
times = st.integers(0, 2**40 - 1)
lanes = st.sampled_from(Lane)
bits = st.one_of(
    st.tuples(st.just(0), st.integers(240, 247)),
    st.tuples(st.just(0), st.integers(216, 239)),
    st.tuples(st.integers(0, 4), st.integers(248, 255)),
    st.tuples(st.just(2), st.integers(36, 63)),
    st.tuples(st.just(1), st.integers(160, 247)),
    st.tuples(st.integers(0, 4), st.integers(0, 255)),
)
"""Where a bit is flipped: the kind, the chains, above the word, the top bytes of owner and key, above an
address, anywhere."""


@st.composite
def payouts(draw: st.DrawFn, kind: Kind, chain: ChainId, width: int | None) -> Payout:
    """A payout that `chain` pays to an address of this width, or of either."""
    evm = st.one_of(evm_owners, evm_owners.map(lambda owner: bytes([chain]) + owner[1:]))
    names = {EVM_BITS: evm, ANY_BITS: addresses, None: st.one_of(evm, addresses)}
    anywhere, nowhere = st.integers(1, 8).map(ChainId), st.just(NO_CHAIN)
    source = {Kind.SWAP_REFUNDED: st.just(chain), Kind.WITHDRAW_PAYOUT: nowhere, Kind.FORCED_EXIT_PAYOUT: nowhere}
    is_placed = kind == Kind.FULL_EXIT_PAYOUT
    return Payout(
        kind=kind,
        source=draw(source.get(kind, anywhere)),
        chain=chain,
        id=draw(numbers_64),
        token=draw(tokens),
        amount=draw(amounts),
        recipient=draw(names[width]),
        fill_fee=draw(amounts),
        block_number=BlockNumber(draw(numbers_64) if is_placed else 0),
        slot=draw(st.integers(0, 2**16 - 1)) if is_placed else 0,
    )


def key_changes(chain: ChainId) -> st.SearchStrategy[KeyChange]:
    """A key change that `chain` authorises."""
    accounts, nonces, keys = numbers_32.map(AccountId), numbers_32.map(Nonce), st.integers(0, 2**256 - 1)
    return st.builds(KeyChange, st.just(chain), accounts, nonces, st.sampled_from([*OWNERS]), keys, times)


def records(lane: Lane, chain: ChainId, width: int | None = None) -> st.SearchStrategy[Words]:
    """The words of any record of a lane that belongs to a chain, whose addresses have this width, or either."""
    own, ids = st.just(chain), numbers_64.map(RequestId)
    if lane is Lane.SWAP:
        destinations = st.integers(0, 255).map(ChainId)
        numbers = (amounts, amounts, amounts, amounts, times, times, addresses, addresses)
        requests = st.builds(SwapRequest, own, destinations, ids, tokens, tokens, *numbers)
        swaps = (Kind.SWAP_PAID, Kind.SWAP_REFUNDED)
        return st.one_of(
            requests.map(SwapRequest.words), *(payouts(kind, chain, width).map(Payout.words) for kind in swaps)
        )
    accounts = numbers_32.map(AccountId)
    masks = st.integers(0, 255).map(lambda mask: ChainSet(mask | 1 << chain - 1))
    deposits = st.builds(
        DepositRequest, own, ids, tokens, amounts, addresses, addresses, times, accounts, st.booleans()
    )
    exits = st.builds(FullExitRequest, own, ids, accounts, tokens, addresses, addresses, masks, times)
    key_requests = st.builds(KeyRequest, own, ids, accounts, addresses, st.integers(0, R - 1), times)
    kinds = (Kind.WITHDRAW_PAYOUT, Kind.FULL_EXIT_PAYOUT, Kind.FORCED_EXIT_PAYOUT)
    requests_and_changes = (
        deposits.map(DepositRequest.words),
        exits.map(FullExitRequest.words),
        exits.map(lambda exit_: exit_.part_words()),
        exits.map(lambda exit_: join((exit_.part_words(), exit_.words()))),
        key_requests.map(KeyRequest.words),
        key_changes(chain).map(KeyChange.words),
    )
    return st.one_of(*requests_and_changes, *(payouts(kind, chain, width).map(Payout.words) for kind in kinds))


@st.composite
def whole_slices(draw: st.DrawFn) -> tuple[Lane, Words]:
    """Whole records of a lane for chain A, to recipients that it can pay with addresses of one width."""
    lane, width = draw(lanes), draw(widths)
    return lane, join(draw(st.lists(records(lane, A, width), max_size=6)))


@st.composite
def bent_slices(draw: st.DrawFn) -> tuple[Lane, Words]:
    """Words for chain A: records of any lane and chain, some with a bit flipped, cut short or with a word too many."""
    lane = draw(lanes)
    found: list[int] = []
    for _ in range(draw(st.integers(1, 2))):
        chain = A if draw(st.integers(0, 5)) else C
        words = list(draw(records(lane if draw(st.integers(0, 5)) else draw(lanes), chain)))
        if lane is Lane.ACCOUNT and not draw(st.integers(0, 3)):
            words = list(draw(key_changes(chain)).words())
        if draw(st.booleans()):
            word, bit = draw(bits)
            words[min(word, len(words) - 1)] ^= 1 << bit
        found += words
    size = draw(st.sampled_from((len(found), len(found), len(found), len(found) - 1, len(found) - 2)))
    return lane, tuple(found[:size])


def check_reading(desk: Desk, case: tuple[Lane, Words], z: int = 12_345) -> None:
    """The reader reads what Python has written, unless another request follows one that is served in part."""
    lane, words = case
    width = next((bits for bits in (ANY_BITS, EVM_BITS) if is_slice(lane, words, bits)), None)
    if width is None:
        return
    try:
        content = desk.read(lane, words, bits=width, z=z, consents=consents_to(words))
        left = content.part
        if left != NO_PART:
            assert desk.read(lane, (), part=left).part == left
    except Reverted as error:
        raise AssertionError(error.reason) from error
    assert content == expected_content(words, z)
    assert desk.compute_hash(words) == compute_slice_hash(words)
    assert desk.count_key_changes(words) == content.consents


def check_refusal(desk: Desk, case: tuple[Lane, Words], bits: int = EVM_BITS) -> None:
    """The reader takes exactly the slices that are whole records of the lane and the chain, to recipients that it can
    pay. Everybody who could be taken for the owner of an account has consented.
    """
    lane, words = case
    try:
        content = desk.read(lane, words, bits=bits, consents=consents_to(words))
    except Reverted as error:
        assert not is_slice(lane, words, bits), f"refused: {error.reason}"
    else:
        assert is_slice(lane, words, bits), f"taken: {[hex(word) for word in words]}"
        assert content == expected_content(words)


def consents_to(words: Words) -> list[bytes]:
    """What a careless reader might see in the key changes is consented to, by the account that is seen in each."""
    return [consent_to(record) for record in split(words) if record[0] >> 240 == Kind.CHANGE_PUB_KEY]


def consent_to(words: Words) -> bytes:
    """The consent to one change, or to nothing if nobody's key is known."""
    r0, r1, r2, r3 = (*words, 0, 0, 0)[:4]
    owner = bytes(12) + (r1 % 2**160).to_bytes(20, "big")
    change = KeyChange(
        chain=A,
        account=AccountId(r0 >> 192 & 0xFFFFFFFF),
        nonce=Nonce(r0 >> 160 & 0xFFFFFFFF),
        owner=owner,
        public_key_hash=(r2 >> 40 & 255) << 248 | r3 % 2**248,
        valid_until=r2 % 2**40,
    )
    return sign_change(change, OWNERS.get(owner, KEYS[0]))


def split(words: Words) -> list[Words]:
    """The words cut by what each record's kind says, the last one perhaps short."""
    found = []
    while words:
        size = {1: 5, **dict.fromkeys((4, 5, 10, 18, 19), 4)}.get(words[0] >> 240, 3)
        found.append(words[:size])
        words = words[size:]
    return found


def is_slice(lane: Lane, words: Words, bits: int) -> bool:
    """Whether these are whole records of the lane for chain A, whose addresses have so many bits."""
    try:
        return all(is_record(lane, record, bits) for record in split(words)) and is_in_order(words)
    except ProtocolError:
        return False


def is_in_order(words: Words) -> bool:
    """Whether nothing but the same request follows one that is served in part."""
    part: tuple[int, Words] | None = None
    for record in split(words):
        kind = record[0] >> 240
        if kind in REQUEST_SIZES:
            is_part = kind == Kind.FULL_EXIT_PART
            request = (record[0] - is_part * (kind - Kind.FULL_EXIT << 240), record[1:])
            if part is not None and part != request:
                return False
            part = request if is_part else None
    return True


def is_record(lane: Lane, words: Words, bits: int) -> bool:
    """Whether it is one; raises ProtocolError, too, if not.

    Bits of requests that are not used need not be zero here: the bridge compares requests with its own queue.
    """
    kind = words[0] >> 240
    if kind not in LANE_KINDS[lane] or any(word >> 248 for word in words):
        return False
    if kind in REQUEST_SIZES:
        return len(words) == REQUEST_SIZES[kind] and words[0] >> 232 & 255 == A
    if kind == Kind.CHANGE_PUB_KEY:
        change = KeyChange.from_words(words)
        return change.chain == A and change.owner in OWNERS
    payout = Payout.from_words(words)
    address_format = AddressFormat.EVM if bits == EVM_BITS else AddressFormat.BYTES32
    is_bridge = bits == EVM_BITS and int.from_bytes(payout.recipient[1:], "big") == BRIDGE
    is_payable = is_recipient(payout.recipient, address_format, A) and not is_bridge
    return is_payable and payout.chain == A and payout.source in SOURCES.get(payout.kind, range(256))


REQUEST_SIZES = {1: 5, **dict.fromkeys((4, 5, 18, 19), 4)}
LANE_KINDS = {Lane.SWAP: (1, 2, 3), Lane.ACCOUNT: (4, 5, 10, 18, 19, 20, 21, 22)}
SOURCES = {
    Kind.SWAP_REFUNDED: (A,),
    Kind.WITHDRAW_PAYOUT: (NO_CHAIN,),
    Kind.FORCED_EXIT_PAYOUT: (NO_CHAIN,),
}


@pytest.fixture(scope="module")
def desk() -> Desk:
    """The readers of the product."""
    return open_desk()


@upholds("DAT-1", "DAT-2", "DAT-3")
class TestReading:
    """Whole records of the lane and the chain are read as they were written; everything else is refused."""

    @given(case=whole_slices(), z=points)
    @plenty
    def test_read__whole_records__python_and_vyper_agree(self, desk: Desk, case: tuple[Lane, Words], z: int) -> None:
        check_reading(desk, case, z)

    @given(case=bent_slices(), bits=widths)
    @plenty_more
    def test_read__any_words__only_whole_records_of_lane_and_chain_are_taken(
        self, desk: Desk, case: tuple[Lane, Words], bits: int
    ) -> None:
        check_refusal(desk, case, bits)

    @given(words=st.lists(st.integers(0, 2**248 - 1), max_size=80), z=points)
    @plenty
    def test_evaluate_data__any_words__python_and_vyper_agree(self, desk: Desk, words: list[int], z: int) -> None:
        assert desk.evaluate_data(words, z) == evaluate(words, z)
        assert desk.compute_hash(words) == compute_slice_hash(words)
