"""Settings: typed, from a file and the environment; a mistake is named with file and key, and no secret is shown."""

from pathlib import Path

import pytest

from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import FileUnreadable, SettingsInvalid
from zklink.service.settings.model import NodeSettings
from zklink.service.settings.source import read_settings

GOOD = """
deployment = "deployment.json"

[chains.alpha]
nodes = ["https://alpha.example/v2/SecretOfTheNode"]
confirmations = 12
block_time_seconds = 2

[keys]
sequencer = "keys/sequencer"
validators = ["keys/v1", "/abs/v2"]
"""
SECRETS = ("SecretOfTheNode", "hunter2pass")


def write(folder: Path, text: str) -> Path:
    path = folder / "node.toml"
    path.write_text(text)
    return path


def read(folder: Path, text: str = GOOD, **environment: str) -> NodeSettings:
    return read_settings(write(folder, text), environment)


def test_read__least_file__the_rest_has_defaults_and_files_are_beside_it(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.deployment == tmp_path / "deployment.json"
    assert settings.keys.validators == (tmp_path / "keys/v1", Path("/abs/v2"))
    assert settings.chains["alpha"].confirmations == 12
    assert settings.database.url.get_secret_value() == f"sqlite:///{tmp_path}/zklink.db"
    assert (settings.broker.enabled, settings.http.port, settings.log.format) == (False, 8545, "json")


def test_read__database__a_file_is_beside_the_settings_wherever_the_program_is_started(
    tmp_path: Path,
) -> None:
    for url, found in (
        ("sqlite:///own/node.db", f"sqlite:///{tmp_path}/own/node.db"),
        ("sqlite:////var/node.db", "sqlite:////var/node.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://host/name", "postgresql://host/name"),
    ):
        settings = read(tmp_path, ZKLINK__DATABASE__URL=url)
        assert settings.database.url.get_secret_value() == found


def test_read__environment__goes_over_the_file(tmp_path: Path) -> None:
    environment = {
        "ZKLINK__DATABASE__URL": "postgresql://node:hunter2pass@db/zklink",
        "ZKLINK__HTTP__PORT": "9000",
        "ZKLINK__CHAINS__ALPHA__NODES": '["https://beta.example"]',
        "ZKLINK__BROKER__ENABLED": "false",
        "OTHER": "1",
    }
    settings = read(tmp_path, **environment)
    assert settings.http.port == 9000
    assert [node.get_secret_value() for node in settings.chains["alpha"].nodes] == ["https://beta.example"]
    assert settings.database.url.get_secret_value().startswith("postgresql://")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[keys]", "[key]"), "node.toml: keys: it is missing"),
        (("confirmations = 12", ""), "node.toml: chains.alpha.confirmations: it is missing"),
        (("confirmations = 12", "confirmations = 0"), "node.toml: chains.alpha.confirmations: Input should be greater"),
        (
            ("confirmations = 12", 'confirmations = "many"'),
            "node.toml: chains.alpha.confirmations: give a whole number",
        ),
        (("confirmations", "confirmation"), "node.toml: chains.alpha.confirmations: it is missing"),
        (("[keys]", "port = 1\n[keys]"), "node.toml: chains.alpha.port: there is no such key"),
        (
            ("[keys]", "quorum = 2\n[keys]"),
            "node.toml: chains.alpha: a quorum of 2 needs as many nodes, and there are 1",
        ),
        (("[keys]", "[broker]\nenabled = true\n[keys]"), "node.toml: broker.enabled needs keys.broker"),
        (("[keys]", "[relay]\nenabled = true\n[keys]"), "node.toml: relay.enabled needs keys.relayer"),
        (
            ("[keys]", '[relay]\nenabled = true\n[keys]\nrelayer = "keys/sequencer"'),
            "node.toml: keys.relayer must be an account of its own",
        ),
        (("[keys]", '[log]\nlevel = "loud"\n[keys]'), "node.toml: log.level: Input should be 'debug', 'info'"),
        (("[keys]", "[http]\nport = 70000\n[keys]"), "node.toml: http.port: Input should be less than or equal to"),
        (("[keys]", "[keys"), "node.toml: no TOML: at line 9"),
        (("alpha]", '"odd name"]'), "node.toml: chains.odd name.[key]: String should match pattern"),
    ],
)
def test_read__mistake__named_with_file_and_key(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(SettingsInvalid) as error:
        read(tmp_path, GOOD.replace(*change))
    assert str(error.value).removeprefix(f"{tmp_path}/").startswith(said)
    assert not any(secret in f"{error.value!r}" for secret in SECRETS)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ZKLINK__HTTP__PORT", "hunter2pass", "ZKLINK__HTTP__PORT: http.port: give a whole number"),
        ("ZKLINK__HTTP__PORTS", "1", "ZKLINK__HTTP__PORTS: http.ports: there is no such key"),
        ("ZKLINK__DEPLOYMENT__X", "1", "ZKLINK__DEPLOYMENT__X: deployment.x: it is inside of a key that is no table"),
        ("ZKLINK__CHAINS__ALPHA__NODES", "[]", "ZKLINK__CHAINS__ALPHA__NODES: chains.alpha.nodes: Tuple should have"),
    ],
)
def test_read__mistake_in_the_environment__named_with_its_variable(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    with pytest.raises(SettingsInvalid) as error:
        read(tmp_path, **{name: value})
    assert str(error.value).startswith(said)
    assert not any(secret in f"{error.value!r}" for secret in SECRETS)


def test_read__no_file__said(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"node\.toml"):
        read_settings(tmp_path / "node.toml", {})


def test_secrets__in_any_text__hidden(tmp_path: Path) -> None:
    settings = read(tmp_path, ZKLINK__DATABASE__URL="postgresql://node:hunter2pass@db/zklink")
    texts = [repr(settings), str(settings), settings.model_dump_json(), redact(f"cannot log in: {' '.join(SECRETS)}")]
    assert not [(text, secret) for text in texts for secret in SECRETS if secret in text]


def test_read__file_with_every_part__fits() -> None:
    settings = read_settings(Path(__file__).resolve().parents[2] / "ops" / "node.toml", {})
    assert set(settings.model_fields_set) >= {"chains", "keys", "database", "fees", "broker", "prover", "http", "log"}
    assert settings.broker.tokens["USDC"].tiers[1].extra_confirmations == 10
