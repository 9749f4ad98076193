"""Python = Vyper: blocks of either lane with any slices give the same stored block, on every kind of chain."""

from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.support.drafts.draft import DATA, payment
from tests.support.drafts.escape import provider_words
from tests.support.drafts.rig import TOKENS, Rig
from tests.support.three_chains import ACTORS, USD, A, B, C
from tests.support.tries import tries
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.payout import NO_CHAIN
from zklink.primitives.field import R
from zklink.protocol.ids import Amount, ChainId, Kind, Lane

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
        A, USD, amount, number, kind=Kind.SWAP_REFUNDED, source=A, recipient=recipient
    ).words(),
    st.integers(1, 2**64 - 1),
    st.integers(0, 2**112 - 1),
    st.binary(min_size=32, max_size=32),
)
other_words = st.lists(st.integers(0, 2**248 - 1), max_size=9)


@tries(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
        assert rig[A].history[1].swap_requests == records.count(None)


account_payouts = st.builds(
    lambda kind, number, amount, recipient: payment(
        A,
        USD,
        amount,
        number,
        kind=kind,
        source=A if kind == Kind.FULL_EXIT_PAYOUT else NO_CHAIN,
        recipient=universal_address(recipient),
    ).words(),
    st.sampled_from((Kind.WITHDRAW_PAYOUT, Kind.FULL_EXIT_PAYOUT, Kind.FORCED_EXIT_PAYOUT)),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**112 - 1),
    st.sampled_from(ACTORS),
)


@tries(40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    requests=st.lists(st.booleans(), max_size=4),
    payouts=st.lists(account_payouts, max_size=8),
    of_c=other_words,
    data=other_words,
    root=st.integers(0, R - 1),
)
def test_commit__account_lane__python_and_vyper_agree(
    rig: Rig, requests: list[bool], payouts: list[Words], of_c: list[int], data: list[int], root: int
) -> None:
    """The primary gets the data in full, the other chains its hash and value: both store the same sync hash."""
    here = rig[A]
    with rig.rollback():
        queued = [tuple(provider_words(here, i)) for i in range(1, len(TOKENS) + 1)]
        for is_deposit in requests:
            if is_deposit:
                here.deposit(USD, 1_000)
                queued.append(here.deposit_words())
            else:
                here.bridge.full_exit(3, USD)
                queued.append(here.full_exit_words())
        for actor in ACTORS:  # whoever is paid by a forced exit must be known; these requests go on waiting
            here.bridge.full_exit(3, USD, sender=actor)
        slices = {DATA: tuple(data), A: flat(*queued, *payouts), C: tuple(of_c)}
        draft = rig.draft(slices, lane=Lane.ACCOUNT, new_root=root)
        for chain in (A, B):
            rig[chain].commit(draft)
            assert rig[chain].bridge.stored_block_hash(1) == rig[chain].history[1].hash()
        assert here.history[1].account_requests == len(queued)
        assert here.history[1].swap_requests == 0
        assert here.bridge.sync_hash(1) == rig[B].bridge.sync_hash(1)
