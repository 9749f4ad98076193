"""Local chains of any name and id, set back together, and the sentences of what cannot be."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.conftest import SPECS
from tests.lab.scenes import balance, head, pay
from tests.support.engines import ENGINES, note_engine
from zklink.devnet.anvil_command import anvil_path
from zklink.devnet.devnet_chain import compute_spec
from zklink.devnet.profiles import PROFILES
from zklink.lab.accounts import ACCOUNT_COUNT, BALANCE_ETHER, funded_accounts
from zklink.lab.chain import ChainSpec, LocalChain
from zklink.lab.chains import BACKENDS, Backend, LocalChains, describe_backend, open_chains
from zklink.lab.errors import (
    AnvilFailed,
    AnvilMissing,
    ForkElsewhere,
    ForkUnnamed,
    ForkUnreachable,
    NodeRefused,
    NoSuchBackend,
    NoSuchChain,
    PortTaken,
    PyrevmMissing,
    SpecUnusable,
)
from zklink.lab.processes import make_folder
from zklink.lab.revm import pyrevm_import
from zklink.lab.solana.base import SolanaSpec
from zklink.lab.world import LabWorld

Chains = LocalChains[LocalChain]


@pytest.fixture(scope="module", params=BACKENDS)
def opened_chains(request: pytest.FixtureRequest) -> Iterator[Chains]:
    """The same three chains in each back end; there is no network, so the forks are of stand-ins."""
    backend: Backend = request.param
    with pytest.MonkeyPatch.context() as patch:
        for spec in SPECS:
            patch.delenv(f"{spec.name.upper()}_RPC", raising=False)
        with open_chains(backend, SPECS, anvil_path, stand_ins=True) as chains:
            yield chains


@pytest.fixture
def any_chains(opened_chains: Chains) -> Chains:
    note_engine(ENGINES[opened_chains.backend])
    return opened_chains


def test_open__names_that_ape_does_not_know__their_own_ids_and_funded_accounts(any_chains: Chains) -> None:
    assert [chain.w3.eth.chain_id for chain in any_chains] == [4_001, 4_002, 4_003]
    for chain in any_chains:
        for account in funded_accounts():
            assert chain.w3.eth.get_balance(account.address) == BALANCE_ETHER * 10**18
    assert len(set(funded_accounts())) == ACCOUNT_COUNT


def test_use__each_chain__is_the_one_that_ape_talks_to(any_chains: Chains) -> None:
    from ape import chain as ape_chain

    seen = []
    for chain in any_chains:
        with chain.use():
            seen.append(ape_chain.chain_id)
    assert seen == [4_001, 4_002, 4_003]


def test_isolated__one_chain_moves__only_it_has_moved_and_all_are_set_back(any_chains: Chains) -> None:
    before, heads = [balance(chain) for chain in any_chains], [head(chain)["hash"] for chain in any_chains]
    with any_chains.isolated():
        pay(any_chains.by_name("beta"))
        any_chains.by_name("alpha").advance_time(60)
        moved = [chain.name for chain, old in zip(any_chains, heads, strict=True) if head(chain)["hash"] != old]
        assert moved == ["alpha", "beta"]
        assert [balance(chain) for chain in any_chains] == [before[0], before[1] + 1, before[2]]
    assert [balance(chain) for chain in any_chains] == before
    assert [head(chain)["hash"] for chain in any_chains] == heads


def test_open__fork_without_a_node__is_marked_as_a_stand_in(any_chains: Chains) -> None:
    assert {chain.is_stand_in for chain in any_chains} == {any_chains.backend == "fork"}


def test_open__fork_of_a_node__has_its_history_and_is_no_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = SPECS[0]
    with open_chains("anvil", [spec], anvil_path) as (origin,):
        pay(origin)
        monkeypatch.setenv("ALPHA_RPC", str(origin.node_url))
        with open_chains("fork", [spec], anvil_path) as (fork,):
            assert not fork.is_stand_in
            assert head(fork)["number"] == 1
            pay(fork)
        assert head(origin)["number"] == 1


@pytest.mark.parametrize("known", [SPECS[0], ChainSpec("polygon", 137)], ids=["any chain", "a chain of ape's"])
def test_open__fork_of_a_node_that_is_not_there__names_the_variable_and_hides_the_address(
    monkeypatch: pytest.MonkeyPatch, known: ChainSpec
) -> None:
    monkeypatch.setenv(f"{known.name.upper()}_RPC", "http://127.0.0.1:1/v2/secret-key")
    with pytest.raises(ForkUnreachable) as caught:
        open_chains("fork", [known], anvil_path)
    assert str(caught.value) == f"{known.name}: the node in {known.name.upper()}_RPC does not answer (ConnectionError)"


def test_open__fork_of_another_chain__says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_chains("anvil", SPECS[:1], anvil_path) as (alpha,):
        monkeypatch.setenv("BETA_RPC", str(alpha.node_url))
        with pytest.raises(ForkElsewhere, match="beta: the node in BETA_RPC serves EVM chain 4001, not 4002"):
            open_chains("fork", SPECS[1:2], anvil_path)


def test_open__fork_without_a_node__one_sentence_unless_a_stand_in_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALPHA_RPC", raising=False)
    with pytest.raises(ForkUnnamed) as caught:
        open_chains("fork", SPECS[:1], anvil_path)
    assert str(caught.value) == (
        "alpha: a fork needs a node: put its address into ALPHA_RPC, or choose another back end"
    )


def test_open__anvil_on_a_port_in_use__says_so() -> None:
    with open_chains("anvil", SPECS[:1], anvil_path) as (first,):
        port = int(str(first.node_url).rpartition(":")[2])
        with pytest.raises(PortTaken, match=f"port {port} is taken: choose another, or 0 for a free one"):
            open_chains("anvil", [ChainSpec("beta", 4_002, port=port)], anvil_path)


def test_anvil__stopped__leaves_none_of_the_states_that_it_wrote() -> None:
    """It holds few blocks in memory, writes the others away, and takes nothing along when it ends."""
    with open_chains("anvil", SPECS[:1], anvil_path) as (chain,):
        chain.rpc("anvil_mine", hex(600))
        (folder,) = (f for f in Path(tempfile.gettempdir()).glob(f"zklink-anvil-{os.getpid()}-*") if any(f.rglob("*")))
    assert not folder.exists()


def test_folder__of_a_process_that_was_killed__goes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, stranger = tmp_path / f"zklink-test-{gone.pid}-abc", tmp_path / f"zklink-other-{gone.pid}-abc"
    mine = make_folder("test")
    for folder in (left, stranger):
        folder.mkdir()
        (folder / "state").write_text("x")
    another = make_folder("test")
    assert sorted(tmp_path.iterdir()) == sorted((mine, another, stranger))


def test_open__unknown_back_end__the_error_says_which_there_are() -> None:
    unknown: Any = "ganache"
    with pytest.raises(NoSuchBackend, match="cannot be made of ganache; choose one of revm, test, anvil, fork"):
        open_chains(unknown, SPECS)


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        ([ChainSpec("one", 71), ChainSpec("one", 72)], "one: two chains have this name; each needs its own, by which"),
        ([ChainSpec("one", 71), SolanaSpec("one")], "one: two chains have this name"),
        ([ChainSpec("", 71)], "a chain without a name: give it one"),
        ([ChainSpec("one", 0)], "one: the id of an EVM chain is at least 1, not 0"),
        ([ChainSpec("one", -5)], "one: the id of an EVM chain is at least 1, not -5"),
        ([ChainSpec("one", 71, 0.0)], "one: a block takes more than no time, not 0.0 seconds"),
        ([SolanaSpec("one", -0.4)], "one: a block takes more than no time, not -0.4 seconds"),
    ],
    ids=["one name", "one name, two kinds", "no name", "id 0", "id below 0", "no block time", "time back"],
)
def test_open__chains_that_cannot_be__one_sentence(specs: list[Any], said: str) -> None:
    with pytest.raises(SpecUnusable, match=said):
        open_chains("revm", specs)


def test_open__one_id_twice__two_chains() -> None:
    """As after a fork of a chain, where what is signed for one counts on the other."""
    with open_chains("revm", [ChainSpec("old", 71), ChainSpec("new", 71)]) as (old, new):
        old.mine(2)
        assert (old.height(), new.height()) == (2, 0)


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ((3, 11), r"need pyrevm: pip install 'zklink\[lab\]'"),
        ((3, 13), "need Python 3.11 or 3.12.*; this is Python 3.13"),
    ],
)
def test_open__no_pyrevm__one_sentence_and_no_other_back_end(
    monkeypatch: pytest.MonkeyPatch, python: tuple[int, int], said: str
) -> None:
    monkeypatch.setitem(sys.modules, "pyrevm", None)
    monkeypatch.setattr(pyrevm_import, "PYTHON", python)
    with pytest.raises(PyrevmMissing, match=said):
        open_chains("revm", SPECS)


def test_by_name__misspelt__the_error_says_which_there_are(chains: Chains) -> None:
    assert chains.by_name("polygon").spec == SPECS[2]
    with pytest.raises(NoSuchChain, match="no chain is called polgon; there are alpha, beta, polygon"):
        chains.by_name("polgon")


def test_open__second_chain_cannot_start__the_first_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    close = LocalChain.close

    def record(chain: LocalChain) -> None:
        ended.append(chain.name)
        close(chain)

    binaries = iter([anvil_path(), Path("/nowhere/anvil")])
    monkeypatch.setattr(LocalChain, "close", record)
    with pytest.raises(AnvilFailed, match=r"anvil for beta did not start: .*No such file"):
        open_chains("anvil", SPECS[:2], lambda: next(binaries))
    assert ended == ["alpha"]


def test_open__anvil_refuses_its_options__the_error_has_its_words() -> None:
    with pytest.raises(AnvilFailed, match=r"anvil for alpha did not start: .*chain-id"):
        open_chains("anvil", [ChainSpec("alpha", 1 << 64)], anvil_path)


def test_open__no_anvil_anywhere__says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AnvilMissing, match="install Foundry"):
        open_chains("anvil", SPECS)


def test_rpc__node_does_not_know_the_method__the_error_has_its_words() -> None:
    with (
        open_chains("anvil", SPECS[:1], anvil_path) as (chain,),
        pytest.raises(NodeRefused, match=r"alpha: lab_nothing is refused: .*-32601"),
    ):
        chain.rpc("lab_nothing")


def test_describe_backend__forks__names_the_stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYGON_RPC", "http://127.0.0.1:1")
    monkeypatch.delenv("BSC_RPC", raising=False)
    assert describe_backend("fork", ["polygon"]) == "forks of live chains"
    said = describe_backend("fork", ["polygon", "bsc"])
    assert said == "forks; bsc: an empty local stand-in, not the live chain (set BSC_RPC)"
    assert describe_backend("anvil", ["bsc"]) == "one anvil per chain"
    assert describe_backend("revm", ["bsc"]) == "in process (revm)"


def test_native_symbol__named_or_not__shown_in_balances_and_the_story() -> None:
    specs = [ChainSpec("plain", 4_011), ChainSpec("snow", 4_012, native_symbol="AVAX")]
    with LabWorld(open_chains("revm", specs)) as world:
        plain, snow = world.chains
        assert plain.show_balance(funded_accounts()[1].address) == f"{BALANCE_ETHER} ETH"
        assert [snow.show_coins(wei) for wei in (0, 1, 10**18, 15 * 10**17)] == [
            "0 AVAX",
            "0.000000000000000001 AVAX",
            "1 AVAX",
            "1.5 AVAX",
        ]
        receiver = "0x" + "77" * 20
        world.send("snow", {"to": receiver}, 1, "somebody pays", value=25 * 10**17)
        world.send("snow", {"to": receiver}, 1, "somebody pays nothing")
        assert snow.show_balance(receiver) == "2.5 AVAX"
        assert [line.text for line in world.story.lines] == ["somebody pays, with 2.5 AVAX", "somebody pays nothing"]


def test_native_symbol__chains_of_this_system__the_profile_has_it() -> None:
    assert [compute_spec(profile).native_symbol for profile in PROFILES] == [each.native_symbol for each in PROFILES]
    assert len({profile.native_symbol for profile in PROFILES}) > 1
