"""The check that asks for a line in CHANGELOG.md, on small repositories made for it."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

CHECK: Final = Path(__file__).resolve().parents[2] / ".ci" / "changelog.py"


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


def commit(folder: Path, path: str, text: str) -> None:
    write(folder, path, text)
    git(folder, "add", "-A")
    git(folder, "commit", "-m", path)


def check(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, str(CHECK), *arguments], cwd=folder, capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """On a branch `work` that left `main` after one commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init")
    write(folder, "contracts/Bridge.vy", "one\n")
    commit(folder, "CHANGELOG.md", "- one\n- two\n")
    git(folder, "checkout", "-b", "work")
    return folder


@pytest.mark.parametrize("path", ["contracts/Bridge.vy", "offchain/zklink/new.py", "scripts/demo.py"])
def test_check__code_without_a_line__fails_and_names_the_file(repository: Path, path: str) -> None:
    commit(repository, path, "other\n")
    code, said = check(repository)
    assert code == 1
    assert path in said


@pytest.mark.parametrize("path", ["contracts/Bridge.vy", "offchain/zklink/new.py"])
def test_check__code_that_is_not_committed__fails(repository: Path, path: str) -> None:
    write(repository, path, "other\n")
    assert check(repository)[0] == 1


def test_check__line_in_another_commit_of_the_range__passes(repository: Path) -> None:
    commit(repository, "CHANGELOG.md", "- one\n- two\n- three\n")
    commit(repository, "contracts/Bridge.vy", "two\n")
    assert check(repository)[0] == 0


def test_check__line_taken_away__fails(repository: Path) -> None:
    commit(repository, "CHANGELOG.md", "- one\n")
    commit(repository, "contracts/Bridge.vy", "two\n")
    assert check(repository)[0] == 1


def test_check__only_tests_and_pages__passes(repository: Path) -> None:
    commit(repository, "tests/test_bridge.py", "pass\n")
    assert check(repository)[0] == 0


def test_check__on_main__looks_at_what_is_not_committed(repository: Path) -> None:
    git(repository, "checkout", "main")
    commit(repository, "contracts/Bridge.vy", "two\n")
    code, said = check(repository)
    assert (code, "not committed" in said) == (0, True)
    write(repository, "contracts/Bridge.vy", "three\n")
    assert check(repository)[0] == 1


def test_check__base_given__is_compared_with(repository: Path) -> None:
    git(repository, "checkout", "main")
    commit(repository, "contracts/Bridge.vy", "two\n")
    assert check(repository, "HEAD~1")[0] == 1
    assert check(repository, "HEAD")[0] == 0


def test_check__base_that_does_not_exist__fails(repository: Path) -> None:
    assert check(repository, "HEAD~7")[0] == 1


def test_check__clone_of_one_commit__passes_until_something_changes(repository: Path, tmp_path: Path) -> None:
    commit(repository, "contracts/Bridge.vy", "two\n")
    git(tmp_path, "clone", "--depth", "1", f"file://{repository}", "shallow")
    assert check(tmp_path / "shallow")[0] == 0
    write(tmp_path / "shallow", "contracts/Bridge.vy", "three\n")
    assert check(tmp_path / "shallow")[0] == 1


def test_check__no_repository__passes_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    code, said = check(tmp_path)
    assert (code, "no git history" in said) == (0, True)
