"""Where networks are kept: freshly founded ones in the cache, and one that somebody comes back to in a folder.

A folder has `saved`, the network at its last end, and while it runs `run`, which nobody reads later: what was not saved
by an orderly end is not there any more. Never changes `saved` but as a whole.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from zklink.demo.network.saved_state import SLEEP_SECONDS, find_fault, read_saved
from zklink.files import lock_file, sync_folder, sync_tree
from zklink.prover.cache import cache_directory, ensure_entry, locked

CACHE: Final = "devnet"
SAVED: Final = "saved"
OLD: Final = "before"
NEW: Final = "new"
RUN: Final = "run"
SET_ASIDE: Final = "unusable"

Say = Callable[[str], None]


def ensure_founded(key: str, found: Callable[[Path], None], say: Say) -> Path:
    """The folder of a freshly founded network of this key, from the cache or by `found`. A damaged or old one is made
    anew, in words.
    """
    entry = cache_directory() / CACHE / key
    with locked(f"{CACHE}-{key}-check"):
        if entry.is_dir():
            fault = find_fault(entry, key)
            if not fault and read_saved(entry).age_seconds > SLEEP_SECONDS:
                fault = "it is more than a day old, and its chains would be behind"
            if fault:
                say(f"the saved network is made anew: {fault}")
                shutil.rmtree(entry)
        if not entry.is_dir():
            say("no saved network yet: it is founded, once (about 30 s)")
        return ensure_entry(CACHE, key, found)


class StateFolder:
    """A folder to come back to. One process has it at a time."""

    def __init__(self, folder: Path) -> None:
        """Raises FileInUse, OSError."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        lock_file(folder / SAVED)
        if not self.saved.is_dir() and (folder / OLD).is_dir():  # the last end was cut off between two names
            (folder / OLD).rename(self.saved)

    @property
    def saved(self) -> Path:
        return self.folder / SAVED

    def find(self, key: str, say: Say) -> Path | None:
        """The network that was saved here; None if there is none, or one that cannot be used: it is set aside, in
        words.
        """
        if not self.saved.is_dir():
            return None
        fault = find_fault(self.saved, key)
        if not fault:
            return self.saved
        aside = self.folder / SET_ASIDE
        shutil.rmtree(aside, ignore_errors=True)
        self.saved.rename(aside)
        say(f"the network of {self.folder} is made anew: {fault}")
        say(f"what was there is now in {aside}")
        return None

    def put(self, save: Callable[[Path], None]) -> None:
        """Let `save` fill a folder, which then is the saved network."""
        new, old = self.folder / NEW, self.folder / OLD
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        save(new)
        sync_tree(new)
        shutil.rmtree(old, ignore_errors=True)
        if self.saved.is_dir():
            self.saved.rename(old)
        new.rename(self.saved)
        sync_folder(self.folder)
        shutil.rmtree(old, ignore_errors=True)
