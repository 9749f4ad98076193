"""The units in ops/: systemd ignores a setting that it does not know, and starts what does not exist; nothing here may
be either.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from tests.docs.code_blocks import ROOT
from tests.docs.test_code_blocks import COMMANDS, check_call
from zklink.service.settings.source import read_settings

OPS: Final = ROOT / "ops"
UNITS: Final = sorted([*OPS.glob("*.service"), *OPS.glob("*.timer")])
BIN: Final = "/opt/zklink/bin/"
PAGE: Final = "docs/operators.md"

SETTINGS: Final = {
    "Unit": {"Description", "After", "Wants"},
    "Service": {
        "Type",
        "User",
        "WorkingDirectory",
        "EnvironmentFile",
        "Environment",
        "ExecStartPre",
        "ExecStart",
        "Restart",
        "RestartSec",
        "TimeoutStopSec",
        "TimeoutStartSec",
        "Nice",
        "NoNewPrivileges",
        "ProtectSystem",
        "ProtectHome",
        "ReadWritePaths",
        "PrivateTmp",
    },
    "Timer": {"OnCalendar", "RandomizedDelaySec", "Unit"},
    "Install": {"WantedBy"},
}
"""Of systemd's settings (systemd.unit, .exec, .service, .timer) those that the units use."""


def read_unit(text: str) -> Iterator[tuple[str, str, str]]:
    """Section, setting and value of each line."""
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            setting, _, value = line.partition("=")
            yield section, setting, value


def check_unit(text: str) -> None:
    """AssertionError, KeyError or UsageError for a unit that would not do what it says."""
    found = list(read_unit(text))
    for section, setting, value in found:
        assert setting in SETTINGS[section], setting
        if setting.startswith("Exec"):
            assert value.startswith(BIN)
            words = [word for word in shlex.split(value.removeprefix(BIN)) if word != "$ZKLINK_RPCS"]
            check_call(words)
            check_whole(words)
    values = {setting: value for _, setting, value in found}
    if "ExecStart" in values:
        assert (
            values["ProtectSystem"] == "strict" and values["NoNewPrivileges"] == "true" and values["User"] == "zklink"
        )


def check_whole(words: list[str]) -> None:
    """KeyError for a command without what it cannot do without; files need not exist here."""
    name = next(name for name in COMMANDS if f"{' '.join(words)} ".startswith(f"{name} "))
    command = COMMANDS[name]
    values, _, _ = command.make_parser(click.Context(command)).parse_args(words[len(name.split()) :])
    for parameter in command.params:
        if parameter.required:
            assert values[parameter.name or ""] not in (None, ())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit__any__names_settings_commands_and_options_that_exist(unit: Path) -> None:
    check_unit(unit.read_text())
    assert f"`{unit.name}`" in (ROOT / PAGE).read_text()


def test_units__all_parts_of_a_deployment__have_one() -> None:
    names = {unit.name for unit in UNITS}
    parts = ("node", "prover", "broker", "signer", "watch", "keeper", "status")
    assert {f"zklink-{part}.service" for part in parts} <= names and "zklink-status.timer" in names


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("zklink node --config", "zklink knot --config"),
        ("--config /etc/zklink/node.toml --check", "--config /etc/zklink/node.toml --chek"),
        ("--config /etc/zklink/node.toml --check", "--check"),
        ("RestartSec", "RestartSecs"),
        ("ProtectSystem=strict", "ProtectSystem=no"),
        ("[Service]", "[Servce]"),
    ],
)
def test_check_unit__a_unit_with_a_mistake__is_refused(right: str, wrong: str) -> None:
    text = (OPS / "zklink-node.service").read_text()
    assert right in text
    with pytest.raises((AssertionError, KeyError, click.UsageError, StopIteration)):
        check_unit(text.replace(right, wrong))


def test_node_toml__as_it_is__has_no_key_that_does_not_exist() -> None:
    assert read_settings(OPS / "node.toml").http.api
