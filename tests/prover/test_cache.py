"""The cache: an entry that exists is complete, and two processes never make the same one twice."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from zklink.prover import cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZKLINK_CACHE", str(tmp_path))
    return tmp_path


def test_cache_directory__variable_set__is_it(tmp_path: Path) -> None:
    assert cache.cache_directory() == tmp_path


def test_cache_directory__variable_unset__is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZKLINK_CACHE")
    assert cache.cache_directory().name == "zklink"


def test_project_root__holds_what_is_built_from_it() -> None:
    root = cache.project_root()
    assert (root / "package.json").is_file() and (root / "offchain" / "circuits").is_dir()


def test_compute_content_hash__parts_moved__differs() -> None:
    assert cache.compute_content_hash("ab", "c") != cache.compute_content_hash("a", "bc")
    assert cache.compute_content_hash("ab", b"c") == cache.compute_content_hash(b"ab", "c")


def test_ensure_entry__there_already__not_made_again() -> None:
    made = []

    def make(directory: Path) -> None:
        made.append(directory)
        (directory / "file").write_text("content")

    first = cache.ensure_entry("folder", "key", make)
    assert cache.ensure_entry("folder", "key", make) == first
    assert len(made) == 1 and (first / "file").read_text() == "content"


def test_ensure_entry__making_fails__leaves_nothing(tmp_path: Path) -> None:
    def make(directory: Path) -> None:
        (directory / "half").write_text("half")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        cache.ensure_entry("folder", "key", make)
    assert list((tmp_path / "folder").iterdir()) == []


def test_ensure_entry__left_by_a_killed_process__cleared(tmp_path: Path) -> None:
    left = tmp_path / "folder" / ".key-half"
    left.mkdir(parents=True)
    entry = cache.ensure_entry("folder", "key", lambda directory: None)
    assert entry.is_dir() and not left.exists()


def test_ensure_entry__two_at_once__made_by_one() -> None:
    made = []
    started = threading.Barrier(2)

    def make(directory: Path) -> None:
        made.append(directory)
        (directory / "file").write_text("content")

    def run() -> None:
        started.wait()
        cache.ensure_entry("folder", "key", make)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
