"""What a keeper has spent, kept over restarts: a file that is written before anything is sent.

Takes a path and a deployment's hash; gives and takes wei by chain. One process alone has it.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from zklink.files import lock_file, read_file, write_file
from zklink.protocol.errors import FileUnreadable

FORMAT: Final = "zklink.keeper.1"


class PurseJournal:
    """The journal of a keeper of one deployment; a new one where there is no file. Raises FileUnreadable for a file
    that is none or is another deployment's, FileInUse, FileNotWritten.
    """

    def __init__(self, path: Path, deployment_hash: bytes) -> None:
        self._path, self._hash = path, f"0x{deployment_hash.hex()}"
        try:
            lock_file(path)
        except OSError as error:
            raise FileUnreadable(str(path), None, error.strerror or str(error)) from error
        self._spent = dict(_read(path, self._hash)) if path.exists() else {}
        self._write()

    def spent_wei(self, chain: str) -> int:
        """What was spent on a chain, of every run; transactions whose fate is not known count with their ceiling."""
        return self._spent.get(chain, 0)

    def keeper_of(self, chain: str) -> Callable[[int], None]:
        """What a chain's purse calls with all that it has spent."""

        def keep(spent_wei: int) -> None:
            self._spent[chain] = spent_wei
            self._write()

        return keep

    def _write(self) -> None:
        spent = {chain: str(wei) for chain, wei in sorted(self._spent.items())}
        data = {"format": FORMAT, "deployment_hash": self._hash, "spent_wei": spent}
        write_file(self._path, json.dumps(data, indent=2) + "\n")


def _read(path: Path, deployment_hash: str) -> Mapping[str, int]:
    try:
        data = json.loads(read_file(path))
        if (data["format"], data["deployment_hash"]) != (FORMAT, deployment_hash):
            raise ValueError("it is not a keeper's journal of this deployment")
        found = {str(chain): int(wei) for chain, wei in data["spent_wei"].items()}
        if any(wei < 0 for wei in found.values()):
            raise ValueError("it has a negative sum")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileUnreadable(str(path), None, f"no keeper's journal ({error})") from error
    return found
