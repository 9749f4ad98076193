"""The governor's functions: a token id gets its meaning once, from nobody else, and never a strange one."""

from collections.abc import Callable

import pytest

from tests.support.drafts.rig import LAYER2_DECIMALS, REMOTE, TOKEN_LIMIT, Rig, RigChain, config
from tests.support.evm import reverts
from tests.support.three_chains import CHAIN_MASK, GOVERNOR, SEQUENCER, STRANGER, USD, ZERO, A, B, C
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import NATIVE
from zklink.protocol.ids import CUSTODY_LIMIT, TokenId

NEW = TokenId(20)


def test_register__every_decimals__scales_exactly(rig: Rig) -> None:
    here = rig[A]
    for token_id, (l1_decimals, layer2_decimals) in enumerate([(0, 0), (6, 0), (18, 6), (36, 0), (36, 36)], start=30):
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
    assert here.registry.token_config(77) == (0, ZERO, 0, 0, 0)
    assert (here.registry.token_scale(REMOTE), here.registry.token_scale(77)) == (0, 0)
    assert here.bridge.solvency(77) == here.bridge.solvency(REMOTE) == (0, 0, 0)


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
        ("tokens: no code", NEW, {"token": STRANGER}),
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
    with reverts("tokens: decimals not readable"):
        rig[A].registry.register_token(NEW, config(USD, rig[A].groups.address), sender=GOVERNOR)


def test_governance__stranger__is_refused(rig: Rig) -> None:
    here = rig[A]
    for account in (STRANGER, SEQUENCER):
        calls: tuple[Callable[[str], object], ...] = (
            lambda account: here.registry.register_token(NEW, config(USD, fresh(here)), sender=account),
            lambda account: here.registry.set_token_limits(USD, 1, 2, sender=account),
            lambda account: here.registry.set_paused(USD, True, sender=account),
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
    assert here.registry.token_config(USD)[3:] == (10_000, CUSTODY_LIMIT)


def test_set_token_limits__bad__is_refused(rig: Rig) -> None:
    with reverts("registry: no such token"):
        rig[A].registry.set_token_limits(77, 1, 2, sender=GOVERNOR)
    with reverts("registry: limits out of range"):
        rig[A].registry.set_token_limits(USD, 3, 2, sender=GOVERNOR)


def test_set_paused__unknown_token__is_refused(rig: Rig) -> None:
    with reverts("registry: nothing to pause"):
        rig[A].registry.set_paused(77, True, sender=GOVERNOR)


def registry_arguments(**changes: object) -> list[object]:
    """The constructor's arguments on chain A."""
    fields: dict[str, object] = {
        "own_chain": A,
        "chains": CHAIN_MASK,
        "limit": TOKEN_LIMIT,
        "governor": GOVERNOR,
    }
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
    ],
)
def test_deploy__bad_argument__is_refused(rig: Rig, reason: str, changes: dict[str, object]) -> None:
    with reverts(reason):
        rig[A].evm.deploy(GOVERNOR, load_contract("Registry"), *registry_arguments(**changes))


def test_register__last_id_of_a_token__is_admitted(rig: Rig) -> None:
    """Ids from token_limit / 2 on name shares of pools."""
    here = rig[A]
    here.registry.register_token(TOKEN_LIMIT // 2 - 1, config(USD, fresh(here)), sender=GOVERNOR)
    assert here.registry.token_scale(TOKEN_LIMIT // 2 - 1) == 1


def test_get_token__as_a_bridge_sees_it(rig: Rig) -> None:
    here = rig[B]
    here.registry.set_paused(USD, True, sender=GOVERNOR)
    address = here.token(USD).address.lower()
    assert here.registry.get_token(USD) == (address, 10**12, CHAIN_MASK, True, 100, CUSTODY_LIMIT)
    assert here.registry.get_token(REMOTE) == (ZERO, 0, 1 << C, False, 100, CUSTODY_LIMIT)
    assert here.registry.get_token(77) == (ZERO, 0, 0, False, 0, 0)
