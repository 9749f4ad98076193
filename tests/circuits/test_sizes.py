"""What the circuits cost, which proving times rest on. One constraint beyond a domain doubles the transforms.

The larger account blocks take minutes to compile: `zklink bench` states them.
"""

import pytest

from zklink.protocol.presets import COMPACT, MINIMAL, Preset
from zklink.prover.build import ensure_compiled
from zklink.prover.source import Statement, circuit_source


@pytest.mark.parametrize(
    ("statement", "preset", "log_domain"),
    [
        (Statement.SWAP, MINIMAL, 15),
        (Statement.SWAP, COMPACT, 17),
        (Statement.ACCOUNT, MINIMAL, 17),
        (Statement.EXIT, MINIMAL, 14),
        (Statement.EXIT, COMPACT, 15),
    ],
)
def test_circuit__with_its_input_rows__fits_its_domain(statement: Statement, preset: Preset, log_domain: int) -> None:
    source = circuit_source(statement, preset)
    rows = ensure_compiled(source).constraints + len(source.publics) + 1
    assert 2 ** (log_domain - 1) < rows <= 2**log_domain
