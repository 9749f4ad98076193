"""ape recompiles a Vyper file when it changed, never when a module it imports did: drop its build when any did."""

from pathlib import Path

from zklink.l1.contract_artifacts import compute_sources_hash


def drop_stale_build(root: Path) -> bool:
    """Remove ape's compiled manifest if the contracts changed since the last call; says whether it did."""
    mark, manifest = root / ".build" / "sources.hash", root / ".build" / "__local__.json"
    current = compute_sources_hash()
    if mark.is_file() and mark.read_text() == current:
        return False
    manifest.unlink(missing_ok=True)
    mark.parent.mkdir(exist_ok=True)
    mark.write_text(current)
    return True
