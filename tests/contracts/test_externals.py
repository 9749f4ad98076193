"""Every external function of every contract that is deployed: a lock or a reason for having none, and NatSpec."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from zklink.l1.contract_artifacts import CONTRACTS, load_contract

DEPLOYABLES = (
    "Bridge",
    "Entry",
    "Exodus",
    "Groups",
    "MemberEnd",
    "MemberHistory",
    "PrimaryEnd",
    "PrimaryHistory",
    "Registry",
    "Resolver",
    "Timelock",
)
SIZE_LIMIT = 23_500
"""Bytes of code and immutables; a chain allows 24,576."""

LOCK = "# pragma nonreentrancy on"
HEADER = re.compile(r"^((?:@\w+\n)+)def (\w+)\((.*?)\)(?: -> [^:]+)?:\n(?:    \"\"\"\n(.*?)    \"\"\")?", re.M | re.S)
SOURCES = [path for path in sorted(CONTRACTS.rglob("*.vy")) if path.parent.name not in ("testing", "verifiers")]


@dataclass(frozen=True)
class External:
    """An external function as its source has it."""

    path: Path
    name: str
    decorators: tuple[str, ...]
    parameters: tuple[str, ...]
    text: str
    """Its NatSpec."""

    def __str__(self) -> str:
        return f"{self.path.stem}.{self.name}"


def find_externals() -> Iterator[External]:
    """All of them, of contracts and of the modules whose functions contracts export."""
    for path in SOURCES:
        for decorators, name, parameters, text in HEADER.findall(path.read_text()):
            marks = tuple(decorators.replace("@", "").split())
            if "external" in marks:
                names = re.findall(r"(\w+): ", re.sub(r"\[[^\]]*\]", "", parameters))
                yield External(path, name, marks, tuple(names), text)


EXTERNALS = list(find_externals())


def test_find_externals__finds_them_all() -> None:
    """As many in the sources as the compiler sees: no function escapes the tests below."""
    seen = {entry["name"] for name in DEPLOYABLES for entry in load_contract(name).abi if entry["type"] == "function"}
    public = {
        name
        for path in SOURCES
        for name in re.findall(r"^(\w+): public\(", path.read_text(), re.M)
        if path.stem in DEPLOYABLES
    }
    assert seen == public | {external.name for external in EXTERNALS}
    assert len(EXTERNALS) > 100


@pytest.mark.parametrize("external", EXTERNALS, ids=str)
def test_external__any__is_locked_or_says_why_not(external: External) -> None:
    source = external.path.read_text()
    assert LOCK in source
    if "reentrant" in external.decorators:
        assert "not locked" in external.text.lower(), "a function without a lock says why"


@pytest.mark.parametrize("external", EXTERNALS, ids=str)
def test_external__any__is_described_with_all_its_parameters(external: External) -> None:
    assert "@notice " in external.text
    described = re.findall(r"@param (\w+) ", external.text)
    assert described == list(external.parameters)


@pytest.mark.parametrize("name", DEPLOYABLES)
def test_deployable__any__fits_on_a_chain_and_says_what_stops_it(name: str) -> None:
    assert load_contract(name).code_size <= SIZE_LIMIT
    source = next(path for path in SOURCES if path.stem == name).read_text()
    assert "@custom:emergency " in ast.get_docstring(ast.parse('"""' + source.split('"""')[1] + '"""'))  # type: ignore[operator]
