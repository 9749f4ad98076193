"""What a keeper has done, what it has left, and why, in words.

Takes a keeper after its rounds; gives lines. Never sends anything.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import ChainId, Lane
from zklink.recovery.common_steps import FREEZE_DUE, NOT_FROZEN
from zklink.recovery.keeper import Keeper
from zklink.upkeep.chain_reader import list_missing
from zklink.upkeep.purse import PurseClient

NOBODY_PAYS: Final = "nobody pays for what is sent there: give --keypair"


def describe_left(keeper: Keeper, away: Mapping[ChainId, str]) -> Iterator[str]:
    """One line for each chain: what was spent there, and what is left and why."""
    for chain, place in keeper.read.deployment.places.items():
        if chain in away or chain not in keeper.ways:
            yield f"{place.name}: left alone: {away.get(chain, NOBODY_PAYS)}"
            continue
        client = keeper.read.bridges[chain].client if chain in keeper.read.bridges else None
        spent = f"; {client.purse.spent_wei} wei spent" if isinstance(client, PurseClient) else ""
        yield f"{place.name}: {'; '.join(_explain(keeper, chain)) or 'nothing is due'}{spent}"


def _explain(keeper: Keeper, chain: ChainId) -> Iterator[str]:
    """The reasons of one chain; in peace a chain that is asked for nothing has none."""
    why = keeper.left.get(chain, "")
    try:
        for word in list_missing(keeper.read, chain):
            yield f"left: it needs {word}"
        is_quiet = not keeper.read.is_frozen(chain) and not any(_count_open(keeper, chain))
    except ZkLinkError as error:
        yield f"left: {redact(str(error))}"
        return
    if why.startswith(FREEZE_DUE):
        yield f"left: {why}; with --freeze it is done"
    elif why and not (is_quiet and why.startswith(NOT_FROZEN)):
        yield f"left: {why}"


def _count_open(keeper: Keeper, chain: ChainId) -> Iterator[int]:
    """How many requests of each lane no block consumes."""
    for lane in Lane:
        if chain in keeper.read.programs:
            yield len(keeper.read.programs[chain].waiting(lane))
        else:
            counts = keeper.read.bridges[chain].request_counts(lane)
            yield counts.total - counts.consumed
