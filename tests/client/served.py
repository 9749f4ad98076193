"""A scene that programs outside of this process can use: its API and its chains' nodes listen on loopback.

Time passes in `run_rounds`, on the test's thread, which alone drives the node; the other threads ask the chains under
the same lock.
"""

import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.api.scene import Scene
from zklink.api.app import build_app
from zklink.api.desk import ThreadDesk
from zklink.api.server import ApiServer
from zklink.lab.rpc_http import HttpNode
from zklink.lab.rpc_proxy import RpcProxy

SERVE_SECONDS = 0.05


class ServedScene:
    """A scene with addresses. `described` is what `zklink devnet --json` writes."""

    def __init__(self, scene: Scene, api: ApiServer, desk: ThreadDesk, rpc: dict[str, str], lock: Any) -> None:
        self._scene, self._desk, self._lock = scene, desk, lock
        system = scene.pipeline.system
        roles = system.world.roles
        self.described = {
            "api": api.url,
            "deployment_hash": f"0x{system.deployment.deployment_hash.hex()}",
            "chains": [{"name": name, "rpc": url} for name, url in rpc.items()],
            "accounts": {
                name: {"address": account.address, "key": f"0x{bytes(account.key).hex()}"}
                for name, account in (("depositor", roles.depositor), ("recipient", roles.recipient))
            },
        }

    def run_beside(self, command: Sequence[str | Path], folder: Path, rounds: int = 2_000) -> tuple[int, str, str]:
        """(code, output, errors) of a program for which time passes meanwhile. It has so many rounds."""
        program = subprocess.Popen(
            list(map(str, command)), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            for _ in range(rounds):
                if program.poll() is not None:
                    break
                with self._lock:
                    self._scene.round()
                self._desk.serve(SERVE_SECONDS)
            else:
                program.kill()
        finally:
            program.kill()
            out, errors = program.communicate()
        return program.returncode, out, errors


@contextmanager
def serve_scene(scene: Scene) -> Iterator[ServedScene]:
    """The scene's API and nodes, at free ports."""
    lock, desk = threading.RLock(), ThreadDesk()

    def ask(chain: Any, method: str, params: Any) -> Any:
        with lock:
            return chain.w3.provider.make_request(method, params)

    with ExitStack() as opened:
        rpc = {}
        for chain in scene.pipeline.system.world:
            proxy = RpcProxy(lambda method, params, chain=chain: ask(chain, method, params))  # type: ignore[misc]
            rpc[chain.name] = opened.enter_context(HttpNode(proxy)).url
        api = ApiServer(build_app(scene.sources, desk, scene.limits), "127.0.0.1", 0, scene.limits)
        api.start()
        opened.callback(api.stop)
        opened.callback(desk.close)
        yield ServedScene(scene, api, desk, rpc, lock)
