"""Poseidon against circomlib's published values, and the fast ones against the definition."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tries import tries
from zklink.primitives import poseidon as module
from zklink.primitives.field import R
from zklink.primitives.poseidon import MAX_INPUTS, poseidon, poseidon_many, poseidon_plain, poseidon_reference

ASCENDING: Final = (
    18586133768512220936620570745912940619677854269274689475585506675881198879027,
    7853200120776062878684798364095072458815029376092732009249414926327459813530,
    6542985608222806190361240322586112750744169038454362455181422643027100751666,
    18821383157269793795438455681495246036402687001665670618754263018637548127333,
    6183221330272524995739186171720101788151706631170188140075976616310159254464,
    20400040500897583745843009878988256314335038853985262692600694741116813247201,
    12748163991115452309045839028154629052133952896122405799815156419278439301912,
    18604317144381847857886385684060986177838410221561136253933256952257712543953,
    13589767895268936107593642967621470491511464502761040466226072462545218539640,
    3657500514307717306974218405144578736633140001277925127187636780142269815841,
    3572015662710076994097916907865950486270383304442561406230608893458731714472,
    2501997477381648492950318384533644783248002172679259592360114615426357826485,
    7041832639553862712666971417715061873827921493498355005117622707743491651590,
    8354478399926161176778659061636406690034081872658507739535256090879947077494,
    4203130618016961831408770638653325366880478848856764494148034853759773445968,
    9989051620750914585850546081941653841776809718687451684622678807385399211877,
)
"""Hash of 1, of (1, 2), .. of (1, .., 16): circomlib's, as circomlibjs and its ports publish them."""

OTHERS: Final = (
    ((1, 2, 0, 0, 0), 1018317224307729531995786483840663576608797660851238720571059489595066344487),
    ((1, 2, 0, 0, 0, 0), 15336558801450556532856248569924170992202208561737609669134139141992924267169),
    ((3, 4, 0, 0, 0), 5811595552068139067952687508729883632420015185677766880877743348592482390548),
    ((3, 4, 0, 0, 0, 0), 12263118664590987767234828103155242843640892839966517009184493198782366909018),
)
"""From the tests of go-iden3-crypto."""

scalars = st.integers(0, R - 1)


@pytest.mark.parametrize("count", range(1, MAX_INPUTS + 1))
def test_poseidon__published_vector__matches(count: int) -> None:
    inputs = list(range(1, count + 1))
    for function in (poseidon, poseidon_plain, poseidon_reference):
        assert function(inputs) == ASCENDING[count - 1]


@pytest.mark.parametrize(("inputs", "expected"), OTHERS)
def test_poseidon__published_vector_with_zeros__matches(inputs: tuple[int, ...], expected: int) -> None:
    assert poseidon(inputs) == expected


@given(st.lists(scalars, min_size=1, max_size=MAX_INPUTS))
@tries(150)
def test_poseidon__any_inputs__is_the_reference(inputs: list[int]) -> None:
    assert poseidon(inputs) == poseidon_plain(inputs) == poseidon_reference(inputs)


@given(st.integers(1, MAX_INPUTS), st.sampled_from((0, 1, R - 1)))
@tries(48)
def test_poseidon__extreme_inputs__is_the_reference(count: int, value: int) -> None:
    inputs = [value] * count
    assert poseidon(inputs) == poseidon_plain(inputs) == poseidon_reference(inputs)


@pytest.mark.parametrize("implementation", ["machine", "plain"])
def test_poseidon_many__rows__is_one_by_one(implementation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if implementation == "plain":
        monkeypatch.setattr(module, "_native", lambda count: None)
    rows = [(1, 2, 3, 4), (0, 0, 0, R - 1), (5, 6, 7, 8)]
    assert poseidon_many(rows) == [poseidon_reference(row) for row in rows] == [poseidon(row) for row in rows]
    assert poseidon_many([]) == []
    for wrong in ([(1,), (1, 2)], [(1, 2), (1, R)], [(), ()]):
        with pytest.raises(ValueError, match="Poseidon"):
            poseidon_many(wrong)


@pytest.mark.parametrize("inputs", [[], [0] * (MAX_INPUTS + 1), [R], [-1], [0, R + 1]])
def test_poseidon__not_canonical_or_wrong_count__is_refused(inputs: list[int]) -> None:
    for function in (poseidon, poseidon_plain, poseidon_reference):
        with pytest.raises(ValueError, match="Poseidon takes"):
            function(inputs)
