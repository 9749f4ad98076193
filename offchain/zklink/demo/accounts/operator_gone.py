"""The operator is gone with its database; the chains freeze, the state is rebuilt from them, everybody leaves by proof.

Takes public data (the deployment, the chains, the committee's relayer) and each owner's own keys; gives payments. Never
reads the operator's state.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from zklink.demo.accounts.actors import OWNERS, Cast, Claimed, Left, Say
from zklink.devnet.tokens import token_by_id
from zklink.l1.deployment.records import Deployment
from zklink.node.parts import NodeParts
from zklink.protocol.errors import DemoStuck
from zklink.protocol.ids import EXPIRY_SECONDS, BlockNumber, ChainId, TokenId
from zklink.prover.port import Prover
from zklink.recovery.exit_proofs import ExitOrder, find_exits, prove_exits
from zklink.recovery.exit_sender import leave, send_exits
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.history_reader import HistoryReader
from zklink.recovery.rebuild import rebuild
from zklink.state.state import State
from zklink.transition.exit import ExitStatement, compute_claims

PAUSE_SECONDS: Final = 0.5
SIGNED: Final = "depositor"
"""The owners who sign exits with the layer-2 key, so that somebody else can send them; the others send their own."""


def kill_operator(cast: Cast) -> None:
    """Stop the node and delete its journal, and with it everything that the operator knew."""
    cast.node.close()
    cast.options.journal.unlink()
    cast.say("the operator is dead, its database deleted")


def bring_to_exodus(cast: Cast, parts: NodeParts) -> ExodusDriver:
    """Let the three days pass, then freeze, relay and finish, as anyone can. Raises DemoStuck."""
    cast.system.world.advance_time(EXPIRY_SECONDS + 60)
    cast.say("three days pass")
    account = cast.system.world.roles.stranger
    rescue = ExodusDriver(cast.system.deployment, cast.system.bridges, account)
    say, end = _once(cast.say), time.monotonic() + cast.options.timeout_seconds
    while not leave(rescue, [], account, say):
        if time.monotonic() > end:
            raise DemoStuck("exodus", cast.options.timeout_seconds)
        _relay(parts)
        time.sleep(PAUSE_SECONDS)
    return rescue


def recover(cast: Cast) -> tuple[BlockNumber, State]:
    """The state of the last common block, from the chains alone."""
    deployment, bridges = cast.system.deployment, cast.system.bridges
    histories = HistoryReader(deployment, bridges).read_all()
    last = BlockNumber(next(iter(bridges.values())).exodus.freeze_state().common_block)
    state = rebuild(deployment, histories, last, cast.progress)
    cast.say(f"recovered from L1: block {last}, root {state.root:#066x}")
    return last, state


def exit_everybody(cast: Cast, state: State, prover: Prover) -> tuple[tuple[Claimed, ...], list[float]]:
    """Prove and send every owner's exits; gives each owner's payments, and the seconds of each proof."""
    system, seconds = cast.system, []
    claims: list[Claimed] = []
    for name in OWNERS:
        wallet = cast.wallets[name]
        statements = find_exits(state, wallet.address, system.bridges)
        if not statements:
            continue
        key = wallet.key if name == SIGNED else None
        orders: list[ExitOrder] = []
        for statement in statements:
            began = time.monotonic()
            orders += prove_exits([statement], system.deployment, prover, key)
            seconds.append(time.monotonic() - began)
        before = _balances(cast, wallet.owner.address)
        sender = system.world.roles.attacker if name == SIGNED else wallet.owner
        for chain, bridge in system.bridges.items():
            mine = [order for order in orders if order.chain == chain]
            send_exits(bridge, system.deployment, mine, sender, cast.say)
        after = _balances(cast, wallet.owner.address)
        claims += _list_claims(name, state, system.deployment, statements, before, after)
    return tuple(claims), seconds


def read_left(cast: Cast) -> tuple[Left, ...]:
    """The balance that is left in every bridge."""
    found = []
    for chain, bridge in cast.system.bridges.items():
        for plan in cast.system.deployment.tokens:
            if chain in plan.contracts:
                found.append(
                    Left(chain, plan.token_id, bridge.solvency(plan.token_id), _scale(cast, chain, plan.token_id))
                )
    return tuple(found)


def find_problems(cast: Cast, claims: Sequence[Claimed], left: Sequence[Left]) -> list[str]:
    """Every difference between debts and payments, in plain words."""
    problems = [
        f"{claim.owner} is owed {claim.entitled} units of {token_by_id(claim.token).symbol} "
        f"and got {sum(claim.paid.values())}"
        for claim in claims
        if not 0 <= claim.missing <= claim.exits
    ]
    exits: dict[TokenId, int] = {}
    for claim in claims:
        exits[claim.token] = exits.get(claim.token, 0) + claim.exits
    for item in left:
        name = cast.system.deployment.chains[item.chain].name
        books, symbol = item.solvency, token_by_id(item.token).symbol_on(name)
        if books.balance < books.pending + books.custody * item.scale:
            problems.append(f"{name} holds less {symbol} than it owes")
        if books.custody > exits.get(item.token, 0):
            problems.append(f"{name} keeps {books.custody} units of {symbol}: more than rounding")
    return problems


def _list_claims(
    name: str,
    state: State,
    deployment: Deployment,
    statements: Sequence[ExitStatement],
    before: Mapping[tuple[ChainId, TokenId], int],
    after: Mapping[tuple[ChainId, TokenId], int],
) -> list[Claimed]:
    entitled: dict[TokenId, int] = {}
    account = statements[0].account
    for statement in {(s.account, s.token): s for s in statements}.values():
        for token, amount in compute_claims(state, statement.account, statement.token):
            entitled[token] = entitled.get(token, 0) + amount
    found = []
    for token, amount in entitled.items():
        if not amount:
            continue
        paid = {chain: after[chain, token] - before[chain, token] for chain, t in before if t == token}
        count = sum(token in (s.token_a, s.token_b) for s in statements)
        found.append(Claimed(name, account, token, amount, paid, count))
    return found


def _balances(cast: Cast, address: str) -> dict[tuple[ChainId, TokenId], int]:
    """The balances of an address, of every ERC-20 token on every chain, in layer-2 units."""
    found = {}
    for plan in cast.system.deployment.tokens:
        for chain in plan.contracts:
            token = cast.system.token(chain, plan.token_id)
            if not token.is_native:
                found[chain, plan.token_id] = token.balance(address) // _scale(cast, chain, plan.token_id)
    return found


def _scale(cast: Cast, chain: ChainId, token: TokenId) -> int:
    return cast.system.bridges[chain].tokens.token_scale(token)


def _relay(parts: NodeParts) -> None:
    """Run committee and relayer once: they are not the operator, so they go on."""
    assert parts.relayer is not None
    for watch in parts.watches.values():
        watch.look()
    for chain in parts.profiles:
        parts.relayer.deliver(chain)


def _once(say: Say) -> Callable[[str], None]:
    """Says each line only the first time."""
    said: set[str] = set()

    def once(text: str) -> None:
        if text not in said:
            said.add(text)
            say(text)

    return once
