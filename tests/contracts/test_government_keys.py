"""Who with which key can do what, and for how long (docs/threat-model.md), through real timelocks on three chains."""

from dataclasses import replace

import pytest
from eth_account.signers.local import LocalAccount

from tests.contracts import test_exits as exits
from tests.support.drafts.end_words import make_blocks
from tests.support.drafts.escape import end_of, make_escaping, raise_end, stand_end
from tests.support.drafts.rig import COIN, OLD
from tests.support.evm import Reverted, reverts
from tests.support.realm import DELAY, HEIR, NEW, OWNER, THIEF, Realm
from tests.support.three_chains import (
    CHAINS,
    DEPOSITOR,
    FEE_RECIPIENT,
    GOVERNOR,
    SETTER,
    STRANGER,
    USD,
    ZERO,
    A,
    B,
)
from tests.support.upholds import upholds
from zklink.protocol.facts import End, EndDenial, Frozen, Group
from zklink.protocol.ids import (
    CUSTODY_LIMIT,
    DAY,
    DENIAL_WINDOW_SECONDS,
    FEE_NOTICE_SECONDS,
    GRACE_SECONDS,
    Amount,
    Door,
)

# --- who with which key (docs/threat-model.md) ---


SLOW = ("register_token", "set_token_limits", "unpause_token", "set_price_bounds", "set_setter", "set_fee_recipient")


@upholds("GOV-2")
def test_stolen_owner_key__admits_nothing_for_55_days__and_the_owner_sees_it(realm: Realm) -> None:
    """Everything that lets more in, or pays somebody else, is refused at once on every chain."""
    for here in realm.rig:
        timelock = realm.government.timelocks[here.chain]
        arguments: dict[str, tuple[object, ...]] = {
            "register_token": (NEW, (1 << here.chain, OWNER.address, 6, 1, 1, 0)),
            "set_token_limits": (USD, 0, CUSTODY_LIMIT),
            "unpause_token": (USD,),
            "set_price_bounds": (1, 1, 2**40 - 1),
            "set_setter": (THIEF.address,),
            "set_fee_recipient": (THIEF.address,),
        }
        assert arguments.keys() == set(SLOW)
        for function, values in arguments.items():
            with reverts("registry: not the governor"):
                getattr(here.registry, function)(*values, sender=GOVERNOR)
            with reverts("timelock: not swift"):
                timelock.act(OWNER, realm.government.bridges[here.chain].tokens.encode(function, *values))


def test_stolen_owner_key__can_stop_what_comes_in_and_remove_one_of_a_group__no_more(realm: Realm) -> None:
    acts, government = realm.government.acts, realm.government
    government.act_at_once(THIEF_WITH_KEY, acts.pause_token(USD, CHAINS))
    government.act_at_once(THIEF_WITH_KEY, acts.tighten_limits(OLD, {k: (Amount(100), Amount(100)) for k in CHAINS}))
    for group in Group:
        known = realm.rig.groups.group(group)
        government.act_at_once(THIEF_WITH_KEY, acts.remove_member(group, known.members[0]))
        with reverts("groups: too early to remove"):
            government.act_at_once(THIEF_WITH_KEY, acts.remove_member(group, known.members[1]))
    here = realm.rig[A]
    held = here.balance(USD, here.bridge.address)
    here.full_exit(3, USD)
    with pytest.raises(Reverted, match="bridge: token paused"):
        here.deposit(USD, 1_000)
    here.deposit(COIN, 1_000)
    assert here.balance(USD, here.bridge.address) == held


THIEF_WITH_KEY: LocalAccount = OWNER
"""The same key, in somebody else's hands."""


def test_stranger__any_act__is_refused(realm: Realm) -> None:
    acts, government = realm.government.acts, realm.government
    for act in (acts.pause_token(USD, CHAINS), acts.name_setter(THIEF.address)):
        for deed in (government.act_at_once, government.propose):
            with reverts("timelock: not the owner"):
                deed(THIEF, act)


def test_setter__stolen_key__at_most_doubles_a_day_within_bounds(realm: Realm) -> None:
    kind = int(Door.DEPOSIT)
    realm.carry_out(realm.government.acts.bound_prices({A: {kind: (100, 1_000)}}))
    registry, evm = realm.rig[A].registry, realm.rig[A].evm
    for day in range(1, 6):
        registry.set_prices([(kind, registry.price_ceiling(kind))], sender=SETTER)
        evm.time += DAY + FEE_NOTICE_SECONDS
        assert registry.price(kind) == min(100 * 2**day, 1_000)
    for function, value in (("set_setter", STRANGER), ("set_fee_recipient", STRANGER), ("pause_token", USD)):
        with reverts("registry: not the governor"):
            getattr(registry, function)(value, sender=SETTER)


def test_lost_owner_key__nothing_changes__and_nothing_that_waits_comes_late(realm: Realm) -> None:
    """Whoever loses the key leaves what is in force for ever; a proposal that nobody executed in time is void."""
    act = realm.government.acts.name_setter(HEIR.address)
    realm.government.propose(OWNER, act)
    realm.wait(DELAY + GRACE_SECONDS)
    with reverts("timelock: too late to execute"):
        realm.government.execute(THIEF, act)
    assert {registry.setter().lower() for registry in realm.registries()} == {SETTER}
    assert {registry.fee_recipient().lower() for registry in realm.registries()} == {FEE_RECIPIENT}


def raise_as_governor(realm: Realm, fact: End) -> None:
    """The validators' END, which the governor alone can raise."""
    rig, here = realm.rig, realm.rig[fact.member]
    later = rig.blocks.commitments(here.tip().number, fact.number)
    validators = rig.groups.end(fact, Group.VALIDATORS)
    realm.government.bridges[fact.member].member_end.raise_end(OWNER, fact, later, b"", validators)


def test_answers_to_an_end__through_the_timelock__at_once(realm: Realm) -> None:
    """Its windows are days: the governor denies, voids and raises without a delay."""
    rig, here, end = realm.rig, realm.rig[A], realm.government.bridges[A].member_end
    make_blocks(rig, 1)
    fact = end_of(rig, A)
    raise_end(rig, fact, Group.WATCHERS)
    with reverts("timelock: not the owner"):
        end.deny_end(THIEF)
    end.deny_end(OWNER)
    with reverts("end: validators do not deny it"):
        end.void_end(OWNER)
    here.end.deny_end(rig.groups.denial(fact, Group.VALIDATORS), sender=STRANGER)
    end.void_end(OWNER)
    assert here.end.end_state()[:2] == (1, 0)
    raise_as_governor(realm, replace(fact, round=1))
    assert here.end.end_state()[:2] == (1, 2)


def test_false_freeze__voided_through_the_timelock__at_once(realm: Realm) -> None:
    fact, primary = Frozen(A, 0), realm.rig.primary
    watchers = realm.rig.groups.sign(fact, Group.WATCHERS)
    primary.end.announce_freeze(fact.chain, fact.round, watchers, sender=STRANGER)
    realm.government.bridges[B].primary_end.void_freeze(OWNER, A)
    with reverts("freeze: of another round"):
        primary.end.announce_freeze(fact.chain, fact.round, watchers, sender=STRANGER)


@pytest.mark.parametrize("silent", [1, 2])
def test_owner_and_validators__watcher_removed__end_a_member_only_if_two_are_silent(realm: Realm, silent: int) -> None:
    """A removal leaves the threshold, so it makes silence cheaper: two of four watchers instead of three of five. The
    next removal comes too late to make it cheaper still.
    """
    rig, here, watchers = realm.rig, realm.rig[A], realm.rig.groups.watchers
    make_blocks(rig, 1)
    fact = end_of(rig, A)
    realm.government.act_at_once(OWNER, realm.government.acts.remove_member(Group.WATCHERS, watchers.members[0]))
    with reverts("groups: too early to remove"):
        realm.government.act_at_once(OWNER, realm.government.acts.remove_member(Group.WATCHERS, watchers.members[1]))
    raise_as_governor(realm, fact)
    digest = EndDenial(fact.member, fact.number, fact.sync_hash, fact.round).digest(rig.deployment_hash)
    for keys in (watchers.keys[3:], watchers.keys[:3]):
        with pytest.raises(Reverted, match="groups: "):
            here.end.deny_end(watchers.evidence(digest, keys), sender=STRANGER)
    if silent == 1:
        here.end.deny_end(watchers.evidence(digest, watchers.keys[2:]), sender=STRANGER)
        assert here.end.end_state()[1] == 0
        return
    stand_end(rig, A, DENIAL_WINDOW_SECONDS)
    assert here.end.end_state()[2]


# --- a frozen chain ---


@upholds("GOV-3")
def test_frozen_chain__government_goes_on__and_touches_no_exit(realm: Realm) -> None:
    """Tokens, prices and members can change as before, with the same waits; nothing that leaves reads any of it."""
    escaping = make_escaping(realm.rig)
    here, acts, government = escaping[A], realm.government.acts, realm.government
    assert here.bridge.is_frozen()
    unpause = acts.unpause_token(USD, [A])
    government.propose(OWNER, unpause)
    government.act_at_once(OWNER, acts.pause_token(USD, [A]))
    government.act_at_once(OWNER, acts.tighten_limits(USD, {A: (Amount(100), Amount(100))}))
    government.act_at_once(OWNER, acts.remove_member(Group.WATCHERS, realm.rig.groups.watchers.members[0]))
    with pytest.raises(Reverted):
        here.deposit(USD, 1_000, sender=DEPOSITOR)
    for test in (
        exits.test_exit__unsigned_by_the_owner__is_paid_once,
        exits.test_exit__recipient_that_refuses__is_owed,
    ):
        with escaping.rollback():
            test(escaping)
    here.evm.time += DELAY
    government.execute(THIEF, unpause)
    assert not here.registry.is_paused(USD)
    with pytest.raises(Reverted):
        here.deposit(USD, 1_000, sender=DEPOSITOR)
    assert here.registry.token_config(USD)[1] != ZERO
