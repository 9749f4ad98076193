"""Python = Vyper: blocks of either lane with any records give the same histories, on the primary and on members."""

from collections.abc import Sequence

from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.support.drafts.escape import provider_words
from tests.support.drafts.rig import DATA, TOKENS, Rig, payment
from tests.support.three_chains import ACTORS, CHAINS, MEMBERS, USD, A, B, C
from tests.support.tries import tries
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.payout import NO_CHAIN, Payout
from zklink.primitives.field import R
from zklink.protocol.bridge_blocks import FullBlock
from zklink.protocol.ids import Amount, ChainId, Kind, Lane

ANY_ROOT = st.integers(1, R - 1)


def check_agree(rig: Rig, draft: FullBlock, requests: Sequence[int]) -> None:
    """Every chain takes the block, and has what Python says; `requests` are consumed, by chain."""
    (link,) = rig.everywhere(draft, pay=False)
    for chain, count in zip(CHAINS, requests, strict=True):
        tip = rig[chain].tip()
        assert (tip.number, tip.root, tip.sync_hash) == (1, link.full.block.new_root, link.sync_hash)
        assert tip.unpaid == bool(link.payouts(chain))
        assert rig[chain].bridge.request_counts(link.lane)[1] == count
    for member in MEMBERS:
        assert rig.primary.history.queue_of(member, link.lane) == rig.blocks.queue_hash(member, link.lane)


swap_payments = st.lists(
    st.builds(
        lambda chain, source, number, amount, recipient, fee: payment(
            chain, USD, amount, number, source=source, recipient=universal_address(recipient), fill_fee=Amount(fee)
        ),
        st.sampled_from(CHAINS),
        st.sampled_from(CHAINS),
        st.integers(1, 2**64 - 1),
        st.integers(0, 2**112 - 1),
        st.sampled_from(ACTORS),
        st.integers(0, 2**112 - 1),
    ),
    max_size=8,
)


@tries(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payments=swap_payments, swaps=st.tuples(*[st.integers(0, 3)] * 3), root=ANY_ROOT, commitment=ANY_ROOT)
def test_swap_block__any_records__python_and_vyper_agree(
    rig: Rig, payments: list[Payout], swaps: tuple[int, ...], root: int, commitment: int
) -> None:
    with rig.rollback():
        slices: dict[ChainId, list[int]] = {chain: [] for chain in CHAINS}
        for chain, count in zip(CHAINS, swaps, strict=True):
            for i in range(count):
                rig[chain].swap(l1_amount=(10**6 + i) * rig[chain].scale(USD))
                slices[chain] += rig[chain].request_words()
        for payout in payments:
            slices[payout.chain] += payout.words()
        check_agree(rig, rig.draft(slices, new_root=root, commitment=commitment), swaps)


account_payouts = st.lists(
    st.builds(
        lambda chain, kind, number, amount, recipient: payment(
            chain,
            USD,
            amount,
            number,
            kind=kind,
            source=chain if kind == Kind.FULL_EXIT_PAYOUT else NO_CHAIN,
            recipient=universal_address(recipient),
        ),
        st.sampled_from(CHAINS),
        st.sampled_from((Kind.WITHDRAW_PAYOUT, Kind.FULL_EXIT_PAYOUT, Kind.FORCED_EXIT_PAYOUT)),
        st.integers(0, 2**64 - 1),
        st.integers(0, 2**112 - 1),
        st.sampled_from(ACTORS),
    ),
    max_size=6,
)


@tries(40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    served=st.tuples(*[st.integers(0, len(TOKENS))] * 3),
    exits=st.integers(0, 3),
    payouts=account_payouts,
    data=st.lists(st.integers(0, 2**248 - 1), max_size=9),
    root=ANY_ROOT,
)
def test_account_block__any_records__python_and_vyper_agree(
    rig: Rig, served: tuple[int, ...], exits: int, payouts: list[Payout], data: list[int], root: int
) -> None:
    """The primary gets the data in full, members its hash and value."""
    with rig.rollback():
        slices: dict[ChainId, list[int]] = {DATA: list(data)}
        for chain, count in zip(CHAINS, served, strict=True):
            slices[chain] = [word for i in range(1, count + 1) for word in provider_words(rig[chain], i)]
        counts = list(served)
        if served[0] == len(TOKENS):
            for i in range(exits):
                rig[A].full_exit(i, USD)
                slices[A] += rig[A].full_exit_words()
            counts[0] += exits
        for payout in payouts:
            slices[payout.chain] += payout.words()
        check_agree(rig, rig.draft(slices, Lane.ACCOUNT, new_root=root), counts)


def test_block__of_every_chain_but_one__is_imported_there_for_its_claims(rig: Rig) -> None:
    """A member on whom a block has no words takes it by hashes and values alone."""
    slices = {A: payment(A, USD, 5).words(), B: payment(B, USD, 6).words()}
    check_agree(rig, rig.draft(slices), (0, 0, 0))
    assert rig[C].tip().unpaid == 0
