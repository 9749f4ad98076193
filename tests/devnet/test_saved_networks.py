"""What `zklink devnet` says before it starts anything, and saved networks that must not be used."""

import hashlib
import json
import socket
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from zklink.cli.devnet_command import devnet, tell
from zklink.demo.network.places import StateFolder, ensure_founded
from zklink.demo.network.saved_state import FORMAT, LIST_FILE, SLEEP_SECONDS, Saved, compute_key, find_fault, read_saved
from zklink.devnet.pools import DEFAULT_POOLS
from zklink.devnet.profiles import AVALANCHE, BSC, POLYGON
from zklink.protocol.presets import COMPACT, MINIMAL
from zklink.service import logs

KEY = "0123456789abcdef"
CONTENT = bytes(range(256)) * 8


def write_saved(folder: Path, key: str = KEY, saved_at: float | None = None) -> None:
    """A saved network of one file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bsc.state").write_bytes(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    when = int(time.time() if saved_at is None else saved_at)
    saved = Saved(FORMAT, key, "minimal", ("bsc",), when, {"bsc": 7}, {"bsc.state": digest})
    (folder / LIST_FILE).write_text(json.dumps(asdict(saved)))


@pytest.fixture(autouse=True)
def own_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command sets up the logs of its whole process, which here is the tests'."""
    monkeypatch.setattr(logs, "configure_logs", lambda *arguments: None)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(devnet, list(arguments))
    return result.exit_code, result.output


def test_find_fault__as_it_was_saved__none(tmp_path: Path) -> None:
    write_saved(tmp_path)
    assert find_fault(tmp_path, KEY) == ""


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "bsc.state").write_bytes(CONTENT[: len(CONTENT) // 2]), "bsc.state is damaged"),
        (lambda folder: (folder / "bsc.state").write_bytes(b"\1" + CONTENT[1:]), "bsc.state is damaged"),
        (lambda folder: (folder / "bsc.state").unlink(), "bsc.state is missing"),
        (lambda folder: (folder / LIST_FILE).unlink(), f"{LIST_FILE} cannot be read"),
        (lambda folder: (folder / LIST_FILE).write_text('{"format": "zkl'), f"{LIST_FILE} cannot be read"),
        (lambda folder: (folder / LIST_FILE).write_text("[]"), f"{LIST_FILE} cannot be read"),
        (lambda folder: write_saved(folder, "another"), "another version of the program"),
    ],
)
def test_find_fault__damaged_or_of_other_code__says_why(tmp_path: Path, damage: object, words: str) -> None:
    write_saved(tmp_path)
    damage(tmp_path)  # type: ignore[operator]
    assert words in find_fault(tmp_path, KEY)


def test_compute_key__chains_preset_or_keys_differ__another_key() -> None:
    chains, keys, pools = (BSC, AVALANCHE), [bytes(32)], DEFAULT_POOLS
    found = [
        compute_key(MINIMAL, keys, chains, pools),
        compute_key(COMPACT, keys, chains, pools),
        compute_key(MINIMAL, [b"\1" * 32], chains, pools),
        compute_key(MINIMAL, keys, (POLYGON, AVALANCHE), pools),
        compute_key(MINIMAL, keys, chains, pools[:1]),
        compute_key(MINIMAL, keys, chains, pools, b"a program"),
    ]
    assert len(set(found)) == len(found)
    assert found[0] == compute_key(MINIMAL, keys, chains, pools)


@pytest.mark.parametrize("fault", ["half", "old", "none"])
def test_ensure_founded__damaged_or_old__made_anew_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setenv("ZKLINK_CACHE", str(tmp_path))
    said: list[str] = []
    folder = ensure_founded(KEY, write_saved, said.append)
    assert "no saved network yet" in said.pop() and find_fault(folder, KEY) == ""
    if fault == "half":
        (folder / "bsc.state").write_bytes(CONTENT[: len(CONTENT) // 2])
    elif fault == "old":
        write_saved(folder, saved_at=time.time() - SLEEP_SECONDS - 1)
    made: list[Path] = []

    def found(target: Path) -> None:
        made.append(target)
        write_saved(target)

    assert ensure_founded(KEY, found, said.append) == folder
    assert bool(made) == bool(said) == (fault != "none")
    words = {"half": "bsc.state is damaged", "old": "more than a day old", "none": ""}[fault]
    assert words in " ".join(said) and find_fault(folder, KEY) == ""


def test_state_folder__put_twice__has_the_second(tmp_path: Path) -> None:
    place = StateFolder(tmp_path / "net")
    assert place.find(KEY, pytest.fail) is None
    place.put(write_saved)
    place.put(lambda new: write_saved(new, saved_at=1_000))
    found = place.find(KEY, pytest.fail)
    assert found is not None and read_saved(found).saved_at == 1_000


def test_state_folder__damaged__set_aside_and_told(tmp_path: Path) -> None:
    place, said = StateFolder(tmp_path), list[str]()
    place.put(write_saved)
    (place.saved / "bsc.state").write_bytes(CONTENT[:100])
    assert place.find(KEY, said.append) is None
    assert "bsc.state is damaged" in said[0] and (tmp_path / "unusable" / "bsc.state").read_bytes() == CONTENT[:100]


def test_state_folder__cut_off_between_two_names__has_the_one_before(tmp_path: Path) -> None:
    place = StateFolder(tmp_path)
    place.put(write_saved)
    place.saved.rename(tmp_path / "before")
    assert StateFolder(tmp_path).find(KEY, pytest.fail) == place.saved


def test_devnet__port_in_use__one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, output = run("--port", str(port))
    assert code == 1 and output.startswith("Error: ") and str(port) in output and output.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--chains", "mars,bsc"), "mars"),
        (("--chains", "bsc"), "two chains at least"),
        (("--chains", "5"), "2 to 4"),
        (("--fork", "--state", "x"), "leave --fork out"),
        (("--solana", "surfnet", "--state", "x"), "use --solana litesvm"),
    ],
)
def test_devnet__options_that_do_not_fit__says_what_would(arguments: tuple[str, ...], words: str) -> None:
    code, output = run(*arguments)
    assert code == 2 and words in " ".join(output.split())


def test_devnet__fork_without_a_node__names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BSC_RPC", raising=False)
    code, output = run("--fork", "--chains", "bsc,avalanche", "--port", "0")
    assert code == 1 and "BSC_RPC" in output and output.count("\n") == 1


def test_tell__everything__fits_eighty_columns() -> None:
    url, key = "http://127.0.0.1:65000", "0x" + "ab" * 32
    chains = [{"name": "avalanche", "rpc": url, "evm_chain_id": 43114}] * 4
    accounts = {"depositor": {"address": "0x" + "ab" * 20, "key": key}}
    base58 = {"address": "9" * 44, "key": "3" * 88}
    program = {"program": "E" * 44, "mints": {"USDC": "U" * 44, "BTC": "B" * 44}}
    solana = {"name": "solana", "rpc": url, **program}
    with_solana = {"chains": [*chains, solana], "solana_accounts": {"depositor": base58}}
    described = {"api": url, "chains": chains, "accounts": accounts, "ready_seconds": 12.3, "state": "kept/net"}
    lines = list(tell(described))
    assert max(map(len, lines)) <= 80
    assert any(line.strip().startswith(f"curl {url}") for line in lines) and any(key in line for line in lines)
    more = list(tell({**described, **with_solana}))
    assert max(map(len, more)) <= 80 and set(lines) < set(more)
    text = "\n".join(more)
    assert all(each in text for each in ("E" * 44, "U" * 44, "B" * 44, "9" * 44)) and text.count("3" * 44) == 2
