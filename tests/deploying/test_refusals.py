"""Each mistake is named with its chain and with what to do, before anything is sent."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.deploying.solana import OWNER, SETTER, TREASURY, write_keys
from tests.deploying.testnets import FUJI, GOVERNOR, MEMBERS, SEPOLIA, Networks
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.deployment.deploy import load_verifiers
from zklink.l1.deployment.places import NATIVE_MINT
from zklink.l1.deployment.preflight import TEST_NETWORKS, check_accounts, check_keys
from zklink.l1.deployment.rehearsal import read_keys
from zklink.l1.transport.client import ChainClient
from zklink.lab.accounts import funded_account
from zklink.protocol.errors import DeploymentRefused, KeyFilesMissing, SettingsInvalid, ZkLinkError
from zklink.protocol.ids import ChainId, Door
from zklink.protocol.presets import MINIMAL
from zklink.prover.build import ensure_compiled
from zklink.prover.cache import project_root
from zklink.prover.key_folder import hash_file
from zklink.prover.setup import ensure_keys
from zklink.prover.source import Statement, circuit_source
from zklink.service.deploying.planning import Project, plan_project
from zklink.service.settings.deployer import read_environment
from zklink.solana.deploying.preflight import CLUSTERS

DEPLOYMENTS = project_root() / "deployments"
SLOT_SECONDS = 0.4

REFUSED: Mapping[str, tuple[Mapping[str, str], str]] = {
    "development keys that nobody allowed": (
        {"allows_development_keys = true": ""},
        "SwapVerifierMinimal has a development key.*sepolia is public.*keys of a ceremony",
    ),
    "a test account on a main network": (
        {"evm_chain_id = 43113": "evm_chain_id = 43114"},
        r"the deployer 0x\w+ is a test account, whose key everybody has: not on fuji",
    ),
    "a threshold that is no majority": ({"threshold = 2": "threshold = 1"}, "1 of 3 is no majority of the validators"),
    "a threshold that is never met": ({"threshold = 2": "threshold = 4"}, "4 of 3 is no majority of the validators"),
    "two chains with one EVM id": (
        {"evm_chain_id = 43113": "evm_chain_id = 11155111"},
        "sepolia and fuji have one EVM chain id, 11155111",
    ),
    "two chains with one id of the protocol": (
        {"chain_id = 4\n": "chain_id = 1\n"},
        "sepolia and fuji have one protocol",
    ),
    "two tokens with one id": ({"id = 3\n": "id = 1\n"}, "USDC and ETH have one token id, 1"),
    "a primary that is not among the chains": (
        {'primary = "fuji"': 'primary = "amoy"'},
        r"the primary amoy is not among the chains \(sepolia, fuji\)",
    ),
    "a token on a chain that is not there": (
        {'{ sepolia = "native" }': '{ amoy = "native" }'},
        "token ETH is on amoy, which is not among the chains",
    ),
    "no governor": ({GOVERNOR.address: ""}, "governor: fill in an address"),
    "a mistyped address": ({MEMBERS[0]: MEMBERS[0].swapcase().replace("0X", "0x")}, "wrong checksum"),
    "a governor among the watchers": ({GOVERNOR.address: MEMBERS[4]}, "is one of the watchers"),
    "a class that does not exist": (
        {"minimum = 1000\n": 'minimum = 1000\nclasses = ["shiny"]\n'},
        "token USDC: there is no class shiny",
    ),
    "a node of another chain": (
        {"evm_chain_id = 43113": "evm_chain_id = 80002"},
        "fuji: the node serves EVM chain 43113, not 80002",
    ),
    "a key that does not exist": ({"preset =": "prest ="}, "there is no such key|it is missing"),
}


@pytest.mark.parametrize("changes, said", REFUSED.values(), ids=REFUSED)
def test_prepare__mistake_in_the_environment__refused_with_what_to_do(
    networks: Networks, tmp_path: Path, changes: Mapping[str, str], said: str
) -> None:
    with pytest.raises(ZkLinkError, match=said):
        networks.prepare(tmp_path, changes)
    assert not (tmp_path / "pair.journal").exists()


def test_check_keys__development_keys_on_a_main_network__refused_even_if_allowed(networks: Networks) -> None:
    main = {1: networks.clients[FUJI.chain_id], 4: networks.clients[SEPOLIA.chain_id]}
    clients = {ChainId(k): ChainClient(replace(c.profile, evm_chain_id=43114), c.w3) for k, c in main.items()}
    with pytest.raises(DeploymentRefused, match=r"has a development key.*\(EVM chain 43114\) is a public network"):
        check_keys(read_keys(load_verifiers(MINIMAL)), clients, is_allowed=True)


def test_check_accounts__the_operator_is_a_test_account__refused_on_a_main_network() -> None:
    nobody: Any = SimpleNamespace(members=())
    operator = universal_address(funded_account(3).address)
    plan: Any = SimpleNamespace(
        setter=GOVERNOR.address, fee_recipient=GOVERNOR.address, operator=operator, validators=nobody, watchers=nobody
    )
    with pytest.raises(DeploymentRefused, match=r"the operator 0x\w+ is a test account"):
        check_accounts(plan, GOVERNOR.address, GOVERNOR.address, [replace(FUJI, evm_chain_id=43114)])


@pytest.mark.parametrize("name", ["testnets", "mainnets", "testnets-solana"])
def test_template__as_it_is__says_what_to_fill_in(name: str) -> None:
    with pytest.raises(SettingsInvalid, match="operator: fill in an address"):
        read_environment(DEPLOYMENTS / f"{name}.toml", {})


@pytest.mark.parametrize("name, chains, tokens", [("testnets", 4, 3), ("mainnets", 4, 7), ("testnets-solana", 4, 4)])
def test_template__filled_in__is_a_plan(tmp_path: Path, name: str, chains: int, tokens: int) -> None:
    project = fill_template(tmp_path, name)
    assert (len(project.profiles), len(project.plan.tokens)) == (chains, tokens)
    is_public = all(profile.evm_chain_id in TEST_NETWORKS for profile in project.profiles.values())
    assert is_public == name.startswith("testnets")
    assert all(project.plan.prices[k] for k in project.profiles)
    for k, profile in project.profiles.items():
        assert project.plan.blocks_per_day[k] < 86_400 / profile.block_time_seconds


def test_template__with_solana__is_the_other_one_with_a_cluster_and_its_prices(tmp_path: Path) -> None:
    with_it, without = (fill_template(tmp_path, name) for name in ("testnets-solana", "testnets"))
    assert with_it.profiles == without.profiles and with_it.networks == without.networks
    [(chain, place)] = with_it.plan.programs.items()
    assert place.genesis == next(genesis for genesis, name in CLUSTERS.items() if name == "devnet")
    terms = with_it.plan.terms[chain]
    assert terms.slots_per_day < 86_400 / SLOT_SECONDS and not terms.is_final
    assert {entry.kind for entry in terms.prices} == {*map(int, Door), chain, *with_it.profiles}
    here = {token.symbol: token.contracts[chain] for token in with_it.plan.tokens if chain in token.contracts}
    assert here.keys() == {"USDC", "SOL"} and here["SOL"] == NATIVE_MINT


def fill_template(folder: Path, name: str) -> Project:
    """The plan of a template in which what is empty is filled in."""
    text = (DEPLOYMENTS / f"{name}.toml").read_text()
    if "[programs." in text:
        head, own = text.split("[programs.")
        for key, account in (("owner", OWNER), ("setter", SETTER), ("fee_recipient", TREASURY)):
            own = own.replace(f'{key} = ""', f'{key} = "{account.pubkey()}"', 1)
        text = f"{head}[programs.{own}"
        write_keys(folder)
    for key, address in zip(
        ("operator", "governor", "setter", "fee_recipient"), (GOVERNOR.address, *MEMBERS), strict=False
    ):
        text = text.replace(f'{key} = ""', f'{key} = "{address}"')
    for members in (MEMBERS[:3], MEMBERS[3:]):
        text = text.replace("members = []", f"members = {json.dumps(members)}", 1)
    file = folder / f"{name}.toml"
    file.write_text(text)
    return plan_project(name, read_environment(file, {}))


TOKENS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "another token's address": (
        {"[tokens.USDC]": "[tokens.EURC]"},
        r"EURC on sepolia is refused: 0x\w+ calls itself 'USDC', and the environment says 'EURC'",
    ),
    "another symbol on one chain": (
        {"minimum = 1000\n": 'minimum = 1000\nsymbols = { fuji = "USDC.e" }\n'},
        r"USDC on fuji is refused: 0x\w+ calls itself 'USDC', and the environment says 'USDC.e'",
    ),
    "other decimals": (
        {"minimum = 1000\n": "minimum = 1000\ndecimals = { sepolia = 6, fuji = 18 }\n"},
        r"USDC on fuji is refused: 0x\w+ has 6 decimals, and the environment says 18",
    ),
    "a symbol where there is no contract": (
        {'contracts = { sepolia = "native" }': 'contracts = { sepolia = "native" }\nsymbols = { sepolia = "WETH" }'},
        "it has no contract on sepolia that could say its symbol",
    ),
}


@pytest.mark.parametrize("changes, reason", TOKENS.values(), ids=TOKENS)
def test_prepare__a_contract_says_something_else_of_itself__refused(
    networks: Networks, tmp_path: Path, changes: Mapping[str, str], reason: str
) -> None:
    with pytest.raises(ZkLinkError, match=reason):
        networks.prepare(tmp_path, changes)


def test_prepare__symbols_and_decimals_as_the_chains_say__taken(networks: Networks, tmp_path: Path) -> None:
    said = 'minimum = 1000\nsymbols = { fuji = "USDC" }\ndecimals = { sepolia = 6, fuji = 6 }\n'
    assert len(networks.prepare(tmp_path, {"minimum = 1000\n": said}).project.tokens_said) == 2


def lay_keys(folder: Path, *, swapped: bool = False) -> None:
    """The development keys of `minimal` as a ceremony lays its keys; `swapped`: two circuits' in each other's place."""
    folder.mkdir()
    names = [ensure_compiled(circuit_source(each, MINIMAL)) for each in Statement]
    sums = []
    for circuit, source in zip(names, [names[1], names[0], names[2]] if swapped else names, strict=True):
        (folder / f"{circuit.name}.vkey.json").write_text(ensure_keys(source).verification_key.read_text())
        (folder / f"{circuit.name}.zkey").write_bytes(b"not read here")
        files = [folder / f"{circuit.name}.{ending}" for ending in ("vkey.json", "zkey")]
        sums += [f"{hash_file(file)}  {file.name}" for file in files]
    (folder / "SHA256SUMS").write_text("\n".join(sums))


@pytest.mark.parametrize("swapped", [False, True])
def test_prepare__a_folder_of_keys__must_be_the_verifiers(networks: Networks, tmp_path: Path, swapped: bool) -> None:
    lay_keys(tmp_path / "keys", swapped=swapped)
    named = {"allows_development_keys = true": 'allows_development_keys = true\nkeys = "keys"'}
    if swapped:
        with pytest.raises(DeploymentRefused, match="the verifier of swap_block_minimal is for the key 0x"):
            networks.prepare(tmp_path, named)
    else:
        assert networks.prepare(tmp_path, named).project.keys == tmp_path / "keys"


def test_prepare__no_folder_of_keys_where_one_is_named__said(networks: Networks, tmp_path: Path) -> None:
    with pytest.raises(KeyFilesMissing):
        networks.prepare(tmp_path, {"allows_development_keys = true": 'allows_development_keys = true\nkeys = "none"'})
