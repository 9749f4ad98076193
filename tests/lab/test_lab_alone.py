"""`zklink lab` where a node's packages are not installed."""

import sys

import pytest
from click.testing import CliRunner

from zklink import cli
from zklink.cli import lab_alone


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
