"""Records as text: every field comes back, and a text that is none says why."""

from dataclasses import dataclass
from enum import Enum
from typing import NewType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zklink.storage.records import decode_record, encode_record

Number = NewType("Number", int)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    number: Number
    data: bytes


@dataclass(frozen=True, slots=True)
class Outer:
    inner: Inner
    maybe: Inner | None
    colour: Colour
    names: list[str]
    hashes: tuple[bytes, ...]
    flag: bool
    later: int | None = None


INNERS = st.builds(Inner, st.integers(0, 2**256).map(Number), st.binary(max_size=40))
OUTERS = st.builds(
    Outer,
    INNERS,
    st.none() | INNERS,
    st.sampled_from(Colour),
    st.lists(st.text(max_size=5), max_size=3),
    st.lists(st.binary(max_size=4), max_size=3).map(tuple),
    st.booleans(),
    st.none() | st.integers(),
)


@given(OUTERS)
def test_decode__what_was_encoded__is_the_record(record: Outer) -> None:
    assert decode_record(Outer, encode_record(record)) == record


def test_decode__field_that_came_later__has_its_default() -> None:
    assert decode_record(Inner, '{"number": 1, "data": "00"}') == Inner(Number(1), b"\0")
    text = encode_record(Outer(Inner(Number(1), b""), None, Colour.RED, [], (), True)).replace(', "later": null', "")
    assert "later" not in text
    assert decode_record(Outer, text).later is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "[]",
        "null",
        "{}",
        '{"number": 1}',
        '{"number": "1", "data": ""}',
        '{"number": 1, "data": 7}',
        '{"number": 1, "data": "0"}',
        '{"number": 1, "data": "", "more": 2}',
        '{"number": true, "data": ""}',
    ],
)
def test_decode__no_such_record__says_so(text: str) -> None:
    with pytest.raises(ValueError, match="no Inner: "):
        decode_record(Inner, text)
