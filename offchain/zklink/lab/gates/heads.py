"""The head of each source: its compiler's exact version, and the tags that the project wants of its contracts."""

import re
from collections.abc import Iterator
from typing import Final

from zklink.lab.gates.compiling import parse
from zklink.lab.gates.externals import read_docstring
from zklink.lab.gates.finding import Finding
from zklink.lab.gates.project import Project
from zklink.lab.gates.sizes import find_deployables

_VERSION: Final = re.compile(r"^#\s*(?:pragma\s+version|@version)\s+(.+?)\s*$", re.MULTILINE)
_EXACT: Final = re.compile(r"(?:==)?\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")


def find_bad_pragmas(project: Project) -> Iterator[Finding]:
    """Sources that name no compiler, or more than one."""
    for path in project.sources:
        text = path.read_text(errors="replace")
        found = _VERSION.search(text)
        if found is None:
            yield Finding("pragma", project.place(path), 1, "no `# pragma version`")
        elif not _EXACT.fullmatch(found[1]):
            line = text.count("\n", 0, found.start()) + 1
            yield Finding("pragma", project.place(path), line, f"{found[1]} is more than one version: name one")


def find_missing_tags(project: Project) -> Iterator[Finding]:
    """Contracts whose head lacks a tag of `deployable_tags`."""
    if not project.deployable_tags:
        return
    for path in set(find_deployables(project)) & set(project.written):
        head = read_docstring(parse(path))
        for tag in project.deployable_tags:
            if f"{tag} " not in head:
                yield Finding("natspec", project.place(path), 1, f"the head of {path.stem} has no {tag}")
