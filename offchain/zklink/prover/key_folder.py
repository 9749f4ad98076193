"""A folder of proving keys that were not made here: each circuit's files, and the list of their hashes.

Takes the folder and a circuit's name; gives the files when they are whole. A proving key is too large for a package, so
it comes from where the operator of a deployment publishes it. That it is the key of the deployment is not said here:
the contracts and the deployment's file carry the verification key's hash.
"""

import hashlib
from pathlib import Path
from typing import Final

from zklink.files import read_file
from zklink.protocol.errors import FileUnreadable, KeyFilesMissing, ProvingKeyInvalid

LIST_FILE: Final = "SHA256SUMS"
"""Lines as `sha256sum` writes and checks them: the hash, two spaces, the name."""


def check_key_files(folder: Path, circuit: str) -> tuple[Path, Path]:
    """(proving key, verification key) of a circuit. Raises KeyFilesMissing, ProvingKeyInvalid."""
    names = (f"{circuit}.zkey", f"{circuit}.vkey.json")
    missing = [name for name in (*names, LIST_FILE) if not (folder / name).is_file()]
    if missing:
        raise KeyFilesMissing(circuit, str(folder), f"no {', '.join(missing)}")
    listed = read_hashes(folder / LIST_FILE)
    if unlisted := [name for name in names if name not in listed]:
        raise KeyFilesMissing(circuit, str(folder), f"{LIST_FILE} does not name {', '.join(unlisted)}")
    for name in names:
        if hash_file(folder / name) != listed[name]:
            raise ProvingKeyInvalid(str(folder / name), f"its hash is not the one of {LIST_FILE}")
    return folder / names[0], folder / names[1]


def read_hashes(path: Path) -> dict[str, str]:
    """The hash of each name, in small hexadecimal letters; what is no such line is nothing. Raises FileUnreadable."""
    pairs = (line.split(maxsplit=1) for line in read_file(path).splitlines())
    return {pair[1].removeprefix("*").strip(): pair[0].lower() for pair in pairs if len(pair) == 2}


def hash_file(path: Path) -> str:
    """SHA-256. Raises FileUnreadable."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileUnreadable(str(path), None, error.strerror or str(error)) from error
