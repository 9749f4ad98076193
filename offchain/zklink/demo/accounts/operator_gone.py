"""The operator is gone with its database; each chain ends, the state is rebuilt from the primary's calldata, everybody
leaves by proof.

Takes public data (the deployment, the chains), the groups' signers, who are not the operator, and each owner's own
keys; gives payments. Never reads the operator's state.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from zklink.client.wallet import Wallet
from zklink.demo.accounts.actors import NAMES, OWNERS, Cast, Say
from zklink.l1.deployment.records import Deployment
from zklink.protocol.errors import DemoStuck
from zklink.protocol.ids import DAY, ChainId, TokenId
from zklink.prover.port import Prover
from zklink.recovery import exits
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.exit_places import find_ends, rebuild_ends
from zklink.recovery.exit_proofs import ExitOrder, prove_exits
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.groups_asked import GroupsAsked
from zklink.recovery.leaving import leave
from zklink.service.wiring import build_groups
from zklink.signers.journal import MemorySignerJournal
from zklink.state.state import State
from zklink.storage.database import open_database
from zklink.storage.signer_words import SqlSignerJournal
from zklink.transition.exit import ExitStatement

PAUSE_SECONDS: Final = 0.2
BLOCKS_A_DAY: Final = 8
"""Blocks that a running chain makes while a day passes; a day of a window takes six of a local chain."""

SIGNED: Final = "depositor"
"""The owners who sign exits with the layer-2 key, so that somebody else can send them; the others send their own."""


@dataclass(slots=True)
class Leaving:
    """What was proven and sent so far. `exits` counts by owner and token; `states` are those at which chains ended."""

    exits: dict[tuple[str, TokenId], int] = field(default_factory=dict)
    states: dict[ChainId, State] = field(default_factory=dict)
    blocks: dict[ChainId, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


def kill_operator(cast: Cast) -> None:
    """Stop the node and delete its database, and with it everything that the operator knew. The signers, who are not
    the operator, take their words along.
    """
    cast.network.stop()
    roles, file = cast.system.world.roles, cast.network.database_file
    signers = (*roles.validators, *roles.watchers)
    journals: dict[str, MemorySignerJournal] = {str(key.address): MemorySignerJournal() for key in signers}
    database = open_database(f"sqlite:///{file}", cast.system.deployment.deployment_hash)
    for address, journal in journals.items():
        word = SqlSignerJournal(database, address).load()
        if word is not None:
            journal.save(word)
    database.close()
    for found in file.parent.glob(f"{file.name}*"):
        found.unlink()
    system = cast.system
    clients = system.world.clients
    groups = build_groups(system.deployment, clients, roles.validators, roles.watchers, journals.__getitem__)
    kept = cast.read.groups.kept
    cast.read = ChainsRead(system.deployment, system.bridges, GroupsAsked(groups.validators, groups.watchers, kept))
    cast.say("the operator is dead, its database deleted")


def bring_to_end(cast: Cast, chains: Collection[ChainId]) -> ChainsRead:
    """Bring some chains to their end, as anyone can, day after day; the others have halted. Raises DemoStuck."""
    account, system = cast.system.world.roles.stranger, cast.system
    bridges = {chain: bridge for chain, bridge in system.bridges.items() if chain in chains}
    read = ChainsRead(system.deployment, bridges, cast.read.groups)
    rescue, said = ExodusDriver(read, account), _Once(cast.say)
    end = time.monotonic() + cast.options.timeout_seconds
    while not leave(rescue, [], said):
        if time.monotonic() > end:
            raise DemoStuck("exodus", cast.options.timeout_seconds)
        _let_pass(cast, chains, 0 if said.has_sent else DAY)
        if not said.has_sent:
            cast.say("a day passes")
        said.has_sent = False
        time.sleep(PAUSE_SECONDS)
    return read


def exit_everybody(cast: Cast, read: ChainsRead, prover: Prover, leaving: Leaving) -> None:
    """Each owner rebuilds the state at each chain's end from the primary's calldata alone, proves its exits and sends
    them there. Raises DemoStuck if a chain does not take them, and what `exits` raises.
    """
    ends = {chain: end for chain, end in find_ends(read).items() if chain not in leaving.states}
    leaving.states |= rebuild_ends(read, ends, cast.progress)
    for chain, end in ends.items():
        leaving.blocks[chain] = end.place.number
        root = f"{leaving.states[chain].root:#066x}"
        cast.say(f"{read.name(chain)}: state of block {end.place.number} rebuilt, root {root[:18]}..")
    rpc = {read.name(chain): cast.network.rpc[read.name(chain)] for chain in read.bridges}
    for name in OWNERS:
        wallet = cast.wallets[name]
        sender = Wallet.from_account(cast.system.world.roles.attacker) if name == SIGNED else wallet
        prove = partial(_prove, cast, leaving, name, prover, frozenset(ends))
        prepared = exits.prepare(cast.network.deployment_file, rpc, wallet, prove)
        if not exits.send(prepared, rpc, sender, cast.say):
            raise DemoStuck(f"the exits of {NAMES[name]}", 0)


def _prove(
    cast: Cast,
    leaving: Leaving,
    name: str,
    prover: Prover,
    chains: Collection[ChainId],
    statements: Sequence[ExitStatement],
    deployment: Deployment,
) -> list[ExitOrder]:
    """Exits on these chains, one by one; on the others the owner has left already."""
    orders: list[ExitOrder] = []
    key = cast.wallets[name].layer2_key(deployment.deployment_hash) if name == SIGNED else None
    for statement in statements:
        if statement.chain not in chains:
            continue
        began = time.monotonic()
        orders += prove_exits([statement], deployment, prover, key)
        leaving.seconds.append(time.monotonic() - began)
        for token in {statement.token_a, statement.token_b} - {0}:
            leaving.exits[name, token] = leaving.exits.get((name, token), 0) + 1
    return orders


def _let_pass(cast: Cast, chains: Collection[ChainId], seconds: int) -> None:
    """Time and blocks on the chains that run; without time, as many blocks as finality takes."""
    for chain in chains:
        local = cast.system.world[chain]
        if seconds:
            local.advance_time(seconds)
        local.mine(BLOCKS_A_DAY)


class _Once:
    """Says each line only the first time, and knows whether a transaction was sent."""

    def __init__(self, say: Say) -> None:
        self._say, self._said = say, set[str]()
        self.has_sent = False

    def __call__(self, text: str) -> None:
        self.has_sent |= ": waiting, " not in text
        if text not in self._said:
            self._said.add(text)
            self._say(text)
