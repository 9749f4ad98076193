"""Calls are read as the primary's history reads them: every difference would hide a block, or show one that no chain
took.

The judge is a contract with the history's own signatures, which gives back what it was given.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from eth_abi import decode, encode
from hypothesis import given
from hypothesis import strategies as st

from tests.support.evm import EvmChain, Reverted, type_of
from tests.support.tries import tries
from zklink.l1.contract_artifacts import compile_source, find_source, load_contract
from zklink.l1.published.abi_reader import SELECTOR_BYTES, Calldata
from zklink.l1.published.accept_calldata import LIMITS, accept_function
from zklink.protocol.errors import CallRefused

CALLER = "0x" + "ca" * 20
WORD = 32
NAMES = ("accept", "accept_again")
Values = tuple[Any, ...]


def write_echo() -> str:
    """A contract that takes what the history takes, by the history's source, and returns it."""
    source = find_source("PrimaryHistory").read_text()
    lines = ["# pragma version 0.4.3", "# pragma optimize gas"]
    lines += [f"from .interfaces import {name}" for name in ("IGroups", "IHistory")]
    lines += ["from .modules import constants"]
    for name in NAMES:
        (parameters,) = re.findall(rf"^def {name}\((.*?)\):$", source, re.MULTILINE | re.DOTALL)
        names, types = zip(*re.findall(r"(\w+): ([\w.]+(?:\[[^:]*\])?)", parameters), strict=True)
        lines += ["@external", f"def {name}({parameters}) -> ({', '.join(types)}):", f"    return {', '.join(names)}"]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Echo:
    """The contract on a chain."""

    chain: EvmChain
    address: str

    def ask(self, name: str, data: bytes) -> Values | None:
        """What the contract reads; None if it refuses the call."""
        try:
            return decode(TYPES[name], self.chain.read(self.address, data, CALLER))
        except Reverted:
            return None


@pytest.fixture(scope="module")
def echo() -> Echo:
    chain = EvmChain(31_337, 1_700_000_000)
    artifact = compile_source("Echo", write_echo())
    address = chain.deploy(chain.fund(CALLER), artifact).address
    return Echo(chain, address)


def read(name: str, data: bytes) -> Values | None:
    """What is read of a call; None if it is none."""
    function = accept_function(name)
    try:
        return tuple(function.read(Calldata(data))) if data[:SELECTOR_BYTES] == function.selector else None
    except CallRefused:
        return None


def number(bits: int) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(0, 3), st.integers(0, 2**bits - 1))


hashes = st.binary(min_size=32, max_size=32)
evidence = st.binary(max_size=70)
blocks = st.tuples(*(number(bits) for bits in (8, 40, 256, 256, 256)), st.lists(number(256), min_size=8, max_size=8))
facts = st.tuples(number(8), number(8), number(64), hashes)
first = (number(64), st.lists(blocks, max_size=3), st.binary(max_size=140))
last = (evidence, evidence, st.booleans(), st.binary(max_size=100))
ARGUMENTS: dict[str, st.SearchStrategy[Values]] = {
    "accept": st.tuples(*first, st.lists(facts, max_size=3), *last),
    "accept_again": st.tuples(*first, st.lists(hashes, max_size=3), *last),
}
ARGUMENT_NAMES = {
    entry["name"]: [item["name"] for item in entry["inputs"]]
    for entry in load_contract("PrimaryHistory").abi
    if entry.get("name") in NAMES
}
TYPES = {
    entry["name"]: [type_of(item) for item in entry["inputs"]]
    for entry in load_contract("PrimaryHistory").abi
    if entry.get("name") in NAMES
}
BLOCK = (1, 2, 3, 4, 5, list(range(8)))
PLAIN: dict[str, Values] = {
    "accept": (1, [BLOCK], b"", [], b"", b"", True, b""),
    "accept_again": (1, [BLOCK], b"", [], b"", b"", True, b""),
}
ITEMS: dict[str, Any] = {"blocks": BLOCK, "queues": (1, 2, 3, bytes(32)), "later": bytes(32)}
"""The items of arguments that are lists; the others are byte strings."""


def plain(value: Any) -> Any:
    """Lists as tuples."""
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else value


def encode_values(name: str, values: Values) -> bytes:
    return accept_function(name).selector + encode(TYPES[name], values)


@tries(60)
@given(data=st.data(), name=st.sampled_from(NAMES))
def test_read__what_a_library_encodes__the_same_values(data: st.DataObject, name: str) -> None:
    values = data.draw(ARGUMENTS[name])
    call = encode_values(name, values)
    assert read(name, call) == plain(values)
    assert plain(decode(TYPES[name], call[SELECTOR_BYTES:])) == plain(values)


@st.composite
def spoiled_calls(draw: st.DrawFn) -> tuple[str, bytes]:
    """Calls with other pointers, lengths and numbers, cut short or followed by more."""
    name = draw(st.sampled_from(NAMES))
    call = encode_values(name, draw(ARGUMENTS[name]))
    selector, arguments = call[:SELECTOR_BYTES], call[SELECTOR_BYTES:]
    for _ in range(draw(st.integers(0, 3))):
        places = range(0, len(arguments) - WORD + 1, WORD)
        short = [at for at in places if int.from_bytes(arguments[at : at + WORD], "big") <= len(arguments)]
        at = draw(st.one_of(st.sampled_from(short or [0]), st.sampled_from(short or [0]), st.sampled_from(places)))
        old = int.from_bytes(arguments[at : at + WORD], "big")
        new = draw(
            st.one_of(
                st.integers(0, len(places)).map(lambda k: k * WORD),
                st.integers(1, len(places)).map(lambda k: -k * WORD),
                st.integers(-70, 70),
                st.integers(old - 40, old + 40),
                st.sampled_from([limit + k for (limit,) in LIMITS.values() for k in (0, 1)]),
                st.sampled_from([1 << bits for bits in (1, 8, 40, 64, 255)]),
                st.integers(len(arguments) - 2 * WORD, len(arguments) + 9_999),
            )
        )
        arguments = arguments[:at] + (new % 2**256).to_bytes(WORD, "big") + arguments[at + WORD :]
    if draw(st.booleans()):
        arguments = arguments[: draw(st.integers(max(0, len(arguments) - 20 * WORD), len(arguments)))]
    return name, selector + arguments + draw(st.one_of(st.just(b""), st.binary(max_size=70)))


def test_read__spoiled_calls__what_the_contract_reads_and_nothing_that_it_refuses(echo: Echo) -> None:
    seen: Counter[tuple[str, str]] = Counter()

    @tries(250)
    @given(spoiled=spoiled_calls())
    def compare(spoiled: tuple[str, bytes]) -> None:
        name, call = spoiled
        taken = echo.ask(name, call)
        assert read(name, call) == taken
        as_written = taken is not None and encode_values(name, taken) == call
        seen[name, "refused" if taken is None else "as written" if as_written else "otherwise"] += 1

    compare()
    assert len(seen) == 6
    assert min(seen.values()) >= 5, seen


@pytest.mark.parametrize("argument", sorted(LIMITS))
def test_read__lengths_at_the_contracts_limits__taken_and_one_more_refused(echo: Echo, argument: str) -> None:
    name = next(name for name in NAMES if argument in ARGUMENT_NAMES[name])
    (limit,) = LIMITS[argument]
    for length in (limit, limit + 1):
        values = list(PLAIN[name])
        values[ARGUMENT_NAMES[name].index(argument)] = (
            [ITEMS[argument]] * length if argument in ITEMS else b"\1" * length
        )
        call = encode_values(name, tuple(values))
        taken = echo.ask(name, call)
        assert (taken is not None) == (length == limit)
        assert read(name, call) == taken


def test_read__lengths_without_bound__nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be gigabytes, for a reader that believes a length."""
    taken: list[int] = []
    take = Calldata.take

    def count(calldata: Calldata, at: int, length: int) -> bytes:
        taken.append(length)
        return take(calldata, at, length)

    monkeypatch.setattr(Calldata, "take", count)
    call = encode_values("accept", PLAIN["accept"])
    for index, argument in enumerate(ARGUMENT_NAMES["accept"]):
        if argument in LIMITS:
            at = SELECTOR_BYTES + int.from_bytes(call[SELECTOR_BYTES + WORD * index :][:WORD], "big")
            for length in (2**40, 2**255):
                taken.clear()
                assert read("accept", call[:at] + length.to_bytes(WORD, "big") + call[at + WORD :]) is None
                assert sum(taken) <= WORD * 64
