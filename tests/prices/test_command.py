"""`zklink prices`: the table, and what it sets on real registries."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from zklink.cli.main import main
from zklink.devnet.system import LocalSystem
from zklink.l1.contracts.bridge import BridgeClient
from zklink.protocol.ids import ChainId, Door

COINS = ("ethereum=2500", "polygon=0.5", "bsc=600", "avalanche=30")


@pytest.fixture
def file(system: LocalSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The deployment's file; the command finds the system's own chains."""

    def connect(*arguments: object) -> dict[ChainId, BridgeClient]:
        return dict(system.bridges)

    monkeypatch.setattr("zklink.cli.prices.connect_bridges", connect)
    path = tmp_path / "deployment.json"
    path.write_text(system.deployment.to_json())
    return path


def run(file: Path, *options: str, coins: tuple[str, ...] = COINS) -> Result:
    named = [part for coin in coins for part in ("--coin", coin)]
    return CliRunner().invoke(main, ["prices", "--deployment", str(file), *named, *options])


def test_prices__no_account__shows_every_door_and_sets_nothing(system: LocalSystem, file: Path) -> None:
    before = {chain: bridge.quotes() for chain, bridge in system.bridges.items()}
    result = run(file)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert len(lines) == len(system.bridges) * (len(system.bridges) + len(Door))
    assert lines[0].startswith("ethereum: swap to ethereum: ")
    assert sum(": full exit: " in line for line in lines) == len(system.bridges)
    assert {chain: bridge.quotes() for chain, bridge in system.bridges.items()} == before


def test_prices__the_setters_key__sets_what_has_drifted_once(system: LocalSystem, file: Path, tmp_path: Path) -> None:
    key = tmp_path / "setter.key"
    key.write_text(f"0x{system.world.roles.setter.key.hex().removeprefix('0x')}")
    before = {chain: bridge.quotes() for chain, bridge in system.bridges.items()}
    result = run(file, "--account", str(key), "--once", "--margin", "1")
    assert result.exit_code == 0, result.output
    for chain, bridge in system.bridges.items():
        assert f"{bridge.client.profile.name}: set " in result.output
        assert all(now < then for now, then in zip(bridge.quotes(), before[chain], strict=True) if then)
    assert run(file, "--account", str(key), "--once", "--margin", "1").output == "", "nothing has drifted since"


@pytest.mark.parametrize(
    ("coins", "said"),
    [
        (COINS[:3], "chain 4 has no price"),
        ((*COINS[:3], "avalanche=much"), "avalanche=much"),
        ((*COINS[:3], "avalanche=-1"), "avalanche=-1"),
        ((*COINS, "solana=100"), "solana=100"),
    ],
)
def test_prices__a_coin_without_a_price__refused(file: Path, coins: tuple[str, ...], said: str) -> None:
    result = run(file, coins=coins)
    assert result.exit_code != 0 and said in result.output
