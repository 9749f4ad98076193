"""The compiler's input is whole: without the repository, its compiler makes the same code of it."""

import json

import pytest
from vyper.cli.vyper_json import compile_json

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.deployment.standard_json import build_standard_json, hash_input


@pytest.mark.parametrize("name", ["Timelock", pytest.param("MemberHistory", marks=pytest.mark.slow)])
def test_build_standard_json__any_contract__compiles_to_the_same_code(
    name: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    text = build_standard_json(name)
    (contracts,) = compile_json(json.loads(text))["contracts"].values()
    assert contracts[name]["evm"]["bytecode"]["object"] == f"0x{load_contract(name).bytecode.hex()}"
    assert hash_input(text) != hash_input(text.replace("cancun", "paris"))


def test_build_standard_json__contract_with_modules__has_every_source_and_no_path_of_this_machine() -> None:
    data = json.loads(build_standard_json("Bridge"))
    assert data["sources"].keys() >= {"contracts/Bridge.vy", "contracts/modules/custody.vy"}
    assert all(path.startswith("contracts/") for path in data["sources"])
