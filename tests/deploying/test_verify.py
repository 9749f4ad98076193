"""What a stranger finds out: a deployment as recorded passes, and whatever is not as recorded is named."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from tests.deploying.testnets import FUJI, GOVERNOR, MEMBERS, SEPOLIA, Networks
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import NATIVE, TokenConfig
from zklink.l1.contracts.groups import GroupsClient
from zklink.l1.contracts.registries import RegistryClient
from zklink.l1.contracts.timelock import Proposal, TimelockClient
from zklink.l1.deployment.checks import Check
from zklink.l1.deployment.dossier import BuiltContract, Dossier
from zklink.l1.deployment.rehearsal import read_keys
from zklink.l1.deployment.trust import describe_trust
from zklink.l1.deployment.verify import load_named_verifiers, verify, verify_code
from zklink.l1.deployment.verify_state import verify_state
from zklink.l1.transport.impersonation import impersonate
from zklink.l1.transport.submission import Call
from zklink.protocol.ids import Amount, ChainId, TokenId

Deployed = tuple[Networks, Dossier]
HERE = FUJI.chain_id


def find_wrong(checks: Iterable[Check]) -> set[str]:
    """What is not as recorded."""
    return {check.what for check in checks if not check.is_right}


def test_verify__deployment_as_recorded__every_check_passes(deployed: Deployed) -> None:
    networks, dossier = deployed
    checks = tuple(verify(dossier, networks.clients))
    assert find_wrong(checks) == set()
    assert {check.chain for check in checks} == {"all chains", "sepolia", "fuji"}
    assert len(checks) > 200


def test_verify_code__one_other_byte_in_every_contract__each_is_named(deployed: Deployed) -> None:
    """In the last byte, where immutable values are, or in the middle of code without them."""
    networks, dossier = deployed
    chain = networks.world[HERE]
    for one in dossier.contracts[HERE]:
        code = bytearray(chain.client.code(one.address))
        code[-1 if load_contract(one.contract).immutable_bytes else len(code) // 2] ^= 1
        chain.rpc("anvil_setCode", one.address, f"0x{code.hex()}")
    assert find_wrong(verify_code(dossier, networks.clients)) == {
        f"{one.contract}: code" for one in dossier.contracts[HERE]
    }


def test_verify_code__contract_that_is_gone__is_named(deployed: Deployed) -> None:
    networks, dossier = deployed
    networks.world[HERE].rpc("anvil_setCode", dossier.deployment.chains[HERE].resolver, "0x")
    assert find_wrong(verify_code(dossier, networks.clients)) == {"Resolver: code"}


def change(one: BuiltContract) -> BuiltContract:
    """Another lie about each contract."""
    lies: dict[str, dict[str, Any]] = {
        "timelock": {"address": GOVERNOR.address},
        "groups": {"arguments": one.arguments[:-1] + "f"},
        "registry": {"code_hash": f"0x{'11' * 32}"},
        "exodus": {"transaction": f"0x{'22' * 32}"},
        "end": {"block": one.block + 1},
        "entry": {"transaction": ""},
        "history": {"input_hash": f"0x{'33' * 32}"},
    }
    return replace(one, **lies.get(one.name, {}))


def test_verify_code__lies_in_the_record__each_is_named(deployed: Deployed) -> None:
    networks, dossier = deployed
    built = tuple(map(change, dossier.contracts[HERE]))
    other = next(one for one in built if one.name == "bridge")
    lying = tuple(replace(one, transaction=other.transaction) if one.name == "resolver" else one for one in built)
    said = replace(dossier, contracts={**dossier.contracts, HERE: lying})
    assert find_wrong(verify_code(said, networks.clients)) == {
        "Timelock: address",
        "Groups: arguments",
        "Registry: code hash in the record",
        "Exodus: transaction",
        "PrimaryEnd: transaction",
        "Entry: transaction",
        "Resolver: transaction",
        "PrimaryHistory: compiler input",
    }


PLANS: dict[str, tuple[Callable[[Dossier], Dossier], set[str]]] = {
    "key hash": (
        lambda d: replace(
            d, deployment=replace(d.deployment, vk_hashes=replace(d.deployment.vk_hashes, exit=bytes(32)))
        ),
        {"key hashes"},
    ),
    "setter": (lambda d: replace(d, setter=GOVERNOR.address), {"Registry: arguments", "Registry: transaction"}),
    "threshold": (
        lambda d: replace(d, deployment=replace(d.deployment, watchers=replace(d.deployment.watchers, threshold=3))),
        {"Groups: arguments", "Groups: transaction"},
    ),
    "deployer": (
        lambda d: replace(d, deployer=GOVERNOR.address),
        {"deployment hash", "Bridge: address", "Bridge: code"},
    ),
    "wrapped coin": (
        lambda d: replace(
            d, terms={**d.terms, HERE: replace(d.terms[HERE], wrapped=d.terms[SEPOLIA.chain_id].wrapped)}
        ),
        {"Registry: arguments", "Registry: code"},
    ),
}


@pytest.mark.parametrize("lie, named", PLANS.values(), ids=PLANS)
def test_verify_code__record_of_another_plan__what_differs_is_named(
    deployed: Deployed, lie: Callable[[Dossier], Dossier], named: set[str]
) -> None:
    networks, dossier = deployed
    assert named <= find_wrong(verify_code(lie(dossier), networks.clients))


Act = Callable[[RegistryClient, GroupsClient], Call]
ACTS: dict[str, tuple[Act, set[str]]] = {
    "another setter": (lambda r, g: r.encode("set_setter", GOVERNOR.address), {"Registry: setter"}),
    "another fee recipient": (
        lambda r, g: r.encode("set_fee_recipient", GOVERNOR.address),
        {"Registry: fee recipient"},
    ),
    "another limit": (lambda r, g: r.encode("set_token_limits", 1, 1001, 10**20), {"token 1 (USDC)"}),
    "a paused token": (lambda r, g: r.encode("pause_token", 1), {"token 1 (USDC): whether it is paused"}),
    "one token more": (
        lambda r, g: r.encode(
            "register_token", 6, TokenConfig(frozenset({HERE}), NATIVE, 18, Amount(1), Amount(2)).abi()
        ),
        {"tokens beside those"},
    ),
    "wider bounds": (lambda r, g: r.encode("set_price_bounds", 9, 1, 2**38), {"Registry: bounds of price 9"}),
    "one watcher less": (lambda r, g: g.encode("remove_member", 2, MEMBERS[3]), {"Groups: watchers"}),
    "new validators": (
        lambda r, g: g.encode("announce_members", 1, [GOVERNOR.address], 1),
        {"Groups: an announced change"},
    ),
}


@pytest.mark.parametrize("act, named", ACTS.values(), ids=ACTS)
def test_verify_state__governed_since__what_differs_is_named(deployed: Deployed, act: Act, named: set[str]) -> None:
    networks, dossier = deployed
    client, here = networks.clients[HERE], dossier.deployment.chains[HERE]
    registry, groups = RegistryClient(client, here.registry), GroupsClient(client, here.groups)
    send_as(networks, here.timelock, act(registry, groups))
    assert find_wrong(verify_state(dossier, HERE, client)) == named


def send_as(networks: Networks, sender: str, call: Call) -> None:
    """Send a call as a contract."""
    chain = networks.world[HERE]
    chain.set_balance(sender, 10**18)
    networks.clients[HERE].send(impersonate(chain.w3, chain.name, sender), call)


STATE_LIES: dict[str, tuple[Callable[[Dossier], Dossier], set[str]]] = {
    "primary": (
        lambda d: replace(d, deployment=replace(d.deployment, primary=ChainId(1))),
        {"Bridge: whether this is the primary", "Timelock: swift functions that it lacks"},
    ),
    "deployment hash": (
        lambda d: replace(d, deployment=replace(d.deployment, deployment_hash=bytes(32))),
        {"Bridge: deployment hash", "Bridge: exit domain", "History: deployment hash"},
    ),
    "blocks a day": (
        lambda d: replace(
            d,
            deployment=replace(
                d.deployment,
                chains={**d.deployment.chains, HERE: replace(d.deployment.chains[HERE], blocks_per_day=1)},
            ),
        ),
        {"End: blocks a day", "Groups: blocks a day", "Timelock: blocks a day"},
    ),
    "governor": (
        lambda d: replace(d, deployment=replace(d.deployment, governor=MEMBERS[0])),
        {"Timelock: owner"},
    ),
    "token": (
        lambda d: replace(
            d, deployment=replace(d.deployment, tokens=(replace(d.deployment.tokens[0], token_id=TokenId(2)),))
        ),
        {"token 2 (USDC)", "tokens beside those"},
    ),
}


@pytest.mark.parametrize("lie, named", STATE_LIES.values(), ids=STATE_LIES)
def test_verify_state__lie_in_the_record__is_named(
    deployed: Deployed, lie: Callable[[Dossier], Dossier], named: set[str]
) -> None:
    networks, dossier = deployed
    assert find_wrong(verify_state(lie(dossier), HERE, networks.clients[HERE])) == named


def test_describe_trust__development_keys__is_the_first_thing_that_is_said(deployed: Deployed) -> None:
    _, dossier = deployed
    lines = list(describe_trust(dossier, read_keys(load_named_verifiers(dossier))))
    assert lines[0].startswith("NOBODY CAN BE TRUSTED HERE: SwapVerifierMinimal")
    assert any(GOVERNOR.address in line and "55 days before" in line for line in lines)
    assert any("issuer of USDC on sepolia, fuji" in line for line in lines)


def replace_place(dossier: Dossier, **changes: Any) -> Dossier:
    """The record with another place of the chain, as every program takes it."""
    chains = dossier.deployment.chains
    said = {**chains, HERE: replace(chains[HERE], **changes)}
    return replace(dossier, deployment=replace(dossier.deployment, chains=said))


@pytest.mark.parametrize("field, contract", [("entry", "Entry"), ("resolver", "Resolver"), ("timelock", "Timelock")])
def test_verify_code__another_address_where_programs_look__is_named(
    deployed: Deployed, field: str, contract: str
) -> None:
    networks, dossier = deployed
    said = replace_place(dossier, **{field: GOVERNOR.address})
    assert find_wrong(verify_code(said, networks.clients)) == {f"{contract}: address among the chain's"}


def test_verify_code__events_begin_after_the_contracts__is_named(deployed: Deployed) -> None:
    networks, dossier = deployed
    said = replace_place(dossier, from_block=dossier.deployment.chains[HERE].from_block + 1)
    assert find_wrong(verify_code(said, networks.clients)) == {"where its events begin"}


@pytest.mark.parametrize("group", ["validators", "watchers"])
def test_verify_code__the_governor_is_in_a_group__is_named(deployed: Deployed, group: str) -> None:
    networks, dossier = deployed
    member = getattr(dossier.deployment, group).members[0]
    said = replace(dossier, deployment=replace(dossier.deployment, governor=member))
    assert f"in both {group} and governor" in find_wrong(verify_code(said, networks.clients))


def test_verify_state__a_proposal_waits__is_named(deployed: Deployed) -> None:
    networks, dossier = deployed
    lock = TimelockClient(networks.clients[HERE], dossier.deployment.chains[HERE].timelock)
    calls = (lock.encode("set_owner", GOVERNOR.address),)
    send_as(networks, lock.owner(), lock.encode("propose", *Proposal(calls).abi()))
    assert find_wrong(verify_state(dossier, HERE, networks.clients[HERE])) == {"Timelock: proposals that wait"}
