"""`zklink lab new`: a folder with nothing of this system in it, whose tests pass, and fail where a bug is planted."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.engines import note_engine
from zklink.cli.main import main
from zklink.lab.errors import FolderTaken
from zklink.lab.new_project import TEMPLATE, write_project


def run(folder: Path, *command: str) -> tuple[int, str]:
    note_engine("revm")
    done = subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_new__folder_that_is_not_there__has_every_file_of_the_template(tmp_path: Path) -> None:
    folder = tmp_path / "bridge"
    result = CliRunner().invoke(main, ["lab", "new", str(folder)])
    assert result.exit_code == 0, result.output
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert written >= {".gitignore", "README.md", "ape-config.yaml", "contracts/Vault.vy", "tests/test_exploits.py"}
    known = [path for path in TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert len(written) == len(known)
    assert f"run the tests: cd {folder} && pytest" in result.output


def test_new__something_is_there__is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    result = CliRunner().invoke(main, ["lab", "new", str(tmp_path)])
    assert result.exit_code == 1
    assert f"{tmp_path} is not empty: name a folder that does not exist yet" in result.output
    with pytest.raises(FolderTaken):
        write_project(tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_new__nothing_can_be_written__one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    result = CliRunner().invoke(main, ["lab", "new", str(tmp_path / "file" / "bridge")])
    assert result.exit_code == 1
    assert "file/bridge: no project can be written there (Not a directory)" in result.output.replace("\n", "")


def test_new__folder_with_a_blank__is_shown_as_a_shell_takes_it(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["lab", "new", str(tmp_path / "my bridge")])
    assert f"run the tests: cd '{tmp_path}/my bridge' && pytest" in result.output


@pytest.mark.slow  # a project of its own runs all its tests
def test_project__as_written__its_tests_pass(tmp_path: Path) -> None:
    write_project(tmp_path / "bridge")
    code, said = run(tmp_path / "bridge", "pytest", "-q", "-p", "no:cacheprovider")
    assert code == 0, said
    assert "54 passed" in said


def test_project__under_ape__its_tests_pass(tmp_path: Path) -> None:
    write_project(tmp_path / "bridge")
    code, said = run(tmp_path / "bridge", "ape", "test", "tests/test_bridge.py", "-k", "lock")
    assert code == 0, said
    assert "2 passed" in said


@pytest.mark.slow  # the same, with a bug that they find
def test_project__message_counted_twice__is_found_by_exploit_hunt_and_machine(tmp_path: Path) -> None:
    write_project(tmp_path / "bridge")
    mint = tmp_path / "bridge" / "contracts" / "Mint.vy"
    checked = (
        '    assert not self.is_settled[number], "mint: settled before"\n    self.is_settled[number] = True\n    self.b'
    )
    assert mint.read_text().count(checked) == 1
    mint.write_text(mint.read_text().replace(checked, "    self.is_settled[number] = True\n    self.b"))
    code, said = run(tmp_path / "bridge", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "--lab-seed=1")
    assert code == 1
    failed = sorted(line.partition("::")[2].split(" - ")[0] for line in said.splitlines() if line.startswith("FAILED"))
    assert failed == [
        "test_bridge__known_exploit__does_not_give_in[refund_and_payment]",
        "test_bridge__known_exploit__does_not_give_in[replayed]",
        "test_call__refused__says_why[mint: settled before]",
        "test_lock__messages_under_faults__never_more_minted_than_locked",
        "test_solvency[shard0]",
    ]
    assert "home -> away: the next message is brought twice" in said
    assert "recipient bob, amount 30" in said
    assert "How bridges were lost: a message is brought twice." in said
    assert (tmp_path / "bridge" / ".lab-crashes" / "Solvency-1.json").is_file()
