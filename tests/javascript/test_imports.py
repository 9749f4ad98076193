"""The module and what it stands on load as they are: every import is a path to a file that is served."""

import re
from typing import Final

from zklink.explorer.static_files import FOLDER, read_files
from zklink.explorer.vendor import VENDOR, localize, publish

IMPORT: Final = re.compile(r"^(?:import|export)\b[^;]*?\bfrom ['\"]([^'\"]+)['\"];", re.MULTILINE)
SCRIPTS: Final = sorted((FOLDER / "js").rglob("*.js")) + sorted((VENDOR / "noble").rglob("*.js"))


def test_imports__of_every_script__are_paths_of_files_that_are_served() -> None:
    served, seen = {FOLDER / name for name in read_files()}, 0
    for script in SCRIPTS:
        for target in IMPORT.findall(script.read_text()):
            seen += 1
            assert target.startswith("."), f"{script}: {target}"
            assert (script.parent / target).resolve() in served, f"{script}: {target}"
    assert seen > 50


def test_vendored__imports_by_name__are_the_only_thing_that_is_changed() -> None:
    changed = 0
    for path in sorted((VENDOR / "noble").rglob("*")):
        if path.is_file():
            name, content = path.relative_to(VENDOR).as_posix(), path.read_bytes()
            assert localize(name, publish(content)) == content
            changed += publish(content) != content
    assert changed > 3
