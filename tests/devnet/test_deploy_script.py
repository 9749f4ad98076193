"""`ape run deploy` leaves a file from which every actor can start."""

from pathlib import Path

from click.testing import CliRunner

from scripts.deploy import cli
from zklink.l1.deployment.records import Deployment
from zklink.protocol.presets import MINIMAL


def test_deploy__in_process__writes_a_complete_deployment(tmp_path: Path) -> None:
    out = tmp_path / "deployment.json"
    arguments = ["--chains", "test", "--preset", "minimal", "--primary", "polygon", "--out", str(out), "--no-hold"]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    deployment = Deployment.from_json(out.read_text())
    assert deployment.preset == MINIMAL
    assert deployment.primary == 2
    assert [chain.evm_chain_id for chain in deployment.chains.values()] == [1, 137, 56, 43114]
    assert [token.token_id for token in deployment.tokens] == list(range(1, MINIMAL.lp_base))
    assert all(chain.bridge in result.output for chain in deployment.chains.values())


def test_deploy__unknown_preset__refused() -> None:
    result = CliRunner().invoke(cli, ["--preset", "enormous"])
    assert result.exit_code == 2
    assert "enormous" in result.output
