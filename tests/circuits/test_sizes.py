"""What the circuits cost: the figures that proving times rest on."""

from tests.support.circuits import open_swap_block
from zklink.protocol.presets import COMPACT, MINIMAL

PUBLICS = 4


def test_minimal__with_its_input_rows__fits_two_to_the_15() -> None:
    assert open_swap_block(MINIMAL).compiled.constraints + PUBLICS + 1 <= 2**15


def test_compact__with_its_input_rows__fits_two_to_the_16() -> None:
    """One constraint more than the domain holds would double the prover's transforms."""
    assert open_swap_block(COMPACT).compiled.constraints + PUBLICS + 1 <= 2**16
