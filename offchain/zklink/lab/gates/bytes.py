"""Bytes of a source that a reader of lines or columns may count differently. Judged before anything is parsed."""

from collections.abc import Iterator
from typing import Final

from zklink.lab.gates.finding import Finding
from zklink.lab.gates.project import Project

MULTI_BYTE: Final = "CVE-2026-114114"
LINE_SEPARATOR: Final = "CVE-2026-114116"


def find_odd_bytes(source: bytes) -> Iterator[tuple[str, int]]:
    """Only line feeds and printable ASCII pass: whatever else some reader of lines or columns may count differently."""
    for number, line in enumerate(source.split(b"\n"), start=1):
        if any(byte >= 0x80 for byte in line):
            yield MULTI_BYTE, number
        if any(byte < 0x20 or byte == 0x7F for byte in line):
            yield LINE_SEPARATOR, number


def find_odd(project: Project) -> Iterator[Finding]:
    """Bytes in sources that are no printable ASCII."""
    for path in project.sources:
        for advisory, line in find_odd_bytes(path.read_bytes()):
            yield Finding("ascii", project.place(path), line, f"a byte that is no printable ASCII ({advisory})")
