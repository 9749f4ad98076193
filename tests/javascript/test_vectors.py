"""The vectors on disk are those of the Python package; node's own tests hold the module to them."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.javascript.reference import CALLS, answer
from tests.javascript.vectors import PATH, render
from zklink.prover.tools import node_binary

VECTORS: list[dict[str, Any]] = json.loads(PATH.read_text())


def test_vectors__on_disk__are_those_of_the_generator() -> None:
    assert PATH.read_text() == render(), "run `python -m tests.javascript.vectors`"


def test_vectors__every_call__is_answered_by_one() -> None:
    answered = {vector["call"] for vector in VECTORS if "answer" in vector}
    assert answered == CALLS.keys()


@pytest.mark.parametrize("call", sorted(CALLS))
def test_reference__vectors_of_a_call__are_answered_the_same(call: str) -> None:
    for vector in VECTORS:
        if vector["call"] == call:
            expected = {key: vector[key] for key in ("answer", "refused") if key in vector}
            assert answer(call, vector["arguments"]) == expected


def test_module__node_tests__pass() -> None:
    program = Path(__file__).with_name("module.test.mjs")
    done = subprocess.run([str(node_binary()), "--test", str(program)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
