"""The members of a deployment whose bridge is a program, as recovery takes them: what anybody reads, and the way out
with who pays. The one place where this folder looks for the extra `solana`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import ExtraMissing, ZkLinkError
from zklink.protocol.ids import ChainId
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.connect import Urls
from zklink.recovery.ways import Way

if TYPE_CHECKING:
    from zklink.recovery.program_view import ProgramView


def connect_programs(deployment: Deployment, urls: Urls, quorum: int = 1) -> dict[ChainId, ProgramView]:
    """A view of each program that has a node here, checked to be the deployment's. Raises ExtraMissing, NodesDisagree,
    WrongChain, HistoryDisagrees, RpcUnavailable.
    """
    views = open_programs(deployment, urls, quorum)
    for view in views.values():
        view.check()
    return views


def reach_programs(
    deployment: Deployment, urls: Urls, quorum: int = 1
) -> tuple[dict[ChainId, ProgramView], dict[ChainId, str]]:
    """The programs that answer, and the reasons of those that do not: one without a node, away, or another one. Raises
    ExtraMissing.
    """
    views, reasons = dict[ChainId, "ProgramView"](), dict[ChainId, str]()
    for chain, place in deployment.programs.items():
        if place.name not in urls:
            reasons[chain] = "no node is given"
            continue
        try:
            [view] = open_programs(deployment, {place.name: urls[place.name]}, quorum).values()
            view.check()
            views[chain] = view
        except ExtraMissing:
            raise
        except ZkLinkError as error:
            reasons[chain] = redact(str(error))
    return views, reasons


def open_programs(deployment: Deployment, urls: Urls, quorum: int = 1) -> dict[ChainId, ProgramView]:
    """The same, not asked anything yet. Raises ExtraMissing, NodesDisagree."""
    places = {chain: place for chain, place in deployment.programs.items() if place.name in urls}
    if not places:
        return {}
    try:
        from zklink.recovery.program_view import open_view
    except ModuleNotFoundError as error:
        raise ExtraMissing("solana", "a chain whose bridge is a program") from error
    return {chain: open_view(place, urls[place.name], quorum, deployment) for chain, place in places.items()}


def open_ways(read: ChainsRead, views: Mapping[ChainId, ProgramView], keypair: Path | None) -> dict[ChainId, Way]:
    """The way of each of these chains, paid by a file of `solana-keygen`; none without one. Raises FileUnreadable,
    KeyFileInvalid.
    """
    if not views or keypair is None:
        return {}
    from zklink.recovery.program_way import open_way

    return {chain: open_way(view, read, chain, keypair) for chain, view in views.items()}
