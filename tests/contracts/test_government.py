"""Every act of government, through real timelocks on three chains: what it changes, and when."""

from dataclasses import replace

import pytest

from tests.support.drafts.rig import RESERVE
from tests.support.evm import reverts
from tests.support.groups import KnownGroup
from tests.support.realm import DELAY, HEIR, NEW, OWNER, SEAL, THIEF, Realm
from tests.support.three_chains import (
    CHAINS,
    SEQUENCER,
    SETTER,
    STRANGER,
    USD,
    A,
    B,
    C,
)
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import NO_ADDRESS
from zklink.l1.deployment.acts import Act
from zklink.l1.deployment.agreement import check_registered_alike
from zklink.l1.deployment.records import TokenPlan
from zklink.protocol.errors import ActsDisagree, OwnerInGroup
from zklink.protocol.facts import Frozen, Group, Seal
from zklink.protocol.ids import (
    CUSTODY_LIMIT,
    FEE_NOTICE_SECONDS,
    Amount,
    Door,
)

# --- who has a word ---


@pytest.mark.parametrize(("group", "fact"), [(Group.VALIDATORS, SEAL), (Group.WATCHERS, Frozen(A, 2))])
def test_rotation__one_member__after_the_groups_own_delay(realm: Realm, group: Group, fact: Seal | Frozen) -> None:
    """The timelock does not wait, because the groups do."""
    known, digest = realm.rig.groups.group(group), fact.digest(realm.rig.deployment_hash)
    newcomer = KnownGroup.make("newcomer", 1, 1)
    keys = tuple(sorted([*known.keys[1:], *newcomer.keys], key=lambda key: int(key.public_key.to_address(), 16)))
    after = replace(known, keys=keys)
    realm.government.act_at_once(OWNER, realm.government.acts.announce_group(group, after.members, after.threshold))
    realm.wait(DELAY - 1)
    for here in realm.rig:
        with reverts("groups: too early to replace"):
            here.groups.replace_members(sender=STRANGER)
    old = known.evidence(digest, known.keys[: known.threshold])
    realm.check_word(fact, group, old)
    realm.wait(1)
    for here in realm.rig:
        here.groups.replace_members(sender=STRANGER)
    realm.refuses_word(fact, group, old)
    realm.check_word(fact, group, after.evidence(digest, after.keys))


@pytest.mark.parametrize(("group", "fact"), [(Group.VALIDATORS, SEAL), (Group.WATCHERS, Frozen(A, 2))])
def test_removal__one_member__at_once_and_never_below_the_threshold(
    realm: Realm, group: Group, fact: Seal | Frozen
) -> None:
    known, digest = realm.rig.groups.group(group), fact.digest(realm.rig.deployment_hash)
    realm.government.act_at_once(OWNER, realm.government.acts.remove_member(group, known.members[0]))
    realm.refuses_word(fact, group, known.evidence(digest, known.keys[: known.threshold]))
    realm.check_word(fact, group, known.evidence(digest, known.keys[1 : 1 + known.threshold]))
    for member in known.members[1 : len(known.members) - known.threshold]:
        with reverts("groups: too early to remove"):
            realm.government.act_at_once(OWNER, realm.government.acts.remove_member(group, member))
        realm.wait(DELAY)
        realm.government.act_at_once(OWNER, realm.government.acts.remove_member(group, member))
    with reverts("groups: too few would remain"):
        realm.government.act_at_once(OWNER, realm.government.acts.remove_member(group, known.members[-1]))


# --- what comes in ---


def new_token(realm: Realm) -> TokenPlan:
    """A token on A and B."""
    contracts = {k: realm.rig.deploy(k, "AdversarialToken", 6).address for k in (A, B)}
    return TokenPlan(NEW, "NEW", 6, contracts, Amount(100), Amount(CUSTODY_LIMIT))


def test_registration__on_all_chains__after_the_delay_and_alike(realm: Realm) -> None:
    act = realm.government.acts.register_token(new_token(realm))
    assert act.calls.keys() == set(CHAINS) and realm.government.try_act(act) == {}
    realm.government.propose(OWNER, act)
    assert all(waiting is not None for waiting in realm.government.waiting(act).values())
    for registry in realm.registries():
        assert registry.token_config(NEW)[0] == 0
    realm.wait(DELAY)
    realm.government.execute(THIEF, act)
    check_registered_alike(realm.government.bridges, NEW)
    for here in realm.rig:
        assert here.registry.token_config(NEW)[0] == 1 << A | 1 << B
        assert here.registry.is_token(here.registry.token_config(NEW)[1]) == (here.chain != C)
    assert set(realm.government.waiting(act).values()) == {None}


def test_registration__that_differs_on_one_chain__is_refused_before_anything_is_sent(realm: Realm) -> None:
    token = new_token(realm)
    act, other = realm.government.acts.register_token(token), replace(token, layer2_decimals=5)
    changed = realm.government.acts.register_token(other).calls[C]
    missing = {k: calls for k, calls in act.calls.items() if k != C}
    for calls in ({**act.calls, C: changed}, missing):
        with pytest.raises(ActsDisagree, match="chain 5"):
            realm.government.propose(OWNER, Act("a token", calls))
    assert set(realm.government.waiting(act).values()) == {None}


def test_registration__that_cannot_work__is_known_before_the_wait(realm: Realm) -> None:
    token = replace(new_token(realm), token_id=USD)
    refusals = realm.government.try_act(realm.government.acts.register_token(token))
    assert refusals == dict.fromkeys(CHAINS, "registry: id taken")


@upholds("GOV-3")
def test_pause__at_once__and_only_the_delay_ends_it(realm: Realm) -> None:
    acts = realm.government.acts
    realm.government.act_at_once(OWNER, acts.pause_token(USD, [A]))
    with reverts("bridge: token paused"):
        realm.rig[A].deposit(USD, 1_000)
    realm.rig[B].deposit(USD, 1_000)
    unpause = acts.unpause_token(USD, [A])
    with reverts("timelock: not swift"):
        realm.government.act_at_once(OWNER, unpause)
    realm.carry_out(unpause)
    realm.rig[A].deposit(USD, 1_000)


def test_pause__while_an_older_proposal_waits__is_undone_by_anybody_unless_it_is_cancelled(realm: Realm) -> None:
    """What waits outlives what the owner does at once; the owner does it again, or cancels."""
    acts, here = realm.government.acts, realm.rig[A]
    unpause = acts.unpause_token(USD, [A])
    realm.government.propose(OWNER, unpause)
    realm.wait(DELAY)
    realm.government.act_at_once(OWNER, acts.pause_token(USD, [A]))
    with here.evm.rollback():
        realm.government.execute(THIEF, unpause)
        here.deposit(USD, 1_000)
        realm.government.act_at_once(OWNER, acts.pause_token(USD, [A]))
        with reverts("bridge: token paused"):
            here.deposit(USD, 1_000)
        with reverts("timelock: not proposed"):
            realm.government.execute(THIEF, unpause)
    realm.government.cancel(OWNER, unpause)
    with reverts("timelock: not proposed"):
        realm.government.execute(THIEF, unpause)
    with reverts("bridge: token paused"):
        here.deposit(USD, 1_000)


def test_caps__tighter_at_once__looser_after_the_delay(realm: Realm) -> None:
    acts, cap = realm.government.acts, Amount(RESERVE + 5_000)
    realm.government.act_at_once(OWNER, acts.tighten_limits(USD, {A: (Amount(100), cap)}))
    with reverts("custody: above the cap"):
        realm.rig[A].deposit(USD, 5_001)
    wider = {A: (Amount(100), Amount(cap + 1))}
    with reverts("registry: limits not tighter"):
        realm.government.act_at_once(OWNER, acts.tighten_limits(USD, wider))
    with reverts("timelock: not swift"):
        realm.government.act_at_once(OWNER, acts.set_limits(USD, wider))
    realm.carry_out(acts.set_limits(USD, wider))
    realm.rig[A].deposit(USD, 5_001)


# --- prices ---


def test_prices__bounds_setter_and_recipient__after_the_delay(realm: Realm) -> None:
    acts, kind = realm.government.acts, int(Door.KEY_REQUEST)
    realm.carry_out(acts.bound_prices({k: {kind: (100, 1_000), A: (1, 2)} for k in CHAINS}))
    realm.carry_out(acts.name_setter(HEIR.address))
    realm.carry_out(acts.name_fee_recipient(THIEF.address))
    for registry in realm.registries():
        assert (registry.price(kind), registry.price(A)) == (100, 1)
        assert (registry.setter().lower(), registry.fee_recipient().lower()) == (SEQUENCER, STRANGER)
        with reverts("prices: not the setter"):
            registry.set_prices([(kind, 150)], sender=SETTER)
        registry.set_prices([(kind, 150)], sender=SEQUENCER)
    realm.wait(FEE_NOTICE_SECONDS)
    assert [registry.price(kind) for registry in realm.registries()] == [150] * 3


# --- the owner ---


def test_owner__hands_over__on_every_chain(realm: Realm) -> None:
    realm.carry_out(realm.government.acts.name_owner(HEIR.address))
    for timelock in realm.government.timelocks.values():
        assert timelock.owner() == OWNER.address
        timelock.accept_ownership(HEIR)
        assert (timelock.owner(), timelock.coming_owner()) == (HEIR.address, NO_ADDRESS)
    with reverts("timelock: not the owner"):
        realm.government.act_at_once(OWNER, realm.government.acts.pause_token(USD, CHAINS))
    realm.government.act_at_once(HEIR, realm.government.acts.pause_token(USD, CHAINS))


def test_owner__of_one_chain_alone__is_refused(realm: Realm) -> None:
    act = realm.government.acts.name_owner(HEIR.address)
    with pytest.raises(ActsDisagree, match="nothing"):
        realm.government.propose(OWNER, Act(act.title, {A: act.calls[A]}))


@upholds("GOV-1")
def test_owner__in_a_group__is_refused_before_anything_is_sent(realm: Realm) -> None:
    """The groups know the timelock alone, so who owns it is compared with present and announced members."""
    government, acts = realm.government, realm.government.acts
    for group in Group:
        member = realm.rig.groups.group(group).members[1]
        with pytest.raises(OwnerInGroup, match=f"would own the timelocks and be one of the {group.name.lower()}"):
            government.propose(OWNER, acts.name_owner(member))
        for owner in (OWNER, HEIR):
            with realm.rig.rollback():
                if owner is HEIR:
                    realm.carry_out(acts.name_owner(HEIR.address))
                with pytest.raises(OwnerInGroup, match="(?i)" + owner.address):
                    government.act_at_once(OWNER, acts.announce_group(group, [owner.address], 1))
    government.act_at_once(OWNER, acts.announce_group(Group.WATCHERS, [HEIR.address], 1))
    with pytest.raises(OwnerInGroup, match="watchers"):
        government.propose(OWNER, acts.name_owner(HEIR.address))


def test_act__taken_back__is_never_carried_out(realm: Realm) -> None:
    act = realm.government.acts.unpause_token(USD, CHAINS)
    realm.government.propose(OWNER, act)
    with reverts("timelock: not the owner"):
        realm.government.cancel(THIEF, act)
    realm.government.cancel(OWNER, act)
    realm.wait(DELAY)
    with reverts("timelock: not proposed"):
        realm.government.execute(THIEF, act)


def test_act__half_done__goes_on_with_the_other_chains(realm: Realm) -> None:
    act = realm.government.acts.register_token(new_token(realm))
    realm.government.propose(OWNER, act, chains=[A])
    with reverts("timelock: proposed already"):
        realm.government.propose(OWNER, act)
    realm.government.propose(OWNER, act, chains=[B, C])
    realm.wait(DELAY)
    realm.government.execute(THIEF, act)
