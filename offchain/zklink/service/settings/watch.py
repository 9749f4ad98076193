"""The settings of a watch from outside. Times are in seconds, files are relative to the settings file."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from zklink.service.settings.model import (
    ChainSettings,
    DoorSettings,
    LogSettings,
    Name,
    Positive,
    ProgramSettings,
    Section,
    Whole,
)


class WatchedChainSettings(ChainSettings):
    """How a chain is reached; the section of a node's settings does, too. Balances are compared in blocks that have
    their confirmations.
    """

    confirmations: Whole = 1
    block_time_seconds: Positive = 2.0


class WatchLimits(Section):
    """From when on it is an alarm that a chain shows no new block, that a member lacks a block of the primary, that a
    block owes payouts, and that the primary accepts nothing, which ends the deployment after 172,800 seconds; and how
    many lamports of rent the blocks of a Solana chain may hold.
    """

    head_seconds: Whole = 300
    import_seconds: Whole = 1_800
    payouts_seconds: Annotated[int, Field(ge=0)] = 1_800
    rent_lamports: Annotated[int, Field(ge=0)] = 10**9
    silence_seconds: Annotated[int, Field(ge=1, lt=172_800)] = 129_600


class WatchPaceSettings(Section):
    """How often it looks."""

    look_seconds: Annotated[float, Field(ge=1)] = 15.0


class WatchSettings(Section):
    """Everything. `words` is the file where the groups' words are kept."""

    deployment: Path
    chains: Annotated[dict[Name, WatchedChainSettings], Field(min_length=1)]
    programs: dict[Name, ProgramSettings] = Field(default_factory=dict)
    words: Path | None = None
    limits: WatchLimits = WatchLimits()
    pace: WatchPaceSettings = WatchPaceSettings()
    http: DoorSettings = DoorSettings(port=8549)
    log: LogSettings = LogSettings()
