"""The constructors: nothing unset, nothing of another deployment, and a bridge that is in use at once."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.support.drafts.rig import COIN, REMOTE, TOKEN_LIMIT, Rig
from tests.support.drafts.second_bridge import Site
from tests.support.evm import reverts
from tests.support.groups import KnownGroup
from tests.support.three_chains import (
    BLOCKS_PER_DAY,
    CHAIN_MASK,
    GOVERNOR,
    START_TIME,
    STRANGER,
    USD,
    ZERO,
    A,
    B,
    C,
)
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.primitives.field import R
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.ids import NO_TOKEN, AddressFormat, ChainId, Lane

C_57: dict[str, Any] = {"chain C": (C, 57, 1, universal_address(STRANGER))}
C_BYTES32: dict[str, Any] = {"chain C": (C, 56, 2, bytes([7]) * 32)}
C_ELSEWHERE: dict[str, Any] = {"chain C": (C, 56, 1, universal_address(GOVERNOR))}


@pytest.fixture
def site(rig: Rig) -> Site:
    """Chain A, for one more bridge."""
    return Site(rig[A], rig.deployment.vk_hashes)


def test_deploy__good_arguments__is_in_use_at_once(site: Site) -> None:
    expected = site.deployment_hash()
    bridge = site.deploy()
    assert bridge.deployment_hash() == expected
    assert bridge.exit_domain() == compute_exit_domain(expected)
    assert (bridge.chain_id(), bridge.is_primary()) == (A, False)
    for lane in Lane:
        assert bridge.queue_hash(lane, 0) == expected
        assert bridge.next_requests(lane) == (0, expected)
        assert bridge.request_counts(lane) == (0, 0)
    assert (bridge.is_frozen(), bridge.frozen_at()) == (False, (0, 0))
    assert int(bridge.parts()[0], 16) == int(site.here.registry.address, 16)


def test_deploy__every_constant_of_the_deployment__changes_its_hash(site: Site) -> None:
    """Sizes of the token tree change the registry too; they are covered where the registry is compared."""
    seen = set()
    for changes in ({}, {"primary_chain": A}, {"account_limit": 64}, {"genesis_root": 1}, C_57, C_BYTES32, C_ELSEWHERE):
        with site.evm.rollback():
            entries = [(e.chain_id, e.evm_chain_id, e.address_format, e.bridge) for e in site.table(1)]
            table = {"chains": [*entries[:2], changes["chain C"]]} if "chain C" in changes else changes
            bridge, _ = site.deploy_broken(**table)
            seen.add((bridge.deployment_hash(), bridge.exit_domain()))
    assert len({hash_ for hash_, _ in seen}) == len({domain for _, domain in seen}) == 7


@dataclass(frozen=True)
class BadTable:
    """Fields of the entries of A, B, C that differ from a good table."""

    reason: str
    changes: dict[ChainId, dict[str, Any]] = field(default_factory=dict)
    order: tuple[ChainId, ...] = (A, B, C)


BAD_TABLES = [
    BadTable("deployment: chain order", order=(B, A, C)),
    BadTable("deployment: chain order", order=(A, A, B)),
    BadTable("deployment: chain order", {A: {"chain_id": 0}}),
    BadTable("deployment: chain order", {C: {"chain_id": 9}}),
    BadTable("deployment: address format", {C: {"address_format": 0}}),
    BadTable("deployment: address format", {C: {"address_format": 3}}),
    BadTable("deployment: zero bridge", {C: {"bridge": bytes(32)}}),
    BadTable("deployment: bridge format", {C: {"bridge": bytes([1]) * 32}}),
    BadTable("deployment: bridge format", {C: {"address_format": 2}}),
    BadTable("deployment: zero evm chain id", {C: {"evm_chain_id": 0}}),
    BadTable("deployment: wrong evm chain id", {A: {"evm_chain_id": 2}}),
    BadTable("deployment: wrong own bridge", {A: {"bridge": universal_address(STRANGER)}}),
    BadTable("deployment: own chain missing", order=(B, C)),
    BadTable("deployment: primary missing", order=(A, C)),
    BadTable("deployment: primary's format", {B: {"address_format": 2, "bridge": bytes([7]) * 32}}),
    BadTable("deployment: own chain missing", order=()),
]


@pytest.mark.parametrize("bad", BAD_TABLES, ids=lambda b: b.reason)
def test_deploy__bad_chain_table__is_refused(site: Site, bad: BadTable) -> None:
    good = {e.chain_id: e for e in site.table()}
    entries = []
    for k in bad.order:
        e = good[k]
        fields = {
            "chain_id": e.chain_id,
            "evm_chain_id": e.evm_chain_id,
            "address_format": e.address_format,
            "bridge": e.bridge,
        }
        entries.append(tuple((fields | bad.changes.get(k, {})).values()))
    with reverts(bad.reason):
        site.deploy(chains=entries)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("deployment: token limit", {"token_limit": 2}),
        ("deployment: token limit", {"token_limit": 2**16 + 1}),
        ("deployment: account limit", {"account_limit": 1}),
        ("deployment: account limit", {"account_limit": 2**32 + 1}),
        ("deployment: genesis root", {"genesis_root": R}),
        ("deployment: genesis root", {"genesis_root": 0}),
    ],
)
def test_deploy__bad_argument__is_refused(site: Site, reason: str, changes: dict[str, Any]) -> None:
    with reverts(reason):
        site.deploy(**changes)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("registry", "bridge: registry has no code"),
        ("history", "bridge: history has no code"),
        ("end", "bridge: end has no code"),
        ("exodus", "bridge: exodus has no code"),
    ],
)
def test_deploy__part_without_code__is_refused(site: Site, part: str, reason: str) -> None:
    for address in (STRANGER, ZERO):
        with reverts(reason):
            site.deploy({part: address})


def test_deploy__registry_of_another_deployment__is_refused(site: Site) -> None:
    registry = load_contract("Registry")
    for chain, mask, limit in ((B, CHAIN_MASK, TOKEN_LIMIT), (A, 1 << A | 1 << B, TOKEN_LIMIT), (A, CHAIN_MASK, 256)):
        other = site.evm.deploy(GOVERNOR, registry, chain, mask, limit, GOVERNOR, GOVERNOR, GOVERNOR, ZERO, [])
        with reverts("bridge: registry of another"):
            site.deploy({"registry": other.address})


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("history", "bridge: history of another"),
        ("end", "bridge: end of another"),
        ("exodus", "bridge: exodus of another"),
    ],
)
def test_deploy__partner_of_another_bridge__is_refused(site: Site, part: str, reason: str) -> None:
    """It could consume this one's requests, freeze it for the other's, and release its funds."""
    with reverts(reason):
        site.deploy_broken({part: getattr(site.here, part).address})


def test_deploy__verifier_without_key__is_refused(site: Site) -> None:
    keyless = site.evm.deploy(GOVERNOR, load_contract("KeylessVerifier")).address
    exodus = site.evm.deploy(GOVERNOR, load_contract("Exodus"), STRANGER, STRANGER, STRANGER, keyless)
    with reverts("deployment: no verification key"):
        site.deploy_broken({"exodus": exodus.address})


def test_deploy__history_of_other_partners__is_refused(site: Site) -> None:
    for part in ("end", "exodus"):
        with reverts("bridge: history of another"):
            site.deploy({part: getattr(site.here, part).address})


def test_deploy__history_of_another_deployment__is_refused(site: Site) -> None:
    for changes in ({"primary_chain": A}, {"account_limit": 64}, {"genesis_root": 1}):
        with reverts("bridge: history of another"):
            site.deploy(**changes)


def test_deploy__end_of_another_kind_or_other_groups__is_refused(site: Site) -> None:
    """A primary's end knows no END; one with groups of its own would believe strangers."""
    others = KnownGroup.make("other")
    arguments = (others.members, 3, site.here.groups.members(2)[0], 3, GOVERNOR, BLOCKS_PER_DAY)
    groups = site.evm.deploy(GOVERNOR, load_contract("Groups"), *arguments).address
    for other in (replace(site, end="PrimaryEnd"), replace(site, groups=groups)):
        with reverts("bridge: end of another"):
            other.deploy()
    assert not site.deploy().is_frozen()


def test_deploy__exodus_without_its_verifier__is_refused(site: Site) -> None:
    with reverts("exodus: verifier has no code"):
        site.evm.deploy(GOVERNOR, load_contract("Exodus"), STRANGER, STRANGER, STRANGER, STRANGER)


def test_deploy__chain_with_32_byte_addresses__takes_any_recipient_of_32_bytes(site: Site) -> None:
    entries = [(e.chain_id, e.evm_chain_id, int(e.address_format), e.bridge) for e in site.table(1)]
    table = [*entries[:2], (C, 2**255, int(AddressFormat.BYTES32), bytes([7] * 32))]
    bridge, _ = site.deploy_broken(chains=table)

    def swap(recipient: bytes) -> int:
        order = (COIN, 10**18, C, REMOTE, NO_TOKEN, 1, 0, 0, recipient, GOVERNOR, START_TIME)
        return int(bridge.swap(order, sender=GOVERNOR, value=10**18))

    assert swap(bytes([255] * 32)) == 1
    for bound in (0, A, C, 8):
        with reverts("swap: recipient format"):
            swap(bytes([bound]) + bytes(11) + bytes([7] * 20))
    assert swap(bytes([9]) + bytes(11) + bytes([7] * 20)) == 2
    with reverts("swap: recipient format"):
        swap(bytes(32))
    with reverts("swap: recipient is a bridge"):
        swap(bytes([7] * 32))


def test_doors__of_a_deployment_with_both_formats__take_owners_and_recipients_of_either(site: Site) -> None:
    """A name of 32 bytes is an owner here, bound to nothing, whatever stands at its last 20; and a recipient there."""
    entries = [(e.chain_id, e.evm_chain_id, int(e.address_format), e.bridge) for e in site.table(1)]
    bridge, _ = site.deploy_broken(chains=[*entries[:2], (C, 2**255, int(AddressFormat.BYTES32), bytes([7] * 32))])
    contract = bytes.fromhex(bridge.address[2:])
    for owner in (bytes([255]) * 32, bytes([77]) * 12 + contract, bytes([C]) + bytes(11) + contract):
        bridge.deposit((COIN, 10**18, owner, 0, GOVERNOR), sender=GOVERNOR, value=10**18)
    with reverts("deposit: bind this owner"):
        bridge.deposit((COIN, 10**18, bytes(12) + contract, 0, GOVERNOR), sender=GOVERNOR, value=10**18)
    here, evm, long = 1 << A - 1, 1 << B - 1, 1 << C - 1
    bridge.full_exit(3, COIN, bytes([255]) * 32, here | long, sender=GOVERNOR)
    bridge.full_exit(3, COIN, universal_address(GOVERNOR), here | evm, sender=GOVERNOR)
    for second, mask in (
        (bytes([255]) * 32, evm),
        (universal_address(GOVERNOR), long),
        (bytes([255]) * 32, evm | long),
    ):
        with reverts("full exit: second's format"):
            bridge.full_exit(3, COIN, second, here | mask, sender=GOVERNOR)
    with reverts("full exit: second is a bridge"):
        bridge.full_exit(3, COIN, bytes([7] * 32), here | long, sender=GOVERNOR)


def test_every_function_without_payable__refuses_coin(rig: Rig) -> None:
    here = rig[A]
    calls = [
        (here.bridge, here.bridge.encode("withdraw_pending_balance", USD, STRANGER, 1)),
        (here.bridge, here.bridge.encode("push_pending_balance", STRANGER, USD)),
        (here.bridge, here.bridge.encode("collect_fees")),
        (here.bridge, here.bridge.encode("is_frozen")),
        (here.exodus, here.exodus.encode("begin_exodus")),
        (here.end, here.end.encode("void_end")),
        (here.groups, here.groups.encode("replace_members")),
        (rig[B].end, rig[B].end.encode("freeze_for_silence")),
    ]
    for contract, call in calls:
        with reverts(""):
            contract.chain.send(GOVERNOR, contract.address, call, value=1)


def test_deploy__three_different_keys__are_in_the_hash_in_their_order(site: Site) -> None:
    with site.evm.rollback():
        _, broken = site.deploy_broken()
        (swap, account), exit_ = broken.vk_hashes(), broken.vk_hash()
    assert len({swap, account, exit_}) == 3
    keys = replace(site.vk_hashes, swap=swap, account=account, exit=exit_)
    expected = replace(site, vk_hashes=keys).deployment_hash(ahead=1)
    assert site.deploy_broken()[0].deployment_hash() == expected
