"""A Solana chain in this process on which a side is built before anything costs money: the same works and program, the
mints as they are on the cluster; then everything is verified that a record would say.

Takes a desk and a side; gives what it took. Needs LiteSVM, of the extra `solana`.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx
from solders.account import Account
from solders.pubkey import Pubkey

from zklink.l1.deployment.journal import Journal
from zklink.l1.deployment.places import ProgramDeployment
from zklink.lab.solana.base import SolanaChain, SolanaSpec
from zklink.lab.solana.chain import LocalSolana
from zklink.protocol.errors import L1Error, RehearsalFailed
from zklink.solana.client.node import CONFIRMED, SolanaNode
from zklink.solana.client.program import SYSTEM
from zklink.solana.deploying.desk import Desk
from zklink.solana.deploying.side import ProgramSide
from zklink.solana.deploying.verify import verify_program
from zklink.solana.deploying.verify_timelock import OWNER
from zklink.solana.deploying.works import ProgramWorks

SLOTS: Final = 3
"""Slots that pass while a transaction is waited for."""
RICH: Final = 10**15


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What building a side took: transactions, and their fees in lamports."""

    transactions: int
    fees: int


def open_node(chain: SolanaChain, name: str, genesis: str) -> SolanaNode:
    """A node of a local chain, which says that it is of a cluster."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        if asked["method"] == "getGenesisHash":
            found: dict[str, Any] = {"jsonrpc": "2.0", "result": genesis}
        else:
            found = chain.answer(asked["method"], asked["params"])
        return httpx.Response(200, json={**found, "id": asked["id"]})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    return SolanaNode(name, "http://in.process", http, pause=lambda seconds: chain.mine(SLOTS))


def open_desk(place: ProgramDeployment, mints: Sequence[str], real: Desk) -> tuple[LocalSolana, Desk]:
    """A chain in this process and a desk on it, with the same keys, a rich payer, and the mints of a real one. Raises
    RpcUnavailable."""
    chain = LocalSolana(SolanaSpec(place.name))
    chain.rpc("requestAirdrop", str(real.payer.pubkey()), RICH)
    found = real.node.accounts(mints, CONFIRMED)[1] if mints else []
    for mint, held in zip(mints, found, strict=True):
        if held is not None:
            owner = Pubkey.from_string(held.owner)
            chain.ledger.put(Pubkey.from_string(mint), Account(held.lamports, held.data, owner, False, 0))
    chain.finalize()
    node = open_node(chain, place.name, place.genesis)
    return chain, replace(real, node=node, pause=lambda seconds: chain.mine(SLOTS))


def rehearse(side: ProgramSide, real: Desk, deployment_hash: bytes) -> Rehearsed:
    """Build a side in this process and verify it. Raises RehearsalFailed with the reason of whoever refuses."""
    mints = [str(mint) for mint in map(side.mint, side.plan.tokens) if mint != SYSTEM]
    chain, desk = open_desk(side.place, mints, real)
    name = side.place.name
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "rehearsal.journal")
        works = ProgramWorks(side, desk, journal)
        try:
            works.load()
            works.found()
        except L1Error as error:
            raise RehearsalFailed("the side of the program", name, str(error)) from error
    chain.finalize()
    for each in verify_program(side, desk.node, deployment_hash):
        if not each.is_right and each.what != OWNER:
            raise RehearsalFailed(each.what, name, each.detail)
    entries = chain.ledger.entries
    return Rehearsed(len(entries), sum(int(entry.meta.fee()) for entry in entries))
