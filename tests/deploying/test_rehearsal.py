"""The rehearsal of docs/operators.md: its files fit each other, the laboratory's accounts, and the page's commands."""

import re

from tests.deploying.filled import ROOT
from zklink.lab.accounts import funded_account
from zklink.service.deploying.planning import plan_project
from zklink.service.settings.deployer import read_environment
from zklink.service.settings.source import read_settings

PAGE = (ROOT / "docs" / "operators.md").read_text()
ENVIRONMENT = read_environment(ROOT / "deployments" / "rehearsal.toml", {})
NODE = read_settings(ROOT / "ops" / "rehearsal.toml", {})


def test_rehearsal__environment__is_a_project_whose_accounts_are_the_laboratorys() -> None:
    project = plan_project("rehearsal", ENVIRONMENT)
    assert project.governor == funded_account(1).address
    listed = (*ENVIRONMENT.validators.members, *ENVIRONMENT.watchers.members)
    assert listed == tuple(funded_account(number).address for number in range(4, 10))


def test_rehearsal__node__has_the_same_chains_nodes_and_keys() -> None:
    assert NODE.deployment.resolve() == ROOT / "deployments" / "rehearsal.json"
    places = {name: [node.get_secret_value() for node in chain.nodes] for name, chain in NODE.chains.items()}
    assert places == {name: [n.get_secret_value() for n in chain.nodes] for name, chain in ENVIRONMENT.chains.items()}
    keys = (NODE.keys.sequencer, *NODE.keys.validators, *NODE.keys.watchers)
    assert [file.name for file in keys] == [f"key-{number}" for number in (2, 4, 5, 6, 7, 8, 9)]


def test_rehearsal__page__starts_these_chains_and_names_these_nodes() -> None:
    started = dict(re.findall(r"(85\d\d):(\d+)", PAGE))
    named = dict(re.findall(r"(\w+)_RPC=(http://127\.0\.0\.1:\d+)", PAGE))
    for name, chain in ENVIRONMENT.chains.items():
        [node] = [each.get_secret_value() for each in chain.nodes]
        assert started[node.rpartition(":")[2]] == str(chain.evm_chain_id)
        assert named[name.upper().replace("-", "_")] == node
