"""Every act of government, through real timelocks on three chains: what it changes, when, and what it never touches."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.contracts import test_exits as exits
from tests.support.compile_vyper import load
from tests.support.drafts.escape import make_escaping
from tests.support.drafts.rig import COIN, OLD, RESERVE, Rig, build_rig
from tests.support.evm import EvmContract, Reverted, reverts
from tests.support.evm_client import EvmClient
from tests.support.groups import KnownGroup
from tests.support.three_chains import (
    CHAINS,
    DEPOSITOR,
    FEE_RECIPIENT,
    GOVERNOR,
    SEQUENCER,
    SETTER,
    STRANGER,
    USD,
    ZERO,
    A,
    B,
    C,
    actor_key,
)
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import NO_ADDRESS
from zklink.l1.deployment.acts import Act
from zklink.l1.deployment.agreement import check_registered_alike
from zklink.l1.deployment.government import Government
from zklink.l1.deployment.records import TokenPlan
from zklink.protocol.errors import ActsDisagree
from zklink.protocol.facts import Frozen, Group, Seal
from zklink.protocol.ids import (
    CUSTODY_LIMIT,
    DAY,
    FEE_NOTICE_SECONDS,
    GRACE_SECONDS,
    GROUP_DELAY_SECONDS,
    Amount,
    BlockNumber,
    Door,
    TokenId,
)

NEW = TokenId(12)
DELAY = GROUP_DELAY_SECONDS
OWNER, THIEF, HEIR = (Account.from_key(actor_key(role)) for role in ("governor", "stranger", "sequencer"))
SEAL = Seal(BlockNumber(7), bytes([7] * 32))


@dataclass
class Realm:
    """The rig, governed by timelocks that OWNER owns."""

    rig: Rig
    government: Government

    def wait(self, seconds: int) -> None:
        """Time passes on every chain."""
        for here in self.rig:
            here.evm.time += seconds

    def carry_out(self, act: Act) -> None:
        """Propose, see that it waits, execute by a stranger."""
        self.government.propose(OWNER, act)
        self.wait(DELAY - 1)
        with reverts("timelock: too early to execute"):
            self.government.execute(THIEF, act)
        self.wait(1)
        self.government.execute(THIEF, act)

    def registries(self) -> Iterator[EvmContract]:
        return (here.registry for here in self.rig)

    def check_word(self, fact: Seal | Frozen, group: Group, evidence: bytes) -> None:
        """Ask the groups of every chain about a fact of one group."""
        for here in self.rig:
            if isinstance(fact, Seal):
                here.groups.check_seal(self.rig.deployment_hash, fact.number, fact.sync_hash, evidence)
            else:
                here.groups.check_frozen(self.rig.deployment_hash, fact.chain, fact.round, evidence)

    def refuses_word(self, fact: Seal | Frozen, group: Group, evidence: bytes) -> None:
        """No chain takes it."""
        for k in CHAINS:
            with pytest.raises(Reverted, match="groups: "):
                Realm(replace(self.rig, chains={k: self.rig[k]}), self.government).check_word(fact, group, evidence)


@pytest.fixture(scope="module")
def shared() -> Realm:
    rig = build_rig(has_timelock=True)
    clients = {here.chain: EvmClient(here.chain, here.evm, load) for here in rig}
    return Realm(rig, Government(rig.deployment, clients))


@pytest.fixture
def realm(shared: Realm) -> Iterator[Realm]:
    with shared.rig.rollback():
        yield shared


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


def test_stolen_owner_key__can_stop_what_comes_in_and_shrink_groups__no_more(realm: Realm) -> None:
    acts, government = realm.government.acts, realm.government
    government.act_at_once(THIEF_WITH_KEY, acts.pause_token(USD, CHAINS))
    government.act_at_once(THIEF_WITH_KEY, acts.tighten_limits(OLD, {k: (Amount(100), Amount(100)) for k in CHAINS}))
    for group in Group:
        known = realm.rig.groups.group(group)
        for member in known.members[: len(known.members) - known.threshold]:
            government.act_at_once(THIEF_WITH_KEY, acts.remove_member(group, member))
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
