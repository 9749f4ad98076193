"""No contract uses what the pinned Vyper compiler is known to get wrong; SECURITY.md says so for each advisory.

Each rule is shown twice on the same seeded source: the rule refuses it, and the compiler really gives a value that the
source does not say. When a newer compiler gives the right one, the second test fails: then the rule can go.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.support.analysed_once import KeptTrees
from tests.support.evm import EvmChain
from zklink.l1.contract_artifacts import CONTRACTS, compile_source
from zklink.lab.gates import read_project
from zklink.lab.gates.bytes import LINE_SEPARATOR, MULTI_BYTE
from zklink.lab.gates.flaws import BLUEPRINT_OFFSET, NESTED_ARRAYS, REVERSED_ORDER, TRUTHY_BRANCH, find_flaws
from zklink.protocol.errors import ContractNotCompiled

PROJECT: Final = read_project(CONTRACTS.parent)
SENDER: Final = "0x" + "11" * 20
PLACE: Final = CONTRACTS / "Seeded.vy"
WRITTEN: Final = "0x" + "1" * 40
HIDDEN: Final = "0x" + "2" * 40
NAME: Final = "a" * 22
HUGE: Final = 2**256 - 1
SECURITY_PAGE: Final = CONTRACTS.parent / "SECURITY.md"


@dataclass(frozen=True, slots=True)
class Seed:
    """A source whose function `f` does not do what it says."""

    name: str
    advisory: str
    line: int
    source: str
    says: object
    does: object
    arguments: tuple[object, ...] = ()
    value: int = 0


def ternary(branches: str, result: str = "uint256", before: str = "") -> str:
    return f"""
@external
@payable
def f(chosen: bool) -> {result}:
    {before or "pass"}
    return {branches}
"""


def in_order(expression: str, result: str) -> str:
    return f"""
seen: uint256

def first() -> uint256:
    self.seen = self.seen * 10 + 1
    return 1

def second() -> uint256:
    self.seen = self.seen * 10 + 2
    return 2

@external
def f() -> uint256:
    ignored: {result} = {expression}
    return self.seen
"""


def address_of(assignments: str) -> str:
    return f"""{assignments}
@external
def f() -> address:
    return {NAME}
"""


NESTED: Final = """a: DynArray[DynArray[uint256, 2], 2] = [[1, 2], [3, 4]]
    b: DynArray[DynArray[uint256, 8], 2] = [[5], [6]]"""
BLUEPRINT: Final = """
@external
def f(code_offset: uint256) -> uint256:
    made: address = create_from_blueprint(self, code_offset=code_offset)
    return made.codesize
"""
REVERTS: Final = "reverts"

SEEDS: Final = (
    Seed(
        "wide letters", MULTI_BYTE, 1,
        address_of("\uff41" * 22 + f": constant(address) = {WRITTEN}# {HIDDEN}"), WRITTEN, HIDDEN,
    ),
    Seed(
        "form feed", LINE_SEPARATOR, 1,
        address_of(f"#\x0c{NAME}: constant(address) = {HIDDEN}\n{NAME}: constant(address) = {WRITTEN}"),
        WRITTEN, HIDDEN,
    ),
    Seed("value", TRUTHY_BRANCH, 6, ternary("(msg.value | 4) if chosen else 0"), 12, 1, (True,), 8),
    Seed("value, other branch", TRUTHY_BRANCH, 6, ternary("0 if chosen else (4 | msg.value)"), 12, 1, (False,), 8),
    Seed("length of the data", TRUTHY_BRANCH, 6, ternary("(len(msg.data) | 1) if chosen else 0"), 37, 1, (True,)),
    Seed(
        "nested arrays", NESTED_ARRAYS, 7,
        ternary("a if chosen else b", "DynArray[DynArray[uint256, 8], 2]", NESTED),
        ((1, 2), (3, 4)), ((1, 2), ()), (True,),
    ),
    Seed("wrapping offset", BLUEPRINT_OFFSET, 4, BLUEPRINT, REVERTS, 0, (HUGE,)),
    Seed("or", REVERSED_ORDER, 14, in_order("self.first() | self.second()", "uint256"), 12, 21),
    Seed("less", REVERSED_ORDER, 14, in_order("self.first() < self.second()", "bool"), 12, 21),
    Seed("unsafe_add", REVERSED_ORDER, 14, in_order("unsafe_add(self.first(), self.second())", "uint256"), 12, 21),
)  # fmt: skip

HARMLESS: Final = {
    "value outside a ternary": "@external\n@payable\ndef f() -> uint256:\n    return msg.value | 4\n",
    "ternary of one word": ternary("msg.value if chosen else 4"),
    "effect beside a constant": in_order("self.first() < 2", "bool"),
    "effects in a sum": in_order("self.first() + self.second()", "uint256"),
}


@pytest.fixture(scope="module")
def trees() -> KeptTrees:
    """Of what the product's sources import."""
    return KeptTrees()


@pytest.mark.parametrize("path", PROJECT.sources, ids=lambda path: str(path.relative_to(CONTRACTS)))
def test_source__as_written__uses_nothing_that_the_compiler_gets_wrong(path: Path, trees: KeptTrees) -> None:
    with trees.used():
        assert find_flaws(PROJECT, path, path.read_bytes()) == []


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_source__flawed_beside_what_others_import__is_refused(seed: Seed, trees: KeptTrees) -> None:
    place, imports = CONTRACTS / "Groups.vy", "from .modules import windows\n"
    with trees.used():
        find_flaws(PROJECT, place, place.read_bytes())
        found = find_flaws(PROJECT, PLACE, imports.encode() + seed.source.encode())
    assert {flaw.advisory for flaw in found} == {seed.advisory}


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_rule__seeded_source__is_refused(seed: Seed) -> None:
    found = find_flaws(PROJECT, PLACE, seed.source.encode())
    assert [(flaw.advisory, flaw.line) for flaw in found] == [(seed.advisory, seed.line)]


@pytest.mark.parametrize("source", HARMLESS.values(), ids=HARMLESS.keys())
def test_rule__neighbour_of_the_pattern__passes(source: str) -> None:
    assert find_flaws(PROJECT, PLACE, source.encode()) == []


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_compiler__seeded_source__still_gives_another_value(seed: Seed) -> None:
    chain = EvmChain(1, 1)
    contract = chain.deploy(chain.fund(SENDER), compile_source("Seeded", seed.source, PLACE))
    assert contract.f(*seed.arguments, sender=SENDER, value=seed.value) == seed.does
    assert seed.does != seed.says


@pytest.mark.parametrize("byte", [b"\x00", b"\t", b"\r", b"\x0b", b"\x1c", b"\x7f", b"\xc2\x85", "\u2028".encode()])
def test_rule__byte_that_is_no_printable_ascii__is_refused(byte: bytes) -> None:
    found = find_flaws(PROJECT, PLACE, b"# a comment\n#" + byte + b"\n")
    assert [(flaw.advisory, flaw.line) for flaw in found] == [(MULTI_BYTE if byte[0] >= 0x80 else LINE_SEPARATOR, 2)]


def test_rule__byte_order_mark__is_refused() -> None:
    assert [flaw.advisory for flaw in find_flaws(PROJECT, PLACE, "\ufeff# a comment\n".encode())] == [MULTI_BYTE]


def test_compiler__zero_length_slice__is_refused() -> None:
    """CVE-2025-47774: such a slice dropped the side effects of its arguments."""
    with pytest.raises(ContractNotCompiled, match="Length cannot be less than 1"):
        compile_source("Seeded", "@external\ndef f() -> Bytes[4]:\n    return slice(msg.data, 0, 0)\n", PLACE)


def test_compiler__concat_of_an_empty_argument__keeps_its_effect() -> None:
    """CVE-2025-47285: an argument of length 0 was not evaluated."""
    source = in_order('concat(b"" if self.first() == 1 else b"", b"a")', "Bytes[1]")
    chain = EvmChain(1, 1)
    assert chain.deploy(chain.fund(SENDER), compile_source("Seeded", source, PLACE)).f() == 1


@pytest.mark.parametrize("advisory", sorted({seed.advisory for seed in SEEDS}))
def test_security_page__each_advisory__says_whether_it_applies(advisory: str) -> None:
    rows = [line for line in SECURITY_PAGE.read_text().splitlines() if line.startswith(f"| {advisory} |")]
    assert len(rows) == 1
