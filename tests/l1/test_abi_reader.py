"""Calls are read as the bridge reads them: every difference would hide a block, or show one that no chain took.

The judge is a contract with the bridge's own signatures, which gives back what it was given.
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
from zklink.l1.contract_artifacts import compile_source, find_source
from zklink.l1.contracts.bridge import bridge_artifact
from zklink.l1.published.abi_reader import SELECTOR_BYTES, Calldata
from zklink.l1.published.commit_calldata import LIMITS, commit_function, decode_commit_calls
from zklink.l1.published.prove_calldata import LIMITS as PROVE_LIMITS
from zklink.l1.published.prove_calldata import decode_prove_calls, prove_function
from zklink.protocol.errors import CallRefused

CALLER = "0x" + "ca" * 20
WORD = 32
FUNCTIONS = {"commit_blocks": commit_function, "prove_blocks": prove_function}
Values = tuple[Any, ...]


def write_echo() -> str:
    """A contract that takes what the bridge takes, by the bridge's source, and returns it."""
    source = find_source("Bridge").read_text()
    lines = ["# pragma version 0.4.3", "# pragma optimize gas"]
    lines += [f"from .interfaces import {name}" for name in ("IBlockReader", "IBridge")]
    lines += ["from .modules import constants"]
    for name in FUNCTIONS:
        (parameters,) = re.findall(rf"^def {name}\((.*)\):$", source, re.MULTILINE)
        names, types = zip(*re.findall(r"(\w+): ([\w.]+(?:\[[^:]*\])?)", parameters), strict=True)
        given = ", ".join(types) if len(types) == 1 else f"({', '.join(types)})"
        lines += ["@external", f"def {name}({parameters}) -> {given}:", f"    return {', '.join(names)}"]
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
    """What is read of a call that begins with the data; None if it is none."""
    function = FUNCTIONS[name]()
    place = next(function.find(data), None)
    try:
        return tuple(function.read(place)) if place is not None and place.start == 0 else None
    except CallRefused:
        return None


def list_words(limit: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, 2**256 - 1), max_size=limit)


def number(bits: int) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(0, 3), st.integers(0, 2**bits - 1))


hashes = st.binary(min_size=32, max_size=32)
stored_blocks = st.tuples(*(number(bits) for bits in (64, 40, 8, 256, 256, 64, 64)), hashes, hashes, hashes)
commit_blocks = st.tuples(
    *(number(bits) for bits in (8, 40, 256, 256, 256)),
    list_words(5),
    list_words(4),
    st.lists(hashes, max_size=3),
    list_words(3),
    st.lists(st.binary(max_size=65), max_size=3),
)
prove_blocks = st.tuples(stored_blocks, *(st.lists(number(256), min_size=n, max_size=n) for n in (4, 8)))
ARGUMENTS: dict[str, st.SearchStrategy[Values]] = {
    "commit_blocks": st.tuples(stored_blocks, st.lists(commit_blocks, max_size=4)),
    "prove_blocks": st.tuples(st.lists(prove_blocks, max_size=4)),
}
TYPES = {
    entry["name"]: [type_of(item) for item in entry["inputs"]]
    for entry in bridge_artifact().abi
    if entry.get("name") in FUNCTIONS
}
STORED = (1, 2, 3, 4, 5, 6, 7, bytes(32), bytes(32), bytes(32))
WORK_BYTES = WORD * 4 * (11 + 2 * (512 + 256 + 9 + 9 + 16 * 4) + 20)
"""What one place may cost: every list of four blocks as long as it may be, and the pointers."""


def plain(value: Any) -> Any:
    """Lists as tuples."""
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else value


def encode_values(name: str, values: Values) -> bytes:
    return FUNCTIONS[name]().selector + encode(TYPES[name], values)


@tries(60)
@given(data=st.data(), name=st.sampled_from(sorted(FUNCTIONS)), before=st.binary(max_size=40))
def test_read__what_a_library_encodes__the_same_values(data: st.DataObject, name: str, before: bytes) -> None:
    """Wherever in an input it stands."""
    values = data.draw(ARGUMENTS[name])
    call = encode_values(name, values)
    assert tuple(FUNCTIONS[name]().read(Calldata(before + call, len(before)))) == plain(values)
    assert plain(decode(TYPES[name], call[SELECTOR_BYTES:])) == plain(values)


@st.composite
def spoiled_calls(draw: st.DrawFn) -> tuple[str, bytes]:
    """Calls with other pointers, lengths and numbers, cut short or followed by more."""
    name = draw(st.sampled_from(("commit_blocks", "commit_blocks", "prove_blocks")))
    selector, arguments = split(encode_values(name, draw(ARGUMENTS[name])))
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
                st.sampled_from([limit + k for limit in (4, 9, 16, 65, 256, 512) for k in (0, 1)]),
                st.sampled_from([1 << bits for bits in (8, 40, 64, 255)]),
                st.integers(len(arguments) - 2 * WORD, len(arguments) + 9_999),
            )
        )
        arguments = arguments[:at] + (new % 2**256).to_bytes(WORD, "big") + arguments[at + WORD :]
    if draw(st.booleans()):
        arguments = arguments[: draw(st.integers(max(0, len(arguments) - 20 * WORD), len(arguments)))]
    return name, selector + arguments + draw(st.one_of(st.just(b""), st.binary(max_size=70)))


def split(call: bytes) -> tuple[bytes, bytes]:
    return call[:SELECTOR_BYTES], call[SELECTOR_BYTES:]


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
    for depth, limit in enumerate(LIMITS[argument]):
        for length in (limit, limit + 1):
            call = encode_values("commit_blocks", (STORED, build_blocks(argument, depth, length)))
            taken = echo.ask("commit_blocks", call)
            assert (taken is not None) == (length == limit)
            assert read("commit_blocks", call) == taken


def test_read__proofs_at_the_contracts_limit__taken_and_one_more_refused(echo: Echo) -> None:
    for count in (PROVE_LIMITS["blocks"][0], PROVE_LIMITS["blocks"][0] + 1):
        call = encode_values("prove_blocks", ([(STORED, [1] * 4, [2] * 8)] * count,))
        taken = echo.ask("prove_blocks", call)
        assert (taken is not None) == (count == PROVE_LIMITS["blocks"][0])
        assert read("prove_blocks", call) == taken


def build_blocks(argument: str, depth: int, length: int) -> list[Values]:
    """Blocks of which one argument has this length."""
    lists: dict[str, list[Any]] = {"words": [], "data": [], "slice_hashes": [], "evaluations": [], "signatures": []}
    if argument == "blocks":
        return [(1, 2, 3, 4, 5, *lists.values())] * length
    item: Any = {"slice_hashes": bytes(32), "signatures": b"\1"}.get(argument, 7)
    lists[argument] = [item] * length if depth == 0 else [item * length]
    return [(1, 2, 3, 4, 5, *lists.values())]


@pytest.mark.parametrize("copies", [1, 20])
def test_find__pointers_that_share_what_they_point_at__few_words_are_read(
    monkeypatch: pytest.MonkeyPatch, copies: int
) -> None:
    """What would be gigabytes, for a reader that follows every pointer."""
    taken: list[int] = []
    take = Calldata.take

    def count(calldata: Calldata, at: int, length: int) -> bytes:
        taken.append(length)
        return take(calldata, at, length)

    monkeypatch.setattr(Calldata, "take", count)
    for blocks, items, length in ((200, 200, 200), (4, 512, 2**40), (4, 9, 9), (2**255, 9, 9)):
        taken.clear()
        data = build_bomb(blocks, items, length) * copies
        assert len(list(decode_commit_calls(data))) <= copies
        assert sum(taken) <= copies * WORK_BYTES
    taken.clear()
    function = prove_function()
    data = (function.selector + word(WORD) + word(16) + bytes(16 * 22 * WORD)) * copies
    assert len(list(decode_prove_calls(data))) == 16 * copies
    assert sum(taken) <= copies * WORK_BYTES


def test_find__nothing_but_selectors__no_input_is_copied() -> None:
    function = commit_function()
    data = function.selector * 5_000
    places = list(function.find(data))
    assert len(places) == 5_000 - 352 // SELECTOR_BYTES
    assert all(place.data is data for place in places)
    assert list(decode_commit_calls(data)) == []


def build_bomb(blocks: int, items: int, length: int) -> bytes:
    """A call whose blocks are all one, whose lists are all one, and whose signatures are all one."""
    count = min(blocks, 200)
    numbers = word(items) + word(1) * min(items, 512)
    signatures = word(items) + word(WORD * min(items, 512)) * min(items, 512) + word(length) + b"\1" * min(length, 999)
    head = word(1) * 5 + word(10 * WORD) * 4 + word(10 * WORD + len(numbers))
    pointers = word(blocks) + word(count * WORD) * count
    return commit_function().selector + bytes(10 * WORD) + word(11 * WORD) + pointers + head + numbers + signatures


def word(value: int) -> bytes:
    return value.to_bytes(WORD, "big")
