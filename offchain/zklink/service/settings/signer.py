"""The settings of a signer that runs as a process, and where a node finds signers. Files are relative to the file."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, SecretStr

from zklink.service.settings.model import (
    ChainSettings,
    DatabaseSettings,
    DoorSettings,
    LogSettings,
    Name,
    ProgramSettings,
    Section,
    SignersSettings,
)


class SignerSettings(Section):
    """Everything. `secret_file` holds what whoever asks must show; `key` is a private key in hex or a keystore."""

    role: Literal["validator", "watcher"]
    deployment: Path
    chains: Annotated[dict[Name, ChainSettings], Field(min_length=1)]
    programs: dict[Name, ProgramSettings] = Field(default_factory=dict)
    key: Path
    passphrase_file: Path | None = None
    secret_file: Path
    database: DatabaseSettings = DatabaseSettings(url=SecretStr("sqlite:///signer.db"))
    http: DoorSettings = DoorSettings(port=8548)
    log: LogSettings = LogSettings()


class AskedSettings(Section):
    """Where signers are, in a file that may have anything else: a node's settings, for example."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    signers: SignersSettings
