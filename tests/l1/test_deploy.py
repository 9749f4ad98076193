"""The deployment: what it leaves on the chains, what it refuses, and what it says when it is interrupted."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from web3 import HTTPProvider, Web3

from zklink.devnet.anvil import start_anvil
from zklink.devnet.genesis import build_genesis
from zklink.devnet.profiles import AVALANCHE, BSC, ETHEREUM, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import AVAX, ETH, USDC, load_tokens
from zklink.devnet.world import World
from zklink.l1.artifacts import CONTRACTS, compile_source, load_contract
from zklink.l1.client import ChainClient
from zklink.l1.deploy import check_plan, deploy, predict_address, swap_verifier
from zklink.l1.deployment import Deployment, DeploymentAccounts, DeploymentPlan
from zklink.l1.structs import NATIVE, Stages, universal_address
from zklink.protocol.domain import ChainEntry, compute_deployment_hash, compute_swap_domain
from zklink.protocol.errors import DeploymentInterrupted, DeploymentRefused, WrongChain
from zklink.protocol.ids import AddressFormat, ChainId
from zklink.protocol.presets import MINIMAL
from zklink.state.genesis import Genesis

HELPERS = ("SwapBlockReader", "CommitteeTransport")


def _accounts(world: World) -> DeploymentAccounts:
    return DeploymentAccounts(world.roles.deployer, world.roles.governor, (world.roles.validator.address,))


def _plan(system: LocalSystem) -> DeploymentPlan:
    """The plan that the system came from."""
    deployment = system.deployment
    return DeploymentPlan(
        MINIMAL,
        deployment.primary,
        deployment.genesis,
        deployment.tokens,
        swap_verifier(MINIMAL),
        deployment.committee,
        deployment.threshold,
    )


def _empty_plan(system: LocalSystem) -> DeploymentPlan:
    """The same without reserves, which any governor can pay."""
    return replace(_plan(system), genesis=Genesis({}, {}))


def test_deploy__every_chain__open_and_at_block_zero(system: LocalSystem) -> None:
    for bridge in system.bridges.values():
        assert bridge.is_open()
        assert bridge.status() == Stages(0, 0, 0, 0)
        assert bridge.request_counts().total == 0


def test_deploy__every_chain__computes_the_same_hashes_as_python(system: LocalSystem) -> None:
    deployment = system.deployment
    entries = [
        ChainEntry(k, chain.evm_chain_id, AddressFormat.EVM, universal_address(chain.bridge))
        for k, chain in deployment.chains.items()
    ]
    root = deployment.genesis.state(MINIMAL).root
    expected = compute_deployment_hash(
        root, deployment.primary, MINIMAL.slots, MINIMAL.token_limit, deployment.vk_hash, entries
    )
    assert deployment.deployment_hash == expected
    for bridge in system.bridges.values():
        assert bridge.deployment_hash() == expected
        assert bridge.domain() == compute_swap_domain(expected)
        assert bridge.vk_hash() == deployment.vk_hash
        assert bridge.sync_hash(0) == expected


def test_deploy__every_token__registered_everywhere_with_its_scale(system: LocalSystem) -> None:
    names = {k: chain.name for k, chain in system.deployment.chains.items()}
    for token in load_tokens():
        for k, bridge in system.bridges.items():
            config, contract = bridge.token_config(token.token_id), token.contracts.get(names[k])
            assert config.chains == {c for c, name in names.items() if name in token.contracts}
            assert config.layer2_decimals == token.layer2_decimals
            assert bridge.token_scale(token.token_id) == (0 if contract is None else token.scale(names[k]))
            assert (config.token == NATIVE) == (contract is not None and contract.is_native)
    assert system.bridges[BSC.chain_id].token_scale(USDC) == 10**12


def test_deploy__every_reserve__is_held_exactly(system: LocalSystem) -> None:
    for k, bridge in system.bridges.items():
        reserves = dict(system.deployment.genesis.reserves_of(k))
        assert reserves
        for token_id, amount in reserves.items():
            held = bridge.solvency(token_id)
            assert held.custody == amount
            assert held.balance == amount * bridge.token_scale(token_id)
            assert held.pending == 0


def test_deployment__json__reads_back_the_same(system: LocalSystem) -> None:
    assert Deployment.from_json(system.deployment.to_json()) == system.deployment


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "zklink.deployment.2"}', '{"format": "zklink.deployment.1"}']
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


@pytest.mark.parametrize("threshold", [0, 1, 4])
def test_check_plan__no_majority__refused(system: LocalSystem, threshold: int) -> None:
    with pytest.raises(DeploymentRefused, match="majority"):
        check_plan(replace(_empty_plan(system), threshold=threshold), system.world.clients, _accounts(system.world))


def test_check_plan__member_named_twice__refused(system: LocalSystem) -> None:
    member = system.deployment.committee[0]
    with pytest.raises(DeploymentRefused, match="twice"):
        check_plan(
            replace(_empty_plan(system), committee=(member, member, member), threshold=2),
            system.world.clients,
            _accounts(system.world),
        )


def test_check_plan__primary_without_a_client__refused(system: LocalSystem) -> None:
    with pytest.raises(DeploymentRefused, match="primary"):
        check_plan(replace(_empty_plan(system), primary=ChainId(7)), system.world.clients, _accounts(system.world))


def test_check_plan__governor_without_the_reserves__refused(system: LocalSystem) -> None:
    # The reserves of the fixture's governor are in the bridges already.
    with pytest.raises(DeploymentRefused, match="the governor owns"):
        check_plan(_plan(system), system.world.clients, _accounts(system.world))


def test_check_plan__token_without_code__refused(system: LocalSystem) -> None:
    plan = _empty_plan(system)
    usdc = next(token for token in plan.tokens if token.token_id == USDC)
    wrong = replace(usdc, contracts={**usdc.contracts, BSC.chain_id: system.world.roles.stranger.address})
    with pytest.raises(DeploymentRefused, match="no contract"):
        check_plan(replace(plan, tokens=(wrong,)), system.world.clients, _accounts(system.world))


def test_check_plan__more_decimals_on_layer_2__refused(system: LocalSystem) -> None:
    plan = _empty_plan(system)
    wrong = replace(next(token for token in plan.tokens if token.token_id == USDC), layer2_decimals=7)
    with pytest.raises(DeploymentRefused, match="decimals"):
        check_plan(replace(plan, tokens=(wrong,)), system.world.clients, _accounts(system.world))


def test_check_plan__reserve_of_a_token_that_is_not_deployed__refused(system: LocalSystem) -> None:
    plan = _plan(system)
    with pytest.raises(DeploymentRefused, match="not in the plan"):
        check_plan(
            replace(plan, tokens=tuple(token for token in plan.tokens if token.token_id != USDC)),
            system.world.clients,
            _accounts(system.world),
        )


def test_check_plan__reserve_where_the_token_is_not__refused(system: LocalSystem) -> None:
    tokens = {token.token_id: token for token in _plan(system).tokens}
    ether = replace(tokens[ETH], contracts={ETHEREUM.chain_id: NATIVE})
    genesis = build_genesis([ether, tokens[AVAX]])
    assert genesis.reserves_of(AVALANCHE.chain_id)
    moved = replace(tokens[AVAX], contracts={POLYGON.chain_id: NATIVE})
    plan = replace(_plan(system), tokens=(ether, moved), genesis=genesis)
    with pytest.raises(DeploymentRefused, match="AVAX on avalanche, where the token is not"):
        check_plan(plan, system.world.clients, _accounts(system.world))


def test_check_plan__node_of_another_chain__refused(system: LocalSystem) -> None:
    client = system.world[POLYGON.chain_id].client
    swapped = ChainClient(replace(client.profile, evm_chain_id=138), client.w3)
    with pytest.raises(WrongChain) as caught:
        check_plan(_empty_plan(system), {**system.world.clients, POLYGON.chain_id: swapped}, _accounts(system.world))
    assert (caught.value.expected, caught.value.found) == (138, 137)


def test_deploy__bridge_cannot_be_built__says_where_it_stopped_and_what_exists(system: LocalSystem) -> None:
    # A token is no verifier: the bridge's constructor refuses it.
    no_verifier = replace(load_contract("TestToken"), abi=())
    broken = replace(
        _empty_plan(system), verifier=replace(no_verifier, bytecode=load_contract("SwapBlockReader").bytecode)
    )
    with pytest.raises(DeploymentInterrupted) as caught:
        deploy(broken, system.world.clients, _accounts(system.world))
    assert caught.value.deployed
    assert all(" on " in line and " at 0x" in line for line in caught.value.deployed)


@pytest.fixture
def public_client() -> Iterator[ChainClient]:
    """A node that looks like a public chain: its profile does not say local."""
    process = start_anvil("public", BSC.evm_chain_id)
    try:
        yield ChainClient(replace(BSC, is_local=False), Web3(HTTPProvider(process.url)))
    finally:
        process.stop()


def test_check_plan__development_key_on_a_public_chain__refused(
    system: LocalSystem, public_client: ChainClient
) -> None:
    plan = replace(_empty_plan(system), primary=BSC.chain_id, tokens=())
    with pytest.raises(DeploymentRefused, match="development key"):
        check_plan(plan, {BSC.chain_id: public_client}, _accounts(system.world))


def test_check_plan__verifier_that_does_not_say__refused(system: LocalSystem, public_client: ChainClient) -> None:
    plan = replace(_empty_plan(system), primary=BSC.chain_id, tokens=(), verifier=load_contract("TestToken"))
    with pytest.raises(DeploymentRefused, match="development key"):
        check_plan(plan, {BSC.chain_id: public_client}, _accounts(system.world))


def test_check_plan__production_key_on_a_public_chain__passes(system: LocalSystem, public_client: ChainClient) -> None:
    path = CONTRACTS / "verifiers" / "SwapVerifierMinimal.vy"
    source = path.read_text()
    assert "DEVELOPMENT: constant(bool) = True" in source
    production = compile_source(
        "Production", source.replace("DEVELOPMENT: constant(bool) = True", "DEVELOPMENT: constant(bool) = False"), path
    )
    plan = replace(_empty_plan(system), primary=BSC.chain_id, tokens=(), verifier=production)
    check_plan(plan, {BSC.chain_id: public_client}, _accounts(system.world))
    assert public_client.head().number == 0
