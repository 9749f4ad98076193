"""A processor without AVX-512, made by the switch: the kernels' own tests pass on what is left."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from zklink.files import project_root
from zklink.primitives.native.layout import SWITCH

TESTED = (
    "tests/spec/test_machine.py",
    "tests/spec/test_machine_lanes.py",
    "tests/spec/test_poseidon.py",
    "tests/spec/test_merkle.py",
    "tests/spec/test_eddsa.py",
    "tests/spec/test_signature_lanes.py",
    "tests/spec/test_babyjubjub.py",
    "tests/prover/native",
)


@pytest.mark.slow
def test_kernels__avx512_switched_off__pass_their_tests_without_lanes() -> None:
    """This file's other tests are among them; this one is left out there, because it is slow."""
    command = [sys.executable, "-m", "pytest", "-n0", "-v", "-p", "no:cacheprovider", *TESTED]
    run = subprocess.run(command, env={**os.environ, SWITCH: "0"}, cwd=project_root(), capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-5_000:]
    assert "[scalar" in run.stdout and "[lanes" not in run.stdout
