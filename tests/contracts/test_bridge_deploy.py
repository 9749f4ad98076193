"""The constructors: nothing unset, nothing of another deployment, and a bridge that is in use at once."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.drafts.rig import ACCOUNT_LIMIT, COIN, GENESIS_ROOT, REMOTE, TOKEN_LIMIT, Rig, RigChain
from tests.support.evm import EvmChain, EvmContract, reverts
from tests.support.three_chains import (
    CHAIN_MASK,
    EVM_CHAIN_IDS,
    GOVERNOR,
    START_TIME,
    STRANGER,
    USD,
    VALIDATOR,
    ZERO,
    A,
    B,
    C,
)
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.deployment.records import VkHashes
from zklink.primitives.field import R
from zklink.protocol.bridge_hashes import genesis_block
from zklink.protocol.domain import ChainEntry, compute_deployment_hash, compute_exit_domain, compute_lane_domain
from zklink.protocol.ids import AddressFormat, ChainId, Lane

PARTS = ("token_registry", "reader", "sync_ledger", "exodus", "swap_verifier", "account_verifier")


@dataclass
class Site:
    """Chain A, where a second bridge is made by hand, with partners of its own, as often as needed."""

    here: RigChain
    vk_hashes: VkHashes

    @property
    def evm(self) -> EvmChain:
        """The chain."""
        return self.here.evm

    @property
    def own(self) -> str:
        """Where the next bridge will stand; a failed deployment counts too."""
        return self.evm.predict_address(GOVERNOR, ahead=2)

    def table(self) -> list[ChainEntry]:
        """The chain table of the next bridge."""
        bridges = {A: self.own, B: STRANGER, C: STRANGER}
        return [ChainEntry(k, EVM_CHAIN_IDS[k], AddressFormat.EVM, universal_address(b)) for k, b in bridges.items()]

    def deploy(self, parts: dict[str, str] | None = None, expected: bytes | None = None, **changes: Any) -> EvmContract:
        """A bridge whose partners expect the deployment hash that it should have, or another."""
        entries = changes.get(
            "chains", [(e.chain_id, e.evm_chain_id, e.address_format, e.bridge) for e in self.table()]
        )
        fields = {
            "chain_id": A,
            "primary_chain": B,
            "chains": entries,
            "parts": (),
            "token_limit": TOKEN_LIMIT,
            "account_limit": ACCOUNT_LIMIT,
            "genesis_root": GENESIS_ROOT,
            "validators": [VALIDATOR],
        }
        assert changes.keys() <= fields.keys()
        mask = sum(1 << entry[0] for entry in entries)
        deployment_hash = expected or self.deployment_hash(**changes)
        addresses = self._parts(deployment_hash, changes.get("primary_chain", B), mask) | (parts or {})
        arguments = fields | {"parts": tuple(addresses[part] for part in PARTS)} | changes
        return self.evm.deploy(GOVERNOR, load_contract("Bridge"), *arguments.values())

    def _parts(self, deployment_hash: bytes, primary: ChainId, mask: int) -> dict[str, str]:
        """Parts of the next bridge: new partners, and the others from the first one."""
        own, transport, reader = self.own, self.here.transport.address, self.here.reader.address
        arguments = (own, deployment_hash, A, primary, mask, transport, reader)
        ledger = self.evm.deploy(GOVERNOR, load_contract("SyncLedger"), *arguments).address
        exodus = self.evm.deploy(GOVERNOR, load_contract("Exodus"), own, ledger, self.here.exit_verifier.address)
        found = {part: getattr(self.here, part).address for part in PARTS}
        return found | {"sync_ledger": ledger, "exodus": exodus.address}

    def deployment_hash(self, **changes: Any) -> bytes:
        """What the core computes for a bridge with these changes."""
        table = self.table()
        if "chains" in changes:
            table = [ChainEntry(ChainId(k), e, AddressFormat(f), b) for k, e, f, b in changes["chains"]]
        return compute_deployment_hash(
            changes.get("genesis_root", GENESIS_ROOT),
            changes.get("primary_chain", B),
            changes.get("token_limit", TOKEN_LIMIT),
            changes.get("account_limit", ACCOUNT_LIMIT),
            self.vk_hashes.swap,
            self.vk_hashes.account,
            changes.get("exit_vk_hash", self.vk_hashes.exit),
            table,
        )


@pytest.fixture
def site(rig: Rig) -> Site:
    """Chain A, for one more bridge."""
    return Site(rig[A], rig.deployment.vk_hashes)


def test_deploy__good_arguments__is_in_use_at_once(site: Site) -> None:
    expected = site.deployment_hash()
    bridge = site.deploy()
    assert bridge.deployment_hash() == expected
    assert [bridge.lane_domain(lane) for lane in (1, 2)] == [compute_lane_domain(expected, lane) for lane in Lane]
    assert bridge.exit_domain() == compute_exit_domain(expected)
    assert (bridge.chain_id(), bridge.primary_chain()) == (A, B)
    assert bridge.is_validator(VALIDATOR) and not bridge.is_validator(GOVERNOR)
    assert bridge.status() == (0, 0, 0, 0) and bridge.block_status(0) == 4
    assert bridge.stored_block_hash(0) == genesis_block(GENESIS_ROOT, expected).hash()
    assert bridge.sync_hash(0) == bridge.queue_hash(1, 0) == bridge.queue_hash(2, 0) == expected
    assert (bridge.is_frozen(), bridge.waiting_since()) == (False, 0)
    assert int(bridge.parts()[0], 16) == int(site.here.token_registry.address, 16)


def test_deploy__every_constant_of_the_deployment__changes_its_hash(site: Site) -> None:
    """Sizes of the token tree change the registry too; they are covered where the registry is compared."""
    seen = set()
    entries = [(e.chain_id, e.evm_chain_id, e.address_format, e.bridge) for e in site.table()]
    for changes in (
        {},
        {"primary_chain": A},
        {"account_limit": 64},
        {"genesis_root": 1},
        {"chains": [*entries[:2], (C, 57, 1, entries[2][3])]},
        {"chains": [*entries[:2], (C, 56, 2, entries[2][3])]},
        {"chains": [*entries[:2], (C, 56, 1, universal_address(VALIDATOR))]},
    ):
        with site.evm.rollback():
            bridge = site.deploy(**changes)
            seen.add((bridge.deployment_hash(), bridge.lane_domain(1), bridge.lane_domain(2), bridge.exit_domain()))
    assert len(seen) == 7
    assert len({domain for hashes in seen for domain in hashes[1:]}) == 21


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
    BadTable("deployment: zero evm chain id", {C: {"evm_chain_id": 0}}),
    BadTable("deployment: wrong evm chain id", {A: {"evm_chain_id": 2}}),
    BadTable("deployment: wrong own bridge", {A: {"bridge": universal_address(STRANGER)}}),
    BadTable("deployment: own chain missing", order=(B, C)),
    BadTable("deployment: primary missing", order=(A, C)),
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
        site.deploy(expected=bytes(32), chains=entries)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("deployment: token limit", {"token_limit": 2}),
        ("deployment: token limit", {"token_limit": 2**16 + 1}),
        ("deployment: account limit", {"account_limit": 1}),
        ("deployment: account limit", {"account_limit": 2**32 + 1}),
        ("deployment: genesis root", {"genesis_root": R}),
        ("deployment: genesis root", {"genesis_root": 0}),
        ("roles: no validator", {"validators": []}),
        ("roles: zero validator", {"validators": [VALIDATOR, ZERO]}),
    ],
)
def test_deploy__bad_argument__is_refused(site: Site, reason: str, changes: dict[str, Any]) -> None:
    with reverts(reason):
        site.deploy(expected=bytes(32), **changes)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("token_registry", "bridge: registry has no code"),
        ("reader", "bridge: reader has no code"),
        ("sync_ledger", "bridge: ledger has no code"),
        ("exodus", "bridge: exodus has no code"),
        ("swap_verifier", "bridge: verifier has no code"),
        ("account_verifier", "bridge: account verifier no code"),
    ],
)
def test_deploy__part_without_code__is_refused(site: Site, part: str, reason: str) -> None:
    for address in (STRANGER, ZERO):
        with reverts(reason):
            site.deploy({part: address})


def test_deploy__verifier_without_key__is_refused(site: Site) -> None:
    keyless = site.evm.deploy(GOVERNOR, load_contract("KeylessVerifier"))
    for part in ("swap_verifier", "account_verifier"):
        with reverts("deployment: no verification key"):
            site.deploy({part: keyless.address})


def test_deploy__registry_of_another_deployment__is_refused(site: Site) -> None:
    registry = load_contract("TokenRegistry")
    for chain, mask, limit in ((B, CHAIN_MASK, TOKEN_LIMIT), (A, 1 << A | 1 << B, TOKEN_LIMIT), (A, CHAIN_MASK, 256)):
        other = site.evm.deploy(GOVERNOR, registry, chain, mask, limit, GOVERNOR)
        with reverts("bridge: registry of another"):
            site.deploy({"token_registry": other.address})


def test_deploy__ledger_of_another_deployment__is_refused(site: Site) -> None:
    """Its facts would be those of other histories."""
    with reverts("bridge: ledger of another"):
        site.deploy(expected=bytes([9] * 32))
    helpers = (site.here.transport.address, site.here.reader.address)
    for chain, primary, mask in ((B, B, CHAIN_MASK), (A, A, CHAIN_MASK), (A, B, 1 << A | 1 << B)):
        own = site.evm.predict_address(GOVERNOR, ahead=3)
        arguments = (own, site.deployment_hash(), chain, primary, mask, *helpers)
        other = site.evm.deploy(GOVERNOR, load_contract("SyncLedger"), *arguments)
        with reverts("bridge: ledger of another"):
            site.deploy({"sync_ledger": other.address})


def test_deploy__exodus_of_another_bridge__is_refused(site: Site) -> None:
    """It could freeze this one for the other's requests, and release this one's funds."""
    ledger, verifier = site.here.reader.address, site.here.exit_verifier.address
    for bridge in (STRANGER, site.evm.predict_address(GOVERNOR, ahead=3)):
        other = site.evm.deploy(GOVERNOR, load_contract("Exodus"), bridge, ledger, verifier)
        with reverts("bridge: exodus of another"):
            site.deploy({"exodus": other.address})


@pytest.mark.parametrize(
    ("contract", "reason", "position"),
    [
        ("SyncLedger", "sync: transport has no code", 5),
        ("SyncLedger", "sync: reader has no code", 6),
        ("Exodus", "exodus: ledger has no code", 1),
        ("Exodus", "exodus: verifier has no code", 2),
    ],
)
def test_deploy__partner_without_its_own_parts__is_refused(
    site: Site, contract: str, reason: str, position: int
) -> None:
    code = site.here.reader.address
    arguments: list[object] = [STRANGER, code, code]
    if contract == "SyncLedger":
        arguments = [STRANGER, bytes(32), A, B, CHAIN_MASK, code, code]
    arguments[position] = STRANGER
    with reverts(reason):
        site.evm.deploy(GOVERNOR, load_contract(contract), *arguments)


def test_release__broken_exodus_contract__cannot_touch_a_chain_that_runs(site: Site) -> None:
    """And on a frozen one it gets no more than came in."""
    broken = site.evm.deploy(GOVERNOR, load_contract("BrokenExodus"))
    expected = site.deployment_hash(exit_vk_hash=broken.vk_hash())
    bridge = site.deploy({"exodus": broken.address}, expected=expected)
    bridge.deposit((COIN, 10**12, universal_address(STRANGER)), sender=GOVERNOR, value=10**12)
    release = bridge.encode("release", COIN, STRANGER, 10**6)
    with reverts("bridge: not frozen"):
        broken.act(bridge.address, release)
    broken.act(bridge.address, bridge.encode("freeze"))
    with reverts("ledger: more than came in"):
        broken.act(bridge.address, bridge.encode("release", COIN, STRANGER, 10**6 + 1))
    broken.act(bridge.address, release)
    assert bridge.solvency(COIN) == (0, 0, 0)


def test_deploy__chain_with_32_byte_addresses__takes_any_recipient_but_zero(site: Site) -> None:
    entries = [(e.chain_id, e.evm_chain_id, int(e.address_format), e.bridge) for e in site.table()]
    table = [*entries[:2], (C, 0, int(AddressFormat.BYTES32), bytes([7] * 32))]
    bridge = site.deploy(chains=table)

    def swap(recipient: bytes) -> int:
        order = (COIN, 10**18, C, REMOTE, 1, 0, 0, recipient, START_TIME)
        return int(bridge.swap(order, sender=GOVERNOR, value=10**18))

    assert swap(bytes([255] * 32)) == 1
    with reverts("swap: zero recipient"):
        swap(bytes(32))
    with reverts("swap: recipient is a bridge"):
        swap(bytes([7] * 32))


def test_every_function_without_payable__refuses_coin(rig: Rig) -> None:
    here = rig[A]
    calls = [
        here.bridge.encode("withdraw_pending_balance", USD, STRANGER),
        here.bridge.encode("apply_message", B, 1),
        here.bridge.encode("prove_blocks", []),
        here.bridge.encode("full_exit", 1, USD),
        here.bridge.encode("status"),
    ]
    for call in calls:
        with reverts(""):
            here.evm.send(GOVERNOR, here.bridge.address, call, value=1)
    for call in (here.exodus.encode("freeze_for_execution"), here.exodus.encode("freeze_state")):
        with reverts(""):
            here.evm.send(GOVERNOR, here.exodus.address, call, value=1)
