"""What goes wrong on a Solana chain of a world, and at a node before it: what happens, and how the story tells it."""

import base64
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.solana_wallets import ALICE, BOBS, SOL, balance, pay
from tests.support.tries import tries
from zklink.lab.chain import ChainSpec
from zklink.lab.chains import Backend, open_chains
from zklink.lab.errors import FaultUnavailable, NoSuchChain, PlanInapplicable
from zklink.lab.faults import BadNode, Drift, Dropped, FaultPlan, FullPool, Halt, Reorg, Skew, SlowBlocks, Withheld
from zklink.lab.faults.hunt import hunt, run_plan
from zklink.lab.faults.of_nodes import kinds_of
from zklink.lab.faults.strategies import plans
from zklink.lab.rpc_faults import DROPPED, LOST, error, stale, wrong_chain
from zklink.lab.rpc_http import HttpNode
from zklink.lab.solana.base import SolanaSpec
from zklink.lab.world import LabWorld

SPECS: list[ChainSpec | SolanaSpec] = [ChainSpec("left", 101, 2.0), SolanaSpec(confirmed_slots=2, finalized_slots=8)]
SIGNED = {"encoding": "base64"}


def open_lab(backend: Backend = "revm") -> LabWorld:
    """Both kinds of chains; Alice has been rich for long."""
    world = LabWorld(open_chains(backend, SPECS))
    world.ledger().give(ALICE.pubkey(), 1_000 * SOL)
    world.solana().finalize()
    return world


@pytest.fixture(scope="module")
def opened() -> Iterator[LabWorld]:
    with open_lab() as world:
        yield world


@pytest.fixture
def world(opened: LabWorld) -> Iterator[LabWorld]:
    with opened.isolated():
        yield opened


def told(world: LabWorld) -> list[tuple[int, str]]:
    return [(line.round, line.text) for line in world.story.lines if line.where == "solana"]


def ask(node: Any, method: str, *parameters: Any) -> Any:
    return node.make_request(method, list(parameters))


# -- on the chain ------------------------------------------------------------------------------------------------------


def test_dropped__what_waits_and_what_is_sent__never_lands(world: LabWorld) -> None:
    def play(world: LabWorld) -> None:
        solana = world.solana()
        for number in (1, 2, 4, 8):
            world.submit("solana", pay(solana, number * SOL), f"alice pays {number}")
            world.round()
        assert (balance(solana), world.is_idle()) == (8 * SOL, True)
        assert told(world) == [
            (0, "alice pays 1"),
            (1, "FAULT: transactions are dropped for 2 rounds; of those that wait, alice pays 1"),
            (1, "alice pays 2"),
            (2, "alice pays 4"),
            (3, "alice pays 8"),
        ]

    run_plan(world, FaultPlan.of((1, Dropped("solana", 2))), play)


def test_dropped__the_same_bytes_again__land_once(world: LabWorld) -> None:
    solana = world.solana()
    with world.by_rounds():
        wire = pay(solana, SOL, level="finalized")
        world.submit("solana", wire)
        world.strike(Dropped("solana", 1))
        world.round(2)
        assert balance(solana) == 0
        world.submit("solana", wire)
        world.round()
        assert balance(solana) == SOL


def test_withheld__what_waits_now__lands_later_and_what_comes_after_at_once(world: LabWorld) -> None:
    solana = world.solana()
    with world.by_rounds():
        first = world.submit("solana", pay(solana, SOL), "alice pays 1")
        world.strike(Withheld("solana", 2))
        world.submit("solana", pay(solana, 2 * SOL), "alice pays 2")
        world.round()
        assert (balance(solana), solana.waiting()) == (2 * SOL, (first,))
        world.round(2)
        assert (balance(solana), solana.waiting()) == (3 * SOL, ())
    assert (0, "FAULT: withheld for 2 rounds: alice pays 1") in told(world)


def test_withheld__until_its_blockhash_has_expired__never_lands(world: LabWorld) -> None:
    solana = world.solana()
    with world.by_rounds():
        world.submit("solana", pay(solana, SOL))
        world.strike(Withheld("solana", 40))
        world.round(42)
        assert balance(solana) == 0


def test_slow_slots_and_clocks__as_on_other_chains(world: LabWorld) -> None:
    solana = world.solana()
    slot, time = solana.height(), solana.head_timestamp()
    with world.by_rounds([]):
        for fault in (SlowBlocks("solana", 2, 4), Drift("solana", 50), Skew("solana", 100)):
            world.strike(fault)
        world.round(4)
    assert (solana.height() - slot, solana.head_timestamp() - time) == (2 * 4, 100 + 4 * 3)


def test_reorg__names_of_what_it_takes__are_in_the_story(world: LabWorld) -> None:
    solana = world.solana()
    with world.by_rounds():
        world.submit("solana", pay(solana, SOL, level="finalized"), "alice pays 1")
        world.round()
        world.strike(Reorg("solana", 5, back=()))
    assert told(world)[-1][1].endswith("gone for good: alice pays 1")


@pytest.mark.parametrize("backend", ["test", "revm"])
def test_faults__beside_any_chain__are_those_of_solana(backend: Backend) -> None:
    """What the EVM chains are made of says nothing about the other one."""
    with open_lab(backend) as world:
        for fault in (Reorg("solana", 1), Withheld("solana", 1), Dropped("solana", 1), BadNode("solana", "stale", 1)):
            fault.check(world)
        with pytest.raises(FaultUnavailable, match="solana: FullPool needs chains made of revm"):
            FullPool("solana", 1).check(world)
        with pytest.raises(FaultUnavailable, match="left: Dropped needs chains made of litesvm"):
            Dropped("left", 1).check(world)


def test_hunt__wallet_that_sends_once__is_found_out_and_shrunk_to_one_fault(world: LabWorld) -> None:
    def play(world: LabWorld) -> None:
        solana = world.solana()
        world.round()
        world.submit("solana", pay(solana, SOL, level="finalized"), "alice pays 1 SOL")
        world.round(12)
        assert balance(solana) == SOL, "bob has nothing"

    with pytest.raises(AssertionError, match="bob has nothing") as failure:
        hunt(world, play, plans(world.places, (Dropped, Halt)), seed=1)
    assert "It fails with this fault:\n  round 1: solana drops transactions for 1 round" in failure.value.__notes__[0]


# -- a node before it --------------------------------------------------------------------------------------------------


def test_node__stale__reads_what_was_and_sends_all_the_same(world: LabWorld) -> None:
    solana, node = world.solana(), world.solana_node()
    solana.send(pay(solana, SOL))
    solana.mine(2)
    node.always["getBalance"] = node.always["getSlot"] = stale(3)
    processed = {"commitment": "processed"}
    assert ask(node, "getSlot", processed)["result"] == solana.height() - 3
    assert ask(node, "getBalance", str(BOBS), processed)["result"]["value"] == 0
    solana.mine()
    assert ask(node, "getBalance", str(BOBS), processed)["result"]["value"] == SOL
    node.always["sendTransaction"] = stale(3)
    assert "result" in ask(node, "sendTransaction", base64.b64encode(pay(solana, SOL)).decode(), SIGNED)
    assert balance(solana) == 2 * SOL


def test_node__drops_what_it_is_sent__and_says_its_name(world: LabWorld) -> None:
    solana, node = world.solana(), world.solana_node()
    wire = pay(solana, SOL)
    sent = base64.b64encode(wire).decode()
    node.fail("sendTransaction", DROPPED, LOST)
    assert ask(node, "sendTransaction", sent, SIGNED)["result"] == world.ledger().signature_of(wire)
    assert balance(solana) == 0
    with pytest.raises(requests.ConnectionError, match="the answer was lost"):
        ask(node, "sendTransaction", sent, SIGNED)
    assert balance(solana) == SOL


def test_node__of_another_cluster__has_another_genesis(world: LabWorld) -> None:
    node = world.solana_node()
    node.fail("getGenesisHash", wrong_chain(7), error("busy", -32005))
    other, busy = ask(node, "getGenesisHash")["result"], ask(node, "getGenesisHash")["error"]
    assert len({other, world.solana().rpc("getGenesisHash")}) == 2
    assert (len(other), busy) == (32, {"code": -32005, "message": "busy"})


def test_node__over_http__is_the_same(world: LabWorld) -> None:
    with HttpNode(world.solana_node()) as served, requests.Session() as session:
        session.trust_env = False
        world.strike(BadNode("solana", "unavailable", 1))
        asked = {"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": []}
        assert session.post(served.url, json=asked, timeout=10).status_code == 503
        world.round(2)
        assert session.post(served.url, json=asked, timeout=10).json()["result"] == world.solana().height() - 8


@pytest.mark.parametrize("kind", kinds_of("litesvm"))
def test_bad_node__each_kind__is_seen_by_who_asks_and_heals(world: LabWorld, kind: str) -> None:
    solana, node = world.solana(), world.solana_node()
    signature = solana.send(pay(solana, SOL))
    solana.mine(10)

    def look() -> list[Any]:
        seen: list[Any] = []
        wire = base64.b64encode(pay(solana, 2 * SOL)).decode()
        reads: list[tuple[str, list[Any]]] = [
            ("getGenesisHash", []),
            ("getSlot", []),
            ("getTransaction", [signature, SIGNED]),
        ]
        for method, parameters in (*(reads * 4), ("sendTransaction", [wire, SIGNED])):
            try:
                seen.append(ask(node, method, *parameters))
            except (OSError, ValueError) as problem:
                seen.append(type(problem))
        return [*seen, balance(solana)]

    with world.isolated():
        well = look()
    with world.isolated():
        world.strike(BadNode("solana", kind, 1))
        assert look() != well
        world.round(2)
    with world.isolated():
        assert look() == well


def test_bad_node__kind_of_another_chain__one_sentence(world: LabWorld) -> None:
    assert set(kinds_of("revm")) > set(kinds_of("litesvm"))
    with pytest.raises(PlanInapplicable, match="no node does empty logs; there are away, dropped sends"):
        world.strike(BadNode("solana", "empty logs", 1))
    with pytest.raises(NoSuchChain, match="there are solana"):
        world.solana_node("left")
    with pytest.raises(NoSuchChain, match="there are left"):
        world.node("solana")


@given(st.data())
@tries(15)
def test_plans__of_all_faults__a_patient_wallet_pays_once(opened: LabWorld, data: st.DataObject) -> None:
    """Alice asks a node that may be sick, and sends the same bytes until they are finalized."""
    with opened.isolated():
        solana, node = opened.solana(), opened.solana_node()
        plan = data.draw(plans(opened.places))
        with opened.by_rounds(plan.strikes):
            opened.round()
            wire = pay(solana, SOL, level="finalized")
            for _ in range(24):
                with contextlib.suppress(OSError, ValueError):
                    ask(node, "sendTransaction", base64.b64encode(wire).decode(), SIGNED | {"skipPreflight": True})
                opened.round()
            assert balance(solana) == SOL
