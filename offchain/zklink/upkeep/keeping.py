"""What a keeper has done, what it has left, and why, in words.

Takes a keeper after its rounds; gives lines. Never sends anything.
"""

from collections.abc import Iterator, Mapping

from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import ChainId, Lane
from zklink.recovery.common_steps import FREEZE_DUE, NOT_FROZEN
from zklink.recovery.keeper import Keeper
from zklink.upkeep.chain_reader import list_missing
from zklink.upkeep.purse import PurseClient


def describe_left(keeper: Keeper, away: Mapping[ChainId, str]) -> Iterator[str]:
    """One line for each chain: what was spent there, and what is left and why."""
    for chain, place in keeper.read.deployment.chains.items():
        if chain in away:
            yield f"{place.name}: left alone: {away[chain]}"
            continue
        client = keeper.read.bridges[chain].client
        spent = f"; {client.purse.spent_wei} wei spent" if isinstance(client, PurseClient) else ""
        yield f"{place.name}: {'; '.join(_explain(keeper, chain)) or 'nothing is due'}{spent}"


def _explain(keeper: Keeper, chain: ChainId) -> Iterator[str]:
    """The reasons of one chain; in peace a chain that is asked for nothing has none."""
    why = keeper.left.get(chain, "")
    try:
        for word in list_missing(keeper.read, chain):
            yield f"left: it needs {word}"
        bridge = keeper.read.bridges[chain]
        counts = [bridge.request_counts(lane) for lane in Lane]
        is_quiet = not bridge.is_frozen() and all(each.total == each.consumed for each in counts)
    except ZkLinkError as error:
        yield f"left: {redact(str(error))}"
        return
    if why.startswith(FREEZE_DUE):
        yield f"left: {why}; with --freeze it is done"
    elif why and not (is_quiet and why.startswith(NOT_FROZEN)):
        yield f"left: {why}"
