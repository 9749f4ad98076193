"""What is known about a token before it is registered: twins behind two addresses, and habits that its code shows."""

from collections.abc import Mapping

import pytest
from eth_utils import to_checksum_address

from zklink.devnet.profiles import POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contract_artifacts import ContractArtifact, compile_source, load_contract
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import NATIVE, NO_ADDRESS, TokenConfig
from zklink.l1.contracts.registries import RegistryClient
from zklink.l1.deployment.agreement import check_registered_alike, read_statements
from zklink.l1.deployment.token_checks import (
    BEACON_SLOT,
    HABITS,
    IMPLEMENTATION_SLOT,
    Face,
    check_token,
    find_twin,
    guess_class,
    read_face,
)
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import ActsDisagree, TokenUnfit
from zklink.protocol.ids import NO_CLASS, Amount, TokenClass, TokenId

HERE = POLYGON.chain_id
REVERTS = bytes.fromhex("60006000fd")


@pytest.fixture
def client(system: LocalSystem) -> ChainClient:
    return system.world[HERE].client


def registered(system: LocalSystem) -> dict[TokenId, str]:
    """The contracts of this chain."""
    return {token.token_id: token.contracts[HERE] for token in system.deployment.tokens if HERE in token.contracts}


def deploy(system: LocalSystem, artifact: ContractArtifact, *arguments: object) -> str:
    return system.world[HERE].client.deploy(system.world.roles.deployer, artifact, *arguments)


def create(runtime: bytes, slots: Mapping[int, int]) -> ContractArtifact:
    """A contract with this code and storage."""
    stores = b"".join(b"\x60\1\x7f" + slot.to_bytes(32, "big") + b"\x55" for slot in slots)
    size, start = len(runtime), len(stores) + 11
    copy = b"\x60" + bytes([size]) + b"\x80\x60" + bytes([start]) + b"\x60\0\x39\x60\0\xf3"
    return ContractArtifact("Raw", (), stores + copy + runtime, runtime)


def forward_to(address: str) -> ContractArtifact:
    """A contract that asks another one whatever it is asked, as a second address of one token does."""
    target = bytes.fromhex(address[2:])
    ask = bytes.fromhex("3660006000376000600036600073")[:-1] + b"\x73" + target + bytes.fromhex("5afa")
    return create(ask + bytes.fromhex("3d6000803e3d6000f3"), {})


def answer(view: str) -> ContractArtifact:
    """A contract with one view."""
    name, _, rest = view.partition("(")
    parameter = f"x: {rest[:-1]}" if rest != ")" else ""
    source = f"# pragma version 0.4.3\n\n@external\n@view\ndef {name}({parameter}) -> uint256:\n    return 0\n"
    return compile_source("Answer", source)


def test_read_face__a_token__says_three_things(system: LocalSystem, client: ChainClient) -> None:
    address = deploy(system, load_contract("TestToken"), "A dollar", "ADL", 6)
    assert read_face(client, address) == Face("ADL", 6, 0)


def test_find_twin__second_address_of_a_registered_token__is_found(system: LocalSystem, client: ChainClient) -> None:
    known = registered(system)
    twin = deploy(system, forward_to(known[USDC]))
    assert read_face(client, twin) == read_face(client, known[USDC])
    assert find_twin(client, twin, known) == USDC
    with pytest.raises(TokenUnfit, match=f"the same of itself as token {USDC}"):
        list(check_token(client, "USDC", twin, NO_CLASS, known))


def test_find_twin__same_symbol_other_supply__is_none(system: LocalSystem, client: ChainClient) -> None:
    known = registered(system)
    face = read_face(client, known[USDC])
    other = deploy(system, load_contract("TestToken"), "Another", face.symbol, face.decimals)
    assert find_twin(client, other, known) is None


def test_find_twin__itself_coin_and_what_says_nothing__is_none(system: LocalSystem, client: ChainClient) -> None:
    known = registered(system) | {TokenId(77): NO_ADDRESS, TokenId(78): system.world.roles.stranger.address}
    assert NATIVE in known.values()
    assert find_twin(client, known[USDC], known) is None
    assert find_twin(client, deploy(system, answer("paused()")), known) is None


@pytest.mark.parametrize(("bit", "view"), [(bit, view) for bit, views in HABITS.items() for view in views])
def test_guess_class__view_of_a_class__is_seen(
    system: LocalSystem, client: ChainClient, bit: TokenClass, view: str
) -> None:
    token = deploy(system, answer(view))
    assert guess_class(client, token) == bit
    assert [line.partition(":")[0] for line in check_token(client, "ODD", token, NO_CLASS, {})] == ["ODD on polygon"]
    assert list(check_token(client, "ODD", token, bit, {})) == []


@pytest.mark.parametrize("slot", [IMPLEMENTATION_SLOT, BEACON_SLOT])
def test_guess_class__slot_of_a_proxy__is_upgradable(system: LocalSystem, client: ChainClient, slot: int) -> None:
    assert guess_class(client, deploy(system, create(REVERTS, {slot: 1}))) == TokenClass.UPGRADABLE
    assert guess_class(client, deploy(system, create(REVERTS, {slot + 1: 1}))) == NO_CLASS


def test_slots__are_those_of_erc_1967() -> None:
    assert f"{IMPLEMENTATION_SLOT:064x}" == "360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
    assert f"{BEACON_SLOT:064x}" == "a3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50"


def test_check_token__nobody_there__is_refused(system: LocalSystem, client: ChainClient) -> None:
    with pytest.raises(TokenUnfit, match="there is no contract"):
        list(check_token(client, "GONE", system.world.roles.stranger.address, NO_CLASS, {}))


def test_check_token__plain_token_and_coin__nothing_to_say(system: LocalSystem, client: ChainClient) -> None:
    token = deploy(system, load_contract("TestToken"), "Plain", "PLN", 18)
    for address in (token, NATIVE, NO_ADDRESS):
        assert list(check_token(client, "PLN", address, NO_CLASS, registered(system))) == []


def test_check_registered_alike__every_token_of_a_deployment__agrees(system: LocalSystem) -> None:
    for token in system.deployment.tokens:
        check_registered_alike(system.bridges, token.token_id)


def test_check_registered_alike__one_chain_without_it__is_told(system: LocalSystem) -> None:
    """A registry of another deployment in place of one chain's: it has no tokens."""
    roles, here, preset = system.world.roles, system.deployment.chains[HERE], system.deployment.preset
    mask = sum(1 << k for k in system.bridges)
    everybody = (roles.governor.address,) * 3
    fresh = deploy(system, load_contract("Registry"), HERE, mask, preset.token_limit, *everybody, NO_ADDRESS, [])
    other = BridgeClient(system.world[HERE].client, here.bridge)
    other.__dict__["tokens"] = RegistryClient(system.world[HERE].client, fresh)
    with pytest.raises(ActsDisagree, match=f"token {USDC} is .* on chain 1, .* on chain {HERE}"):
        check_registered_alike({**system.bridges, HERE: other}, USDC)


def test_read_statements__calls__what_must_be_the_same_alone(system: LocalSystem) -> None:
    """Limits and contracts are each chain's own."""
    tokens, groups = system.bridges[HERE].tokens, system.bridges[HERE].groups
    member = to_checksum_address("0x" + "5e" * 20)
    config = TokenConfig(frozenset({HERE}), NATIVE, 6, Amount(1), Amount(2))
    calls = [
        tokens.encode("register_token", 5, config.abi()),
        tokens.encode("pause_token", 5),
        groups.encode("remove_member", 1, member),
    ]
    said = read_statements([call.data for call in calls])
    assert said == (("register_token", 5, 1 << HERE, 6), ("remove_member", 1, member.lower()))
    with pytest.raises(ActsDisagree, match="cannot be read"):
        read_statements([calls[0].data[:40]])
