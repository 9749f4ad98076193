"""Three chains and the messages between them: every step that somebody can take, and the way everything ends.

Takes the rules of one chain, gives the worlds that one step leads to. The validator is dishonest: it proposes anything,
anywhere. A message that was sent can arrive at any later time, again and again, in any order, or never.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations

from .rules import CHAINS, PRIMARY, Actor, Block, Chain, Rules

World = tuple[Chain, ...]
Menu = tuple[tuple[Block, ...], ...]
"""For each block number what the validator may propose there, on any chain."""

START: World = tuple(Chain(k) for k in CHAINS)
LINKS = tuple(permutations(CHAINS, 2))


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Which steps are taken as soon as they are possible and so need no interleaving of their own. They only add
    facts, and no rule is ever closed by a fact, so being early is the worst case; tests compare with the steps
    taken apart."""

    acc: bool = False
    """Every ACC arrives at once."""
    frz: bool = False
    """Every FRZ arrives at once at frozen chains. (Others it would freeze, which can happen at any time anyway.)"""
    end: bool = False
    """Chains execute and begin exodus as soon as they may."""
    accept: bool = False
    """Blocks are proven and accepted in one step: none lies about that will never be accepted."""


STEP_BY_STEP = AtOnce()
FAST = AtOnce(acc=True, frz=True, end=True, accept=True)


def take_steps(rules: Rules, world: World, menu: Menu, at_once: AtOnce) -> Iterator[tuple[str, World]]:
    """Every step that somebody can take, with its name."""
    for name, after in take_single_steps(rules, world, menu, at_once):
        yield name, hurry(rules, after, at_once)


def take_single_steps(rules: Rules, world: World, menu: Menu, at_once: AtOnce) -> Iterator[tuple[str, World]]:
    for chain in world:
        k = chain.me
        if chain.frozen is None:
            yield f"{k} freezes at {chain.accepted}", put(world, rules.freeze(chain))
        yield from take_block_steps(rules, world, chain, menu, at_once)
        if not at_once.end:
            if rules.can_execute(chain):
                yield f"{k} executes {chain.executed + 1}", put(world, execute(chain))
            if rules.can_begin_exodus(chain):
                yield f"{k} begins exodus at {chain.executed}", put(world, rules.begin_exodus(chain))
    for source, target in LINKS:
        yield from deliver(rules, world, source, target, at_once)


def take_block_steps(
    rules: Rules, world: World, chain: Chain, menu: Menu, at_once: AtOnce
) -> Iterator[tuple[str, World]]:
    """Proposals, reverts and acceptance on one chain."""
    k, number = chain.me, len(chain.proven) + 1
    for block in menu[number - 1] if number <= len(menu) else ():
        if rules.can_prove(chain, block, Actor.VALIDATOR):
            proven = prove(chain, block)
            if not at_once.accept:
                yield f"{k} proves {number} {block}", put(world, proven)
            elif rules.can_accept(proven):
                yield f"{k} accepts {number} {block}", put(world, accept(proven))
    if not at_once.accept:
        if rules.can_revert(chain, Actor.VALIDATOR):
            yield f"{k} reverts to {chain.accepted}", put(world, revert(chain))
        if rules.can_accept(chain):
            yield f"{k} accepts {chain.accepted + 1} {chain.proven[chain.accepted]}", put(world, accept(chain))


def deliver(rules: Rules, world: World, source: int, target: int, at_once: AtOnce) -> Iterator[tuple[str, World]]:
    """Any message that the source has ever sent arrives, perhaps again; when that changes nothing it is no step."""
    sender, receiver = world[source], world[target]
    if not at_once.acc:
        for number in range(1, sender.accepted + 1):
            heard = rules.hear_acc(receiver, source, sender.proven[:number])
            if heard is not receiver:
                yield f"ACC({source},{number}) reaches {target}", put(world, heard)
    if sender.frozen is not None and not at_once.frz:
        heard = rules.hear_frz(receiver, source, sender.proven[: sender.frozen])
        if heard is not receiver:
            yield f"FRZ({source},{sender.frozen}) reaches {target}", put(world, heard)


def hurry(rules: Rules, world: World, at_once: AtOnce) -> World:
    """Takes every step that is to be taken at once."""
    if at_once.acc:
        for source, target in LINKS:
            if len(world[target].heard[source].accepted) < world[source].accepted:
                world = put(world, rules.hear_acc(world[target], source, world[source].accepted_history))
    if at_once.frz:
        world = deliver_frz(rules, world)
    if at_once.end:
        world = tuple(end(rules, chain) for chain in world)
    return world


def deliver_frz(rules: Rules, world: World) -> World:
    """Every FRZ reaches every frozen chain."""
    for source, target in LINKS:
        sender, receiver = world[source], world[target]
        if sender.frozen is not None and receiver.frozen is not None and receiver.heard[source].frozen is None:
            world = put(world, rules.hear_frz(receiver, source, sender.proven[: sender.frozen]))
    return world


def end(rules: Rules, chain: Chain) -> Chain:
    """Executes what can be executed and begins exodus when it can."""
    chain = repeat(chain, rules.can_execute, execute)
    return rules.begin_exodus(chain) if rules.can_begin_exodus(chain) else chain


def give_up(rules: Rules, world: World) -> World:
    """The worst that can happen: every chain freezes now, no ACC has arrived or ever will, nothing has been
    executed."""
    return tuple(Chain(chain.me, chain.proven, chain.accepted, 0, chain.frozen) for chain in map(rules.freeze, world))


def settle(rules: Rules, abandoned: World) -> World:
    """How it then ends, without the validator: the FRZs arrive, and strangers do what is open to anyone."""
    world = deliver_frz(rules, abandoned)
    headers = world[PRIMARY].accepted_history
    return tuple(end(rules, catch_up(rules, chain, headers)) for chain in world)


def catch_up(rules: Rules, chain: Chain, headers: tuple[Block, ...]) -> Chain:
    """A stranger imports what the primary has accepted as far as the chain lets him, and clears the way first."""
    chain = repeat(chain, rules.can_accept, accept)
    if chain.accepted < len(chain.proven) and rules.can_revert(chain, Actor.ANYONE):
        chain = revert(chain)
    for block in headers[len(chain.proven) :]:
        if not rules.can_prove(chain, block, Actor.ANYONE):
            break
        chain = repeat(prove(chain, block), rules.can_accept, accept)
    return chain


def put(world: World, chain: Chain) -> World:
    """The world with one chain replaced."""
    return (*world[: chain.me], chain, *world[chain.me + 1 :])


def prove(chain: Chain, block: Block) -> Chain:
    return chain._replace(proven=(*chain.proven, block))


def revert(chain: Chain) -> Chain:
    return chain._replace(proven=chain.accepted_history)


def accept(chain: Chain) -> Chain:
    return chain._replace(accepted=chain.accepted + 1)


def execute(chain: Chain) -> Chain:
    return chain._replace(executed=chain.executed + 1)


def repeat(chain: Chain, condition: Callable[[Chain], bool], step: Callable[[Chain], Chain]) -> Chain:
    while condition(chain):
        chain = step(chain)
    return chain
