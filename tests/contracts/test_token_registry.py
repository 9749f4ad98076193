"""The governor's functions: a token id gets its meaning once, from nobody else, and never a strange one."""

from collections.abc import Callable

import pytest

from tests.support.evm import reverts
from tests.support.rig import (
    CHAIN_MASK,
    GOVERNOR,
    LAYER2_DECIMALS,
    NATIVE,
    REMOTE,
    STRANGER,
    TOKEN_LIMIT,
    USD,
    VALIDATOR,
    ZERO,
    A,
    B,
    C,
    Node,
    Rig,
    config,
)
from zklink.l1.contract_artifacts import load_contract
from zklink.protocol.ids import CUSTODY_LIMIT, TokenId

NEW = TokenId(20)


def test_register__every_decimals__scales_exactly(rig: Rig) -> None:
    node = rig[A]
    for token_id, (l1_decimals, layer2_decimals) in enumerate([(0, 0), (6, 0), (18, 6), (36, 0), (36, 36)], start=30):
        token = node.evm.deploy(GOVERNOR, load_contract("AdversarialToken"), l1_decimals)
        node.registry.register_token(
            token_id, config(USD, token.address, layer2_decimals=layer2_decimals), sender=GOVERNOR
        )
        event = node.evm.event("TokenRegistered")
        assert (event["l1_decimals"], event["layer2_decimals"]) == (l1_decimals, layer2_decimals)
        assert node.registry.token_scale(token_id) == 10 ** (l1_decimals - layer2_decimals)


def test_register__token__reads_back(rig: Rig) -> None:
    node = rig[A]
    expected = config(USD, node.tokens[USD].address.lower())
    assert node.registry.token_config(USD) == expected
    assert node.registry.token_config(REMOTE)[:3] == (1 << C, ZERO, LAYER2_DECIMALS[REMOTE])
    assert node.registry.token_config(77) == (0, ZERO, 0, 0, 0)
    assert (node.registry.token_scale(REMOTE), node.registry.token_scale(77)) == (0, 0)
    assert node.bridge.solvency(77) == node.bridge.solvency(REMOTE) == (0, 0, 0)


def fresh(node: Node, decimals: int = 6) -> str:
    """A token that is not registered."""
    return node.evm.deploy(GOVERNOR, load_contract("AdversarialToken"), decimals).address


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
    node = rig[A]
    with reverts(reason):
        node.registry.register_token(token_id, config(USD, fresh(node), **changes), sender=GOVERNOR)


def test_register__address_twice__is_refused(rig: Rig) -> None:
    with reverts("registry: address taken"):
        rig[A].registry.register_token(NEW, config(USD, rig[A].tokens[USD].address), sender=GOVERNOR)


def test_register__strange_decimals__are_refused(rig: Rig) -> None:
    node = rig[A]
    for decimals in (37, 255, 2**256 - 1):
        with reverts("registry: decimals out of range"):
            node.registry.register_token(NEW, config(USD, fresh(node, decimals)), sender=GOVERNOR)


def test_register__contract_without_decimals__is_refused(rig: Rig) -> None:
    with reverts("tokens: decimals not readable"):
        rig[A].registry.register_token(NEW, config(USD, rig[A].transport.address), sender=GOVERNOR)


def test_governance__stranger__is_refused(rig: Rig) -> None:
    node = rig[A]
    for account in (STRANGER, VALIDATOR):
        calls: tuple[Callable[[str], object], ...] = (
            lambda account: node.registry.register_token(NEW, config(USD, fresh(node)), sender=account),
            lambda account: node.registry.set_token_limits(USD, 1, 2, sender=account),
            lambda account: node.registry.set_paused(USD, True, sender=account),
        )
        for call in calls:
            with reverts("registry: not the governor"):
                call(account)


def test_set_token_limits__new_limits__bind_at_once(rig: Rig) -> None:
    node = rig[A]
    node.registry.set_token_limits(USD, 10_000, CUSTODY_LIMIT, sender=GOVERNOR)
    assert node.evm.event("TokenLimitsChanged") == {"token_id": USD, "minimum": 10_000, "cap": CUSTODY_LIMIT}
    with reverts("bridge: below the minimum"):
        node.swap(l1_amount=9_999)
    assert node.registry.token_config(USD)[3:] == (10_000, CUSTODY_LIMIT)


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
        rig[A].evm.deploy(GOVERNOR, load_contract("TokenRegistry"), *registry_arguments(**changes))


def test_register__last_id_of_a_token__is_admitted(rig: Rig) -> None:
    """Ids from token_limit / 2 on name shares of pools."""
    node = rig[A]
    node.registry.register_token(TOKEN_LIMIT // 2 - 1, config(USD, fresh(node)), sender=GOVERNOR)
    assert node.registry.token_scale(TOKEN_LIMIT // 2 - 1) == 1


def test_get_token__as_a_bridge_sees_it(rig: Rig) -> None:
    node = rig[B]
    node.registry.set_paused(USD, True, sender=GOVERNOR)
    address = node.tokens[USD].address.lower()
    assert node.registry.get_token(USD) == (address, 10**12, CHAIN_MASK, True, 100, CUSTODY_LIMIT)
    assert node.registry.get_token(REMOTE) == (ZERO, 0, 1 << C, False, 100, CUSTODY_LIMIT)
    assert node.registry.get_token(77) == (ZERO, 0, 0, False, 0, 0)
