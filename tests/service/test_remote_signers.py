"""Signers in other processes: their words are those of a signer here; one that is away or lies costs its own word."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.l1.test_node_metrics import Scene as Nodes
from tests.signers.chains import DEPLOYMENT, K, World, draft, is_signed, roll, swap
from zklink.l1.contracts.bridge_structs import GroupMembers
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import EvidenceMissing, RpcUnavailable, SettingsInvalid, SignerFailed
from zklink.protocol.facts import Group, QueueFact, Queues, Seal
from zklink.protocol.ids import ChainId, Lane
from zklink.prover.cache import project_root
from zklink.service.settings.signer import SignerSettings
from zklink.service.settings.source import read_signer_settings
from zklink.service.signing.asking import open_asked_groups
from zklink.service.signing.assembly import read_secret
from zklink.service.signing.remote import AWAY_SECONDS, RemoteSigner
from zklink.service.signing.server import SignerService
from zklink.service.signing.wire import (
    ROUTE,
    AskAccepted,
    AskQueues,
    AskSeal,
    SignerAnswer,
    decode_question,
    encode_answer,
    encode_question,
)
from zklink.signers.groups import ValidatorGroup
from zklink.signers.validator import Validator
from zklink.signers.watcher import Watcher
from zklink.storage.database import open_database
from zklink.storage.signer_words import SqlSignerJournal

SECRET = "a secret of some length"
SETTINGS: dict[str, Any] = {
    "role": "validator",
    "deployment": "deployment.json",
    "chains": {"a": {"nodes": ["http://localhost"], "confirmations": 1, "block_time_seconds": 1}},
    "key": "key",
    "secret_file": "secret",
    "http": {"port": 0},
}


class Signers:
    """Signers as services of this process, each behind its port."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.world, self._stack, self._folder = World(), stack, folder
        self.clients: list[ChainClient] = []

    def serve(self, signer: Validator | Watcher, name: str = "") -> SignerService:
        database = open_database(f"sqlite:///{self._folder / (name or signer.address)}.db", DEPLOYMENT)
        settings = SignerSettings.model_validate(SETTINGS)
        service = SignerService(
            settings, signer, SECRET, database, {"k": self.world.chains[K]}, "signer.toml", self.clients
        )

        def close() -> None:
            service.stop()
            service.run()

        self._stack.callback(close)
        return service

    def remote(self, service: SignerService, address: str, secret: str = SECRET) -> RemoteSigner:
        return RemoteSigner(f"http://127.0.0.1:{service.port}", address, DEPLOYMENT, secret)


def answering(validator: Validator, answer: SignerAnswer) -> RemoteSigner:
    """A validator that always gives this answer."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=encode_answer(answer)))
    return RemoteSigner("http://x", validator.address, DEPLOYMENT, SECRET, httpx.Client(transport=transport))


@pytest.fixture
def signers(tmp_path: Path) -> Iterator[Signers]:
    with ExitStack() as stack:
        yield Signers(stack, tmp_path)


def test_wire__every_question__comes_back_as_it_was() -> None:
    block = draft(None, swap(K, 1))
    queues = (QueueFact(K, Lane.SWAP, 1, roll([swap(K, 1)])),)
    for question in (AskSeal.of(block.proposal), AskAccepted(block.place, block.path), AskQueues(queues)):
        assert decode_question(encode_question(question)) == question
    assert AskSeal.of(block.proposal).proposal() == block.proposal
    with pytest.raises(ValueError, match="nobody can ask for 'money'"):
        decode_question("money {}")


def test_seal_and_accepted__asked_by_url__words_of_its_key_and_its_last_acc_is_known(signers: Signers) -> None:
    validator = signers.world.validator()
    remote = signers.remote(signers.serve(validator), validator.address)
    signers.world.chains[K].queue(swap(K, 1))
    block = draft(None, swap(K, 1))
    assert remote.covered.number == 0
    fact = Seal(block.place.number, block.place.sync_hash)
    assert is_signed(fact, remote.seal(block.proposal), validator.address)
    signers.world.primary.accept(block)
    assert is_signed(block.place, remote.accepted(block.place, block.path), validator.address)
    assert remote.covered == validator.covered == block.place


def test_watcher__asked_for_queues_and_for_what_validators_say__the_first_alone(signers: Signers) -> None:
    watcher = signers.world.watcher()
    remote = signers.remote(signers.serve(watcher), watcher.address)
    signers.world.chains[K].queue(swap(K, 1))
    facts = (QueueFact(K, Lane.SWAP, 1, roll([swap(K, 1)])),)
    assert is_signed(Queues(facts), remote.queues(facts), watcher.address)
    with pytest.raises(SignerFailed, match="another role says that"):
        remote.seal(draft().proposal)


def test_group__one_is_away_and_one_refuses__the_others_sign_or_it_is_said(signers: Signers) -> None:
    """Five validators: one gone, one behind; three words are enough, and a third failure is too much."""
    world, block = signers.world, draft()
    world.primary.accept(block)
    here = [world.validator(seed) for seed in (1, 2, 3)]
    served = signers.serve(here[0])
    behind, away = World().validator(4), RemoteSigner("http://127.0.0.1:1", world.validator(5).address, DEPLOYMENT, "")
    late = signers.remote(signers.serve(behind), behind.address)
    others: list[Any] = [signers.remote(served, here[0].address), here[1], late]
    assert len(ValidatorGroup([*others, away, here[2]]).accepted(block.place, block.path)) == 3 * 65
    with pytest.raises(EvidenceMissing):
        ValidatorGroup([*others[1:], away]).accepted(block.place, block.path)


class Grouped:
    """A bridge whose chain asks for so many words of each group, of these members."""

    def __init__(self, members: tuple[str, ...], threshold: int) -> None:
        self.groups, self.said, self.is_away = self, GroupMembers(members, threshold), False

    def members(self, group: Group) -> GroupMembers:
        if self.is_away:
            raise RpcUnavailable("k", "members", 1, "away")
        return self.said


def test_asked_groups__a_file_names_them__its_members_are_asked_and_as_many_sign_as_it_wants(
    signers: Signers, tmp_path: Path
) -> None:
    world, block = signers.world, draft()
    world.primary.accept(block)
    here = [world.validator(seed) for seed in (1, 2, 3)]
    places = [{"url": f"http://127.0.0.1:{signers.serve(each).port}", "address": each.address} for each in here]
    listed = ", ".join(f'{{ url = "{place["url"]}", address = "{place["address"]}" }}' for place in places)
    file = tmp_path / "node.toml"
    file.write_text(f'[other]\nkey = 1\n[signers]\nsecret_file = "secret"\nvalidators = [{listed}]\n')
    (tmp_path / "secret").write_text(SECRET)
    deployment: Any = SimpleNamespace(deployment_hash=DEPLOYMENT, primary=K)
    bridge = Grouped(tuple(each.address for each in here), 3)
    other = Grouped((), 9)
    bridges: Any = {K: bridge, ChainId(9): other}
    other.is_away = True
    groups = open_asked_groups(file, deployment, bridges)
    assert groups.watchers is None and groups.validators is not None
    assert len(groups.validators.accepted(block.place, block.path)) == 3 * 65
    left = sorted(here, key=lambda signer: int(signer.address, 16))[1:]
    bridge.said = GroupMembers(tuple(each.address for each in left), 2)
    evidence = groups.validators.accepted(block.place, block.path)
    assert len(evidence) == 2 * 65 and is_signed(block.place, evidence[:65], left[0].address)
    bridge.is_away = True
    assert groups.validators.accepted(block.place, block.path) == evidence
    with pytest.raises(RpcUnavailable):
        open_asked_groups(file, deployment, bridges)
    file.write_text("[signers]\n")
    with pytest.raises(SettingsInvalid, match="neither validators nor watchers"):
        open_asked_groups(file, deployment, bridges)


def test_signer__other_key_or_other_fact__its_word_is_not_used(signers: Signers) -> None:
    world, block = signers.world, draft()
    world.primary.accept(block)
    validator = world.validator()
    service = signers.serve(validator)
    impostor = signers.remote(service, world.validator(9).address)
    with pytest.raises(SignerFailed, match="not its signature of what was asked"):
        impostor.accepted(block.place, block.path)
    word = validator.accepted(block.place, block.path)
    for words in ((bytes(65),), (b"",), (word, word), (word[:-1] + b"\x63",)):
        with pytest.raises(SignerFailed):
            answering(validator, SignerAnswer(block.place, words)).accepted(block.place, block.path)
    other = answering(validator, SignerAnswer(block.place, (word,)))
    assert other.accepted(block.place, block.path) == word
    with pytest.raises(SignerFailed, match="not its signature"):
        other.accepted(replace(block.place, sync_hash=bytes(32)), block.path)


def test_away__asked_again_only_after_a_while() -> None:
    asked: list[int] = []

    def answer(_: httpx.Request) -> httpx.Response:
        asked.append(1)
        raise httpx.ConnectError("refused")

    now = [0.0]
    client = httpx.Client(transport=httpx.MockTransport(answer))
    remote = RemoteSigner("http://x", "0x0", DEPLOYMENT, SECRET, client, lambda: now[0])
    block = draft()
    for moment, expected in ((0.0, 1), (AWAY_SECONDS - 1, 1), (AWAY_SECONDS + 1, 2)):
        now[0] = moment
        with pytest.raises(SignerFailed):
            remote.accepted(block.place, block.path)
        assert len(asked) == expected


def test_route__stranger_or_nonsense__refused_without_a_word(signers: Signers) -> None:
    validator = signers.world.validator()
    service = signers.serve(validator)
    url, good = f"http://127.0.0.1:{service.port}", {"authorization": f"Bearer {SECRET}"}
    block = draft()
    signers.world.primary.accept(block)
    question = encode_question(AskAccepted(block.place, block.path))
    for headers in ({}, {"authorization": "Bearer guess"}):
        assert httpx.post(url + ROUTE, content=question, headers=headers).status_code == 401
    for body in ("", "accepted", "accepted {}", 'accepted {"fact": 1}', "x" * 100, "\xff"):
        assert httpx.post(url + ROUTE, content=body.encode("latin-1"), headers=good).status_code == 400
    assert validator.covered.number == 0
    service.look()
    health = httpx.get(url + "/health").json()
    assert health["parts"]["chain k"]["condition"] == "ready"
    shown = httpx.get(url + "/metrics").text
    assert 'zklink_signer_answers_total{outcome="stranger"} 2.0' in shown


def test_metrics__a_chains_node_is_asked__requests_are_counted(
    signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = Nodes(monkeypatch)
    signers.clients.append(nodes.client)
    service = signers.serve(signers.world.validator())
    nodes.client.head()
    count = nodes.read("requests_total", 1, outcome="ok")
    shown = httpx.get(f"http://127.0.0.1:{service.port}/metrics").text
    assert f'zklink_rpc_requests_total{{chain="fake",node="1",outcome="ok"}} {count}' in shown and count


def test_journal__the_next_process__keeps_the_word_of_the_one_before(signers: Signers, tmp_path: Path) -> None:
    block, rival = draft(), draft(mark=1)
    words = []
    for name in ("first", "second"):
        database = open_database(f"sqlite:///{tmp_path / 'words.db'}", DEPLOYMENT)
        address = signers.world.validator().address
        validator = signers.world.validator(journal=SqlSignerJournal(database, address))
        remote = signers.remote(signers.serve(validator, name), address)
        words.append(remote.seal(block.proposal))
        with pytest.raises(SignerFailed, match="block 1"):
            remote.seal(rival.proposal)
        database.close()
    assert hashlib.sha256(words[0]).digest() == hashlib.sha256(words[1]).digest()


def test_settings__the_words_are_where_it_is_started_and_not_beside_them__refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative file was once sought where the signer is started: one that forgets its words can contradict them."""
    started, folder = tmp_path / "started", tmp_path / "settings"
    for each in (started, folder):
        each.mkdir()
    path = folder / "signer.toml"
    path.write_text((project_root() / "ops" / "signer.toml").read_text())
    environment = {"ZKLINK__DATABASE__URL": "sqlite:///words.db"}
    monkeypatch.chdir(started)
    placed = read_signer_settings(path, environment).database
    (started / "words.db").touch()
    with pytest.raises(SettingsInvalid, match="not beside the settings"):
        read_signer_settings(path, environment)
    whole = {"ZKLINK__DATABASE__URL": f"sqlite:///{started}/words.db"}
    assert read_signer_settings(path, whole).database.url.get_secret_value() == whole["ZKLINK__DATABASE__URL"]
    (folder / "words.db").touch()
    assert read_signer_settings(path, environment).database == placed
    monkeypatch.chdir(folder)
    assert read_signer_settings(Path("signer.toml"), environment).database == placed


def test_settings__the_example__and_a_secret_that_could_be_guessed(tmp_path: Path) -> None:
    path = tmp_path / "signer.toml"
    path.write_text((project_root() / "ops" / "signer.toml").read_text())
    settings = read_signer_settings(path, {})
    assert (settings.role, settings.key) == ("validator", tmp_path / "keys" / "validator.json")
    (tmp_path / "secret").write_text("short\n")
    with pytest.raises(SettingsInvalid, match="fewer than 16 characters"):
        read_secret(tmp_path / "secret", str(path))
    path.write_text(path.read_text().replace('"validator"', '"governor"', 1))
    with pytest.raises(SettingsInvalid, match=r"signer\.toml: role"):
        read_signer_settings(path, {})
