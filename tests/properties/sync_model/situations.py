"""Three chains and the messages between them: every step that somebody can take, and the way everything ends.

Takes the rules of one chain, gives the situations that one step leads to. The validator is dishonest: it proposes
anything, anywhere. A message that was sent can arrive at any later time, again and again, in any order, or never.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations

from .rules import CHAINS, PRIMARY, Actor, Block, Chain, Rules

Situation = tuple[Chain, ...]
Steps = Iterator[tuple[str, Situation]]
"""What happened, and where it leads."""
Menu = tuple[tuple[Block, ...], ...]
"""For each block number what the validator may propose there, on any chain."""

START: Situation = tuple(Chain(k) for k in CHAINS)
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


def take_steps(rules: Rules, situation: Situation, menu: Menu, at_once: AtOnce) -> Steps:
    """Every step that somebody can take, with its name."""
    for name, after in take_single_steps(rules, situation, menu, at_once):
        yield name, hurry(rules, after, at_once)


def take_single_steps(rules: Rules, situation: Situation, menu: Menu, at_once: AtOnce) -> Steps:
    for chain in situation:
        k = chain.me
        if chain.frozen is None:
            yield f"{k} freezes at {chain.accepted}", put(situation, rules.freeze(chain))
        yield from take_block_steps(rules, situation, chain, menu, at_once)
        if not at_once.end:
            if rules.can_execute(chain):
                yield f"{k} executes {chain.executed + 1}", put(situation, execute(chain))
            if rules.can_begin_exodus(chain):
                yield f"{k} begins exodus at {chain.executed}", put(situation, rules.begin_exodus(chain))
    for source, target in LINKS:
        yield from deliver(rules, situation, source, target, at_once)


def take_block_steps(rules: Rules, situation: Situation, chain: Chain, menu: Menu, at_once: AtOnce) -> Steps:
    """Proposals, reverts and acceptance on one chain."""
    k, number = chain.me, len(chain.proven) + 1
    for block in menu[number - 1] if number <= len(menu) else ():
        if rules.can_prove(chain, block, Actor.VALIDATOR):
            proven = prove(chain, block)
            if not at_once.accept:
                yield f"{k} proves {number} {block}", put(situation, proven)
            elif rules.can_accept(proven):
                yield f"{k} accepts {number} {block}", put(situation, accept(proven))
    if not at_once.accept:
        if rules.can_revert(chain, Actor.VALIDATOR):
            yield f"{k} reverts to {chain.accepted}", put(situation, revert(chain))
        if rules.can_accept(chain):
            yield f"{k} accepts {chain.accepted + 1} {chain.proven[chain.accepted]}", put(situation, accept(chain))


def deliver(rules: Rules, situation: Situation, source: int, target: int, at_once: AtOnce) -> Steps:
    """Any message that the source has ever sent arrives, perhaps again; when that changes nothing it is no step."""
    sender, receiver = situation[source], situation[target]
    if not at_once.acc:
        for number in range(1, sender.accepted + 1):
            heard = rules.hear_acc(receiver, source, sender.proven[:number])
            if heard is not receiver:
                yield f"ACC({source},{number}) reaches {target}", put(situation, heard)
    if sender.frozen is not None and not at_once.frz:
        heard = rules.hear_frz(receiver, source, sender.proven[: sender.frozen])
        if heard is not receiver:
            yield f"FRZ({source},{sender.frozen}) reaches {target}", put(situation, heard)


def hurry(rules: Rules, situation: Situation, at_once: AtOnce) -> Situation:
    """Takes every step that is to be taken at once."""
    if at_once.acc:
        for source, target in LINKS:
            if len(situation[target].heard[source].accepted) < situation[source].accepted:
                situation = put(
                    situation, rules.hear_acc(situation[target], source, situation[source].accepted_history)
                )
    if at_once.frz:
        situation = deliver_frz(rules, situation)
    if at_once.end:
        situation = tuple(end(rules, chain) for chain in situation)
    return situation


def deliver_frz(rules: Rules, situation: Situation) -> Situation:
    """Every FRZ reaches every frozen chain."""
    for source, target in LINKS:
        sender, receiver = situation[source], situation[target]
        if sender.frozen is not None and receiver.frozen is not None and receiver.heard[source].frozen is None:
            situation = put(situation, rules.hear_frz(receiver, source, sender.proven[: sender.frozen]))
    return situation


def end(rules: Rules, chain: Chain) -> Chain:
    """Executes what can be executed and begins exodus when it can."""
    chain = repeat(chain, rules.can_execute, execute)
    return rules.begin_exodus(chain) if rules.can_begin_exodus(chain) else chain


def give_up(rules: Rules, situation: Situation) -> Situation:
    """The worst that can happen: every chain freezes now, no ACC has arrived or ever will, nothing has been
    executed."""
    return tuple(
        Chain(chain.me, chain.proven, chain.accepted, 0, chain.frozen) for chain in map(rules.freeze, situation)
    )


def settle(rules: Rules, abandoned: Situation) -> Situation:
    """How it then ends, without the validator: the FRZs arrive, and strangers do what is open to anyone."""
    situation = deliver_frz(rules, abandoned)
    headers = situation[PRIMARY].accepted_history
    return tuple(end(rules, catch_up(rules, chain, headers)) for chain in situation)


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


def put(situation: Situation, chain: Chain) -> Situation:
    """The situation with one chain replaced."""
    return (*situation[: chain.me], chain, *situation[chain.me + 1 :])


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
