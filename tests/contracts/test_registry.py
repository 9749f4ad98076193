"""The governor's functions: a token id gets its meaning once, from nobody else, and never a strange one."""

from collections.abc import Callable

import pytest

from tests.support.compile_vyper import load
from tests.support.drafts.rig import COIN, LAYER2_DECIMALS, OLD, REMOTE, TOKEN_LIMIT, Rig, RigChain, config
from tests.support.evm import Reverted, reverts
from tests.support.three_chains import (
    CHAIN_MASK,
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
)
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import NATIVE
from zklink.protocol.ids import CUSTODY_LIMIT, PRICE_KINDS, Door, TokenClass, TokenId

NEW = TokenId(20)


def test_register__every_decimals__scales_exactly(rig: Rig) -> None:
    here = rig[A]
    sizes = [(0, 0), (6, 0), (18, 0), (18, 6), (36, 18), (36, 36)]
    for token_id, (l1_decimals, layer2_decimals) in enumerate(sizes, start=30):
        token = here.evm.deploy(GOVERNOR, load_contract("AdversarialToken"), l1_decimals)
        here.registry.register_token(
            token_id, config(USD, token.address, layer2_decimals=layer2_decimals), sender=GOVERNOR
        )
        event = here.evm.event("TokenRegistered")
        assert (event["l1_decimals"], event["layer2_decimals"]) == (l1_decimals, layer2_decimals)
        assert here.registry.token_scale(token_id) == 10 ** (l1_decimals - layer2_decimals)


def test_register__token__reads_back(rig: Rig) -> None:
    here = rig[A]
    expected = config(USD, here.token(USD).address.lower())
    assert here.registry.token_config(USD) == expected
    assert here.registry.token_config(REMOTE)[:3] == (1 << C, ZERO, LAYER2_DECIMALS[REMOTE])
    assert here.registry.token_config(77) == (0, ZERO, 0, 0, 0, 0)
    assert (here.registry.token_scale(REMOTE), here.registry.token_scale(77)) == (0, 0)
    assert here.bridge.solvency(77) == here.bridge.solvency(REMOTE) == (0, 0, 0)


@pytest.mark.parametrize(("l1_decimals", "layer2_decimals"), [(0, 0), (1, 1), (7, 7), (36, 35), (36, 36), (25, 7)])
@pytest.mark.parametrize("token_class", [0, 1, 31])
def test_register__any_decimals_and_class__every_field_reads_back(
    rig: Rig, l1_decimals: int, layer2_decimals: int, token_class: int
) -> None:
    """None of them runs into its neighbour in the word that holds them."""
    here = rig[A]
    token = fresh(here, l1_decimals).lower()
    fields = config(USD, token, layer2_decimals=layer2_decimals, token_class=token_class)
    here.registry.register_token(NEW, fields, sender=GOVERNOR)
    for is_paused, change in ((False, None), (True, here.registry.pause_token), (False, here.registry.unpause_token)):
        if change is not None:
            change(NEW, sender=GOVERNOR)
        assert here.registry.token_config(NEW) == fields
        assert here.registry.token_chains(NEW) == CHAIN_MASK
        assert here.registry.token_scale(NEW) == 10 ** (l1_decimals - layer2_decimals)
        assert here.registry.is_paused(NEW) == is_paused


def fresh(here: RigChain, decimals: int = 6) -> str:
    """A token that is not registered."""
    return here.evm.deploy(GOVERNOR, load_contract("AdversarialToken"), decimals).address


@pytest.mark.parametrize(
    ("reason", "token_id", "changes"),
    [
        ("registry: token id out of range", 0, {}),
        ("registry: token id out of range", TOKEN_LIMIT // 2, {}),
        ("registry: token id out of range", TOKEN_LIMIT, {}),
        ("registry: id taken", USD, {}),
        ("registry: unknown chain in mask", NEW, {"chains": 0}),
        ("registry: unknown chain in mask", NEW, {"chains": 1 << A | 1}),
        ("registry: unknown chain in mask", NEW, {"chains": 1 << A | 1 << 3}),
        ("registry: unknown chain in mask", NEW, {"chains": 1 << A | 1 << 15}),
        ("registry: own chain and address", NEW, {"chains": 1 << B}),
        ("registry: own chain and address", NEW, {"token": ZERO}),
        ("registry: layer-2 decimals", NEW, {"layer2_decimals": 37}),
        ("registry: decimals out of range", NEW, {"layer2_decimals": 7}),
        ("registry: limits out of range", NEW, {"minimum": 11, "cap": 10}),
        ("registry: limits out of range", NEW, {"cap": CUSTODY_LIMIT + 1}),
        ("registry: unknown class", NEW, {"token_class": TokenClass.REFUSES_NOTHING}),
        ("registry: unknown class", NEW, {"token_class": 64}),
        ("registry: token has no code", NEW, {"token": STRANGER}),
        ("registry: address taken", NEW, {"token": NATIVE}),
    ],
)
def test_register__bad_config__is_refused(rig: Rig, reason: str, token_id: int, changes: dict[str, object]) -> None:
    here = rig[A]
    with reverts(reason):
        here.registry.register_token(token_id, config(USD, fresh(here), **changes), sender=GOVERNOR)


def test_register__address_twice__is_refused(rig: Rig) -> None:
    with reverts("registry: address taken"):
        rig[A].registry.register_token(NEW, config(USD, rig[A].token(USD).address), sender=GOVERNOR)


def test_register__strange_decimals__are_refused(rig: Rig) -> None:
    here = rig[A]
    for decimals in (37, 255, 2**256 - 1):
        with reverts("registry: decimals out of range"):
            here.registry.register_token(NEW, config(USD, fresh(here, decimals)), sender=GOVERNOR)


def test_register__contract_without_decimals__is_refused(rig: Rig) -> None:
    with reverts("registry: decimals not readable"):
        rig[A].registry.register_token(NEW, config(USD, rig[A].groups.address), sender=GOVERNOR)


def test_register__scale_above_10_to_the_18__is_refused(rig: Rig) -> None:
    """An amount of layer 2 times the scale stays below 2^256, and the smallest unit is worth something."""
    here = rig[A]
    with reverts("registry: scale above 10^18"):
        here.registry.register_token(NEW, config(USD, fresh(here, 25), layer2_decimals=6), sender=GOVERNOR)
    here.registry.register_token(NEW, config(USD, fresh(here, 24), layer2_decimals=6), sender=GOVERNOR)


# What a registry asks a token

WORD, YES, NO = (6).to_bytes(32, "big"), (1).to_bytes(32, "big"), bytes(32)


@pytest.mark.parametrize(
    ("reason", "answers"),
    [
        ("registry: decimals not readable", (b"", WORD, YES)),
        ("registry: decimals not readable", (b"\6", WORD, YES)),
        ("registry: decimals not readable", (WORD + WORD, WORD, YES)),
        ("registry: balance not readable", (WORD, b"", YES)),
        ("registry: balance not readable", (WORD, WORD[:31], YES)),
        ("registry: balance not readable", (WORD, WORD + b"\0", YES)),
        ("registry: transfer answers no", (WORD, WORD, NO)),
        ("registry: transfer answers no", (WORD, WORD, (2).to_bytes(32, "big"))),
        ("registry: transfer answers no", (WORD, WORD, b"\1")),
        ("registry: transfer answers no", (WORD, WORD, YES + b"\0")),
        ("registry: transfer answers no", (WORD, WORD, YES + YES)),
    ],
)
def test_register__answers_that_could_never_work__are_refused(
    rig: Rig, reason: str, answers: tuple[bytes, bytes, bytes]
) -> None:
    here = rig[A]
    token = here.evm.deploy(GOVERNOR, load_contract("OddAnswers"), *answers)
    with reverts(reason):
        here.registry.register_token(NEW, config(USD, token.address), sender=GOVERNOR)


@pytest.mark.parametrize("answer", [b"", YES])
def test_register__yes_or_nothing__passes(rig: Rig, answer: bytes) -> None:
    here = rig[A]
    token = here.evm.deploy(GOVERNOR, load_contract("OddAnswers"), WORD, WORD, answer)
    here.registry.register_token(NEW, config(USD, token.address), sender=GOVERNOR)
    assert here.registry.token_config(NEW)[5] == 0


SAY_NO, REVERT, BURN_GAS, BOMB, REENTER = 2, 3, 4, 5, 6
"""Habits of the adversarial token."""


@pytest.mark.parametrize("habit", [REVERT, BURN_GAS])
def test_register__transfer_of_nothing_reverts__is_noted(rig: Rig, habit: int) -> None:
    here, said = rig[A], TokenClass.REBASING | TokenClass.UPGRADABLE
    token = here.evm.contracts[fresh(here)]
    token.set_mode(habit, sender=GOVERNOR)
    here.registry.register_token(NEW, config(USD, token.address, token_class=int(said)), sender=GOVERNOR)
    assert here.evm.event("TokenRegistered")["token_class"] == said | TokenClass.REFUSES_NOTHING
    assert here.evm.event("TokenLimitsChanged") == {"token_id": NEW, "minimum": 100, "cap": CUSTODY_LIMIT}
    assert here.registry.token_config(NEW)[5] == said | TokenClass.REFUSES_NOTHING
    assert here.registry.get_token(NEW) == (token.address.lower(), 1, CHAIN_MASK, False, 100, CUSTODY_LIMIT)


@pytest.mark.parametrize("habit", [SAY_NO, BOMB])
def test_register__bad_habit__is_refused(rig: Rig, habit: int) -> None:
    here = rig[A]
    token = here.evm.contracts[fresh(here)]
    token.set_mode(habit, sender=GOVERNOR)
    with reverts("registry: transfer answers no"):
        here.registry.register_token(NEW, config(USD, token.address), sender=GOVERNOR)


def test_register__too_little_gas__never_says_that_a_token_refuses(rig: Rig) -> None:
    """Whoever executes what the governor has decided chooses the gas."""
    here = rig[A]
    token = here.evm.contracts[fresh(here)]
    call = config(USD, token.address)
    outcomes = set()
    for gas in range(100_000, 600_000, 4_000):
        with here.evm.rollback():
            try:
                here.registry.register_token(NEW, call, sender=GOVERNOR, gas=gas)
            except Reverted as error:
                outcomes.add(error.reason if error.reason.startswith("registry") else "")
            else:
                outcomes.add("done")
                assert here.registry.token_config(NEW)[5] == 0
    assert {"registry: too little gas", "done"} <= outcomes


@pytest.mark.parametrize("function", ["register_token", "get_token", "price", "set_setter"])
def test_register__token_reenters__finds_every_door_locked(rig: Rig, function: str) -> None:
    """Even as the governor: the token is booked before it is called, and nothing here is read half written."""
    here = rig[A]
    token, governor = here.evm.contracts[fresh(here)], here.evm.deploy(STRANGER, load("ActingWallet"))
    registry = rig.deploy(A, "Registry", *registry_arguments(governor=governor.address))
    arguments = {"register_token": (NEW + 1, config(USD, fresh(here))), "set_setter": (STRANGER,)}
    inner = registry.encode(function, *arguments.get(function, (1,)))
    token.set_call(governor.address, governor.encode("act", registry.address, inner), sender=STRANGER)
    token.set_mode(REENTER, sender=STRANGER)
    outer = registry.encode("register_token", NEW, config(USD, token.address))
    governor.act(registry.address, outer, sender=STRANGER)
    assert (token.reentries(), token.refusals()) == (0, 1)
    assert registry.token_config(NEW)[1] == token.address.lower()
    assert (registry.token_config(NEW + 1)[0], registry.setter(), registry.is_paused(NEW)) == (0, SETTER, False)
    governor.act(registry.address, registry.encode(function, *arguments.get(function, (1,))), sender=STRANGER)


def test_is_token__registered_and_wrapped__no_other(rig: Rig) -> None:
    here, wrapped = rig[A], fresh(rig[A])
    registry = rig.deploy(A, "Registry", *registry_arguments(wrapped=wrapped))
    registry.register_token(USD, config(USD, here.token(USD).address), sender=GOVERNOR)
    registry.register_token(COIN, config(COIN, NATIVE), sender=GOVERNOR)
    registry.register_token(REMOTE, config(REMOTE, ZERO, chains=1 << C), sender=GOVERNOR)
    assert registry.is_token(here.token(USD).address) and registry.is_token(wrapped)
    for other in (ZERO, NATIVE, STRANGER, here.token(OLD).address, registry.address):
        assert not registry.is_token(other)
    bare = rig.deploy(A, "Registry", *registry_arguments())
    assert not bare.is_token(ZERO)
    assert (registry.wrapped(), bare.wrapped()) == (wrapped.lower(), ZERO)


def test_governance__stranger__is_refused(rig: Rig) -> None:
    here = rig[A]
    for account in (STRANGER, SEQUENCER, SETTER):
        calls: tuple[Callable[[str], object], ...] = (
            lambda account: here.registry.register_token(NEW, config(USD, fresh(here)), sender=account),
            lambda account: here.registry.set_token_limits(USD, 1, 2, sender=account),
            lambda account: here.registry.tighten_token_limits(USD, 1, 2, sender=account),
            lambda account: here.registry.pause_token(USD, sender=account),
            lambda account: here.registry.unpause_token(USD, sender=account),
            lambda account: here.registry.set_price_bounds(1, 1, 2, sender=account),
            lambda account: here.registry.set_setter(account, sender=account),
            lambda account: here.registry.set_fee_recipient(account, sender=account),
        )
        for call in calls:
            with reverts("registry: not the governor"):
                call(account)


def test_set_token_limits__new_limits__bind_at_once(rig: Rig) -> None:
    here = rig[A]
    here.registry.set_token_limits(USD, 10_000, CUSTODY_LIMIT, sender=GOVERNOR)
    assert here.evm.event("TokenLimitsChanged") == {"token_id": USD, "minimum": 10_000, "cap": CUSTODY_LIMIT}
    with reverts("bridge: below the minimum"):
        here.swap(l1_amount=9_999)
    assert here.registry.token_config(USD)[3:5] == (10_000, CUSTODY_LIMIT)


def test_set_token_limits__bad__is_refused(rig: Rig) -> None:
    with reverts("registry: no such token"):
        rig[A].registry.set_token_limits(77, 1, 2, sender=GOVERNOR)
    with reverts("registry: limits out of range"):
        rig[A].registry.set_token_limits(USD, 3, 2, sender=GOVERNOR)


def test_pause_token__unknown_token__is_refused(rig: Rig) -> None:
    for function in (rig[A].registry.pause_token, rig[A].registry.unpause_token):
        with reverts("registry: nothing to pause"):
            function(77, sender=GOVERNOR)


def test_pause_token__and_again__says_so(rig: Rig) -> None:
    here = rig[A]
    here.registry.pause_token(USD, sender=GOVERNOR)
    assert here.evm.event("TokenPaused") == {"token_id": USD, "is_paused": True}
    assert here.registry.is_paused(USD)
    here.registry.unpause_token(USD, sender=GOVERNOR)
    assert here.evm.event("TokenPaused") == {"token_id": USD, "is_paused": False}
    assert not here.registry.is_paused(USD)


def test_tighten_token_limits__less_can_come_in__binds_at_once(rig: Rig) -> None:
    here = rig[A]
    here.registry.tighten_token_limits(USD, 200, CUSTODY_LIMIT, sender=GOVERNOR)
    here.registry.tighten_token_limits(USD, 200, 10**15, sender=GOVERNOR)
    assert here.evm.event("TokenLimitsChanged") == {"token_id": USD, "minimum": 200, "cap": 10**15}
    assert here.registry.token_config(USD)[3:5] == (200, 10**15)
    for minimum, cap in ((199, 10**15), (200, 10**15 + 1), (0, 0), (1, CUSTODY_LIMIT)):
        with reverts("registry: limits not tighter"):
            here.registry.tighten_token_limits(USD, minimum, cap, sender=GOVERNOR)
    with reverts("registry: limits out of range"):
        here.registry.tighten_token_limits(USD, 10**15, 10**14, sender=GOVERNOR)
    with reverts("registry: no such token"):
        here.registry.tighten_token_limits(77, 0, 0, sender=GOVERNOR)


def registry_arguments(**changes: object) -> list[object]:
    """The constructor's arguments on chain A."""
    fields: dict[str, object] = {
        "own_chain": A,
        "chains": CHAIN_MASK,
        "limit": TOKEN_LIMIT,
        "governor": GOVERNOR,
        "setter": SETTER,
        "fee_recipient": FEE_RECIPIENT,
        "wrapped": ZERO,
        "prices": [],
    }
    assert changes.keys() <= fields.keys()
    return list((fields | changes).values())


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("registry: zero governor", {"governor": ZERO}),
        ("registry: own chain missing", {"own_chain": 3}),
        ("registry: own chain missing", {"own_chain": 0, "chains": CHAIN_MASK | 1}),
        ("registry: chain mask", {"chains": CHAIN_MASK | 1}),
        ("registry: chain mask", {"chains": CHAIN_MASK | 1 << 9}),
        ("registry: token limit", {"limit": 2}),
        ("registry: token limit", {"limit": 2**16 + 1}),
        ("registry: zero setter", {"setter": ZERO}),
        ("registry: zero fee recipient", {"fee_recipient": ZERO}),
        ("registry: wrapped has no code", {"wrapped": STRANGER}),
        ("prices: unknown kind", {"prices": [(0, 1, 1, 1)]}),
        ("prices: unknown kind", {"prices": [(PRICE_KINDS, 1, 1, 1)]}),
        ("prices: out of bounds", {"prices": [(1, 11, 1, 10)]}),
        ("prices: out of bounds", {"prices": [(1, 1, 2, 10)]}),
        ("prices: bounds out of order", {"prices": [(1, 5, 5, 4)]}),
        ("prices: no lower bound", {"prices": [(1, 0, 0, 4)]}),
        ("prices: kind twice", {"prices": [(1, 5, 5, 5), (2, 1, 1, 1), (1, 6, 6, 6)]}),
    ],
)
def test_deploy__bad_argument__is_refused(rig: Rig, reason: str, changes: dict[str, object]) -> None:
    with reverts(reason):
        rig.deploy(A, "Registry", *registry_arguments(**changes))


def test_deploy__greatest_limit__is_admitted_with_all_its_tokens(rig: Rig) -> None:
    registry = rig.deploy(A, "Registry", *registry_arguments(limit=2**16))
    registry.register_token(2**15 - 1, config(USD, fresh(rig[A])), sender=GOVERNOR)
    assert registry.token_scale(2**15 - 1) == 1


def test_deploy__least_limit__is_admitted_with_its_token(rig: Rig) -> None:
    registry = rig.deploy(A, "Registry", *registry_arguments(limit=4))
    registry.register_token(1, config(USD, fresh(rig[A])), sender=GOVERNOR)
    assert registry.token_scale(1) == 1
    rig.deploy(A, "Registry", *registry_arguments(limit=3))


def test_is_for__chain_chains_or_limit_of_another_deployment__is_not(rig: Rig) -> None:
    registry = rig[A].registry
    assert registry.is_for(A, CHAIN_MASK, TOKEN_LIMIT)
    for other in (
        (B, CHAIN_MASK, TOKEN_LIMIT),
        (A, CHAIN_MASK - (1 << B), TOKEN_LIMIT),
        (A, CHAIN_MASK, TOKEN_LIMIT + 1),
    ):
        assert not registry.is_for(*other)


def test_register__last_id_of_a_token__is_admitted(rig: Rig) -> None:
    """Ids from token_limit / 2 on name shares of pools."""
    here = rig[A]
    here.registry.register_token(TOKEN_LIMIT // 2 - 1, config(USD, fresh(here)), sender=GOVERNOR)
    assert here.registry.token_scale(TOKEN_LIMIT // 2 - 1) == 1


def test_get_token__as_a_bridge_sees_it(rig: Rig) -> None:
    here = rig[B]
    here.registry.pause_token(USD, sender=GOVERNOR)
    address = here.token(USD).address.lower()
    assert here.registry.get_token(USD) == (address, 10**12, CHAIN_MASK, True, 100, CUSTODY_LIMIT)
    assert here.registry.get_token(REMOTE) == (ZERO, 0, 1 << C, False, 100, CUSTODY_LIMIT)
    assert here.registry.get_token(77) == (ZERO, 0, 0, False, 0, 0)


def test_terms__what_a_bridge_asks__in_one_call_each(rig: Rig) -> None:
    here = rig[B]
    arguments = registry_arguments(own_chain=B, prices=[(A, 7, 1, 70), (Door.DEPOSIT, 9, 1, 90)])
    registry = rig.deploy(B, "Registry", *arguments)
    registry.register_token(USD, config(USD, here.token(USD).address), sender=GOVERNOR)
    registry.register_token(REMOTE, config(REMOTE, ZERO, chains=1 << C), sender=GOVERNOR)
    dollar = registry.get_token(USD)
    assert registry.swap_terms(USD, REMOTE, A) == (dollar, 1 << C, 7)
    assert registry.swap_terms(USD, 77, C) == (dollar, 0, 0)
    assert registry.swap_terms(77, USD, 255) == ((ZERO, 0, 0, False, 0, 0), CHAIN_MASK, 0)
    assert registry.deposit_terms(USD) == (dollar, 9)
    assert [registry.token_chains(token) for token in (USD, REMOTE, 77)] == [CHAIN_MASK, 1 << C, 0]
    assert registry.prices() == tuple({A: 7, Door.DEPOSIT: 9}.get(kind, 0) for kind in range(PRICE_KINDS))
    assert here.registry.prices() == (0,) * PRICE_KINDS


def test_setter_and_fee_recipient__named_anew__say_so(rig: Rig) -> None:
    here = rig[A]
    here.registry.set_setter(STRANGER, sender=GOVERNOR)
    assert here.evm.event("SetterChanged") == {"setter": STRANGER}
    here.registry.set_fee_recipient(SEQUENCER, sender=GOVERNOR)
    assert here.evm.event("FeeRecipientChanged") == {"fee_recipient": SEQUENCER}
    assert (here.registry.setter(), here.registry.fee_recipient()) == (STRANGER, SEQUENCER)
    for function in (here.registry.set_setter, here.registry.set_fee_recipient):
        with pytest.raises(Reverted, match="zero"):
            function(ZERO, sender=GOVERNOR)


def test_fee_recipient__token__is_refused_whichever_comes_first(rig: Rig) -> None:
    """A wrapped coin's contract takes coin and owes it to the bridge, where it is in no book: anybody who collects
    would lock all fees for ever.
    """
    here = rig[A]
    for token in (here.wrapped.address, here.token(USD).address):
        with reverts("registry: fees to a token"):
            here.registry.set_fee_recipient(token, sender=GOVERNOR)
    coming = fresh(here)
    here.registry.set_fee_recipient(coming, sender=GOVERNOR)
    with reverts("registry: token takes the fees"):
        here.registry.register_token(NEW, config(USD, coming), sender=GOVERNOR)
    with reverts("registry: fees to a token"):
        rig.deploy(A, "Registry", *registry_arguments(wrapped=coming, fee_recipient=coming))
