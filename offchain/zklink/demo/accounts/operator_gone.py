"""The operator is gone with its database; each chain ends, the state is rebuilt from the primary's calldata, everybody
leaves by proof.

Takes public data (the deployment, the chains), the groups' signers, who are not the operator, and each owner's own
keys; gives payments. Never reads the operator's state.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from zklink.demo.accounts.actors import OWNERS, Cast, Say
from zklink.protocol.errors import DemoStuck
from zklink.protocol.ids import DAY, ChainId, TokenId
from zklink.prover.port import Prover
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.exit_places import find_ends, rebuild_ends
from zklink.recovery.exit_proofs import ExitOrder, find_exits, prove_exits
from zklink.recovery.exit_sender import leave, send_exits
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.state.state import State

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
    """Stop the node and delete its database, and with it everything that the operator knew."""
    cast.node.close()
    for file in cast.options.database.parent.glob(f"{cast.options.database.name}*"):
        file.unlink()
    cast.say("the operator is dead, its database deleted")


def bring_to_end(cast: Cast, chains: Collection[ChainId]) -> ChainsRead:
    """Bring some chains to their end, as anyone can, day after day; the others have halted. Raises DemoStuck."""
    account, system = cast.system.world.roles.stranger, cast.system
    bridges = {chain: bridge for chain, bridge in system.bridges.items() if chain in chains}
    read = ChainsRead(system.deployment, bridges, cast.read.groups)
    rescue, said = ExodusDriver(read, account), _Once(cast.say)
    end = time.monotonic() + cast.options.timeout_seconds
    while not leave(rescue, [], account, said):
        if time.monotonic() > end:
            raise DemoStuck("exodus", cast.options.timeout_seconds)
        _let_pass(cast, chains, 0 if said.has_sent else DAY)
        if not said.has_sent:
            cast.say("a day passes")
        said.has_sent = False
        time.sleep(PAUSE_SECONDS)
    return read


def exit_everybody(cast: Cast, read: ChainsRead, prover: Prover, leaving: Leaving) -> None:
    """Rebuild the state at each chain's end from the primary's calldata alone, prove and send every owner's exits
    there.
    """
    ends = {chain: end for chain, end in find_ends(read).items() if chain not in leaving.states}
    states = rebuild_ends(read, ends, cast.progress)
    leaving.states |= states
    for chain, end in ends.items():
        leaving.blocks[chain] = end.place.number
        root = f"{states[chain].root:#066x}"
        cast.say(f"{read.name(chain)}: state of block {end.place.number} rebuilt, root {root[:18]}..")
    system = cast.system
    for name in OWNERS:
        wallet = cast.wallets[name]
        key = wallet.key if name == SIGNED else None
        sender = system.world.roles.attacker if name == SIGNED else wallet.owner
        for chain, state in states.items():
            orders: list[ExitOrder] = []
            for statement in find_exits(state, wallet.address, [chain]):
                began = time.monotonic()
                orders += prove_exits([statement], system.deployment, prover, key)
                leaving.seconds.append(time.monotonic() - began)
                for token in {statement.token_a, statement.token_b} - {0}:
                    leaving.exits[name, token] = leaving.exits.get((name, token), 0) + 1
            send_exits(read.bridges[chain], system.deployment, orders, sender, cast.say)


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
