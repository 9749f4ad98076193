"""The template of a deployment on test networks, filled in for anvils with those networks' ids."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.deploying.testnets import GOVERNOR, MEMBERS
from zklink.devnet.world import World
from zklink.l1.contract_artifacts import load_contract
from zklink.prover.cache import project_root

ROOT = project_root()
ALIAS = "deployer"
PASSPHRASE = "a phrase for a test"
DEPLOYER: LocalAccount = Account.from_key(b"\x71" * 32)


def fill_template(world: World, changes: Mapping[str, str]) -> str:
    """`deployments/testnets.toml` with these chains' accounts and tokens; `changes` are values by their keys."""
    text = (ROOT / "deployments" / "testnets.toml").read_text()
    for key, value in (
        ("operator", world.roles.operator.address),
        ("governor", GOVERNOR.address),
        ("setter", world.roles.setter.address),
        ("fee_recipient", world.roles.treasury.address),
    ):
        text = text.replace(f'{key} = ""', f'{key} = "{value}"')
    for members in (MEMBERS[:3], MEMBERS[3:]):
        text = text.replace("members = []", f"members = {json.dumps(members)}", 1)
    return "\n".join(_fill(world, {"preset": '"minimal"', **changes}, text.splitlines()))


def _fill(world: World, changes: Mapping[str, str], lines: Iterable[str]) -> Iterable[str]:
    names = {chain.name: chain.client for chain in world}
    for line in lines:
        key, _, value = line.partition(" = ")
        if key in ("wrapped", "permit2"):
            continue
        if key in names and value.startswith('"0x'):
            token = names[key].deploy(world.roles.stranger, load_contract("TestToken"), "USD Coin", "USDC", 6)
            yield f'{key} = "{token}"'
        else:
            yield f"{key} = {changes[key]}" if key in changes else line


def keep_keystore(home: Path) -> dict[str, str]:
    """Put the deployer into ape's keystore in this folder; gives the variables with which ape finds and opens it."""
    accounts = home / "accounts"
    accounts.mkdir(parents=True)
    (accounts / f"{ALIAS}.json").write_text(json.dumps(Account.encrypt(DEPLOYER.key, PASSPHRASE, iterations=2)))
    return {"APE_DATA_FOLDER": str(home), f"APE_ACCOUNTS_{ALIAS}_PASSPHRASE": PASSPHRASE}


def name_nodes(world: World) -> dict[str, str]:
    """The variables that name the chains' nodes."""
    return {f"{chain.name.upper().replace('-', '_')}_RPC": str(chain.node_url) for chain in world}
