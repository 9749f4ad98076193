"""The program's interface: bytes that come back as they were put in, and what is refused."""

from dataclasses import replace

import pytest

from zklink.solana.client.timelock import swift_bits
from zklink.solana.interface import accounts
from zklink.solana.interface.codec import SIZES, Field, Layout
from zklink.solana.interface.instructions import INSTRUCTIONS, PUT_KEYS, SET_PRICE
from zklink.solana.interface.refusals import FIRST, Refusal, find_refusal
from zklink.solana.interface.timelock import accounts as timelock
from zklink.solana.interface.timelock.instructions import SWIFT, TIMELOCK_INSTRUCTIONS
from zklink.solana.interface.timelock.refusals import TimelockRefusal, find_timelock_refusal
from zklink.solana.interface.timelock.texts import Named, ProposedCall, decode_calls, encode_calls


@pytest.mark.parametrize(
    "layout",
    [*accounts.LAYOUTS, *timelock.LAYOUTS, *(call.data for call in (*INSTRUCTIONS, *TIMELOCK_INSTRUCTIONS))],
    ids=lambda item: item.name,
)
def test_layout__bytes__come_back(layout: Layout) -> None:
    data = bytes(i * 7 % 251 for i in range(layout.size))
    values = layout.unpack(data)
    assert layout.pack(**values) == data
    assert sum(SIZES[field.kind] * field.count for field in layout.fields) == layout.size
    with pytest.raises(ValueError):
        layout.unpack(data + b"\0")


def test_layout__value_that_does_not_fit__is_refused() -> None:
    layout = Layout("thing", Field("small", "u8"), Field("keys", "key", 2), Field("sum", "amount"))
    good = {"small": 255, "keys": [bytes(32)] * 2, "sum": 2**112 - 1}
    assert layout.pack(**good)[-14:] == bytes([255] * 14)
    for change in ({"small": 256}, {"small": -1}, {"keys": [bytes(32)]}, {"keys": [bytes(31)] * 2}, {"sum": 2**112}):
        with pytest.raises(ValueError):
            layout.pack(**(good | change))
    with pytest.raises(ValueError):
        layout.pack(small=1)
    with pytest.raises(ValueError):
        Layout("thing", Field("a", "u8"), Field("a", "u8"))


def test_instructions__numbers_and_roles__are_distinct() -> None:
    for calls in (INSTRUCTIONS, TIMELOCK_INSTRUCTIONS):
        assert [call.number for call in calls] == list(range(len(calls)))
    for call in (*INSTRUCTIONS, *TIMELOCK_INSTRUCTIONS):
        names = [role.name for role in call.roles]
        assert len(set(names)) == len(names)


def test_swift_bits__list__is_calls_of_the_program() -> None:
    named = {call.number for call in INSTRUCTIONS if call.name in SWIFT}
    assert len(named) == len(SWIFT) and max(named) < 64
    assert swift_bits() == sum(1 << number for number in named)


def test_instruction__tail__only_where_there_is_one() -> None:
    data = PUT_KEYS.encode(b"key", at=258)
    assert data == b"\0\x02\x01key"
    assert PUT_KEYS.decode(data) == ({"at": 258}, b"key")
    with pytest.raises(ValueError):
        SET_PRICE.encode(b"x", kind=1, price=2)
    for bad in (b"", b"\x01\0\0", SET_PRICE.encode(kind=1, price=2)):
        with pytest.raises(ValueError):
            PUT_KEYS.decode(bad)


def test_tags__every_kind_of_account__has_its_own() -> None:
    tags = [value for name, value in vars(accounts).items() if name.endswith("_TAG")]
    assert len(tags) == 9 and len(set(tags)) == len(tags) and all(0 < tag < 2**64 for tag in tags)


def test_find_refusal__numbers__are_those_of_the_table() -> None:
    assert [find_refusal(reason.number) for reason in Refusal] == list(Refusal)
    assert find_refusal(FIRST - 1) is None and find_refusal(FIRST + len(Refusal)) is None
    assert len({reason.value for reason in Refusal}) == len(Refusal)
    assert [find_timelock_refusal(reason.number) for reason in TimelockRefusal] == list(TimelockRefusal)
    assert not {reason.number for reason in Refusal} & {reason.number for reason in TimelockRefusal}
    assert find_timelock_refusal(FIRST) is None and find_timelock_refusal(FIRST + 1_000 + len(TimelockRefusal)) is None
    assert len({reason.value for reason in TimelockRefusal}) == len(TimelockRefusal)


def test_decode_calls__bytes__come_back_and_others_are_refused() -> None:
    named = (Named(b"\1" * 32, True), Named(b"\2" * 32, is_writable=True), Named(b"\3" * 32, pin=b"\4" * 32))
    calls = (ProposedCall(b"\5" * 32, named, b"data"), ProposedCall(b"\6" * 32, (), b""))
    text = encode_calls(calls)
    assert decode_calls(text, 2) == calls
    for wrong, count in ((text[:-1], 2), (text + b"\0", 2), (text, 1), (text, 3), (text[:33] + b"\x08" + text[34:], 2)):
        with pytest.raises(ValueError):
            decode_calls(wrong, count)
    one = calls[1]
    for bad in ((), (one,) * 9, (replace(one, program=b"x"),), (replace(one, accounts=(named[0],) * 30),)):
        with pytest.raises(ValueError):
            encode_calls(bad)
    for account in (Named(b"short"), Named(b"\1" * 32, pin=b"short")):
        with pytest.raises(ValueError):
            encode_calls((replace(one, accounts=(account,)),))
