"""BabyJubjub against circomlibjs's published values and against the affine formulas of EIP-2494."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.spec.affine import GENERATOR, TORSION, add_affine, multiply_affine
from tests.support.tries import tries
from zklink.primitives import babyjubjub
from zklink.primitives.babyjubjub import (
    BASE8,
    COFACTOR,
    IDENTITY,
    SUBORDER,
    A,
    D,
    Point,
    add,
    is_in_subgroup,
    is_on_curve,
    is_small_order,
    multiply,
    negate,
    pack_point,
    unpack_point,
)
from zklink.primitives.field import R

P: Final = Point(
    17777552123799933955779906779655732241715742912184938656739573121738514868268,
    2626589144620713026669568689430873010625803728049924121243784502389097019475,
)
TWICE_P: Final = Point(
    6890855772600357754907169075114257697580319025794532037257385534741338397365,
    4338620300185947561074059802482547481416142213883829469920100239455078257889,
)
"""P and the values below are those of circomlibjs's test/babyjub.js."""

scalars = st.integers(0, COFACTOR * SUBORDER - 1) | st.sampled_from((0, 1, 2, 15, 16, SUBORDER - 1, SUBORDER))
examples = tries(40)


points = st.tuples(scalars, st.integers(0, 7)).map(lambda p: add_affine(multiply_affine(BASE8, p[0]), TORSION[p[1]]))
off_curve = st.tuples(st.integers(0, R - 1), st.integers(0, R - 1)).map(lambda p: Point(*p))


@pytest.fixture(params=["machine", "plain"])
def _implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "plain":
        monkeypatch.setattr(babyjubjub, "_native", lambda: None)


@pytest.mark.usefixtures("_implementation")
class TestPublishedValues:
    """What circomlibjs computes."""

    def test_add__published_vectors__match(self) -> None:
        other = Point(
            16540640123574156134436876038791482806971768689494387082833631921987005038935,
            20819045374670962167435360035096875258406992893633759881276124905556507972311,
        )
        assert add(IDENTITY, IDENTITY) == IDENTITY
        assert add(P, P) == TWICE_P
        assert add(P, other) == (
            7916061937171219682591368294088513039687205273691143098332585753343424131937,
            14035240266687799601661095864649209771790948434046947201833777492504781204499,
        )

    def test_multiply__published_vectors__match(self) -> None:
        assert multiply(GENERATOR, COFACTOR) == BASE8
        assert multiply(P, 3) == (
            19372461775513343691590086534037741906533799473648040012278229434133483800898,
            9458658722007214007257525444427903161243386465067105737478306991484593958249,
        )
        assert multiply(P, 14035240266687799601661095864649209771790948434046947201833777492504781204499) == (
            17070357974431721403481313912716834497662307308519659060910483826664480189605,
            4014745322800118607127020275658861516666525056516280575712425373174125159339,
        )
        assert multiply(TWICE_P, 20819045374670962167435360035096875258406992893633759881276124905556507972311) == (
            13563888653650925984868671744672725781658357821216877865297235725727006259983,
            8442587202676550862664528699803615547505326611544120184665036919364004251662,
        )

    def test_is_in_subgroup__published_points__are(self) -> None:
        for point in (P, TWICE_P, BASE8, IDENTITY):
            assert is_on_curve(point) and is_in_subgroup(point)
        assert is_on_curve(GENERATOR) and not is_in_subgroup(GENERATOR)

    def test_pack_point__published_vectors__match(self) -> None:
        assert pack_point(P).hex() == "53b81ed5bffe9545b54016234682e7b2f699bd42a5e9eae27ff4051bc698ce85"
        assert pack_point(TWICE_P).hex() == "e114eb17eddf794f063a68fecac515e3620e131976108555735c8b0773929709"


@pytest.mark.usefixtures("_implementation")
class TestSmallOrder:
    """The eight points whose order divides the cofactor, and only these."""

    def test_is_small_order__torsion__is(self) -> None:
        assert len(set(TORSION)) == 8
        assert TORSION[4] == Point(0, R - 1)
        for point in TORSION:
            assert is_on_curve(point) and is_small_order(point)
            assert multiply(point, COFACTOR) == IDENTITY

    def test_is_small_order__with_a_large_component__is_not(self) -> None:
        for torsion in TORSION:
            assert not is_small_order(add(P, torsion))
            assert is_in_subgroup(add(P, torsion)) == (torsion == IDENTITY)

    def test_add__torsion__is_complete(self) -> None:
        for left in (*TORSION, P, GENERATOR):
            for right in (*TORSION, left, negate(left)):
                assert add(left, right) == add_affine(left, right)


@given(points, points)
@examples
def test_add__any_points__is_the_affine_law(left: Point, right: Point) -> None:
    assert add(left, right) == add_affine(left, right)
    assert add(left, negate(left)) == IDENTITY


@given(points | st.just(BASE8), scalars)
@examples
def test_multiply__any_point__is_the_affine_law(point: Point, scalar: int) -> None:
    product = multiply(point, scalar)
    assert product == multiply_affine(point, scalar)
    assert is_on_curve(product)
    assert multiply(point, -scalar) == negate(product)


@given(points)
@examples
def test_unpack_point__packed_point__is_the_point(point: Point) -> None:
    assert unpack_point(pack_point(point)) == point


@given(st.binary(min_size=32, max_size=32))
@examples
def test_unpack_point__any_bytes__is_none_or_packs_to_them(packed: bytes) -> None:
    point = unpack_point(packed)
    assert point is None or (is_on_curve(point) and pack_point(point) == packed)


def test_unpack_point__not_a_packing__is_refused() -> None:
    x_is_zero = (1).to_bytes(32, "little")
    assert unpack_point(x_is_zero) == IDENTITY
    signed_zero = (1 | 1 << 255).to_bytes(32, "little")
    y_not_reduced = (R + 1).to_bytes(32, "little")
    no_such_x = next(
        y.to_bytes(32, "little") for y in range(2, 99) if pow((1 - y * y) * pow(A - D * y * y, -1, R), R // 2, R) != 1
    )
    for packed in (signed_zero, y_not_reduced, no_such_x, b"", bytes(31), bytes(33)):
        assert unpack_point(packed) is None


@given(off_curve)
@examples
def test_is_on_curve__random_pair__is_not(point: Point) -> None:
    assert not is_on_curve(point)


@pytest.mark.parametrize("point", [Point(P.x + R, P.y), Point(P.x, P.y + R), Point(P.x - R, P.y), Point(P.y, P.x)])
def test_is_on_curve__not_canonical__is_not(point: Point) -> None:
    assert not is_on_curve(point)
