"""The settings of a broker that runs alone. Amounts are in layer-2 units, times in seconds, files are relative."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from zklink.service.settings.model import (
    ChainSettings,
    DatabaseSettings,
    DoorSettings,
    FillingProgramSettings,
    FillSettings,
    LogSettings,
    Name,
    Positive,
    Section,
)


class AloneKeySettings(Section):
    """The broker's key, a private key in hex or a keystore, which `passphrase_file` opens; and where its fills are
    repaid, an address that is its alone: by default its own.
    """

    broker: Path
    passphrase_file: Path | None = None
    repay_to: Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")] | None = None


class AlonePaceSettings(Section):
    """How often it looks."""

    longest_idle_seconds: Positive = 0.5
    fill_retry_seconds: Positive = 5.0


class AloneBrokerSettings(Section):
    """Everything. With `approves` it keeps each bridge's allowance at what it holds; otherwise its owner does."""

    deployment: Path
    chains: Annotated[dict[Name, ChainSettings], Field(min_length=1)]
    programs: dict[Name, FillingProgramSettings] = Field(default_factory=dict)
    keys: AloneKeySettings
    tokens: Annotated[dict[str, FillSettings], Field(min_length=1)]
    approves: bool = False
    database: DatabaseSettings = DatabaseSettings(url=SecretStr("sqlite:///broker.db"))
    http: DoorSettings = DoorSettings()
    log: LogSettings = LogSettings()
    pace: AlonePaceSettings = AlonePaceSettings()
