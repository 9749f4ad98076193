"""`ape run deploy` leaves a file from which every actor can start, for as long as there is something to start from."""

import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from scripts import deploy as script
from scripts.deploy import cli, publish
from zklink.cli.main import main
from zklink.devnet.system import LocalSystem
from zklink.devnet.world import World
from zklink.l1.deployment.records import Deployment
from zklink.lab.chains import IN_PROCESS, Backend
from zklink.protocol.presets import MINIMAL

REHEARSAL = ["--chains", "test", "--preset", "minimal", "--primary", "polygon", "--no-hold"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """A rehearsal that was asked for a file."""
    out = tmp_path_factory.mktemp("deploy") / "deployment.json"
    return CliRunner().invoke(cli, [*REHEARSAL, "--out", str(out)], catch_exceptions=False), out


def test_deploy__in_process__writes_a_complete_deployment(rehearsal: tuple[Result, Path]) -> None:
    result, out = rehearsal
    assert result.exit_code == 0
    deployment = Deployment.from_json(out.read_text())
    assert deployment.preset == MINIMAL
    assert deployment.primary == 2
    assert [chain.evm_chain_id for chain in deployment.chains.values()] == [1, 137, 56, 43114]
    assert [token.token_id for token in deployment.tokens] == list(range(1, MINIMAL.lp_base))
    assert all(chain.bridge in result.output for chain in deployment.chains.values())


def test_deploy__in_process__says_what_the_chains_are_and_what_it_does_without(rehearsal: tuple[Result, Path]) -> None:
    result, out = rehearsal
    lines = result.output.splitlines()
    assert lines[0] == "chains: in process (py-evm)"
    reason = "preset minimal has room for tokens 1 to 7"
    assert f"not deployed from tokens.json: WETH, WPOL, WBNB, WAVAX ({reason})" in lines
    assert lines[-1] == f"its chains have ended: {out} shows what a deployment is, but nobody can connect to it"


def test_deploy__genesis_of_the_written_file__is_what_the_command_checks(
    rehearsal: tuple[Result, Path], tmp_path: Path
) -> None:
    _, out = rehearsal
    genesis = Deployment.from_json(out.read_text()).genesis
    file = tmp_path / "genesis.json"
    arguments = ["genesis", "write", "--preset", "minimal", "--operator", f"0x{genesis.operator.hex()}", str(file)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    checked = [CliRunner().invoke(main, ["genesis", "check", str(path)]) for path in (out, file)]
    assert [result.exit_code for result in checked] == [0, 0]
    assert checked[0].output == checked[1].output
    assert f"genesis_root (minimal): 0x{genesis.root:064x}" in checked[0].output


def test_publish__chains_end_at_once__no_file_and_it_says_so(session_system: LocalSystem, tmp_path: Path) -> None:
    out = StringIO()
    default = tmp_path / "anvil.json"
    publish(Console(file=out), session_system.deployment, None, default, None)
    assert not default.exists()
    assert "no file is written" in out.getvalue()
    assert "--hold" in out.getvalue()


def test_publish__chains_are_held__the_file_is_there_meanwhile_only(
    session_system: LocalSystem, tmp_path: Path
) -> None:
    default, seen = tmp_path / "anvil.json", list[Deployment]()

    def wait() -> None:
        seen.append(Deployment.from_json(default.read_text()))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(Console(file=StringIO()), session_system.deployment, None, default, wait)
    assert seen == [session_system.deployment]
    assert not default.exists()


def test_publish__another_run_wrote_meanwhile__its_file_stays(session_system: LocalSystem, tmp_path: Path) -> None:
    default = tmp_path / "anvil.json"

    def wait() -> None:
        default.write_text("other")

    publish(Console(file=StringIO()), session_system.deployment, None, default, wait)
    assert default.read_text() == "other"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "terminated"])
def test_deploy__held_and_told_to_end__removes_its_file_and_ends_its_chains(
    tmp_path: Path, number: signal.Signals
) -> None:
    code = "import sys; from pathlib import Path; from scripts import deploy; "
    code += "deploy.FOLDER = Path(sys.argv.pop(1)); deploy.cli()"
    command = [sys.executable, "-u", "-c", code, str(tmp_path), "--preset", "minimal", "--hold"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line.strip())
            if "Ctrl-C" in line:
                assert Deployment.from_json((tmp_path / "anvil.json").read_text()).preset == MINIMAL
                process.send_signal(number)
    assert process.returncode == 0
    assert said[-2:] == ["ending", f"its chains have ended: {tmp_path / 'anvil.json'} is removed"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("backend", IN_PROCESS)
def test_deploy__hold_in_process__refused_with_what_would_be_right(backend: Backend) -> None:
    result = CliRunner().invoke(cli, ["--chains", backend, "--hold"])
    assert result.exit_code == 2
    assert "--hold needs --chains anvil" in result.output


def test_deploy__forks_without_nodes__names_the_stand_ins_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(backend: Backend) -> World:
        raise KeyboardInterrupt

    for name in script.NAMES:
        monkeypatch.delenv(f"{name.upper()}_RPC", raising=False)
    monkeypatch.setenv("POLYGON_RPC", "http://127.0.0.1:1")
    monkeypatch.setattr(script, "open_world", interrupt)
    result = CliRunner().invoke(cli, ["--chains", "fork"])
    first = result.output.splitlines()[0]
    assert first.startswith("chains: forks; ethereum, bsc, avalanche: an empty local stand-in, not the live chain")


def test_deploy__unknown_preset__refused() -> None:
    result = CliRunner().invoke(cli, ["--preset", "enormous"])
    assert result.exit_code == 2
    assert "enormous" in result.output
