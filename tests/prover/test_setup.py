"""Development keys: standard files that two independent provers take, made from a published seed and marked as such."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.foreign_circuit import chain_source, run_ceremony
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.primitives.field import Q, R
from zklink.prover.build import CompiledCircuit, ensure_compiled
from zklink.prover.circuit_artifacts import CircuitArtifacts, ensure_artifacts
from zklink.prover.curve import Generators, invert_all, is_on_g1, is_on_g2
from zklink.prover.progress import SILENT
from zklink.prover.r1cs import read_r1cs
from zklink.prover.setup import (
    Keys,
    compute_lagrange,
    derive_secrets,
    ensure_keys,
    find_keys,
    is_development_key,
    write_keys,
)
from zklink.prover.tools import ensure_tools, run_snarkjs


@lru_cache(maxsize=1)
def artifacts() -> CircuitArtifacts:
    return ensure_artifacts(chain_source(20))


@lru_cache(maxsize=1)
def circuit() -> CompiledCircuit:
    return ensure_compiled(chain_source(20))


@upholds("VER-7")
class TestMarks:
    def test_ensure_keys__verification_key__says_development(self) -> None:
        assert artifacts().is_development
        assert json.loads(artifacts().vk_path.read_text())["development"] is True
        assert is_development_key(artifacts().vk_hash)

    def test_ensure_keys__metadata__says_what_it_was_made_from(self) -> None:
        keys = find_keys(circuit())
        assert keys is not None
        about = json.loads(keys.metadata.read_text())
        assert about["development"] is True and about["constraints"] == 21
        assert about["vk_hash"] == artifacts().vk_hash.hex()

    def test_is_development_key__ceremony_key__false(self) -> None:
        assert not run_ceremony().artifacts.is_development
        assert not is_development_key(run_ceremony().artifacts.vk_hash)

    def test_ensure_keys__gamma_and_delta__differ(self) -> None:
        assert artifacts().vk.gamma != artifacts().vk.delta


def test_write_keys__twice__same_bytes(tmp_path: Path) -> None:
    system = read_r1cs(circuit().r1cs)
    secrets = derive_secrets(bytes(32))
    with SILENT.step("") as step:
        first = write_keys(system, secrets, tmp_path / "first", step)
        second = write_keys(system, secrets, tmp_path / "second", step)
    assert first == second
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_derive_secrets__another_circuit__all_differ() -> None:
    first, second = derive_secrets(bytes(32)), derive_secrets(bytes(31) + b"\1")
    values = {
        value for secrets in (first, second) for value in (secrets.tau, secrets.alpha, secrets.beta, secrets.gamma)
    }
    assert len(values | {first.delta, second.delta}) == 10


def test_write_keys__zkey__snarkjs_reads_the_same_verification_key(tmp_path: Path) -> None:
    command = ["zkey", "export", "verificationkey", str(artifacts().zkey), "vk.json"]
    run_snarkjs(ensure_tools(), command, cwd=tmp_path)
    exported = json.loads((tmp_path / "vk.json").read_text())
    ours = json.loads(artifacts().vk_path.read_text())
    assert ours.pop("development") is True
    assert {name: exported[name] for name in ours} == ours


def test_ensure_keys__cached__not_made_again() -> None:
    keys = ensure_keys(circuit())
    before = keys.zkey.stat().st_mtime_ns
    assert ensure_keys(circuit()) == Keys(keys.directory)
    assert keys.zkey.stat().st_mtime_ns == before


@tries(30)
@given(st.integers(0, 5), st.integers(1, R - 1), st.lists(st.integers(0, R - 1), min_size=32, max_size=32))
def test_compute_lagrange__any_polynomial__interpolates(power: int, tau: int, coefficients: list[int]) -> None:
    """sum_i p(w^i) L_i(tau) = p(tau) for degree below n."""
    size = 1 << power
    root = pow(5, (R - 1) // size, R)

    def evaluate(x: int) -> int:
        return sum(c * pow(x, i, R) for i, c in enumerate(coefficients[:size])) % R

    if pow(tau, size, R) == 1:
        tau += 1  # on the domain the formula divides by zero; a derived tau never is there
    basis = compute_lagrange(size, tau)
    assert sum(evaluate(pow(root, i, R)) * basis[i] for i in range(size)) % R == evaluate(tau)


@tries(50)
@given(st.lists(st.integers(1, R - 1), max_size=20))
def test_invert_all__non_zero__are_inverses(values: list[int]) -> None:
    assert all(x * y % R == 1 for x, y in zip(values, invert_all(values), strict=True))


@pytest.mark.parametrize("jobs", [0, 5000], ids=["narrow windows", "wide windows"])
def test_generators__multiples__are_those_of_the_curve(jobs: int) -> None:
    """(r - 1) G = -G, distributivity, and every multiple is a point."""
    points = Generators(jobs)
    assert points.g1(1) == (1, 2) and points.g1(0) == points.g1(R) == (0, 0)
    assert points.g1(R - 1) == (1, Q - 2)
    for scalar in (2, 255, 256, 4095, 4096, 1 << 253, R // 3):
        assert is_on_g1(points.g1(scalar)) and is_on_g2(points.g2(scalar))
        assert points.g1(scalar) == points.g1(scalar + R)
    assert points.g2(0) == ((0, 0), (0, 0))
    assert Generators().g1(R // 3) == Generators(5000).g1(R // 3)
    assert Generators().g2(R // 3) == Generators(5000).g2(R // 3)
