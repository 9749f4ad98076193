"""Python = Vyper: blocks of the transition and blocks with any slices give the same hashes and public inputs."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.draft import payment
from tests.support.rig import COIN, GOVERNOR, LAYER2_DECIMALS, USD, A, B, C, Rig
from zklink.l1.artifacts import load_contract
from zklink.operations.swap import SwapRequest
from zklink.primitives.field import R
from zklink.protocol.chain import compute_inputs_hash, compute_payouts_hash
from zklink.protocol.ids import Amount, BlockNumber, ChainId, RecordKind
from zklink.protocol.presets import MINIMAL
from zklink.state.genesis import Genesis
from zklink.state.rows import Pool, TokenRow
from zklink.transition.block import Block, apply_block

Words = tuple[int, ...]


def queue(rig: Rig, chain: ChainId, count: int) -> list[Words]:
    """Make swaps and give their request words."""
    found = []
    for i in range(count):
        rig[chain].swap(l1_amount=(10**6 + i) * rig[chain].scale(USD))
        found.append(rig[chain].request_words())
    return found


def flat(*records: Words) -> Words:
    """One slice."""
    return tuple(word for record in records for word in record)


def make_genesis() -> Genesis:
    """Reserves of the coin and the dollar on all three chains, and a pool that owns them."""

    def row(token: int) -> TokenRow:
        return TokenRow(tuple(10**9 * 10 ** LAYER2_DECIMALS[token] if k in (A, B, C) else 0 for k in range(1, 9)), 0)  # type: ignore[index]

    rows = {COIN: row(COIN), USD: row(USD)}
    pool = Pool(3 * rows[COIN].reserves[0], 3 * rows[USD].reserves[0], 10**6, 30)
    return Genesis(rows, {(COIN, USD): pool})


def honest_arguments(block: Block, chain: ChainId) -> tuple[object, ...]:
    """CommitBlock of a block of the transition."""
    others = [k for k in range(1, 9) if k != chain and block.slices[k]]
    return (
        block.header.timestamp,
        block.header.elements()[2],
        block.header.new_root,
        block.commitment,
        list(block.slices[chain]),
        [block.slice_hashes[k] for k in others],
        [block.evaluations[k] for k in others],
    )


def test_commit__block_of_the_transition__gives_the_inputs_that_the_circuit_gets(rig: Rig) -> None:
    rig[A].swap(destination=C)
    requests = [rig[A].request_words()]
    rig[C].swap(destination=A, token_in=COIN, token_out=USD, l1_amount=10**18, value=10**18)
    requests.append(rig[C].request_words())
    rig[A].swap(destination=B, min_out=2**112 - 1)
    requests.append(rig[A].request_words())
    swaps = [SwapRequest.from_words(words) for words in requests]
    state = make_genesis().state(MINIMAL)
    block = apply_block(state, swaps, BlockNumber(1), rig[A].evm.time, rig.domain, MINIMAL)
    assert [payout.kind for _, payout in block.slots] == [2, 2, 3]

    reader = rig[A].evm.deploy(GOVERNOR, load_contract("SwapBlockReader"))
    mask = sum(1 << k for k in (A, B, C))
    for chain in (A, B, C):
        position = (chain, mask, rig.domain, 1, block.header.old_root, rig.deployment_hash)
        reading = reader.read_block(position, honest_arguments(block, chain))
        count = sum(1 for request, _ in block.slots if request.source == chain)
        payouts = [payout.words() for _, payout in block.slots if payout.chain == chain]
        assert reading == (
            count,
            rig[chain].bridge.queue_hash(count),
            rig[chain].evm.time if count else 0,
            compute_payouts_hash(payouts),
            block.block_commitment,
            compute_inputs_hash(block.inputs),
        )


# --- any slices ---

paid_words = st.builds(
    lambda source, number, amount, recipient, fee: payment(
        A, USD, amount, number, source=ChainId(source), recipient=recipient, fill_fee=Amount(fee)
    ).words(),
    st.integers(1, 8),
    st.integers(1, 2**64 - 1),
    st.integers(0, 2**112 - 1),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**112 - 1),
)
refund_words = st.builds(
    lambda number, amount, recipient: payment(
        A, USD, amount, number, kind=RecordKind.SWAP_REFUNDED, source=A, recipient=recipient
    ).words(),
    st.integers(1, 2**64 - 1),
    st.integers(0, 2**112 - 1),
    st.binary(min_size=32, max_size=32),
)
other_words = st.lists(st.integers(0, 2**248 - 1), max_size=9)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=st.lists(st.one_of(paid_words, refund_words, st.none()), max_size=12),
    of_b=other_words,
    of_c=other_words,
    root=st.integers(0, R - 1),
    commitment=st.integers(0, R - 1),
)
def test_commit__any_slices__python_and_vyper_agree(
    rig: Rig, records: list[Words | None], of_b: list[int], of_c: list[int], root: int, commitment: int
) -> None:
    with rig.rollback():
        queued = iter(queue(rig, A, records.count(None)))
        words = flat(*(next(queued) if record is None else record for record in records))
        slices = {A: words, B: tuple(of_b), C: tuple(of_c)}
        rig[A].commit(rig.draft(slices, new_root=root, commitment=commitment))
        assert rig[A].bridge.stored_block_hash(1) == rig[A].history[1].hash()
        assert rig[A].history[1].request_count == records.count(None)
