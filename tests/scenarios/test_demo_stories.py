"""The stories of the demo as a person runs them, with the program's own chains, keys and clocks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("zklink"))
LIMIT_SECONDS = 1_500
"""Several times what a story takes on two busy cores."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("story", "last", "figures"),
    [
        ("swaps", "Everything adds up: 7 swaps", {"is_clean": True, "problems": []}),
        (
            "accounts",
            "everybody has left; nothing is missing but the 400 USDC that a chain forgot",
            {"cancelled_requests": 2, "forgotten": "400000000"},
        ),
        ("solana", "every swap came as it must, and all books agree", {"problems": []}),
        ("solana-accounts", "left with everything that Solana held for it, to the unit", {"problems": []}),
    ],
    ids=["swaps", "accounts", "solana", "solana-accounts"],
)
def test_demo__told_to_its_end__its_audit_holds(
    story: str, last: str, figures: dict[str, object], tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    told = subprocess.run(
        [PROGRAM, "demo", "--story", story, "--json", str(file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert told.returncode == 0, told.stdout[-4_000:] + told.stderr[-4_000:]
    assert last in told.stdout
    report = json.loads(file.read_text())
    assert {name: report[name] for name in figures} == figures
