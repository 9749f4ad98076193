"""Whole blocks: openings lead from root to root, challenges come in their order, refusals change nothing."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import NOW, Case, block_cases, inadmissible_requests, malformed_requests
from tests.support.refute import check_refuted
from tests.support.rule import run
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations.swap import SwapRequest
from zklink.primitives.field import R
from zklink.primitives.keccak import keccak_words
from zklink.primitives.merkle import Siblings, compute_root
from zklink.primitives.poseidon import poseidon_reference
from zklink.protocol.errors import AmountOutOfRange, BlockFull, FieldOutOfRange, ZkLinkError
from zklink.protocol.ids import CUSTODY_LIMIT, MAX_CHAINS, Amount, BlockNumber, ChainId, RequestId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.protocol.slices import compute_slice_hash
from zklink.state.rows import TokenRow
from zklink.state.state import State
from zklink.transition import swap_block as block_module
from zklink.transition.hot_rows import Openings, Rows, write_back
from zklink.transition.swap_block import SwapBlock, apply_block

DOMAIN = 0xD0
NUMBER = BlockNumber(7)
few = tries(25)
two_slot_cases = block_cases()


def seal(case: Case) -> tuple[State, SwapBlock, State]:
    """The state before, the block, the state after."""
    before = case.state()
    after = before.copy()
    return before, apply_block(after, case.requests, NUMBER, case.timestamp, DOMAIN, MINIMAL), after


def check_openings(case: Case) -> None:
    """Every row opens against the root so far and is replaced there, ascending; the last root is the new one."""
    before, block, after = seal(case)
    opening = block.opening
    root = opening.token_root
    for row in opening.tokens:
        assert row.before == before.token(row.token_id)
        assert compute_root(row.before.leaf(), row.token_id, row.path) == root
        root = compute_root(row.after.leaf(), row.token_id, row.path)
    pool_root = opening.pool_root
    for pool in opening.pools:
        index = pool.lower * MINIMAL.token_limit + pool.higher
        assert pool.before == before.pool(pool.lower, pool.higher)
        assert compute_root(pool.before.leaf(), index, pool.path) == pool_root
        pool_root = compute_root(pool.after.leaf(), index, pool.path)
    assert poseidon_reference([opening.account_root, opening.token_root, opening.pool_root]) == block.header.old_root
    assert poseidon_reference([opening.account_root, root, pool_root]) == block.header.new_root == after.root


def check_rows(case: Case) -> None:
    """Exactly the preset's places, ids strictly ascending, and every request finds its rows among them (CIR-9)."""
    _, block, _ = seal(case)
    tokens = [row.token_id for row in block.opening.tokens]
    pairs = [(pool.lower, pool.higher) for pool in block.opening.pools]
    assert len(tokens) == MINIMAL.token_rows
    assert len(pairs) == MINIMAL.pool_rows
    assert tokens == sorted(set(tokens))
    assert pairs == sorted(set(pairs))
    for request in case.requests:
        assert {request.token_in, request.token_out} <= set(tokens)
        route = (request.token_in, *([request.via] if request.via else []), request.token_out)
        assert all(tuple(sorted(leg)) in pairs for leg in pairwise(route) if leg[0] != leg[1])


def check_challenges(case: Case) -> None:
    """Section 7, written out: C binds the data, z comes after all slices, lambda after all evaluations."""
    _, block, _ = seal(case)
    header = block.header.elements()
    elements = list(header)
    for request, payout in block.slots:
        elements += [*request.words(), *payout.words()]
    elements += [0] * 8 * (MINIMAL.slots - len(block.slots))
    state = 0
    while elements:
        chunk, elements = elements[:15], elements[15:]
        state = poseidon_reference([state, *chunk, *[0] * (15 - len(chunk))])
    assert block.commitment == state
    hashes = [compute_slice_hash(words) for words in block.slices]
    block_hash = keccak_words(*header, state, *hashes)
    z = int.from_bytes(block_hash, "big") % R
    values = [sum(w * pow(z, len(v) - 1 - i, R) for i, w in enumerate(v)) % R for v in (header, *block.slices)]
    commitment = keccak_words(block_hash, *values)
    lambda_ = int.from_bytes(commitment, "big") % R
    y = sum(pow(lambda_, k, R) * value for k, value in enumerate(values)) % R
    assert (block.block_hash, block.block_commitment) == (block_hash, commitment)
    assert block.inputs.as_tuple() == (state, z, lambda_, y)


@upholds("CIR-9")
class TestRows:
    """No row twice, none left out, absent ones proven absent."""

    @given(two_slot_cases)
    @few
    def test_apply_block__any_requests__opens_root_to_root(self, case: Case) -> None:
        check_openings(case)

    @given(two_slot_cases)
    @few
    def test_apply_block__any_requests__loads_every_row_once(self, case: Case) -> None:
        check_rows(case)


@given(two_slot_cases)
@few
def test_apply_block__any_requests__commits_in_order(case: Case) -> None:
    check_challenges(case)


@given(two_slot_cases)
@few
def test_apply_block__any_requests__has_the_slots_of_the_rule(case: Case) -> None:
    _, block, after = seal(case)
    steps = list(run(case))
    assert block.slots == tuple((step.request, step.payout) for step in steps)
    assert block.outcomes == tuple(step.outcome for step in steps)
    assert block.results() == tuple((step.request, step.payout, step.outcome) for step in steps)
    for chain_id in range(1, MAX_CHAINS + 1):
        assert block.requests(ChainId(chain_id)) == tuple(s.request for s in steps if s.request.source == chain_id)
        assert block.payouts(ChainId(chain_id)) == tuple(s.payout for s in steps if s.payout.chain == chain_id)
    assert all(after.token(token) == row for token, row in steps[-1].registers.tokens.items())
    assert all(after.pool(*pair) == pool for pair, pool in steps[-1].registers.pools.items())


@upholds("CIR-2")
@given(two_slot_cases)
@few
def test_apply_block__no_requests__changes_nothing(case: Case) -> None:
    before, block, after = seal(replace(case, requests=()))
    assert before.root == after.root == block.header.old_root == block.header.new_root
    assert block.header.counts == (0,) * (MAX_CHAINS + 1)
    assert all(row.before == row.after for row in block.opening.tokens)


@given(two_slot_cases, st.one_of(inadmissible_requests(), malformed_requests()))
@few
def test_apply_block__an_inadmissible_request__changes_nothing(
    case: Case, refused: tuple[SwapRequest, type[ZkLinkError]]
) -> None:
    state = case.state()
    root = state.root
    with pytest.raises(ZkLinkError):
        apply_block(state, [*case.requests, refused[0]], NUMBER, NOW, DOMAIN, MINIMAL)
    assert state.root == root


def _request(token_in: int, token_out: int, request_id: int = 1, amount: int = 10) -> SwapRequest:
    return SwapRequest(
        source=ChainId(1),
        destination=ChainId(2),
        request_id=RequestId(request_id),
        token_in=TokenId(token_in),
        token_out=TokenId(token_out),
        amount=Amount(amount),
        min_out=Amount(0),
        operator_fee=Amount(0),
        fill_fee=Amount(0),
        deadline=NOW,
        queued_at=NOW,
        recipient=bytes(31) + b"\x01",
        refund_to=bytes(31) + b"\x02",
    )


@pytest.mark.parametrize(
    ("requests", "what"),
    [
        ([_request(1, 2, i + 1) for i in range(5)], "slots"),
        ([_request(1, 1), _request(2, 2), _request(3, 3), _request(4, 5)], "token rows"),
        ([_request(1, 2), _request(2, 3), _request(3, 1)], "pools"),
    ],
)
def test_apply_block__no_room__is_refused(requests: list[SwapRequest], what: str) -> None:
    with pytest.raises(BlockFull) as caught:
        apply_block(State(MINIMAL), requests, NUMBER, NOW, DOMAIN, MINIMAL)
    assert caught.value.what == what
    assert caught.value.needed > caught.value.available


def test_apply_block__a_row_overflows__changes_nothing() -> None:
    state = State(MINIMAL)
    token = TokenId(1)
    state.set_token(token, TokenRow(((1 << 112) - 5, 100, 0, 0, 0, 0, 0, 0), 0))
    root = state.root
    with pytest.raises(AmountOutOfRange):
        apply_block(state, [_request(1, 1, amount=10)], NUMBER, NOW, DOMAIN, MINIMAL)
    assert state.root == root


@pytest.mark.parametrize(("number", "timestamp", "domain"), [(1 << 64, 1, 1), (1, 1 << 40, 1), (1, 1, 1 << 248)])
def test_apply_block__header_out_of_range__changes_nothing(number: int, timestamp: int, domain: int) -> None:
    state = State(MINIMAL)
    root = state.root
    with pytest.raises(FieldOutOfRange):
        apply_block(state, [_request(1, 2)], BlockNumber(number), timestamp, domain, MINIMAL)
    assert state.root == root


def test_apply_block__every_reserve_full__fits() -> None:
    state = State(MINIMAL)
    state.set_token(TokenId(1), TokenRow((CUSTODY_LIMIT - 10,) + (CUSTODY_LIMIT,) * 7, 0))
    block = apply_block(state, [_request(1, 1, amount=10)], NUMBER, NOW, DOMAIN, MINIMAL)
    assert block.outcomes[0].is_paid
    assert state.token(TokenId(1)).reserve(ChainId(1)) == CUSTODY_LIMIT


def test_check_openings__paths_of_the_old_root__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = State.token_path
    paths: dict[tuple[int, int], list[Siblings]] = {}

    def mutant(state: State, token_id: TokenId) -> list[Siblings]:
        if not paths:
            paths.update({(id(state), t): original(state, TokenId(t)) for t in range(MINIMAL.token_limit)})
        return paths.get((id(state), token_id)) or original(state, token_id)

    def property_(case: Case) -> None:
        paths.clear()
        check_openings(case)

    monkeypatch.setattr(State, "token_path", mutant)
    check_refuted(property_, two_slot_cases, examples=200)


def test_check_challenges__lambda_before_the_evaluations__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zklink.transition.block_frame.compute_block_commitment", lambda block_hash, *_: block_hash)
    check_refuted(check_challenges, two_slot_cases, examples=5)


def test_check_challenges__a_word_not_absorbed__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = block_module.compute_slot_words
    mutant = lambda slots, preset: [(*words[:7], 0) for words in original(slots, preset)]  # noqa: E731
    monkeypatch.setattr(block_module, "compute_slot_words", mutant)
    check_refuted(check_challenges, two_slot_cases, examples=100)


@pytest.mark.parametrize("spoil", [lambda ids: ids[::-1], lambda ids: ids[1:], lambda ids: [*ids[:-1], ids[-2]]])
def test_check_rows__out_of_order_missing_or_twice__refutes(
    monkeypatch: pytest.MonkeyPatch, spoil: Callable[[list[TokenId]], list[TokenId]]
) -> None:
    original = write_back

    def mutant(state: State, after: Rows) -> Openings:
        tokens, pools = original(state, after)
        by_id = {row.token_id: row for row in tokens}
        return tuple(by_id[token] for token in spoil(list(by_id))), pools

    monkeypatch.setattr(block_module, "write_back", mutant)
    check_refuted(check_rows, two_slot_cases, examples=20)
