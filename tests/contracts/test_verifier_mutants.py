"""Seeded bugs in the generated verifier: each lets something through that the real one refuses.

So the tests of test_verifier.py can fail, and each line of the template that a mutant removes is there for a reason.
"""

from __future__ import annotations

import pytest

from tests.contracts.test_verifier import valid, verifier
from tests.support.foreign_circuit import run_ceremony
from tests.support.upholds import upholds
from tests.support.verifiers import Statement, VyperVerifier, add_points, multiply_point, negate_point, replace_once
from zklink.primitives.field import R
from zklink.prover.verifier_codegen import generate_verifier


def mutate(old: str, new: str) -> VyperVerifier:
    key = run_ceremony().artifacts.vk
    return VyperVerifier(replace_once(generate_verifier(key), old, new), key.input_count)


# breaks: VER-1
@upholds("VER-1")
@pytest.mark.parametrize("index", range(3))
def test_mutant__inputs_not_checked__takes_x_and_x_plus_r_for_one(index: int) -> None:
    mutant = mutate('            assert value < R, "verifier: input >= r"\n', "")
    aliased = valid()[0].with_input(index, valid()[0].inputs[index] + R)
    assert mutant.verdict([aliased]) is None
    assert verifier().verdict([aliased]) is not None


def test_mutant__coefficients_all_one__takes_errors_that_cancel() -> None:
    mutant = mutate("            k = self._compute_coefficient(seed, i)\n", "            k = 1\n")
    first, second = valid()[:2]
    forged = [first.with_c(add_points(first.c, (1, 2))), second.with_c(add_points(second.c, negate_point((1, 2))))]
    assert mutant.verdict(forged) is None
    assert mutant.verdict(forged[:1]) is not None
    assert verifier().verdict(forged) is not None


def test_mutant__coefficients_known_before_the_proofs__takes_errors_weighed_to_cancel() -> None:
    """With coefficients that do not depend on the proofs, errors are weighed by them: k_1 P and -P P cancel."""
    mutant = mutate(
        "    return unsafe_add(convert(digest, uint256) >> 128, 1)  # the shifted value has 128 bits\n",
        "    return 7\n",
    )
    first, second = valid()[:2]
    error = (1, 2)
    sevenfold = multiply_point(error, 7)
    forged = [first.with_c(add_points(first.c, negate_point(sevenfold))), second.with_c(add_points(second.c, error))]
    assert mutant.verdict(forged) is None
    assert verifier().verdict(forged) is not None


# breaks: VER-3
@upholds("VER-3")
def test_mutant__calldata_size_not_checked__reads_missing_inputs_as_zero() -> None:
    line = '    assert len(msg.data) == 132 + count * (256 + 32 * INPUTS), "verifier: wrong calldata size"\n'
    mutant = mutate(line, "")
    statement = valid()[1]
    assert statement.inputs[2] == 0
    shortened = verifier().encode([Statement(statement.proof, statement.inputs[:2])], input_words=2)
    assert mutant.verdict_on_calldata(shortened) is None
    assert verifier().verdict_on_calldata(shortened) is not None


# breaks: VER-3
@upholds("VER-2", "VER-3")
def test_mutant__pairing_result_not_checked__takes_anything() -> None:
    mutant = mutate('    assert convert(output, uint256) == 1, "verifier: invalid proof"\n', "")
    changed = valid()[0].with_input(0, 1)
    assert mutant.verdict([changed]) is None
    assert verifier().verdict([changed]) is not None


def test_mutant__combined_inputs_of_the_first_proof_only__takes_changed_inputs() -> None:
    mutant = mutate(
        "            combined[j] = uint256_addmod(combined[j], uint256_mulmod(k, value, R), R)\n",
        "            if i == 0:\n                combined[j] = value\n",
    )
    assert mutant.verdict([valid()[0]]) is None
    assert mutant.verdict(valid()[:2]) is not None
    assert verifier().verdict(valid()[:2]) is None


# breaks: VER-2
@upholds("VER-2")
def test_mutant__limbs_of_beta_swapped__refuses_what_is_valid() -> None:
    mutant = mutate("BETA_X1, BETA_X0, BETA_Y1, BETA_Y0])", "BETA_X0, BETA_X1, BETA_Y0, BETA_Y1])")
    assert mutant.verdict([valid()[0]]) is not None
    assert verifier().verdict([valid()[0]]) is None


# breaks: VER-7
@upholds("VER-7")
def test_mutant__gamma_equals_delta__takes_a_proof_of_anything_made_from_the_key_alone() -> None:
    """A = alpha, B = beta and C = -X cancel for any inputs: why the generator refuses such a key."""
    key = run_ceremony().artifacts.vk
    mutant = mutate("DELTA_X1, DELTA_X0, DELTA_Y1, DELTA_Y0])", "GAMMA_X1, GAMMA_X0, GAMMA_Y1, GAMMA_Y0])")
    inputs = (1, 2, 3)
    x = key.ic[0]
    for value, point in zip(inputs, key.ic[1:], strict=True):
        x = add_points(x, multiply_point(point, value))
    (x0, x1), (y0, y1) = key.beta
    forged = Statement((*key.alpha, x1, x0, y1, y0, *negate_point(x)), inputs)
    assert mutant.verdict([forged]) is None
    assert verifier().verdict([forged]) is not None
