"""`zklink lab` where a node's packages are not installed."""

import sys

import pytest
from click.testing import CliRunner

from zklink import cli
from zklink.cli import lab_alone
from zklink.cli.main import main


def test_run__package_of_a_node_is_not_there__lab_works_and_others_name_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "zklink.cli.main", None)
    monkeypatch.setattr(sys, "argv", ["zklink", "lab", "--help"])
    with pytest.raises(SystemExit) as end:
        cli.run()
    assert end.value.code == 0
    assert "Test contracts of any project on several chains" in capsys.readouterr().out


def test_lab__alone__its_errors_are_one_line(tmp_path: object) -> None:
    result = CliRunner().invoke(lab_alone.main, ["lab", "new", str(tmp_path)[:4] or "/"])
    assert result.exit_code == 1
    assert result.output.startswith("FolderTaken: ")


def test_help__a_commands_package_is_not_there__lists_it_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> object:
        if name == "zklink.cli.verifier":
            raise ModuleNotFoundError(name="zksnake")
        return sys.modules[name] if name in sys.modules else __import__(name, fromlist=["main"])

    monkeypatch.setattr("zklink.cli.main.importlib.import_module", import_module)
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    assert "Needs more packages: pip install 'zklink[node]'" in shown.output
    assert "Test contracts of any project on several chains" in shown.output
    for words in (["verifier", "--help"], ["verifier", "--name", "Box", "key.json"]):
        called = CliRunner().invoke(main, words)
        assert called.exit_code == 1
        assert "ExtraMissing: this command (zksnake is not there) needs more packages" in called.output
