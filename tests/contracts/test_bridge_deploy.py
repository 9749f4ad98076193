"""The constructor and `open_bridge`: nothing unset, nothing twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.committee import Committee
from tests.support.evm import EvmChain, EvmContract, reverts
from tests.support.rig import (
    COIN,
    DEPOSITOR,
    GOVERNOR,
    NATIVE,
    OLD,
    REMOTE,
    RESERVE,
    SLOTS,
    START_TIME,
    STRANGER,
    TOKEN_LIMIT,
    USD,
    VALIDATOR,
    ZERO,
    A,
    B,
    C,
    Rig,
    bridge_arguments,
    config,
    make_table,
    reserves,
    universal,
)
from zklink.l1.artifacts import load_contract
from zklink.primitives.field import R
from zklink.protocol.domain import compute_deployment_hash, compute_swap_domain
from zklink.protocol.ids import CUSTODY_LIMIT, AddressFormat, ChainId
from zklink.state.genesis import compute_genesis_hash


@dataclass
class Site:
    """An empty chain A with the helpers of a bridge."""

    evm: EvmChain
    helpers: tuple[EvmContract, EvmContract, EvmContract]

    @property
    def own(self) -> str:
        """Where the next bridge will stand; a failed deployment counts too."""
        return self.evm.predict_address(GOVERNOR)

    def arguments(self, **changes: object) -> dict[str, object]:
        """Of a bridge that would be deployed."""
        table = make_table({A: self.own, B: STRANGER, C: STRANGER})
        return bridge_arguments(A, table, self.helpers, **changes)

    def deploy(self, **changes: object) -> EvmContract:
        return self.evm.deploy(GOVERNOR, load_contract("Bridge"), *self.arguments(**changes).values())


@pytest.fixture(scope="module")
def site() -> Site:
    """Chain A before its bridge."""
    evm = EvmChain(1, START_TIME)
    evm.fund(GOVERNOR)
    committee = Committee()
    helpers = (
        evm.deploy(GOVERNOR, load_contract("AcceptAllVerifier")),
        evm.deploy(GOVERNOR, load_contract("SwapBlockReader")),
        evm.deploy(GOVERNOR, load_contract("CommitteeTransport"), committee.members, committee.THRESHOLD),
    )
    return Site(evm, helpers)


def test_deploy__good_arguments__gives_the_hashes_of_the_protocol(site: Site) -> None:
    with site.evm.rollback():
        table = make_table({A: site.own, B: STRANGER, C: STRANGER})
        bridge = site.deploy()
        vk_hash = site.helpers[0].vk_hash()
        expected = compute_deployment_hash(4_711, B, SLOTS, TOKEN_LIMIT, vk_hash, table)
        assert bridge.deployment_hash() == expected
        assert bridge.domain() == compute_swap_domain(expected)
        assert (bridge.chain_id(), bridge.primary_chain(), bridge.vk_hash()) == (A, B, vk_hash)
        assert bridge.genesis_hash() == compute_genesis_hash(reserves())
        assert int(bridge.governor(), 16) == int(GOVERNOR, 16)
        assert bridge.is_validator(VALIDATOR) and not bridge.is_validator(GOVERNOR)
        assert not bridge.is_open()
        assert bridge.status() == (0, 0, 0, 0)
        assert bridge.block_status(0) == 0


def test_deploy__every_constant_of_the_deployment__changes_its_hash(site: Site) -> None:
    seen = set()
    table = make_table({A: site.own, B: STRANGER, C: STRANGER})
    entries = [(e.chain_id, e.evm_chain_id, e.address_format, e.bridge) for e in table]
    for changes in (
        {},
        {"primary_chain": A},
        {"slots": 16},
        {"token_limit": 16},
        {"genesis_root": 1},
        {"chains": entries[:2]},
        {"chains": [*entries[:2], (C, 57, 1, entries[2][3])]},
        {"chains": [*entries[:2], (C, 56, 2, entries[2][3])]},
        {"chains": [*entries[:2], (C, 56, 1, universal(VALIDATOR))]},
        {"chains": [*entries[:2], (C + 1, 56, 1, entries[2][3])]},
    ):
        with site.evm.rollback():
            bridge = site.deploy(**changes)
            seen.add((bridge.deployment_hash(), bridge.domain()))
    assert len(seen) == 10


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
    BadTable("deployment: wrong own bridge", {A: {"bridge": universal(STRANGER)}}),
    BadTable("deployment: own chain missing", order=(B, C)),
    BadTable("deployment: primary missing", order=(A, C)),
    BadTable("deployment: own chain missing", order=()),
]


@pytest.mark.parametrize("bad", BAD_TABLES, ids=lambda b: b.reason)
def test_deploy__bad_chain_table__is_refused(site: Site, bad: BadTable) -> None:
    good = {e.chain_id: e for e in make_table({A: site.own, B: STRANGER, C: STRANGER})}
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
        ("bridge: verifier has no code", {"verifier": STRANGER}),
        ("bridge: reader has no code", {"reader": ZERO}),
        ("bridge: transport has no code", {"transport": STRANGER}),
        ("deployment: slots out of range", {"slots": 0}),
        ("deployment: slots out of range", {"slots": 65}),
        ("deployment: token limit", {"token_limit": 1}),
        ("deployment: token limit", {"token_limit": 2**16 + 1}),
        ("deployment: genesis root", {"genesis_root": R}),
        ("roles: zero governor", {"governor": ZERO}),
        ("roles: no validator", {"validators": []}),
        ("roles: zero validator", {"validators": [VALIDATOR, ZERO]}),
    ],
)
def test_deploy__bad_argument__is_refused(site: Site, reason: str, changes: dict[str, object]) -> None:
    with reverts(reason):
        site.deploy(**changes)


def test_deploy__verifier_without_key__is_refused(site: Site) -> None:
    with site.evm.rollback():
        keyless = site.evm.deploy(GOVERNOR, load_contract("KeylessVerifier"))
        with reverts("deployment: no verification key"):
            site.deploy(verifier=keyless.address)


def test_deploy__chain_with_32_byte_addresses__takes_any_recipient_but_zero(site: Site) -> None:
    entries: Any = site.arguments()["chains"]
    with site.evm.rollback():
        table = [(A, 1, 1, universal(site.own)), entries[1], (C, 0, int(AddressFormat.BYTES32), bytes([7] * 32))]
        bridge = site.deploy(chains=table, genesis_hash=compute_genesis_hash([]))
        bridge.register_token(COIN, config(COIN, NATIVE), sender=GOVERNOR)
        bridge.register_token(REMOTE, config(REMOTE, ZERO, chains=1 << C), sender=GOVERNOR)
        bridge.open_bridge([], sender=GOVERNOR)
        assert bridge.is_open() and bridge.block_status(0) == 4

        def swap(recipient: bytes) -> int:
            order = (COIN, 10**18, C, REMOTE, 1, 0, 0, recipient, START_TIME)
            return int(bridge.swap(order, sender=GOVERNOR, value=10**18))

        assert swap(bytes([255] * 32)) == 1
        with reverts("swap: zero recipient"):
            swap(bytes(32))
        with reverts("swap: recipient is a bridge"):
            swap(bytes([7] * 32))


# --- opening ---


@dataclass
class Closed:
    """A bridge on chain A that is not open, with one coin and one token."""

    evm: EvmChain
    bridge: EvmContract
    token: EvmContract

    def open(self, values: Sequence[tuple[int, int]], value: int = 0) -> None:
        self.bridge.open_bridge(values, sender=GOVERNOR, value=value)


def make_closed(site: Site, genesis: list[tuple[int, int]], token: str = "TestToken") -> Closed:
    arguments = ("Dollar", "USD", 6) if token == "TestToken" else (6,)
    contract = site.evm.deploy(GOVERNOR, load_contract(token), *arguments)
    own = site.evm.predict_address(GOVERNOR)
    table = make_table({A: own, B: STRANGER})
    genesis_hash = compute_genesis_hash(genesis)  # type: ignore[arg-type]
    values = bridge_arguments(A, table, site.helpers, genesis_hash=genesis_hash).values()
    bridge = site.evm.deploy(GOVERNOR, load_contract("Bridge"), *values)
    chains = 1 << A | 1 << B
    bridge.register_token(COIN, config(COIN, NATIVE, chains=chains), sender=GOVERNOR)
    bridge.register_token(USD, config(USD, contract.address, chains=chains), sender=GOVERNOR)
    contract.mint(GOVERNOR, 10**30, sender=GOVERNOR)
    contract.approve(bridge.address, 2**256 - 1, sender=GOVERNOR)
    return Closed(site.evm, bridge, contract)


def test_open__the_genesis__is_in_custody(site: Site) -> None:
    with site.evm.rollback():
        closed = make_closed(site, [(COIN, 5), (USD, 7)])
        closed.open([(COIN, 5), (USD, 7)], value=5 * 10**6)
        assert closed.evm.event("BridgeOpened") == {"deployment_hash": closed.bridge.deployment_hash()}
        assert (closed.bridge.custody(COIN), closed.bridge.custody(USD)) == (5, 7)
        assert closed.bridge.is_open()
        assert closed.bridge.queue_hash(0) == closed.bridge.sync_hash(0) == closed.bridge.deployment_hash()


def test_open__twice__is_refused(rig: Rig) -> None:
    with reverts("queue: already open"):
        rig[A].bridge.open_bridge(reserves(), sender=GOVERNOR, value=RESERVE * 10**6)


def test_open__not_the_genesis__is_refused(site: Site) -> None:
    with site.evm.rollback():
        closed = make_closed(site, [(COIN, 5), (USD, 7)])
        for other in ([], [(COIN, 5)], [(COIN, 5), (USD, 8)], [(USD, 7), (COIN, 5)], [(COIN, 5), (USD, 7), (OLD, 1)]):
            with reverts("bridge: not the genesis reserves"):
                closed.open(other, value=5 * 10**6)


@pytest.mark.parametrize(
    "genesis", [[(USD, 7), (COIN, 5)], [(USD, 7), (USD, 7)], [(0, 7)], [(COIN, 5), (USD, 0)]], ids=str
)
def test_open__genesis_not_ascending__is_refused(site: Site, genesis: list[tuple[int, int]]) -> None:
    with site.evm.rollback():
        closed = make_closed(site, genesis)
        with reverts("bridge: reserves not ascending"):
            closed.open(genesis, value=5 * 10**6)


def test_open__wrong_value__is_refused(site: Site) -> None:
    with site.evm.rollback():
        closed = make_closed(site, [(COIN, 5), (USD, 7)])
        for value in (0, 5 * 10**6 - 1, 5 * 10**6 + 1):
            with reverts("tokens: value is not the amount"):
                closed.open([(COIN, 5), (USD, 7)], value=value)
    with site.evm.rollback(), reverts("bridge: value without a reserve"):
        make_closed(site, [(USD, 7)]).open([(USD, 7)], value=1)


def test_open__unknown_token__is_refused(site: Site) -> None:
    with site.evm.rollback(), reverts("bridge: reserve of unknown token"):
        make_closed(site, [(OLD, 7)]).open([(OLD, 7)])


def test_open__fee_on_transfer__is_refused(site: Site) -> None:
    with site.evm.rollback():
        closed = make_closed(site, [(USD, 1_000)], token="AdversarialToken")
        closed.token.set_mode(1)
        with reverts("bridge: reserve did not arrive"):
            closed.open([(USD, 1_000)])


def test_open__more_than_the_custody_limit__is_refused(site: Site) -> None:
    with site.evm.rollback():
        closed = make_closed(site, [(USD, CUSTODY_LIMIT + 1)])
        with reverts("ledger: above the custody limit"):
            closed.open([(USD, CUSTODY_LIMIT + 1)])


def test_before_opening__swap_and_commit__are_refused(site: Site) -> None:
    with site.evm.rollback():
        closed = make_closed(site, [(USD, 7)])
        order = (USD, 1_000, B, COIN, 1, 0, 0, universal(DEPOSITOR), START_TIME)
        with reverts("queue: not open"):
            closed.bridge.swap(order, sender=GOVERNOR)
        genesis = (0, 0, 0, 4_711, 0, bytes(32), bytes(32), closed.bridge.deployment_hash())
        with reverts("block: not the stored block"):
            closed.bridge.commit_blocks(genesis, [(START_TIME, 0, 1, 1, [], [], [])], sender=VALIDATOR)
