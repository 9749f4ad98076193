"""What `pip install zklink` brings: a wheel in an empty environment, with the client and without what a node needs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.api.scene import Scene
from tests.client.served import serve_scene
from tests.support.wheel import ROOT, UV, build_wheel, install_wheel

HEAVY = {"web3", "eth-ape", "click", "numpy", "llvmlite", "sqlalchemy", "starlette", "uvicorn", "wasmtime", "rich"}
MOST_PACKAGES = 45
"""Some 35 are needed; many more would mean that a client takes what belongs to a node."""


@dataclass(frozen=True)
class Thin:
    """An environment that has the wheel and what it needs."""

    folder: Path
    wheel: Path

    @property
    def bin(self) -> Path:
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin")

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in command], cwd=self.folder, capture_output=True, text=True, check=False
        )

    def python(self, program: str) -> str:
        done = self.run(self.bin / "python", "-c", program)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def thin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Thin]:
    folder = tmp_path_factory.mktemp("thin")
    wheel = build_wheel(folder)
    yield Thin(install_wheel(wheel, folder / "env").parents[1], wheel)


@pytest.mark.slow
def test_wheel__in_an_empty_environment__few_packages_and_none_of_a_node(thin: Thin) -> None:
    listed = json.loads(thin.run(UV, "pip", "list", "--format", "json", "--python", thin.bin / "python").stdout)
    names = {package["name"].lower() for package in listed}
    assert {"zklink", "httpx", "eth-account", "msgspec", "websockets"} <= names
    assert not names & HEAVY
    assert len(names) <= MOST_PACKAGES, sorted(names)


@pytest.mark.slow
def test_wheel__imports_of_the_face__work_and_know_the_whole_of_it(thin: Thin) -> None:
    assert thin.python("import zklink, sys; print([m for m in sys.modules if m.startswith('zklink.')])") == "[]"
    face = "all(getattr(zklink, name) for name in zklink.__all__ if name != 'exits')"
    assert thin.python(f"import zklink; print({face})") == "True"
    done = thin.run(thin.bin / "python", "-c", "from zklink import exits")
    assert done.stderr.strip().endswith("leaving without the operator needs more packages: pip install 'zklink[node]'")
    assert thin.python(
        "import zklink; print((__import__('pathlib').Path(zklink.__file__).parent / 'py.typed').is_file())"
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", [(), ("node", "--config", "node.toml"), ("--help",)])
def test_wheel__commands__say_in_one_line_what_to_install(thin: Thin, command: tuple[str, ...]) -> None:
    done = thin.run(thin.bin / "zklink", *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("pip install 'zklink[node]'\n"), done.stderr


@pytest.mark.slow
def test_wheel__its_clients_example__sends_a_swap_and_sees_it_arrive(thin: Thin, scene: Scene, tmp_path: Path) -> None:
    with serve_scene(scene) as served:
        (tmp_path / "devnet.json").write_text(json.dumps(served.described))
        command = (thin.bin / "python", ROOT / "examples" / "swap.py", "devnet.json")
        code, out, errors = served.run_beside(command, tmp_path)
    assert code == 0, errors
    quoted, sent, arrived = out.splitlines()
    amount = quoted.removeprefix("600 USDC on polygon for ").removesuffix(" BTC on bsc")
    assert sent.startswith("sent: 0x") and sent.endswith(" on polygon")
    assert arrived.startswith(f"arrived: {amount} BTC, shown by the receipt of 0x")
