"""Whether the acts of government that a record tells are those that the chains show: none is invented, none left out.

Takes a record and a client for each of its chains; gives checks. Whoever brings a record up to date believes a node,
and whoever reads one believes whoever has published it: so this asks any other node. Only reads.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from zklink.l1.deployment.checks import Check, check
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.history import NO_HISTORY, RecordedAct
from zklink.l1.transport.client import ChainClient
from zklink.protocol.ids import ChainId
from zklink.upkeep.governed_state import read_acts, read_every_act


def verify_acts(dossier: Dossier, clients: Mapping[ChainId, ChainClient]) -> Iterator[Check]:
    """What the record says of each chain up to the block that it names there. Acts of the founding may be in it. Raises
    RpcUnavailable.
    """
    for chain, client in clients.items():
        yield from _verify_chain(dossier, chain, client)


def _verify_chain(dossier: Dossier, chain: ChainId, client: ChainClient) -> Iterator[Check]:
    name, height = client.profile.name, dossier.history.heights.get(chain, 0)
    newest = client.head().number
    yield Check(name, "history: its block", height <= newest, f"the record is of block {height}, the chain of {newest}")
    height = min(height, newest)
    said = Counter(replace(a, transaction=a.transaction.lower()) for a in dossier.history.acts if a.chain_id == chain)
    every = Counter(read_every_act(dossier, chain, client, height))
    since = Counter(read_acts(replace(dossier, history=NO_HISTORY), chain, client, height))
    yield check(name, "history: acts that the chain does not show", _show(said - every), [])
    yield check(name, "history: acts that the record leaves out", _show(since - said), [])


def _show(acts: Counter[RecordedAct]) -> list[str]:
    return [f"block {act.block}, {act.transaction}: {act.act}" for act in acts.elements()]
