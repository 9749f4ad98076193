"""The record follows acts of government: it agrees with the chains again, and is still the same deployment."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import zklink.cli.govern_record as command
from tests.deploying.test_verify import find_wrong
from tests.deploying.testnets import FUJI, GOVERNOR, MEMBERS, SEPOLIA, Networks
from zklink.cli.govern import govern
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import NATIVE, TokenConfig
from zklink.l1.contracts.groups import GroupsClient
from zklink.l1.contracts.registries import RegistryClient
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.history import RecordedAct
from zklink.l1.deployment.records import Deployment
from zklink.l1.deployment.verify import verify
from zklink.l1.transport.impersonation import impersonate
from zklink.l1.transport.submission import Call
from zklink.protocol.errors import ActsDisagree, RecordUnfit
from zklink.protocol.ids import Amount, ChainId, TokenId
from zklink.recovery.connect import check_file
from zklink.upkeep.governed_state import read_every_act
from zklink.upkeep.recorded_acts import verify_acts
from zklink.upkeep.recorded_tokens import list_other_symbols
from zklink.upkeep.recording import bring_up_to_date

Deployed = tuple[Networks, Dossier]
HERE, THERE = FUJI.chain_id, SEPOLIA.chain_id
NEW = TokenId(6)


class Hall:
    """Where acts are done as if they had waited: the timelocks of both chains call what a test says."""

    def __init__(self, deployed: Deployed) -> None:
        self.networks, self.dossier = deployed
        self.chains = self.dossier.deployment.chains

    def do(self, chain: ChainId, *calls: Call) -> None:
        world, sender = self.networks.world[chain], self.chains[chain].timelock
        world.set_balance(sender, 10**18)
        account = impersonate(world.w3, world.name, sender)
        for call in calls:
            self.networks.clients[chain].send(account, call)

    def registry(self, chain: ChainId) -> RegistryClient:
        return RegistryClient(self.networks.clients[chain], self.chains[chain].registry)

    def everywhere(self, function: str, *arguments: object) -> None:
        for chain in self.chains:
            self.do(chain, self.registry(chain).encode(function, *arguments))

    def confirm(self) -> None:
        for chain in self.networks.world:
            chain.mine(chain.profile.confirmations)

    def record(self) -> Dossier:
        self.confirm()
        return bring_up_to_date(self.dossier, self.networks.clients)

    def wrong(self, dossier: Dossier) -> set[str]:
        clients = self.networks.clients
        return find_wrong((*verify(dossier, clients), *verify_acts(dossier, clients)))


@pytest.fixture
def hall(deployed: Deployed) -> Hall:
    return Hall(deployed)


def test_record__nothing_has_changed__the_same(hall: Hall) -> None:
    """But that the governor has accepted its timelocks, which every deployment begins with."""
    found = hall.record()
    assert [act.act for act in found.history.acts] == [f"{GOVERNOR.address} owns the timelock"] * 2
    assert replace(found, history=hall.dossier.history) == hall.dossier
    hall.dossier = found
    assert hall.record() is found


def test_record__after_acts_of_every_kind__agrees_and_keeps_what_identifies_it(hall: Hall) -> None:
    stranger = hall.networks.world.roles.stranger
    token = hall.networks.clients[HERE].deploy(stranger, load_contract("TestToken"), "New coin", "NEW", 6)
    config = TokenConfig(frozenset({HERE}), token, 6, Amount(10), Amount(10**9))
    for chain in hall.chains:
        here = config if chain == HERE else replace(config, token="0x" + "00" * 20)
        groups = GroupsClient(hall.networks.clients[chain], hall.chains[chain].groups)
        hall.do(chain, hall.registry(chain).encode("register_token", NEW, here.abi()))
        hall.do(chain, groups.encode("remove_member", 2, MEMBERS[3]))
    hall.everywhere("set_setter", GOVERNOR.address)
    hall.everywhere("set_fee_recipient", GOVERNOR.address)
    hall.do(HERE, hall.registry(HERE).encode("set_token_limits", 1, 2_000, 10**15))
    hall.do(HERE, hall.registry(HERE).encode("set_price_bounds", 9, 1, 2**38))
    hall.do(HERE, hall.registry(HERE).encode("set_price_bounds", 5, 1, 7))
    hall.do(THERE, hall.registry(THERE).encode("pause_token", 3))
    assert hall.wrong(hall.dossier) >= {"Groups: watchers", "token 1 (USDC)", "Registry: setter", "tokens beside those"}
    found = hall.record()
    assert hall.wrong(found) == set()
    before, after = hall.dossier.deployment, found.deployment
    assert (after.deployment_hash, after.chains) == (before.deployment_hash, before.chains)
    assert found.founding == hall.dossier.founding
    new, usdc = after.token(NEW), after.token(TokenId(1))
    assert (new.symbol, new.contracts, new.minimum, new.cap) == ("NEW", {HERE: token}, 10, 10**9)
    assert (usdc.minimum, usdc.cap) == (2_000, 10**15) and usdc.terms[THERE].minimum == 1_000
    assert after.watchers.members == tuple(sorted(MEMBERS[4:], key=lambda member: int(member, 16)))
    assert found.history.paused == {THERE: (TokenId(3),)}
    assert {act.act for act in found.history.acts if act.chain_id == THERE} == {
        f"{GOVERNOR.address} owns the timelock",
        f"token {NEW} is registered",
        f"token {NEW}: at least 10, cap 1000000000 layer-2 units",
        f"{MEMBERS[3]} is none of the watchers any more",
        f"{GOVERNOR.address} sets prices",
        f"fees belong to {GOVERNOR.address}",
        "token 3 is paused",
    }
    for act in found.history.acts:
        receipt = hall.networks.world[act.chain_id].w3.eth.get_transaction_receipt(act.transaction)  # type: ignore[arg-type]
        assert receipt["blockNumber"] == act.block
    assert Dossier.from_json(found.to_json()) == found
    read = Deployment.from_json(found.to_json())
    check_file(read)
    assert read == after


def test_record__again_after_a_later_act__only_that_is_added(hall: Hall) -> None:
    hall.everywhere("pause_token", 1)
    first = hall.dossier = hall.record()
    hall.everywhere("unpause_token", 1)
    found = hall.record()
    added = found.history.acts[len(first.history.acts) :]
    assert [act.act for act in added] == ["token 1 is admitted again"] * 2
    assert found.history.acts[: len(first.history.acts)] == first.history.acts
    assert not found.history.paused and hall.wrong(found) == set()


def test_verify__a_record_that_tells_other_acts_than_the_chains__says_which(hall: Hall) -> None:
    """Whoever publishes a record, or the node that it was made with, can leave an act out or make one up."""
    hall.everywhere("pause_token", 1)
    hall.everywhere("unpause_token", 1)
    found = hall.record()
    assert hall.wrong(found) == set()
    acts, heights = found.history.acts, found.history.heights
    paused = next(act for act in acts if act.act == "token 1 is paused")
    invented, left_out = "history: acts that the chain does not show", "history: acts that the record leaves out"

    def tell(*told: RecordedAct, of: Mapping[ChainId, int] = heights) -> Dossier:
        return replace(found, history=replace(found.history, acts=told, heights=of))

    assert hall.wrong(tell(*(act for act in acts if act != paused))) == {left_out}
    assert hall.wrong(tell(*acts, paused)) == {invented}
    for change in ({"block": paused.block + 1}, {"transaction": f"0x{'11' * 32}"}, {"act": "token 2 is paused"}):
        other = replace(paused, **change)
        assert hall.wrong(tell(*(other if act == paused else act for act in acts))) == {invented, left_out}
    assert hall.wrong(tell(*acts, of={})) == {invented}
    assert hall.wrong(tell(*acts, of={**heights, HERE: 10**9})) == {"history: its block"}
    everything = [act for k in heights for act in read_every_act(found, k, hall.networks.clients[k], heights[k])]
    assert len(everything) > len(acts) and hall.wrong(tell(*everything)) == set(), "the founding may be told, too"


def test_record__an_act_is_done_on_one_chain_alone__refused_with_both_names(hall: Hall) -> None:
    hall.do(HERE, hall.registry(HERE).encode("set_setter", GOVERNOR.address))
    with pytest.raises(ActsDisagree, match=r"the setter is .* on sepolia, .* on fuji"):
        hall.record()


def test_record__a_token_is_registered_on_one_chain_alone__refused(hall: Hall) -> None:
    config = TokenConfig(frozenset({HERE}), NATIVE, 18, Amount(1), Amount(2))
    hall.do(HERE, hall.registry(HERE).encode("register_token", NEW, config.abi()))
    with pytest.raises(ActsDisagree, match="token 6 is not registered on sepolia"):
        hall.record()


def test_record__an_act_without_its_confirmations__not_yet(hall: Hall) -> None:
    hall.dossier = hall.record()
    hall.everywhere("pause_token", 1)
    found = bring_up_to_date(hall.dossier, hall.networks.clients)
    assert found.history.paused == {HERE: (TokenId(1),)}, "a block of fuji counts at once, one of sepolia has to wait"
    assert hall.record().history.paused == {THERE: (TokenId(1),), HERE: (TokenId(1),)}


def test_record__a_node_that_is_behind__refused(hall: Hall) -> None:
    found = hall.record()
    ahead = replace(found, history=replace(found.history, heights={HERE: 10**9, THERE: 0}))
    with pytest.raises(RecordUnfit, match="fuji: the record is of block 1000000000"):
        bring_up_to_date(ahead, hall.networks.clients)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("NEW", "NEW"),
        ("USDC", "T6"),
        ("uSDc", "T6"),
        ("\x1b[2J", "T6"),
        ("1", "T6"),
        ("T7", "T6"),
        ("t7", "T6"),
        ("", "T6"),
    ],
)
def test_record__a_new_token_names_itself__only_a_plain_and_new_symbol(hall: Hall, said: str, kept: str) -> None:
    stranger = hall.networks.world.roles.stranger
    for chain, client in hall.networks.clients.items():
        token = client.deploy(stranger, load_contract("TestToken"), "New coin", said, 6)
        config = TokenConfig(frozenset(hall.chains), token, 6, Amount(10), Amount(10**9))
        hall.do(chain, hall.registry(chain).encode("register_token", NEW, config.abi()))
    assert hall.record().deployment.token(NEW).symbol == kept


def test_verify__symbols_of_a_record_were_exchanged__the_contracts_own_are_said(hall: Hall) -> None:
    """Nothing on a chain says what a token is called on layer 2, so a person has to look."""
    clients, deployment = hall.networks.clients, hall.dossier.deployment
    before, usdc = set(list_other_symbols(hall.dossier, clients)), deployment.token(TokenId(1))
    tokens = tuple(replace(usdc, symbol="WBTC") if plan is usdc else plan for plan in deployment.tokens)
    exchanged = replace(hall.dossier, deployment=replace(deployment, tokens=tokens))
    assert hall.wrong(exchanged) == hall.wrong(hall.dossier)
    assert set(list_other_symbols(exchanged, clients)) - before == {
        f"token 1 (WBTC) on {deployment.chains[k].name}: {address} calls itself 'USDC'"
        for k, address in usdc.contracts.items()
    }


def test_command__a_change__written_and_said_once(hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pair.json"
    path.write_text(hall.dossier.to_json())
    monkeypatch.setattr(command, "connect", lambda *given: hall.networks.clients)
    lock = TimelockClient(hall.networks.clients[HERE], hall.chains[HERE].timelock)
    lock.act(GOVERNOR, hall.registry(HERE).encode("pause_token", 1))
    hall.confirm()
    said = CliRunner().invoke(govern, ["record", str(path)]).output
    assert "token 1 is paused" in said and said.rstrip().endswith("restart what has read it")
    assert hall.wrong(Dossier.from_json(path.read_text())) == set()
    before = path.read_text()
    said = CliRunner().invoke(govern, ["record", str(path)]).output
    assert said == f"{path} is up to date: nothing has changed\n" and path.read_text() == before


def test_command__the_chains_of_another_deployment__nothing_is_written(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, data = tmp_path / "pair.json", json.loads(hall.dossier.to_json())
    data["deployment_hash"] = f"0x{'11' * 32}"
    path.write_text(json.dumps(data))
    monkeypatch.setattr(command, "connect", lambda *given: hall.networks.clients)
    found = CliRunner().invoke(govern, ["record", str(path)])
    assert found.exit_code == 1 and "is not the deployment of" in found.output
    assert json.loads(path.read_text()) == data
