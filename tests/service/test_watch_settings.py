"""The settings of a watch: what the example has, and mistakes named with file and key; what it says of its alarms."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from zklink.cli.main import main
from zklink.protocol.errors import SettingsInvalid
from zklink.prover.cache import project_root
from zklink.service.health import Condition, HealthBoard
from zklink.service.logs import configure_logs
from zklink.service.metrics import Metrics
from zklink.service.settings.source import read_watch_settings
from zklink.service.watching.alarms import CRITICAL, Alarm, AlarmBook, AlarmName

EXAMPLE = project_root() / "ops" / "watch.toml"


def write(folder: Path, old: str = "", new: str = "") -> Path:
    path = folder / "watch.toml"
    text = EXAMPLE.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1) if old else text)
    return path


def test_read__the_example__typed_with_files_beside_it(tmp_path: Path) -> None:
    settings = read_watch_settings(write(tmp_path), {"ZKLINK__HTTP__PORT": "9000"})
    assert (settings.deployment, settings.words) == (tmp_path / "deployment.json", tmp_path / "words.json")
    assert (settings.chains["avalanche"].quorum, settings.chains["bsc"].block_time_seconds) == (2, 2.0)
    assert (settings.http.port, settings.limits.silence_seconds) == (9_000, 129_600)


def test_read__the_chains_of_a_nodes_settings__taken_as_they_are(tmp_path: Path) -> None:
    node = (project_root() / "ops" / "node.toml").read_text()
    chains = node[node.index("[chains.avalanche]") : node.index("[keys]")]
    (tmp_path / "watch.toml").write_text(f'deployment = "deployment.json"\n{chains}')
    assert read_watch_settings(tmp_path / "watch.toml", {}).chains["bsc"].confirmations == 20


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("words =", "word =", "word: there is no such key"),
        ("quorum = 2", "quorum = 3", "chains.avalanche: a quorum of 3 needs as many nodes"),
        ("silence_seconds = 129600", "silence_seconds = 172800", "limits.silence_seconds"),
        ("look_seconds = 15", "look_seconds = 0", "pace.look_seconds"),
        ('deployment = "deployment.json"', "", "deployment: it is missing"),
    ],
)
def test_read__mistake__named_with_file_and_key(tmp_path: Path, old: str, new: str, named: str) -> None:
    with pytest.raises(SettingsInvalid, match=rf"watch\.toml: {named}"):
        read_watch_settings(write(tmp_path, old, new), {})


def test_read__repr_of_it__shows_no_address_of_a_node(tmp_path: Path) -> None:
    assert "avalanche.example" not in repr(read_watch_settings(write(tmp_path), {}))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["watch", *map(str, arguments)])


def test_command__neither_settings_nor_deployment_or_both__one_line_says_what_to_give(tmp_path: Path) -> None:
    file = write(tmp_path)
    for given in ([], ["--config", file, "--deployment", file], ["--config", file, "--rpc", "bsc=http://localhost"]):
        done = run(*given)
        assert done.exit_code == 2
        assert "give --config FILE, or --deployment FILE with --rpc NAME=URL" in done.output


def test_command__fewer_nodes_than_the_quorum__named(tmp_path: Path) -> None:
    done = run("--deployment", write(tmp_path), "--rpc", "bsc=http://localhost", "--quorum", 2)
    assert (done.exit_code, "bsc has fewer nodes than that" in done.output) == (2, True)


# -- alarms --------------------------------------------------------------------------------------------------------


class Book:
    """A book of alarms whose log is read."""

    def __init__(self) -> None:
        self.stream, self.metrics, self.board = io.StringIO(), Metrics(), HealthBoard()
        configure_logs("json", "info", self.stream)
        self.alarms = AlarmBook(("bsc", "deployment"), self.metrics, self.board)

    def said(self) -> list[dict[str, Any]]:
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return [json.loads(line) for line in text.splitlines()]


def test_enter__comes_stays_changes_and_goes__said_once_each() -> None:
    book = Book()
    first = Alarm(AlarmName.END_RAISED, "bsc", "an END", 77, "0")
    book.alarms.enter("bsc", [first])
    [line] = book.said()
    assert [line[name] for name in ("event", "level", "place", "detail", "until")] == [
        "end_raised", "critical", "bsc", "an END", 77
    ]  # fmt: skip
    book.alarms.enter("bsc", [Alarm(AlarmName.END_RAISED, "bsc", "an END, a second later", 77, "0")])
    assert book.said() == []
    assert book.board.read()["chain bsc"].detail == "an END, a second later"
    book.alarms.enter("bsc", [Alarm(AlarmName.END_RAISED, "bsc", "denied", 99, "1")])
    assert sorted(line["event"] for line in book.said()) == ["end_raised", "end_raised_over"]
    book.alarms.enter("deployment", [])
    assert [alarm.text for alarm in book.alarms.on] == ["denied"]
    book.alarms.enter("bsc", [])
    assert [(line["event"], line["level"]) for line in book.said()] == [("end_raised_over", "info")]
    assert book.board.read()["chain bsc"].condition is Condition.READY


def test_enter__a_look_that_was_cut_short__ends_nothing() -> None:
    book = Book()
    book.alarms.enter("bsc", [Alarm(AlarmName.END_RAISED, "bsc", "an END")])
    book.alarms.enter("bsc", [Alarm(AlarmName.UNREAD, "bsc", "gone")], is_whole=False)
    assert [alarm.name for alarm in book.alarms.on] == [AlarmName.END_RAISED, AlarmName.UNREAD]
    assert book.board.read()["chain bsc"].detail == "an END; gone"


def test_alarms__each_that_is_critical__has_a_rule_and_every_one_a_line_in_the_table() -> None:
    [group] = yaml.safe_load((project_root() / "ops" / "alerts.yaml").read_text())["groups"]
    expressions = " ".join(rule["expr"] for rule in group["rules"])
    for name in CRITICAL - {AlarmName.FROZEN}:  # whose metric is older
        assert name in expressions, name
    page = (project_root() / "docs" / "run-a-node.md").read_text()
    for name in AlarmName:
        level = "critical" if name in CRITICAL else "warning"
        assert any(f"`{name}`" in line and f"| {level} |" in line for line in page.splitlines()), name
