"""The sum of the counts of a block's slices, of all nine places: deployments of tests have chains in few of them."""

from collections.abc import Sequence

import pytest

from tests.support.compile_vyper import load
from tests.support.evm import EvmChain, EvmContract
from tests.support.three_chains import GOVERNOR, START_TIME
from zklink.protocol.ids import SLICE_COUNT


@pytest.fixture(scope="module")
def desk() -> EvmContract:
    """The sum alone."""
    chain = EvmChain(1, START_TIME)
    chain.fund(GOVERNOR)
    return chain.deploy(GOVERNOR, load("CountDesk"))


@pytest.mark.parametrize("count", [1, 2, 255, 256, 2**15, 2**16 - 1])
@pytest.mark.parametrize("place", range(SLICE_COUNT))
def test_add_counts__one_slice__is_its_count(desk: EvmContract, place: int, count: int) -> None:
    assert desk.add_counts(count << 16 * place) == count


@pytest.mark.parametrize(
    "counts",
    [
        (0,) * SLICE_COUNT,
        (1,) * SLICE_COUNT,
        (2**16 - 1,) * SLICE_COUNT,
        tuple(range(1, SLICE_COUNT + 1)),
        tuple(2**k for k in range(SLICE_COUNT)),
        (2**16 - 1, 0) * 4 + (1,),
        (0, 2**16 - 1) * 4 + (1,),
    ],
    ids=["none", "ones", "full", "rising", "bits", "even", "odd"],
)
def test_add_counts__all_slices__is_their_sum(desk: EvmContract, counts: Sequence[int]) -> None:
    assert desk.add_counts(sum(count << 16 * place for place, count in enumerate(counts))) == sum(counts)
