"""A broker as a process: it starts beside a node that it never asks, says how it is, and survives kill -9."""

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import run

import pytest

from tests.service.node_process import PROGRAM, NodeProcess, free_port
from tests.support.engines import note_engine
from zklink.devnet.profiles import AVALANCHE, BSC
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.tokens import USDC, token_by_id
from zklink.devnet.world import open_world
from zklink.protocol.presets import MINIMAL


@pytest.fixture(scope="module")
def deployed() -> Iterator[LocalSystem]:
    with open_world("anvil", (BSC, AVALANCHE)) as world:
        yield deploy_local_system(world, MINIMAL, tokens=[token_by_id(USDC)])


@pytest.fixture
def process(deployed: LocalSystem, tmp_path: Path) -> Iterator[NodeProcess]:
    note_engine("anvil")
    process = NodeProcess(deployed, tmp_path, free_port())
    process.settings.write_text(
        f'deployment = "deployment.json"\napproves = true\n{process.chain_settings}[keys]\nbroker = "broker"\n'
        f'[database]\nurl = "sqlite:///{tmp_path}/broker.db"\n[http]\nport = {process.port}\n'
        "[tokens.USDC]\nminimum_fee = 1\ntiers = [{ limit = 1000 }]\ntargets = { bsc = 5 }\n"
    )
    yield process
    process.close()


@pytest.mark.slow
def test_broker__killed_and_started_again__ready_and_its_report_can_be_read_meanwhile(process: NodeProcess) -> None:
    config = ["broker", "--config", str(process.settings)]
    for _ in range(2):
        process.start(*config)
        process.wait_ready()
        metrics = process.ask("/metrics")
        assert metrics is not None and 'zklink_broker_target{chain="bsc",token="USDC"} 5.0' in metrics.text
        done = run([PROGRAM, *config, "report", "--json"], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) == []
        process.kill()
    process.start(*config)
    process.wait_ready()
    assert process.end() == 0
    assert (process.folder / "broker").read_text().removeprefix("0x") not in process.log
