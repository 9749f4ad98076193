"""Every external function of every contract: a lock or a reason for having none, NatSpec, and a size that fits."""

import re

from zklink.l1.contract_artifacts import CONTRACTS, load_contract
from zklink.lab.gates import find_findings, read_project
from zklink.lab.gates.externals import find_externals
from zklink.lab.gates.sizes import find_deployables

PROJECT = read_project(CONTRACTS.parent)
DEPLOYABLES = [path for path in find_deployables(PROJECT) if path in PROJECT.written]


def test_find_externals__finds_them_all() -> None:
    """As many in the sources as the compiler sees: no function escapes the gates."""
    assert {path.stem for path in DEPLOYABLES} >= {"Bridge", "PrimaryHistory", "Registry", "Resolver"}
    seen = {e["name"] for path in DEPLOYABLES for e in load_contract(path.stem).abi if e["type"] == "function"}
    public = {name for path in DEPLOYABLES for name in re.findall(r"^(\w+): public\(", path.read_text(), re.M)}
    externals = [external for path in PROJECT.written for external in find_externals(path)]
    assert seen == public | {external.name for external in externals}
    assert len(externals) > 100


def test_externals__all__are_locked_and_described_and_contracts_say_what_stops_them() -> None:
    assert [str(found) for found in find_findings(PROJECT, ("ascii", "pragma", "locks", "natspec"))] == []


def test_deployables__all__fit_on_a_chain() -> None:
    sizes = {path.stem: load_contract(path.stem).code_size for path in DEPLOYABLES}
    assert {name: size for name, size in sizes.items() if size > PROJECT.code_limit} == {}
