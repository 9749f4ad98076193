"""A key in a node's address or headers comes out of no door: errors, tracebacks, events, logs, files, commands."""

import json
import logging
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from web3 import HTTPProvider, Web3

from tests.l1.fake_node import POLICY, PROFILE
from zklink.cli.inputs import parse_urls
from zklink.cli.main import main
from zklink.devnet.roles import default_roles
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.deployment.places import ChainDeployment
from zklink.l1.deployment.records import Deployment, GroupPlan, VkHashes
from zklink.l1.transport import secrets
from zklink.l1.transport.client import Call, ChainClient
from zklink.l1.transport.nodes import connect_nodes
from zklink.l1.transport.redaction import redact, redact_error
from zklink.l1.transport.roster import PoolPolicy
from zklink.l1.transport.secrets import keep_secret
from zklink.node.dispatcher import Dispatcher
from zklink.node.events import Event, Retried
from zklink.node.pacing import BackoffPolicy
from zklink.node.workers import InlineWorkers
from zklink.protocol.domain import ChainEntry, compute_deployment_hash
from zklink.protocol.errors import DeploymentRefused
from zklink.protocol.ids import AddressFormat, ChainId
from zklink.protocol.presets import get_preset
from zklink.state.genesis_state import Genesis

KEY = "k3yMarkedForTheTest9f8e7d6c"
CALL = Call(default_roles().stranger.address, b"commit", "commit_blocks")
PLACES = {
    "path": ("", f"/v2/{KEY}", {}),
    "query": ("", f"/?apikey={KEY}", {}),
    "short path": ("", f"/rpc/{KEY[:4]}", {}),
    "password": (f"operator:{KEY}@", "/", {}),
    "user": (f"{KEY}@", "/rpc", {}),
    "header": ("", "/", {"x-provider-key": KEY}),
    "bearer": ("", "/", {"Authorization": f"Bearer {KEY}"}),
}


@dataclass
class Door:
    """A node on this machine that answers each request the same way, and says back what it was sent."""

    status: int = 200
    body: str = ""
    server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                sent = f"{self.path} {dict(self.headers)} http://{self.headers['Host']}{self.path}"
                body = door.body.replace("ECHO", json.dumps(sent)[1:-1]).encode()
                self.send_response(door.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test's node is called is a secret in that test alone."""
    monkeypatch.setattr(secrets, "_secrets", set())
    monkeypatch.setattr(secrets, "_pieces", set())


@pytest.fixture
def door() -> Iterator[Door]:
    node = Door()
    yield node
    node.close()


ANSWERS = {
    "unauthorized": (401, "ECHO"),
    "limited": (429, "ECHO"),
    "broken": (500, "<html>ECHO</html>"),
    "page": (200, "<html>ECHO</html>"),
    "refusal": (200, '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"project ECHO is over its limit"}}'),
    "revert": (200, '{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted: ECHO"}}'),
    "no shape": (200, '{"jsonrpc":"2.0","id":1,"strange":"ECHO"}'),
    "no object": (200, '["ECHO"]'),
    "bare in a page": (403, "<html>the key BARE has ended</html>"),
    "bare in an error": (200, '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"BARE is over its limit"}}'),
    "bare in a revert": (200, '{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted: BARE"}}'),
    "bare in HTTP": (400, '{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted: BARE"}}'),
}


def _client(port: int, place: str) -> ChainClient:
    user, target, headers = PLACES[place]
    url = f"http://{user}127.0.0.1:{port}{target}"
    kwargs = {"headers": {"Content-Type": "application/json", **headers}} if headers else {}
    provider = HTTPProvider(url, request_kwargs=kwargs, exception_retry_configuration=None)
    return ChainClient(PROFILE, Web3(provider), POLICY, sleep=lambda seconds: None)


def _full_text(error: BaseException) -> str:
    fields = vars(error) if not hasattr(error, "__slots__") else {}
    return "".join(traceback.format_exception(error)) + repr(error) + str(error.args) + repr(fields)


def _check_clean(text: str) -> None:
    assert KEY not in text and KEY[:4] not in text


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("place", PLACES)
def test_client__any_answer_that_fails__error_traceback_and_logs_without_the_key(
    door: Door, caplog: pytest.LogCaptureFixture, place: str, answer: str
) -> None:
    caplog.set_level(logging.DEBUG)
    door.status, door.body = ANSWERS[answer]
    door.body = door.body.replace("BARE", KEY[:4] if place == "short path" else KEY)
    client = _client(door.server.server_port, place)
    questions = (
        client.head,
        client.check_chain_id,
        lambda: client.logs(CALL.to or "", 1, 2),
        lambda: client.try_call(CALL.to or "", CALL, 0, 21_000),
        lambda: client.estimate_gas(CALL.to or "", CALL),
        lambda: client.send(default_roles().sequencer, CALL),
        lambda: client.w3.eth.get_block("latest"),
    )
    for question in questions:
        with pytest.raises(Exception) as caught:
            question()
        _check_clean(_full_text(caught.value))
    _check_clean(caplog.text)
    assert "127.0.0.1" in caplog.text


@pytest.mark.parametrize("place", PLACES)
def test_client__nobody_listens__the_host_and_not_the_key(
    door: Door, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    caplog.set_level(logging.DEBUG)
    door.close()
    with pytest.raises(Exception) as caught:
        _client(door.server.server_port, place).head()
    _check_clean(_full_text(caught.value) + caplog.text)
    assert "127.0.0.1" in str(caught.value)


@pytest.mark.parametrize("answer", ANSWERS)
def test_pool__every_node_fails__error_and_logs_without_the_keys(
    door: Door, caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    caplog.set_level(logging.DEBUG)
    door.status, door.body = ANSWERS[answer]
    door.body = door.body.replace("BARE", KEY)
    urls = [f"http://127.0.0.1:{door.server.server_port}/v{number}/{KEY}" for number in (1, 2)]
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    for policy in (PoolPolicy(), PoolPolicy(quorum=2)):
        w3 = connect_nodes(PROFILE, urls, POLICY.retry, policy)
        client = ChainClient(PROFILE, w3, POLICY, sleep=sleep, clock=lambda: now[0])
        for question in (client.head, lambda client=client: client.send(default_roles().sequencer, CALL)):
            with pytest.raises(Exception) as caught:
                question()
            _check_clean(_full_text(caught.value))
    _check_clean(caplog.text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://node.example/v2/SECRET now", "see https://node.example now"),
        ("wss://user:SECRET@node.example:8546/ws?k=SECRET#SECRET, and", "wss://node.example:8546, and"),
        ("'http://user:SEC/RET@node.example/'", "'http://***'"),
        ("(https://[::1]:8545/SECRET)", "(https://[::1]:8545)"),
        (r'"https:\/\/node.example\/SECRET"', '"https://node.example"'),
        ("https%3A%2F%2Fnode.example%2FSECRET", "https://node.example"),
        ("HTTPS://Node.Example/SECRET", "HTTPS://Node.Example"),
        ("exceeded with url: /v2/SECRET (Caused by X)", "exceeded with url: /*** (Caused by X)"),
        ('node.example:443 "POST /v2/SECRET HTTP/1.1" 200', 'node.example:443 "POST /*** HTTP/1.1" 200'),
        ("{'Authorization': 'Bearer SECRET', 'a': 1}", "{'Authorization': '***', 'a': 1}"),
        ("x-api-key: SECRET", "x-api-key: ***"),
        ("invalid API key: SECRET.", "invalid API key: ***"),
        ("Invalid URL 'node.example/SECRET': No scheme", "Invalid URL ***: No scheme"),
        ("block 0x12ab: bridge: not open (12 of 14)", "block 0x12ab: bridge: not open (12 of 14)"),
    ],
)
def test_redact__text__only_the_host(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_redact__long_answer__in_no_time() -> None:
    text = "0x" + "ab" * 200_000
    assert redact(text) == text


def test_keep_secret__names_of_chains_and_versions__are_still_shown() -> None:
    keep_secret("https://rpc.example/ethereum")
    keep_secret("https://rpc.example/v1/polygon-mainnet")
    text = "ethereum: v1 of polygon-mainnet answers"
    assert redact(text) == text


def test_redact_error__causes_and_notes__all_of_them() -> None:
    try:
        try:
            raise OSError(2, "no such host", f"https://node.example/{KEY}")
        except OSError as error:
            error.add_note(f"asked https://node.example/{KEY}")
            raise ValueError({"url": [f"https://node.example/{KEY}"]}) from error
    except ValueError as error:
        redact_error(error)
        _check_clean(_full_text(error))
        assert "https://node.example" in _full_text(error)


def test_dispatcher__job_that_fails_with_an_address__is_reported_without_the_key() -> None:
    seen: list[Event] = []
    dispatcher = Dispatcher(InlineWorkers(), lambda: 0.0, BackoffPolicy(), seen.append)

    def job() -> None:
        raise RuntimeError(f"401 Client Error for url: https://node.example/v2/{KEY}")

    dispatcher.start("watch", job, lambda _: True, 0.0)
    dispatcher.collect()
    assert isinstance(seen[0], Retried) and "https://node.example" in seen[0].reason
    _check_clean(repr(seen))


def test_deployment_file__with_an_address_in_the_wrong_place__error_without_the_key() -> None:
    with pytest.raises(DeploymentRefused) as refused:
        Deployment.from_json(json.dumps({"format": "zklink.deployment.2", "primary": f"https://node.example/{KEY}"}))
    _check_clean(str(refused.value))


@pytest.mark.parametrize(
    "value",
    [
        f"https://node.example/v2/{KEY}",
        f"https://node.example/?apikey={KEY}",
        f"node.example/v2/{KEY}",
        f"https://{KEY}@node.example/?a=b",
        f"{KEY}@node.example?a=b",
        f"polygon=node.example/{KEY}",
    ],
)
def test_parse_urls__mistyped__refused_without_the_key(value: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        parse_urls((value,))
    _check_clean(refused.value.message)


def _deployment() -> Deployment:
    """A published deployment on one chain; the hash is right."""
    contracts = dict.fromkeys((f.name for f in fields(ChainDeployment)), CALL.to)
    numbers = {"chain_id": ChainId(1), "evm_chain_id": 1, "blocks_per_day": 1, "from_block": 0}
    place = ChainDeployment(**contracts | {"name": "fake"} | numbers)
    zero, genesis = bytes(32), Genesis("minimal", bytes([1]) * 32)
    preset = get_preset("minimal")
    entry = ChainEntry(ChainId(1), 1, AddressFormat.EVM, universal_address(place.bridge))
    deployment_hash = compute_deployment_hash(
        genesis.root, ChainId(1), preset.token_limit, preset.account_limit, zero, zero, zero, [entry]
    )
    group, keys = GroupPlan((), 1), VkHashes(zero, zero, zero)
    return Deployment(ChainId(1), deployment_hash, keys, genesis, (), group, group, "", {ChainId(1): place})


@pytest.mark.parametrize("answer", ANSWERS)
def test_recover__node_that_fails__output_and_traceback_without_the_key(
    door: Door, tmp_path: Path, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr("zklink.recovery.connect.ChainClient", partial(ChainClient, sleep=lambda seconds: None))
    door.status, door.body = ANSWERS[answer]
    door.body = door.body.replace("BARE", KEY)
    file = tmp_path / "deployment.json"
    file.write_text(_deployment().to_json())
    options = ["recover", "--from-l1", "--deployment", str(file)]
    options += ["--rpc", f"fake=http://127.0.0.1:{door.server.server_port}/v2/{KEY}"]
    result = CliRunner().invoke(main, options)
    assert result.exit_code != 0
    _check_clean(result.output + _full_text(result.exception or Exception()))
