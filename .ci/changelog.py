"""Asks for a line in CHANGELOG.md when code changes. Takes a base (optional), gives a verdict, never changes anything.

    python .ci/changelog.py [BASE]

What is compared: everything since BASE, committed or not. Without BASE, since the point where this branch left
origin/HEAD, origin/main or main, whichever exists first. On that branch itself, or in a clone that has none of them, no
range is known: then only what is not committed is looked at. It says which of these it did.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

CHANGELOG: Final = "CHANGELOG.md"
WATCHED: Final = ("contracts/", "offchain/", "scripts/")
"""What changes here, changes for somebody."""

MAIN_BRANCHES: Final = ("origin/HEAD", "origin/main", "main")


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    root = Path.cwd()
    if _git(root, "rev-parse", "HEAD") is None:
        print("changelog: no git history here, nothing compared")
        return 0
    base = find_base(root, arguments[0] if arguments else "")
    if base is None:
        print(f"changelog: this clone has no commit {arguments[0]}")
        return 1
    since = f"since {base}" if base != "HEAD" else "among what is not committed (no range known)"
    touched = [path for path in list_changes(root, base) if path.startswith(WATCHED)]
    if not touched or has_new_line(root, base):
        print(f"changelog: looked {since}, fine")
        return 0
    print(f"changelog: {since}, these changed, and {CHANGELOG} got no line:")
    print("\n".join(f"  {path}" for path in touched))
    return 1


def find_base(root: Path, given: str) -> str | None:
    """The commit to compare with; HEAD when no range is known, None when the given one does not exist."""
    if given:
        return _git(root, "rev-parse", "--short", "--verify", f"{given}^{{commit}}")
    head = _git(root, "rev-parse", "--short", "HEAD")
    for branch in MAIN_BRANCHES:
        if _git(root, "rev-parse", "--verify", branch) is not None:
            fork = _git(root, "merge-base", "HEAD", branch)
            short = fork and _git(root, "rev-parse", "--short", fork)
            return "HEAD" if short in (None, head) else short
    return "HEAD"


def list_changes(root: Path, base: str) -> list[str]:
    """Paths that differ from the base in commits, index or working tree, and new files."""
    changed = _git(root, "diff", "--name-only", base) or ""
    new = _git(root, "ls-files", "--others", "--exclude-standard") or ""
    return sorted({*changed.splitlines(), *new.splitlines()})


def has_new_line(root: Path, base: str) -> bool:
    """Whether the change log gained a line; one that only lost lines does not count."""
    counts = (_git(root, "diff", "--numstat", base, "--", CHANGELOG) or "0").split()
    return int(counts[0]) > 0


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints, without the last line end; None when it fails."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
