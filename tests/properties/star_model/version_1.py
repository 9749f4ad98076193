"""The attacks that ended version 1, played on its own rules (version_1_rules.py), step by step.

Each takes nothing and gives its steps; every step asserts that version 1 allows it. H1 is in money_mutants.py, for
version 1 as a model has no amounts. What the star answers is in test_syn_9_star_attacks.py.
"""

from .version_1_rules import START, Actor, Block, Chain, Rules, accept, execute, make_block, prove

RULES = Rules()
PRIMARY, MEMBER, OTHER = START


def take_block(chain: Chain, block: Block, actor: Actor) -> Chain:
    """Commit, prove and accept."""
    assert RULES.can_prove(chain, block, actor)
    chain = prove(chain, block)
    assert RULES.can_accept(chain)
    return accept(chain)


def play_c1() -> tuple[str, ...]:
    """The committee quorum alone: no validator signs, no chain but the victim is touched."""
    invented = make_block((2,), (2,))
    member = RULES.hear_frz(MEMBER, 0, (invented,))
    assert member.frozen == 0
    member = take_block(member, invented, Actor.ANYONE)
    member = RULES.hear_frz(member, 2, (invented,))
    assert RULES.can_execute(member)
    member = execute(member)
    assert RULES.can_begin_exodus(member)
    member = RULES.begin_exodus(member)
    assert member.exodus == 1 and not PRIMARY.proven and not OTHER.proven
    return (
        f"the committee says FRZ(0,1) of {invented} to 1",
        f"a stranger proves 1 {invented} on 1",
        f"1 accepts 1 {invented}",
        f"the committee says FRZ(2,1) of {invented} to 1",
        f"1 executes 1 {invented}",
        "1 begins exodus at 1",
    )


def play_h2() -> tuple[str, ...]:
    """The operator looks at the market for as long as it likes, and then chooses."""
    swap = make_block((0, 1))
    primary = prove(PRIMARY, swap)
    assert RULES.can_accept(primary) and RULES.can_revert(primary, Actor.VALIDATOR)
    return (f"0 proves 1 {swap}", "three days pass", f"0 accepts 1 {swap}, or 0 reverts to 0")


def play_h4() -> tuple[str, ...]:
    """Chain 2 has halted and says nothing: no other chain can ever begin exodus."""
    swap = make_block((0, 1))
    primary = RULES.freeze(take_block(PRIMARY, swap, Actor.VALIDATOR))
    member = prove(MEMBER, swap)
    member = accept(RULES.hear_acc(member, 0, primary.accepted_history))
    assert RULES.can_execute(member)
    member = RULES.hear_frz(execute(member), 0, primary.accepted_history)
    primary = RULES.hear_frz(primary, 1, member.accepted_history)
    assert RULES.find_last_common_block(primary) is None and not RULES.can_begin_exodus(primary)
    assert RULES.find_last_common_block(member) is None and not RULES.can_begin_exodus(member)
    return (
        f"0 accepts 1 {swap}",
        f"1 accepts and executes 1 {swap}",
        "0 freezes at 1",
        "1 freezes at 1",
        "every FRZ but that of 2 arrives",
    )


def play_h5() -> tuple[str, ...]:
    """User and validator in one person: 1's swap is honest, 2's request invented. A broker fills when the primary has
    accepted."""
    mixed = make_block((1, 2), (2,))
    primary = take_block(PRIMARY, mixed, Actor.VALIDATOR)
    member = RULES.hear_acc(MEMBER, 0, primary.accepted_history)
    member = take_block(member, mixed, Actor.VALIDATOR)
    other = RULES.freeze(OTHER)
    assert not RULES.can_prove(OTHER, mixed, Actor.VALIDATOR)
    member = RULES.hear_frz(member, 2, other.accepted_history)
    primary = RULES.freeze(primary)
    member = RULES.hear_frz(member, 0, primary.accepted_history)
    assert RULES.is_aborted(member, member.accepted_history)
    assert RULES.can_begin_exodus(member) and RULES.begin_exodus(member).exodus == 0
    return (
        f"0 accepts 1 {mixed}",
        f"1 accepts 1 {mixed}",
        "2 freezes at 0",
        "FRZ(2,0) reaches 1",
        "FRZ(0,1) reaches 1",
        "1 begins exodus at 0",
    )
