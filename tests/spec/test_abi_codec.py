"""The fast ABI codec of the tests gives what eth_abi gives, and refuses what eth_abi refuses."""

from typing import Any

import eth_abi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.abi_codec import Abi
from tests.support.tries import tries

ATOMS: dict[str, st.SearchStrategy[Any]] = {
    "uint8": st.integers(0, 2**8 - 1),
    "uint112": st.integers(0, 2**112 - 1),
    "uint256": st.integers(0, 2**256 - 1),
    "int128": st.integers(-(2**127), 2**127 - 1),
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(lambda found: f"0x{found.hex()}"),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes": st.binary(max_size=70),
    "string": st.text(max_size=20),
}


def _in_arrays(inner: st.SearchStrategy[tuple[str, Any]]) -> st.SearchStrategy[tuple[str, Any]]:
    """A list of one type's values, or a struct of several types'."""
    alike = st.tuples(inner, st.integers(0, 3), st.booleans()).map(
        lambda t: (f"{t[0][0]}[{t[1] or 1}]" if t[2] else f"{t[0][0]}[]", (t[0][1],) * ((t[1] or 1) if t[2] else t[1]))
    )
    struct = st.lists(inner, min_size=1, max_size=4).map(
        lambda parts: (f"({','.join(kind for kind, _ in parts)})", tuple(value for _, value in parts))
    )
    return st.one_of(alike, struct)


VALUES = st.recursive(
    st.sampled_from(sorted(ATOMS)).flatmap(lambda kind: st.tuples(st.just(kind), ATOMS[kind])), _in_arrays, max_leaves=8
)


@given(st.lists(VALUES, max_size=4))
@tries(300)
def test_codec__any_values__as_eth_abi(parts: list[tuple[str, Any]]) -> None:
    kinds, values = [kind for kind, _ in parts], [value for _, value in parts]
    encoded = eth_abi.encode(kinds, values)
    assert Abi(kinds).encode(values) == encoded
    assert Abi(kinds).decode(encoded) == eth_abi.decode(kinds, encoded)


@given(st.lists(VALUES, min_size=1, max_size=3), st.data())
@tries(300)
def test_decode__damaged_bytes__as_eth_abi(parts: list[tuple[str, Any]], data: st.DataObject) -> None:
    kinds = [kind for kind, _ in parts]
    encoded = bytearray(eth_abi.encode(kinds, [value for _, value in parts]))
    del encoded[data.draw(st.integers(0, len(encoded))) :]
    for _ in range(data.draw(st.integers(0, 2)) if encoded else 0):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 3))
    damaged = bytes(encoded)
    try:
        expected = eth_abi.decode(kinds, damaged)
    except Exception as error:
        with pytest.raises(type(error)):
            Abi(kinds).decode(damaged)
    else:
        assert Abi(kinds).decode(damaged) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("uint256", True),
        ("uint256", "1"),
        ("bool", 1),
        ("address", "0x12"),
        ("address", "0x" + "zz" * 20),
        ("bytes4", b"12345"),
        ("bytes", "text"),
        ("uint8[2]", (1,)),
        ("(uint8,bool)", (1,)),
        ("(uint8,bool)", 1),
    ],
)
def test_encode__value_of_another_type__as_eth_abi(kind: str, value: object) -> None:
    with pytest.raises(Exception) as expected:
        eth_abi.encode([kind], [value])
    with pytest.raises(expected.type):
        Abi([kind]).encode([value])


def test_codec__ordinary_values__never_asks_eth_abi(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ("(uint8,address,bytes32)[]", "bytes", "bool", "uint256[2]")
    values = (((1, "0x" + "ab" * 20, bytes(32)),), b"abc", True, (3, 4))
    encoded = eth_abi.encode(kinds, values)
    monkeypatch.delattr(eth_abi, "encode")
    monkeypatch.delattr(eth_abi, "decode")
    assert Abi(kinds).encode(values) == encoded
    assert Abi(kinds).decode(encoded) == values
