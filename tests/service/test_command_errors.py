"""What an operator reads when a program cannot start: one line with what is wrong, where, and what to do; no secret."""

import resource
import socket
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from web3 import Web3

from tests.l1.fake_node import POLICY, PROFILE, FakeNode
from zklink.cli.extras import name_missing
from zklink.cli.main import main
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.nodes import Node, NodePool
from zklink.l1.transport.verdicts import describe
from zklink.protocol.errors import (
    DatabaseFailed,
    FileUnreadable,
    KeyFileInvalid,
    RpcUnavailable,
    SettingsInvalid,
    WrongChain,
)
from zklink.prover.cache import project_root
from zklink.service.assembly import load_key
from zklink.service.evm_link import check_nodes
from zklink.service.server import HttpServer
from zklink.storage.database import open_database


@pytest.fixture(params=["node", "broker", "watch"])
def program(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Folder:
    """The example's settings of a program, and what running it says."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program, self.path = program, folder / f"{program}.toml"
        self.path.write_text((project_root() / "ops" / f"{program}.toml").read_text())

    def change(self, old: str, new: str) -> None:
        text = self.path.read_text()
        assert old in text
        self.path.write_text(text.replace(old, new, 1))

    def run(self) -> str:
        """The line that it says; fails unless it is one line and the exit code is 1."""
        done = CliRunner().invoke(main, [self.program, "--config", str(self.path), "--check"])
        assert done.exit_code == 1, done.output
        [line] = done.output.splitlines()
        assert " Do: " in line and line.endswith(".")
        return line


@pytest.fixture
def folder(program: str, tmp_path: Path) -> Folder:
    return Folder(program, tmp_path)


def test_settings__misspelt__named_with_file_and_key(folder: Folder) -> None:
    folder.change("deployment =", "deploiment =")
    assert f"SettingsInvalid: {folder.path}: deployment: it is missing" in folder.run()


def test_settings__no_toml__named_with_its_place_and_without_its_text(folder: Folder) -> None:
    folder.path.write_text('[chains.alpha]\nnodes = ["https://alpha.example/hunter2pass"\n')
    line = folder.run()
    assert f"{folder.path}: no TOML: at line" in line or "end of document" in line
    assert "hunter2pass" not in line


@pytest.mark.parametrize("value", ["", "hunter2pass"], ids=["empty", "text"])
def test_settings__a_secret_of_the_environment_is_not_there__named_with_its_variable(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ZKLINK__CHAINS__BSC__NODES", value)
    line = folder.run()
    assert "ZKLINK__CHAINS__BSC__NODES: chains.bsc.nodes: give a list, as" in line
    assert "hunter2pass" not in line


def test_deployment__not_there_or_another_file__named_with_what_to_give(folder: Folder) -> None:
    deployment = folder.path.with_name("deployment.json")
    assert f"FileUnreadable: {deployment}: No such file" in folder.run()
    for text in ("{}", "no JSON", "[]"):
        deployment.write_text(text)
        line = folder.run()
        assert f"{deployment}: " in line and "give the file that `ape run deploy` published" in line


def connection_error(reason: str) -> Exception:
    """As the requests library words it."""
    pool = "HTTPSConnectionPool(host='node.example', port=443): Max retries exceeded with url: /v2/hunter2pass"
    return requests.ConnectionError(f"{pool} (Caused by {reason})")


REFUSED = 'NewConnectionError("HTTPSConnection(..): Failed to establish it: [Errno 111] Connection refused")'
UNKNOWN = "NameResolutionError(\"HTTPConnection(..): Failed to resolve 'node.example' ([Errno -2] Name not known)\")"


@pytest.mark.parametrize(("reason", "said"), [(REFUSED, "Connection refused"), (UNKNOWN, "Name not known")])
def test_describe__no_connection__host_port_and_reason_alone(reason: str, said: str) -> None:
    line = describe(connection_error(reason))
    assert line == f"ConnectionError: no connection to node.example, port 443: {said}"


def pool_of(*chains: int) -> ChainClient:
    members = [FakeNode(chain_id=chain) for chain in chains]
    pool = NodePool(PROFILE, [Node(f"host{number}", member) for number, member in enumerate(members)])
    return ChainClient(PROFILE, Web3(pool), POLICY)


def test_check_nodes__one_among_several_serves_another_chain__named_by_its_place() -> None:
    right = PROFILE.evm_chain_id
    check_nodes([pool_of(right, right)])
    with pytest.raises(WrongChain, match="fake, node 2: the node serves EVM chain 7, not 1337"):
        check_nodes([pool_of(right), pool_of(right, 7)])


def test_check_nodes__one_among_several_is_away__named_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    client = pool_of(PROFILE.evm_chain_id, PROFILE.evm_chain_id)

    def check(self: ChainClient) -> None:
        if self.profile.name.endswith("1"):
            raise RpcUnavailable(self.profile.name, "eth_chainId", 6, "gone")

    monkeypatch.setattr(ChainClient, "check_chain_id", check)
    with pytest.raises(RpcUnavailable, match="fake, node 1: eth_chainId"):
        check_nodes([client])


def test_port__in_use__named_with_file_and_key() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsInvalid, match=rf"node\.toml: http\.port: port {port} of .* cannot be had"):
            HttpServer(lambda *_: None, "127.0.0.1", port, "node.toml")  # type: ignore[arg-type]


def test_database__the_disk_is_full__named_and_nothing_half_kept(tmp_path: Path) -> None:
    """Files may not grow: the system's own error, as on a full disk."""
    path, bounds = tmp_path / "node.db", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, bounds[1]))
    try:
        with pytest.raises(DatabaseFailed, match=r"node\.db failed: .*; nothing was half kept"):
            open_database(f"sqlite:///{path}", bytes(32))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, bounds)
    open_database(f"sqlite:///{path}", bytes(32)).close()


def test_key__not_there_or_none__named(tmp_path: Path) -> None:
    path = tmp_path / "validator.json"
    with pytest.raises(FileUnreadable, match=r"validator\.json: No such file"):
        load_key(path, None)
    for content in (b"{}", b"hunter2pass", b"\xff"):
        path.write_bytes(content)
        with pytest.raises(KeyFileInvalid, match=r"validator\.json: it is neither") as error:
            load_key(path, None)
        assert "hunter2pass" not in str(error.value)


@pytest.mark.parametrize(("module", "extra"), [("solders", "solana"), ("web3", "node"), ("ape", "ape")])
def test_name_missing__a_package_that_is_not_there__is_named_with_its_extra(module: str, extra: str) -> None:
    assert f"'zklink[{extra}]'" in str(name_missing(ModuleNotFoundError(name=module)))
