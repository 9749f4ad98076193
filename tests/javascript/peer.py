"""One node process that answers the questions of calls.mjs, line by line."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from zklink.prover.tools import node_binary

PROGRAM: Final = Path(__file__).with_name("calls.mjs")


class Peer:
    """A node process; a context manager."""

    def __enter__(self) -> "Peer":
        command = [str(node_binary()), str(PROGRAM)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def ask(self, call: str, arguments: Any) -> Any:
        """`{"answer": ..}` or `{"refused": ..}`; AssertionError if the module breaks otherwise."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": call, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        assert "broken" not in found, f"{call} {arguments}: {found}"
        return found
