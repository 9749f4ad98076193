"""Where what was computed once of a project's sources is kept."""

import os
from pathlib import Path

import platformdirs


def find_cache(kind: str) -> Path:
    """The folder of one kind of results, under `ZKLINK_CACHE` or the user's cache; it may not exist yet."""
    given = os.environ.get("ZKLINK_CACHE")
    return (Path(given) if given else Path(platformdirs.user_cache_dir("zklink"))) / "lab" / kind
