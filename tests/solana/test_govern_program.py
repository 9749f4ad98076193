"""`ape run govern program` and `ape run proposals` on a chain whose bridge is a program: shown, proposed, executed,
taken back, by the commands alone, over a node of the laboratory's ledger.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import click
import httpx
import pytest
from click.testing import CliRunner
from solders.account import Account
from solders.instruction import AccountMeta
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.deploying.test_mints import encode_mint
from tests.support.solana.founding import POLYGON, SLOTS_PER_DAY, SOL, SOLANA
from tests.support.solana.lock import found_lock
from tests.support.solana.machine import NATIVE_MINT, TOKEN_2022, associated, key_of
from tests.support.solana.on_ledger import LedgerMachine
from tests.support.solana.site import Site
from zklink.cli import program_sending, proposals
from zklink.cli.govern_program import program
from zklink.l1.deployment.places import ProgramDeployment
from zklink.l1.deployment.records import Deployment, TokenPlan
from zklink.lab.solana.chain import LocalSolana
from zklink.protocol.errors import RpcUnavailable, TokenUnfit
from zklink.protocol.ids import DAY, GROUP_DELAY_SECONDS, Amount, TokenId
from zklink.solana.client.node import SolanaNode
from zklink.solana.client.sending import Sender
from zklink.solana.client.timelock import plan_call
from zklink.solana.interface import accounts as layouts
from zklink.solana.interface.timelock import accounts
from zklink.upkeep.program_government import ProgramGovernment
from zklink.upkeep.program_words import STRANGE


class Desk:
    """Somebody who governs by the commands. The deployment is as much of one as they look at."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, has_sol: bool = True) -> None:
        machine = LedgerMachine()
        self.folder, self.chain = folder, machine.chain
        self.lock = found_lock(Site(machine=machine), is_founding=True)
        if has_sol:
            self.lock.act(self.lock.register_call(SOL, self.lock.owner.pubkey()))
        self.lock.close_founding()
        self.chain.finalize()
        site = self.lock.site
        genesis = str(self.chain.rpc("getGenesisHash"))
        here = (str(site.id), str(site.bridge), 1, str(self.lock.timelock.id))
        self.place = ProgramDeployment(SOLANA, "solana", genesis, *here)
        sol = TokenPlan(SOL, "SOL", 6, {}, Amount(1), Amount(1))
        polygon = SimpleNamespace(name="polygon")
        self.deployment = cast(
            "Deployment",
            SimpleNamespace(
                programs={SOLANA: self.place},
                chains={POLYGON: polygon},
                places={POLYGON: polygon, SOLANA: self.place},
                tokens=(sol,),
            ),
        )
        monkeypatch.setattr(program_sending, "find_deployment", lambda name: self.deployment)
        monkeypatch.setattr(program_sending, "open_node", lambda *given: open_node(self.chain))
        monkeypatch.setattr(program_sending, "open_sender", open_sender)
        monkeypatch.setattr(proposals, "find_deployment", lambda name: self.deployment)
        monkeypatch.setattr(proposals, "reach_bridges", lambda *given: ({}, {}))
        monkeypatch.setattr(proposals, "find_urls", lambda *given: {})

    def run(self, *arguments: str, by: Keypair | None = None, code: int = 0) -> str:
        signed = ("--keypair", self.key(by)) if by is not None else ()
        return self._invoke(program, [*arguments, *signed, "d"], code)

    def proposals(self, *arguments: str, code: int = 0) -> str:
        return self._invoke(proposals.proposals, [*arguments, "d"], code)

    def key(self, keypair: Keypair) -> str:
        path = self.folder / f"{keypair.pubkey()}.json"
        path.write_text(json.dumps(list(bytes(keypair))))
        return str(path)

    def wait(self, seconds: int) -> None:
        self.chain.mine(-(-seconds // DAY) * SLOTS_PER_DAY)
        self.chain.advance_time(seconds)
        self.chain.finalize()

    def _invoke(self, command: click.Command, arguments: list[str], code: int) -> str:
        self.chain.finalize()
        found = CliRunner().invoke(command, arguments)
        assert found.exit_code == code, (found.output, found.exception)
        self.chain.finalize()
        return found.output


def open_node(chain: LocalSolana, lies: Mapping[str, Any] = MappingProxyType({})) -> SolanaNode:
    """A node of a chain, which lets a slot pass with each question; `lies` are answers by method."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        if asked["method"] == "getSignatureStatuses":
            chain.mine()
        found = chain.answer(asked["method"], asked["params"])
        if asked["method"] in lies:
            found = {"result": lies[asked["method"]]}
        return httpx.Response(200, json={**found, "id": asked["id"]})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    return SolanaNode("solana", "http://node.example", http, lambda seconds: None)


def open_sender(government: ProgramGovernment, payer: Keypair) -> Sender:
    """Who sends without waiting."""
    return Sender(government.node, payer, pause=lambda seconds: None)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    yield Desk(tmp_path, monkeypatch)


OPEN_NODE = program_sending.open_node


def test_proposals__a_node_that_hides_one__not_believed_alone_by_a_quorum(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.run("limits", "--token", "SOL", "--least", "3", "--cap", "7", by=desk.lock.owner)
    desk.chain.finalize()
    hidden, make = str(desk.lock.timelock.proposal(1)), httpx.Client

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        found = desk.chain.answer(asked["method"], asked["params"])
        if request.url.host == "liar.example" and hidden in str(asked["params"]):
            found["result"]["value"] = [None] * len(found["result"]["value"])
        return httpx.Response(200, json={**found, "id": asked["id"]})

    monkeypatch.setattr(httpx, "Client", lambda **given: make(transport=httpx.MockTransport(answer)))
    monkeypatch.setattr(program_sending, "open_node", OPEN_NODE)
    nodes = [f"solana=http://{name}.example" for name in ("liar", "first", "second")]
    several = [part for node in nodes for part in ("--rpc", node)]
    assert "nothing waits" in desk.proposals(*several)
    assert "SOL (token 3): admitted, at least 3, cap 7" in desk.proposals(*several, "--quorum", "2")


REST = ("--symbol", "NEW", "--decimals", "6", "--least", "7", "--cap", "5000000000")
NEW, WALLET = 5, "11111111111111111111111111111112"
POINTER, FEES = 18, 1
"""Extensions of Token-2022: where its metadata are, and a fee on transfers."""


def register(desk: Desk, *given: str, by: Keypair | None = None, code: int = 0) -> str:
    return desk.run("register-token", "--id", str(NEW), *REST, *given, by=by, code=code)


def read_new(desk: Desk) -> dict[str, Any]:
    return dict(desk.lock.site.books(TokenId(NEW)))


def test_register_token__a_mint__looked_at_proposed_and_executed_by_anybody(desk: Desk) -> None:
    site = desk.lock.site
    mint = site.make_mint(9)
    places = ("--at", f"solana={mint}", "--at", f"polygon=0x{bytes(19).hex()}aa")
    said = (
        f"register token 5 on polygon, solana: mint {mint} here; 6 decimals, at least 7, cap 5000000000 layer-2 units"
    )
    assert said in register(desk, *places) and desk.lock.state()["count"] == 0
    register(desk, *places, by=desk.lock.owner)
    assert said in desk.proposals()
    desk.wait(GROUP_DELAY_SECONDS)
    before = desk.chain.ledger.svm.get_balance(desk.lock.timelock.purse)
    assert not before, "nobody has put anything into the purse"
    assert f"executed: {said}" in desk.run("execute", by=desk.lock.stranger)
    found = read_new(desk)
    assert (found["mint"], found["scale"], found["minimum"], found["cap"]) == (bytes(mint), 1_000, 7, 5 * 10**9)
    assert found["chains"] == 1 << POLYGON | 1 << SOLANA
    assert desk.chain.ledger.svm.get_account(associated(site.bridge, mint)) is not None, "its vault is there"


def test_register_token__of_token_2022_with_what_only_describes_it__taken(desk: Desk) -> None:
    mint = plant_mint(desk, POINTER, bytes(64))
    register(desk, "--at", f"solana={mint}", by=desk.lock.owner)
    desk.wait(GROUP_DELAY_SECONDS)
    desk.run("execute", by=desk.lock.stranger)
    assert read_new(desk)["program"] == bytes(TOKEN_2022)


def test_execute__a_node_that_says_any_rent__gets_nothing_of_the_payer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is put into the purse does not come back, and how much that is a node says."""
    register(desk, "--at", f"solana={desk.lock.site.make_mint(6)}", by=desk.lock.owner)
    desk.wait(GROUP_DELAY_SECONDS)
    lie = {"getMinimumBalanceForRentExemption": 30 * 10**9}
    monkeypatch.setattr(program_sending, "open_node", lambda *given: open_node(desk.chain, lie))
    found = CliRunner().invoke(program, ["execute", "--keypair", desk.key(desk.lock.stranger), "d"])
    assert isinstance(found.exception, RpcUnavailable) and "by its word the purse lacks" in str(found.exception)
    assert desk.lock.machine.lamports(desk.lock.timelock.purse) == 0


def test_execute__one_that_fails__does_not_hold_up_the_others(desk: Desk) -> None:
    """Such as a token whose mint is another one by now."""
    mint = desk.lock.site.make_mint(6)
    register(desk, "--at", f"solana={mint}", by=desk.lock.owner)
    desk.run("limits", "--token", "SOL", "--least", "3", "--cap", "5000000000000", by=desk.lock.owner)
    desk.wait(GROUP_DELAY_SECONDS)
    desk.lock.machine.put(mint, TOKEN_2022, encode_mint([(FEES, bytes(108))]))
    said = desk.run("execute", by=desk.lock.stranger, code=1)
    assert "solana: proposal 1 failed, the others go on: " in said and "executed: SOL (token 3)" in said
    assert books(desk) == (3, 5 * 10**12, 0)


def test_register_token__a_purse_with_a_little_more_than_the_rent__filled_up(desk: Desk) -> None:
    """What would be left of it is less than an address may hold, so the runtime would refuse to take the rent."""
    machine, purse = desk.lock.machine, desk.lock.timelock.purse
    mint = desk.lock.site.make_mint(6)
    register(desk, "--at", f"solana={mint}", by=desk.lock.owner)
    machine.fund(purse, machine.rent(layouts.TOKEN.size) + machine.rent(layouts.MINT.size) + 1)
    desk.wait(GROUP_DELAY_SECONDS)
    desk.run("execute", by=desk.lock.stranger)
    assert read_new(desk)["mint"] == bytes(mint) and machine.lamports(purse) == machine.rent(0)


def test_register_token__sol_and_one_that_is_not_there__by_the_purse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, monkeypatch, has_sol=False)
    said = register(desk, "--at", "solana=coin", by=desk.lock.owner)
    assert "register token 5 on solana: the coin of this chain; 6 decimals" in said
    elsewhere = ("--id", "6", *REST, "--at", f"polygon=0x{bytes(19).hex()}aa")
    assert "register token 6 on polygon: not on this chain" in desk.run(
        "register-token", *elsewhere, by=desk.lock.owner
    )
    desk.wait(GROUP_DELAY_SECONDS)
    assert desk.run("execute", by=desk.lock.stranger).count("executed") == 2
    assert (read_new(desk)["mint"], read_new(desk)["scale"]) == (bytes(NATIVE_MINT), 1_000)
    assert desk.lock.site.books(TokenId(6))["chains"] == 1 << POLYGON


def test_register_token__that_the_program_would_refuse__a_sentence_and_no_proposal(desk: Desk) -> None:
    mint = desk.lock.site.make_mint(6)
    fees, few = plant_mint(desk, FEES, bytes(108)), desk.lock.site.make_mint(5)
    desk.chain.finalize()
    refusals = [
        ((f"solana={fees}",), f"the mint {fees} has a fee on transfers, no bridge takes it"),
        ((f"solana={WALLET}",), f"{WALLET} is no mint of SPL Token or Token-2022"),
        ((f"solana={few}",), f"the mint {few} has 5 decimals, which do not fit 6 on layer 2"),
        (("solana=coin",), "its mint is token 3 there already"),
        ((f"solana={mint}", "--cap", str(1 << 64)), f"the cap is at most {(1 << 64) - 1} layer-2 units"),
        ((f"solana={mint}", "--least", "6000000000"), "its minimum is above its cap"),
        ((f"solana={mint}", "--id", "3"), "token 3 is registered there already"),
        ((f"solana={mint}", "--id", "8"), "ids of tokens are 1 to 7"),
    ]
    for (place, *more), sentence in refusals:
        found = CliRunner().invoke(
            program,
            [
                "register-token",
                "--id",
                str(NEW),
                *REST,
                "--at",
                place,
                *more,
                "--keypair",
                desk.key(desk.lock.owner),
                "d",
            ],
        )
        assert isinstance(found.exception, TokenUnfit) and sentence in str(found.exception), (place, found.output)
    assert "is not an address of Solana" in register(desk, "--at", "solana=0x12", code=2)
    assert desk.lock.state()["count"] == 0


def plant_mint(desk: Desk, extension: int, data: bytes) -> Pubkey:
    """A mint of Token-2022 with an extension."""
    place = key_of(f"mint with {extension}").pubkey()
    return desk.lock.machine.put(place, TOKEN_2022, encode_mint([(extension, data)]))


def books(desk: Desk) -> tuple[int, int, int]:
    found = desk.lock.site.books(SOL)
    return found["minimum"], found["cap"], found["is_paused"]


def test_limits__proposed_and_executed__by_the_commands_alone(desk: Desk) -> None:
    limits = ("limits", "--token", "SOL", "--least", "3", "--cap", "5000000000000")
    words = "SOL (token 3): admitted, at least 3, cap 5000000000000 layer-2 units"
    shown = desk.run(*limits)
    assert words in shown and f"{desk.lock.owner.pubkey()} must sign" in shown and "nothing is sent" in shown
    assert desk.lock.state()["count"] == 0 and "nothing waits" in desk.proposals()
    assert "it is for" in desk.run(*limits, by=desk.lock.stranger, code=1)
    assert "proposed, as number 1" in desk.run(*limits, by=desk.lock.owner)
    told = desk.proposals()
    assert words in told and "solana: waits, from" in told and "id 1" in told
    assert "executed" not in desk.run("execute", by=desk.lock.stranger)
    desk.wait(GROUP_DELAY_SECONDS)
    assert "anybody can execute it, until" in desk.proposals()
    assert f"executed: {words}" in desk.run("execute", by=desk.lock.stranger)
    assert books(desk) == (3, 5 * 10**12, 0)
    assert "nothing waits" in desk.proposals() and "solana: executed; id 1" in desk.proposals("--all")


def test_swift__pause_and_tighten__at_once_and_only_a_proposal_admits_again(desk: Desk) -> None:
    desk.run("limits", "--token", "3", "--least", "7", "--cap", "100", "--tighten", by=desk.lock.owner)
    desk.run("pause", "--token", "SOL", by=desk.lock.owner)
    assert books(desk) == (7, 100, 1)
    desk.run("unpause", "--token", "SOL", by=desk.lock.owner)
    desk.wait(GROUP_DELAY_SECONDS)
    desk.run("execute", "--id", "1", by=desk.lock.stranger)
    assert books(desk) == (7, 100, 0)


def test_groups_and_ends__swift__as_the_timelock_takes_them(desk: Desk) -> None:
    site = desk.lock.site
    listed = [f"0x{bytes([9]).hex() * 19}{i:02x}" for i in range(5)]
    members = [part for member in listed for part in ("--member", member)]
    desk.run("members", "--group", "watchers", "--threshold", "3", *members, by=desk.lock.owner)
    gone = next(iter(site.groups.watchers.members))
    desk.run("remove-member", "--group", "watchers", "--member", gone, by=desk.lock.owner)
    assert site.state()["group_counts"] == [5, 4]
    for act in ("deny-end", "void-end"):
        assert "must sign this call" in desk.run(act)


def test_owner_and_setter__named_and_accepted(desk: Desk) -> None:
    heir, owner = desk.lock.heir, desk.lock.owner
    desk.run("owner", "--to", str(heir.pubkey()), by=owner)
    desk.run("setter", "--to", str(desk.lock.setter.pubkey()), by=owner)
    bounds = desk.run("price-bounds", "--at", "deposit=5:500", "--at", "polygon=1:9", by=owner)
    assert "deposit: between 5 and 500 lamports" in bounds and "swaps to polygon: between 1 and 9 lamports" in bounds
    told = desk.proposals()
    assert f"{heir.pubkey()} owns the timelock when it accepts" in told
    assert f"{desk.lock.setter.pubkey()} sets prices" in told
    desk.run("cancel", "--id", "2", by=owner)
    desk.wait(GROUP_DELAY_SECONDS)
    desk.run("execute", by=desk.lock.stranger)
    desk.run("accept-ownership", by=heir)
    state = desk.lock.state()
    assert (state["owner"], state["setter"]) == (bytes(heir.pubkey()), bytes(32))
    assert (state["lows"][9], state["highs"][1]) == (5, 9)
    assert desk.lock.stage(2) == accounts.CANCELLED


def test_upgrade_and_finalise__proposed__say_what_they_are(desk: Desk) -> None:
    buffer = key_of("next").pubkey()
    said = desk.run("upgrade", "--buffer", str(buffer), by=desk.lock.owner)
    assert f"the program becomes what is in {buffer}, whose keccak256 must be 0x" in said
    assert "room" not in said
    code = desk.folder / "larger.so"
    code.write_bytes(desk.lock.site.program + bytes(33))
    said = desk.run("upgrade", "--buffer", str(buffer), "--code", str(code))
    assert f"must run `solana program extend {desk.lock.site.id} 10240`" in said
    assert "nobody may upgrade the program, ever" in desk.run("finalise", by=desk.lock.owner)


def test_proposals__a_call_that_is_none_of_government_s__said_and_left(desk: Desk) -> None:
    """Such as one that has the bridge's bytes and another bridge."""
    lock = desk.lock
    strange = lock.note_call(5)
    strange.accounts = [strange.accounts[0], AccountMeta(key_of("another bridge").pubkey(), False, True)]
    lock.propose(plan_call(strange))
    told = desk.proposals(code=1)
    assert STRANGE in told and "not read" in told
    desk.wait(GROUP_DELAY_SECONDS)
    assert f"left: proposal 1: {STRANGE}" in desk.run("execute", by=lock.stranger)
    assert lock.stage(1) == accounts.WAITING


def change(desk: Desk, place: Pubkey, spoil: Callable[[bytes], bytes]) -> None:
    """A node shows something else of an account."""
    found = desk.chain.ledger.svm.get_account(place)
    assert found is not None
    desk.chain.ledger.put(place, Account(found.lamports, spoil(bytes(found.data)), found.owner))
    desk.wait(1)
    desk.chain.mine()


def test_proposals__a_node_that_says_there_are_endless_many__not_read(desk: Desk) -> None:
    at, many = accounts.TIMELOCK.offset("count"), (1 << 60).to_bytes(8, "little")
    change(desk, desk.lock.timelock.address, lambda data: data[:at] + many + data[at + 8 :])
    assert "solana: not read: " in (told := desk.proposals(code=1)) and "more than anybody can look at" in told


@pytest.mark.parametrize("size", [1, accounts.PROPOSAL.size, -1])
def test_proposals__a_node_that_shows_half_of_one__not_read(desk: Desk, size: int) -> None:
    desk.run("limits", "--token", "SOL", "--least", "3", "--cap", "7", by=desk.lock.owner)
    change(desk, desk.lock.timelock.proposal(1), lambda data: data[:size])
    assert "solana: not read: " in (told := desk.proposals(code=1)) and "a proposal is none" in told


def test_commands__that_cannot_be__say_why(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "none of" in desk.run("price-bounds", "--at", "moon=1:2", code=2)
    assert "lower first" in desk.run("price-bounds", "--at", "deposit=2:1", code=2)
    assert "not an address of Solana" in desk.run("owner", "--to", "0x12", code=2)
    assert "--chain names one" in desk.run("finalise", "--chain", "moon", code=1)
    assert "--keypair pays" in desk.run("execute", code=2)
    bad = desk.folder / "bad.json"
    bad.write_text("[1, 2]")
    assert "--keypair" in desk._invoke(program, ["finalise", "--keypair", str(bad), "d"], 2)

    def away(*given: object) -> SolanaNode:
        raise RpcUnavailable("solana", "getSlot", 5, "away")

    monkeypatch.setattr(program_sending, "open_node", away)
    assert "solana: not read: " in desk.proposals(code=1)
    monkeypatch.setattr(desk.deployment, "programs", {SOLANA: ProgramDeployment(SOLANA, "solana", "1", "1", "1", 1)})
    assert "a key governs it" in desk.run("finalise", code=1)
    assert "nothing waits" in desk.proposals()
