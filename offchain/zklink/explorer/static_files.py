"""The files of `static/`, served from memory: read once, so that no request touches the disk or names a path of it.

An address carries a version made from the content (`/static/site.css?v=1a2b3c4d`): what it names never changes, so
browsers keep it. Without the version they ask again each time.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

FOLDER: Final = Path(__file__).with_name("static")
PREFIX: Final = "/static/"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
FOREVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file with its type and the version that its address carries (8 hexadecimal digits)."""

    content: bytes
    media_type: str
    version: str


@lru_cache(maxsize=1)
def read_files() -> dict[str, StaticFile]:
    """Every file by its path below `static/`; one of an unknown type is none."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        media_type = TYPES.get(path.suffix)
        if media_type is not None and path.is_file():
            content = path.read_bytes()
            version = hashlib.sha256(content).hexdigest()[:8]
            found[path.relative_to(FOLDER).as_posix()] = StaticFile(content, media_type, version)
    return found


def name_file(path: str) -> str:
    """The address of a file, with its version. Raises KeyError if a template names one that is missing."""
    return f"{PREFIX}{path}?v={read_files()[path].version}"


def answer_file(request: Request) -> Response | None:
    """The file that a request asks for; None if there is none."""
    file = read_files().get(request.url.path.removeprefix(PREFIX))
    if file is None:
        return None
    is_versioned = request.query_params.get("v") == file.version
    headers = {"ETag": f'"{file.version}"', "Cache-Control": FOREVER if is_versioned else ASK_AGAIN}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)
