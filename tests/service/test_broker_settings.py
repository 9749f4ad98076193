"""The settings of a broker that runs alone: what the example has, and mistakes named with file and key."""

from pathlib import Path

import pytest

from zklink.protocol.errors import SettingsInvalid
from zklink.prover.cache import project_root
from zklink.service.settings.source import read_broker_settings

EXAMPLE = project_root() / "ops" / "broker.toml"


def write(folder: Path, old: str = "", new: str = "") -> Path:
    path = folder / "broker.toml"
    text = EXAMPLE.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1) if old else text)
    return path


def test_read__the_example__typed_with_files_beside_it(tmp_path: Path) -> None:
    settings = read_broker_settings(write(tmp_path), {"ZKLINK__HTTP__PORT": "9000"})
    assert settings.deployment == tmp_path / "deployment.json"
    assert settings.keys.broker == tmp_path / "keys" / "broker.json"
    assert settings.tokens["USDC"].targets["bsc"] == 300_000_000_000
    assert (settings.http.port, settings.approves) == (9_000, True)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("approves = true", 'sequencer = "key"', "sequencer: there is no such key"),
        ("minimum_fee = 250000", "", "tokens.USDC.minimum_fee: it is missing"),
        ("most_open = 100_000_000_000", "most_open = 0", "tokens.USDC.most_open"),
        ("00b0", "00b", "keys.repay_to"),
        ("limit = 5_000_000_000 }", "limit = 50_000_000_001 }", "tokens.USDC: tiers must ascend"),
    ],
)
def test_read__mistake__named_with_file_and_key(tmp_path: Path, old: str, new: str, named: str) -> None:
    with pytest.raises(SettingsInvalid, match=rf"broker\.toml: {named}"):
        read_broker_settings(write(tmp_path, old, new), {})


def test_read__repr_of_it__shows_no_address_of_a_node(tmp_path: Path) -> None:
    assert "avalanche.example" not in repr(read_broker_settings(write(tmp_path), {}))
