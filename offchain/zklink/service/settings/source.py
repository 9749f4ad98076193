"""Reads settings: a TOML file, and over it variables of the environment such as ZKLINK__DATABASE__URL.

Takes a file and an environment; gives typed settings. A mistake is named with its file (or variable) and key; what
stands there is never shown, for it may be a secret.
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import SecretStr, ValidationError

from zklink.files import read_file
from zklink.l1.transport.secrets import keep_secret, keep_words
from zklink.protocol.errors import SettingsInvalid
from zklink.service.settings.broker import AloneBrokerSettings
from zklink.service.settings.model import (
    ChainSettings,
    DatabaseSettings,
    NodeSettings,
    PayingProgramSettings,
    ProgramSettings,
    Section,
    SignersSettings,
)
from zklink.service.settings.signer import AskedSettings, SignerSettings
from zklink.service.settings.watch import WatchSettings

S = TypeVar("S", bound=Section)

PREFIX: Final = "ZKLINK__"
SQLITE: Final = "sqlite:///"
_OVER: Final = "__"
_WORDS: Final = {
    "extra_forbidden": "there is no such key",
    "missing": "it is missing",
    "tuple_type": 'give a list, as ["one", "another"]',
    "int_type": "give a whole number",
    "int_parsing": "give a whole number",
    "float_type": "give a number",
    "float_parsing": "give a number",
    "bool_type": "give true or false",
    "bool_parsing": "give true or false",
    "string_type": "give a text",
    "model_type": "it is a table, and needs keys",
    "dict_type": "it is a table, and needs keys",
}
"""Reasons in this package's words, where pydantic's own are for programmers."""


def read_settings(path: Path, environment: Mapping[str, str] = os.environ) -> NodeSettings:
    """The settings of a node. Raises SettingsInvalid, FileUnreadable. From here on every text that passes `redact`
    hides what they hold.
    """
    settings = read_section(NodeSettings, path, environment)
    keep_secrets({**settings.chains, **settings.programs}, settings.database)
    folder = path.resolve().parent
    keys, secret, own = settings.keys, settings.signers.secret_file, settings.prover.keys
    return settings.model_copy(
        update={
            "signers": settings.signers.model_copy(update={"secret_file": None if secret is None else folder / secret}),
            "deployment": folder / settings.deployment,
            "database": place_database(folder, settings.database),
            "programs": {name: _place_keypairs(folder, each) for name, each in settings.programs.items()},
            "prover": settings.prover.model_copy(update={"keys": None if own is None else folder / own}),
            "keys": keys.model_copy(
                update={
                    "sequencer": folder / keys.sequencer,
                    "broker": None if keys.broker is None else folder / keys.broker,
                    "relayer": None if keys.relayer is None else folder / keys.relayer,
                    "validators": tuple(folder / file for file in keys.validators),
                    "watchers": tuple(folder / file for file in keys.watchers),
                    "passphrase_file": None if keys.passphrase_file is None else folder / keys.passphrase_file,
                }
            ),
        }
    )


def _place_keypairs(folder: Path, own: PayingProgramSettings) -> PayingProgramSettings:
    broker = None if own.broker is None else folder / own.broker
    return own.model_copy(update={"payer": folder / own.payer, "broker": broker})


def read_broker_settings(path: Path, environment: Mapping[str, str] = os.environ) -> AloneBrokerSettings:
    """The settings of a broker that runs alone, as `read_settings` gives those of a node."""
    settings = read_section(AloneBrokerSettings, path, environment)
    keep_secrets({**settings.chains, **settings.programs}, settings.database)
    folder, keys = path.resolve().parent, settings.keys
    passphrase = None if keys.passphrase_file is None else folder / keys.passphrase_file
    own = keys.model_copy(update={"broker": folder / keys.broker, "passphrase_file": passphrase})
    files = {"deployment": folder / settings.deployment, "database": place_database(folder, settings.database)}
    programs = {
        name: each.model_copy(update={"broker": folder / each.broker}) for name, each in settings.programs.items()
    }
    return settings.model_copy(update={**files, "keys": own, "programs": programs})


def read_signer_settings(path: Path, environment: Mapping[str, str] = os.environ) -> SignerSettings:
    """The settings of a signer, as `read_settings` gives those of a node. Raises SettingsInvalid also where its words
    lie in the folder that it is started from, and not beside its settings: without them it could contradict itself.
    """
    settings = read_section(SignerSettings, path, environment)
    keep_secrets({**settings.chains, **settings.programs}, settings.database)
    folder = path.resolve().parent
    files = {name: folder / getattr(settings, name) for name in ("deployment", "key", "secret_file")}
    passphrase = None if settings.passphrase_file is None else folder / settings.passphrase_file
    database = place_database(folder, settings.database)
    if database != settings.database and _is_left(folder, settings.database):
        reason = "its file is in the folder where this is started, and not beside the settings: move it, or say all of"
        raise SettingsInvalid(str(path), "database.url", f"{reason} its path")
    return settings.model_copy(update={**files, "passphrase_file": passphrase, "database": database})


def read_asked_signers(path: Path, environment: Mapping[str, str] = os.environ) -> SignersSettings:
    """The table [signers] of any settings. Raises SettingsInvalid, FileUnreadable."""
    signers = read_section(AskedSettings, path, environment).signers
    secret = signers.secret_file
    return signers.model_copy(update={"secret_file": None if secret is None else path.resolve().parent / secret})


def read_watch_settings(path: Path, environment: Mapping[str, str] = os.environ) -> WatchSettings:
    """The settings of a watch, as `read_settings` gives those of a node."""
    settings = read_section(WatchSettings, path, environment)
    keep_secrets({**settings.chains, **settings.programs})
    folder = path.resolve().parent
    words = None if settings.words is None else folder / settings.words
    return settings.model_copy(update={"deployment": folder / settings.deployment, "words": words})


def place_database(folder: Path, database: DatabaseSettings) -> DatabaseSettings:
    """The same database with its file, if it is one, relative to a folder."""
    url = database.url.get_secret_value()
    file = url.removeprefix(SQLITE)
    if file in (url, "", ":memory:") or Path(file).is_absolute():
        return database
    return DatabaseSettings(url=SecretStr(f"{SQLITE}{folder / file}"))


def _is_left(folder: Path, database: DatabaseSettings) -> bool:
    """Whether a relative file is where a program is started, and not in the folder."""
    file = database.url.get_secret_value().removeprefix(SQLITE)
    return Path(file).exists() and not (folder / file).exists()


def keep_secrets(
    chains: Mapping[str, ChainSettings | ProgramSettings], database: DatabaseSettings | None = None
) -> None:
    """Have every text that passes `redact` hide the nodes' addresses and the database's password."""
    keep_node_secrets({name: chain.nodes for name, chain in chains.items()})
    url = "" if database is None else database.url.get_secret_value()
    if "@" in url:
        keep_words([part for part in url.partition("://")[2].rpartition("@")[0].split(":")[1:] if part])


def keep_node_secrets(nodes: Mapping[str, Sequence[SecretStr]]) -> None:
    """Have every text that passes `redact` hide the addresses of nodes, given by the chains' names."""
    for name, addresses in nodes.items():
        for address in addresses:
            keep_secret(address.get_secret_value(), public=(name,))


def read_section(kind: type[S], path: Path, environment: Mapping[str, str]) -> S:
    """A file's settings with those of the environment over them."""
    try:
        data = tomllib.loads(read_file(path))
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(str(path), "", f"no TOML: {_without_text(error)}") from None
    places: dict[tuple[str, ...], str] = {}
    for name, value in environment.items():
        if name.upper().startswith(PREFIX):
            keys = tuple(name[len(PREFIX) :].lower().split(_OVER))
            places[keys] = name
            _put(data, keys, _parse(value), name)
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise _explain(error, path, places) from None


def _put(data: dict[str, Any], keys: tuple[str, ...], value: Any, name: str) -> None:
    place = data
    for key in keys[:-1]:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise SettingsInvalid(name, ".".join(keys), "it is inside of a key that is no table")
    place[keys[-1]] = value


def _parse(value: str) -> Any:
    """What a value of the environment means: TOML where it is that, else a text."""
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value


def _explain(error: ValidationError, path: Path, places: Mapping[tuple[str, ...], str]) -> SettingsInvalid:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    keys = tuple(str(part) for part in first["loc"])
    named = [name for given, name in places.items() if keys[: len(given)] == given]
    reason = _WORDS.get(first["type"], first["msg"].removeprefix("Value error, "))
    return SettingsInvalid(named[0] if named else str(path), ".".join(keys), reason)


def _without_text(error: tomllib.TOMLDecodeError) -> str:
    """The place of a mistake alone: its message can quote the file."""
    text = str(error)
    return text[text.rindex("(") :].strip("()") if "(" in text else "it cannot be read"
