"""The deployment: what it leaves on the chains, what it refuses, and what it says when it is interrupted."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import permutations
from typing import Any

import pytest
from web3 import HTTPProvider, Web3

from tests.l1.test_token_checks import answer, forward_to
from zklink.devnet.anvil_command import anvil_path
from zklink.devnet.profiles import BSC, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC, load_tokens
from zklink.devnet.world import World
from zklink.l1.contract_artifacts import CONTRACTS, ContractArtifact, compile_source, load_contract
from zklink.l1.contracts.bridge_structs import NATIVE, GroupMembers, Parts, universal_address
from zklink.l1.contracts.ends import MEMBER_END, PRIMARY_END
from zklink.l1.contracts.entry import EntryPlace
from zklink.l1.contracts.entry_client import EntryClient
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.blueprint import PARTNERS, predict_address
from zklink.l1.deployment.deploy import deploy, load_verifiers
from zklink.l1.deployment.places import ProgramDeployment
from zklink.l1.deployment.plan_checks import check_plan, warn_of_tokens
from zklink.l1.deployment.records import Deployment, DeploymentAccounts, DeploymentPlan, GroupPlan, Verifiers
from zklink.l1.deployment.swift import read_selector
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.submission import Call
from zklink.lab.anvil import start_anvil
from zklink.primitives.base58 import decode_base58
from zklink.protocol.bridge_hashes import genesis_tip
from zklink.protocol.domain import ChainEntry, compute_deployment_hash, compute_exit_domain
from zklink.protocol.errors import DeploymentInterrupted, DeploymentRefused, TokenUnfit, WrongChain
from zklink.protocol.facts import Group
from zklink.protocol.ids import AddressFormat, ChainId, Lane, TokenId
from zklink.protocol.presets import MINIMAL


def _accounts(world: World) -> DeploymentAccounts:
    return DeploymentAccounts(world.roles.deployer, world.roles.governor)


def _plan(system: LocalSystem) -> DeploymentPlan:
    """The plan that the system came from."""
    deployment = system.deployment
    return DeploymentPlan(
        MINIMAL,
        deployment.primary,
        deployment.genesis.operator,
        deployment.tokens,
        load_verifiers(MINIMAL),
        deployment.validators,
        deployment.watchers,
        {k: chain.blocks_per_day for k, chain in deployment.chains.items()},
        setter=system.world.roles.setter.address,
        fee_recipient=system.world.roles.treasury.address,
    )


def test_deploy__every_chain__at_block_zero_with_empty_queues(system: LocalSystem) -> None:
    for bridge in system.bridges.values():
        assert bridge.history.tip().number == 0
        assert all(bridge.request_counts(lane).total == 0 for lane in Lane)


def test_deploy__every_chain__computes_the_same_hashes_as_python(system: LocalSystem) -> None:
    deployment = system.deployment
    entries = [
        ChainEntry(k, chain.evm_chain_id, AddressFormat.EVM, universal_address(chain.bridge))
        for k, chain in deployment.chains.items()
    ]
    keys = deployment.vk_hashes
    expected = compute_deployment_hash(
        deployment.genesis.root,
        deployment.primary,
        MINIMAL.token_limit,
        MINIMAL.account_limit,
        keys.swap,
        keys.account,
        keys.exit,
        entries,
    )
    assert deployment.deployment_hash == expected
    assert deployment.genesis.operator == universal_address(system.world.roles.operator.address)
    for bridge in system.bridges.values():
        assert bridge.deployment_hash() == expected
        assert bridge.history.deployment_hash() == expected
        assert bridge.exit_domain() == compute_exit_domain(expected)
        assert bridge.history.tip() == genesis_tip(deployment.genesis.root, expected)


def test_deploy__every_chain__bridge_and_history_rely_on_what_the_file_says(system: LocalSystem) -> None:
    for k, chain in system.deployment.chains.items():
        bridge = system.bridges[k]
        assert bridge.parts() == Parts(chain.registry, chain.history, chain.end, chain.exodus)
        for name, address in asdict(bridge.history.parts()).items():
            assert address == getattr(chain, name)


def test_deploy__every_chain__entry_and_resolver_stand_beside_its_bridge(system: LocalSystem) -> None:
    for k, chain in system.deployment.chains.items():
        client = system.world[k].client
        assert EntryClient(client, chain.entry).place() == EntryPlace(
            chain.evm_chain_id, chain.entry, chain.bridge, chain.permit2
        )
        assert all(_names(client, chain.resolver, part) for part in (chain.bridge, chain.registry, chain.history))


def test_deploy__every_chain__nothing_that_pays_or_counts_names_what_stands_beside_it(system: LocalSystem) -> None:
    """Whoever deploys a false entry or resolver gains no right: no contract of a bridge has either in its code."""
    for k, chain in system.deployment.chains.items():
        client = system.world[k].client
        for name in (*PARTNERS, "groups", "registry", "timelock"):
            assert not any(_names(client, getattr(chain, name), beside) for beside in (chain.entry, chain.resolver))
        assert _names(client, chain.bridge, chain.registry)


def _names(client: ChainClient, place: str, other: str) -> bool:
    """Whether the code at a place, with what its constructor fixed, has another address in it."""
    return bytes.fromhex(other.removeprefix("0x")) in client.code(place)


def test_deploy__every_chain__knows_the_same_groups_and_its_own_pace(system: LocalSystem) -> None:
    deployment = system.deployment
    for k, bridge in system.bridges.items():
        for group, plan in ((Group.VALIDATORS, deployment.validators), (Group.WATCHERS, deployment.watchers)):
            assert bridge.groups.members(group) == GroupMembers(plan.members, plan.threshold)
        assert bridge.groups.blocks_per_day() == deployment.chains[k].blocks_per_day


SWIFT = {
    "groups": {"announce_members", "remove_member"},
    "registry": {"pause_token", "tighten_token_limits"},
    "end": {"void_freeze"},
}
SWIFT_ON_MEMBERS = SWIFT | {"end": {"raise_end", "deny_end", "void_end"}}


def test_deploy__every_chain__is_governed_by_its_own_timelock(system: LocalSystem) -> None:
    deployment, governor = system.deployment, system.world.roles.governor.address
    assert deployment.governor == governor
    for k, chain in deployment.chains.items():
        bridge, timelock = system.bridges[k], TimelockClient(system.world[k].client, chain.timelock)
        assert bridge.groups.governor() == bridge.tokens.governor() == chain.timelock
        assert timelock.owner() == bridge.groups.acting_governor() == governor
        assert not timelock.is_founding()
        assert timelock.blocks_per_day() == bridge.groups.blocks_per_day()


def test_deploy__every_chain__swift_is_what_admits_nothing_and_nothing_else(system: LocalSystem) -> None:
    """Every function of everything that a timelock governs is asked for."""
    for k, chain in system.deployment.chains.items():
        timelock, is_primary = TimelockClient(system.world[k].client, chain.timelock), k == system.deployment.primary
        contracts = {"groups": "Groups", "registry": "Registry", "end": PRIMARY_END if is_primary else MEMBER_END}
        found: dict[str, set[str]] = {}
        for name, contract in (
            *contracts.items(),
            ("bridge", "Bridge"),
            ("exodus", "Exodus"),
            ("timelock", "Timelock"),
        ):
            artifact = load_contract(contract)
            functions = {entry["name"] for entry in artifact.abi if entry["type"] == "function"}
            calls = {f: Call(getattr(chain, name), read_selector(artifact, f), f) for f in functions}
            if swift := {f for f, call in calls.items() if timelock.is_swift(call)}:
                found[name] = swift
        assert found == (SWIFT if is_primary else SWIFT_ON_MEMBERS)


def test_warn_of_tokens__public_chain__two_addresses_of_one_token_refused(
    system: LocalSystem, public_client: ChainClient
) -> None:
    deployer, chain = system.world.roles.deployer, BSC.chain_id
    first = public_client.deploy(deployer, load_contract("TestToken"), "A dollar", "ADL", 6)
    twin, odd = public_client.deploy(deployer, forward_to(first)), public_client.deploy(deployer, answer("paused()"))
    one, two = (replace(token, contracts={chain: first}) for token in _plan(system).tokens[:2])
    plan = replace(_plan(system), tokens=(one, replace(two, contracts={chain: twin})))
    with pytest.raises(TokenUnfit, match="the same of itself"):
        list(warn_of_tokens(plan, chain, public_client))
    assert list(warn_of_tokens(plan, chain, system.world[chain].client)) == []
    plan = replace(plan, tokens=(one, replace(two, contracts={chain: odd})))
    assert len(list(warn_of_tokens(plan, chain, public_client))) == 1


def test_check_plan__public_chain_without_a_timelock__refused(system: LocalSystem, public_client: ChainClient) -> None:
    clients = {**system.world.clients, BSC.chain_id: public_client}
    with pytest.raises(DeploymentRefused, match="its governor needs a timelock"):
        check_plan(replace(_plan(system), has_timelock=False), clients)


def test_deploy__every_token__registered_everywhere_with_its_scale(system: LocalSystem) -> None:
    names = {k: chain.name for k, chain in system.deployment.chains.items()}
    registered = [token for token in load_tokens() if token.token_id < MINIMAL.lp_base]
    assert [token.token_id for token in system.deployment.tokens] == [token.token_id for token in registered]
    for token in registered:
        for k, bridge in system.bridges.items():
            config, contract = bridge.tokens.token_config(token.token_id), token.contracts.get(names[k])
            assert config.chains == {c for c, name in names.items() if name in token.contracts}
            assert config.layer2_decimals == token.layer2_decimals
            assert bridge.tokens.token_scale(token.token_id) == (0 if contract is None else token.scale(names[k]))
            assert (config.token == NATIVE) == (contract is not None and contract.is_native)
    assert system.bridges[BSC.chain_id].tokens.token_scale(USDC) == 10**12


def test_deployment__json__reads_back_the_same(system: LocalSystem) -> None:
    assert Deployment.from_json(system.deployment.to_json()) == system.deployment


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "zklink.deployment.2"}', '{"format": "zklink.deployment.4"}']
)
def test_deployment__malformed_json__refused(text: str) -> None:
    with pytest.raises(DeploymentRefused):
        Deployment.from_json(text)


def test_predict_address__known_case__agrees() -> None:
    assert (
        predict_address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0", 0) == "0xcd234A471b72ba2F1Ccf0A70FCABA648a5eeCD8d"
    )
    assert (
        predict_address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0", 1) == "0x343c43A37D37dfF08AE8C4A11544c718AbB4fCF8"
    )


@pytest.mark.parametrize("group", ["validators", "watchers"])
@pytest.mark.parametrize("threshold", [0, 1, 4])
def test_check_plan__no_majority__refused(system: LocalSystem, group: str, threshold: int) -> None:
    plan = _plan(system)
    other: Any = {group: replace(getattr(plan, group), threshold=threshold)}
    with pytest.raises(DeploymentRefused, match=f"majority of the {group}"):
        check_plan(replace(plan, **other), system.world.clients)


@pytest.mark.parametrize("group", ["validators", "watchers"])
def test_check_plan__member_named_twice__refused(system: LocalSystem, group: str) -> None:
    member = system.world.roles.stranger.address
    other: Any = {group: GroupPlan((member, member, member), 2)}
    with pytest.raises(DeploymentRefused, match=f"one of the {group} is named twice"):
        check_plan(replace(_plan(system), **other), system.world.clients)


def test_check_plan__too_many_members__refused(system: LocalSystem) -> None:
    members = tuple(predict_address(system.world.roles.stranger.address, nonce) for nonce in range(17))
    with pytest.raises(DeploymentRefused, match="more than 16 watchers"):
        check_plan(replace(_plan(system), watchers=GroupPlan(members, 9)), system.world.clients)


def test_check_plan__member_of_both_groups__refused(system: LocalSystem) -> None:
    plan = _plan(system)
    shared = replace(plan.watchers, members=(plan.validators.members[0], *plan.watchers.members[1:]))
    with pytest.raises(DeploymentRefused, match="a validator and a watcher"):
        check_plan(replace(plan, watchers=shared), system.world.clients)


@pytest.mark.parametrize("group", ["validators", "watchers"])
def test_check_plan__governor_in_a_group__refused(system: LocalSystem, group: str) -> None:
    """The contracts see the timelock, and not who owns it."""
    plan = _plan(system)
    governor = system.world.roles.governor.address
    before: GroupPlan = getattr(plan, group)
    shared: Any = {group: replace(before, members=(governor, *before.members[1:]))}
    with pytest.raises(DeploymentRefused, match=f"is one of the {group}"):
        deploy(replace(plan, **shared), system.world.clients, _accounts(system.world))


@pytest.mark.parametrize("pace", [0, 43_201])
def test_check_plan__pace_that_a_chain_does_not_keep__refused(system: LocalSystem, pace: int) -> None:
    plan = _plan(system)
    with pytest.raises(DeploymentRefused, match="polygon makes 43200 blocks a day"):
        check_plan(replace(plan, blocks_per_day={**plan.blocks_per_day, POLYGON.chain_id: pace}), system.world.clients)


def test_check_plan__primary_without_a_client__refused(system: LocalSystem) -> None:
    with pytest.raises(DeploymentRefused, match="primary"):
        check_plan(replace(_plan(system), primary=ChainId(7)), system.world.clients)


def test_check_plan__token_without_code__refused(system: LocalSystem) -> None:
    plan = _plan(system)
    usdc = next(token for token in plan.tokens if token.token_id == USDC)
    wrong = replace(usdc, contracts={**usdc.contracts, BSC.chain_id: system.world.roles.stranger.address})
    with pytest.raises(DeploymentRefused, match="no contract"):
        check_plan(replace(plan, tokens=(wrong,)), system.world.clients)


def test_check_plan__more_decimals_on_layer_2__refused(system: LocalSystem) -> None:
    plan = _plan(system)
    wrong = replace(next(token for token in plan.tokens if token.token_id == USDC), layer2_decimals=7)
    with pytest.raises(DeploymentRefused, match="decimals"):
        check_plan(replace(plan, tokens=(wrong,)), system.world.clients)


def test_check_plan__token_id_of_pool_shares__refused(system: LocalSystem) -> None:
    plan = _plan(system)
    wrong = replace(plan.tokens[0], token_id=TokenId(MINIMAL.lp_base))
    with pytest.raises(DeploymentRefused, match="has id 8, and minimal has 1 to 7"):
        check_plan(replace(plan, tokens=(wrong,)), system.world.clients)


def test_check_plan__permit2_without_code__refused(system: LocalSystem) -> None:
    wrong = replace(_plan(system), permit2={BSC.chain_id: system.world.roles.stranger.address})
    with pytest.raises(DeploymentRefused, match="Permit2 on bsc: there is no contract"):
        check_plan(wrong, system.world.clients)


def test_deployment__former_format__refused_with_what_would_be_right(system: LocalSystem) -> None:
    former = system.deployment.to_json().replace("zklink.deployment.6", "zklink.deployment.4")
    with pytest.raises(DeploymentRefused, match=r"'zklink.deployment.4' is not 'zklink.deployment.6': deploy with"):
        Deployment.from_json(former)


def test_deployment__format_without_programs__is_read(system: LocalSystem) -> None:
    former = json.loads(system.deployment.to_json()) | {"format": "zklink.deployment.5"}
    assert former.pop("programs") == []
    assert Deployment.from_json(json.dumps(former)) == system.deployment


def test_deployment__with_a_program__reads_back_and_knows_every_chain(system: LocalSystem) -> None:
    genesis = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
    program = ProgramDeployment(ChainId(7), "solana", genesis, "1" * 31 + "2", "1" * 31 + "3", 5)
    mixed = replace(system.deployment, programs={program.chain_id: program})
    assert Deployment.from_json(mixed.to_json()) == mixed
    assert mixed.members[-1] == 7 and mixed.table[-1].bridge == bytes(31) + b"\2"
    assert mixed.table[-1].evm_chain_id == int.from_bytes(decode_base58(genesis, 32), "big")
    assert program.caip2 == "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"


@pytest.mark.parametrize("name", ["program", "bridge", "genesis"])
def test_deployment__program_at_no_address__refused(system: LocalSystem, name: str) -> None:
    program = ProgramDeployment(ChainId(7), "solana", "1" * 32, "1" * 32, "1" * 32, 5)
    data = json.loads(replace(system.deployment, programs={program.chain_id: program}).to_json())
    data["programs"][0][name] = "1" * 31
    with pytest.raises(DeploymentRefused, match="not 32 bytes in base58"):
        Deployment.from_json(json.dumps(data))


@pytest.mark.parametrize("operator", [b"", bytes(32), bytes(19) + b"\x01"])
def test_check_plan__no_operator__refused(system: LocalSystem, operator: bytes) -> None:
    with pytest.raises(DeploymentRefused, match="operator"):
        check_plan(replace(_plan(system), operator=operator), system.world.clients)


def test_check_plan__node_of_another_chain__refused(system: LocalSystem) -> None:
    client = system.world[POLYGON.chain_id].client
    swapped = ChainClient(replace(client.profile, evm_chain_id=138), client.w3)
    with pytest.raises(WrongChain) as caught:
        check_plan(_plan(system), {**system.world.clients, POLYGON.chain_id: swapped})
    assert (caught.value.expected, caught.value.found) == (138, 137)


def test_deploy__bridge_cannot_be_built__says_where_it_stopped_and_what_exists(system: LocalSystem) -> None:
    plan = _plan(system)
    # A verifier without a key: the bridge's constructor refuses it.
    broken = replace(plan, verifiers=replace(plan.verifiers, swap=load_contract("KeylessVerifier")))
    with pytest.raises(DeploymentInterrupted) as caught:
        deploy(broken, system.world.clients, _accounts(system.world))
    assert caught.value.deployed
    assert all(" on " in line and " at 0x" in line for line in caught.value.deployed)


@pytest.fixture
def public_client() -> Iterator[ChainClient]:
    """A node that looks like a public chain: its profile does not say local."""
    process = start_anvil(anvil_path(), "public", BSC.evm_chain_id)
    try:
        yield ChainClient(replace(BSC, is_local=False), Web3(HTTPProvider(process.url)))
    finally:
        process.stop()


def _public_plan(system: LocalSystem, *verifiers: ContractArtifact) -> DeploymentPlan:
    return replace(_plan(system), primary=BSC.chain_id, tokens=(), verifiers=Verifiers(*verifiers))


def test_check_plan__one_development_key_on_a_public_chain__refused(
    system: LocalSystem, public_client: ChainClient, production: ContractArtifact
) -> None:
    development = load_contract("SwapVerifierMinimal")
    for verifiers in permutations((production, production, development)):
        with pytest.raises(DeploymentRefused, match="development key"):
            check_plan(_public_plan(system, *verifiers), {BSC.chain_id: public_client})


def test_check_plan__verifier_that_does_not_say__refused(system: LocalSystem, public_client: ChainClient) -> None:
    with pytest.raises(DeploymentRefused, match="development key"):
        check_plan(_public_plan(system, *[load_contract("TestToken")] * 3), {BSC.chain_id: public_client})


def test_check_plan__production_keys_on_a_public_chain__passes(
    system: LocalSystem, public_client: ChainClient, production: ContractArtifact
) -> None:
    check_plan(_public_plan(system, production, production, production), {BSC.chain_id: public_client})
    assert public_client.head().number == 0


@pytest.fixture(scope="module")
def production() -> ContractArtifact:
    """A verifier that says that its key's secrets are not published."""
    path = CONTRACTS / "verifiers" / "SwapVerifierMinimal.vy"
    source = path.read_text()
    assert "DEVELOPMENT: constant(bool) = True" in source
    text = source.replace("DEVELOPMENT: constant(bool) = True", "DEVELOPMENT: constant(bool) = False")
    return compile_source("Production", text, path)
