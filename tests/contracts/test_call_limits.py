"""The lengths of arrays in the interfaces, which import nothing, are the protocol's."""

import re

import pytest

from zklink.l1.contract_artifacts import CONTRACTS
from zklink.protocol import limits
from zklink.protocol.ids import SLICE_COUNT

DECLARED = {
    ("IBlockReader", "words"): limits.MAX_SLICE_WORDS,
    ("IBlockReader", "data"): limits.MAX_DATA_WORDS,
    ("IBlockReader", "slice_hashes"): SLICE_COUNT,
    ("IBlockReader", "evaluations"): SLICE_COUNT,
    ("IBlockReader", "signatures"): limits.MAX_SIGNATURES,
    ("IBridge", "payouts"): limits.MAX_PAYOUT_WORDS,
    ("IExodus", "words"): limits.MAX_CANCEL_WORDS,
    ("ISyncLedger", "steps"): limits.MAX_STEPS,
    ("ISyncLedger", "preimages"): limits.MAX_PREIMAGES,
    ("IVerifier", "proofs"): limits.MAX_PROVE_BLOCKS,
    ("IVerifier", "inputs"): limits.MAX_PROVE_BLOCKS,
}


def read_bounds(interface: str, name: str) -> set[int]:
    """Every bound of an array of this name in an interface."""
    source = (CONTRACTS / "interfaces" / f"{interface}.vyi").read_text()
    return {int(bound) for bound in re.findall(rf"\b{name}: DynArray\[[^,]+, (\d+)\]", source)}


@pytest.mark.parametrize(("interface", "name"), DECLARED)
def test_interface__length_of_an_array__is_the_protocols(interface: str, name: str) -> None:
    assert max(read_bounds(interface, name)) == DECLARED[interface, name]
