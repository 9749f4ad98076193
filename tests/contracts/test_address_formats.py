"""Two address formats, read by contracts and core: they agree about every name and about every chain table."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from tests.support.compile_vyper import Replacements, load
from tests.support.contract_mutants import replace_text
from tests.support.evm import EvmChain, EvmContract, Reverted
from tests.support.three_chains import GOVERNOR, START_TIME
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.addresses import is_recipient
from zklink.protocol.domain import ChainEntry, compute_deployment_hash
from zklink.protocol.errors import BadChainTable
from zklink.protocol.ids import MAX_CHAINS, AddressFormat, ChainId

EVM, LONG = AddressFormat.EVM, AddressFormat.BYTES32
OWN, OTHER, FAR = (ChainId(k) for k in (1, 3, 8))
"""The chain of the desk, another EVM chain, and one with addresses of 32 bytes."""

OWN_BRIDGE = "0x" + "ab" * 20
FAR_BRIDGE = bytes([77]) * 32
KEY_1, KEY_2, KEY_3 = (bytes([k]) + bytes(31) for k in (1, 2, 3))

EDGES = (0, 1, 2**160 - 1, 2**160, 2**160 + 1, 2**248 - 2**160, 2**248 - 1, 2**256 - 1)
"""Numbers beside which a name changes its format."""

lows = st.one_of(
    st.sampled_from([edge % 2**248 for edge in EDGES]), st.integers(0, 2**160 - 1), st.integers(0, 2**248 - 1)
)
highs = st.one_of(st.just(0), st.integers(1, MAX_CHAINS + 1), st.just(255))
names = st.builds(lambda hi, lo: (hi << 248 | lo).to_bytes(32, "big"), highs, lows)
"""Universal addresses of every kind: of both formats, bound, of a chain that cannot be, zero, high bits alone."""

entries = st.builds(
    ChainEntry,
    st.sampled_from((OTHER, FAR)),
    st.sampled_from((0, 1, 2**256 - 1)),
    st.sampled_from(AddressFormat),
    names,
)

once = {"suppress_health_check": [HealthCheck.function_scoped_fixture]}


@dataclass(frozen=True, slots=True)
class Office:
    """Where chain tables are handed in."""

    evm: EvmChain
    replacements: Replacements = ()

    def own(self) -> ChainEntry:
        """The entry that the table of this chain must have."""
        return ChainEntry(OWN, self.evm.evm_chain_id, EVM, universal_address(OWN_BRIDGE))

    def open(self, table: list[ChainEntry], primary: ChainId = OWN) -> EvmContract:
        """A desk with this table. Raises Reverted."""
        lines = [(e.chain_id, e.evm_chain_id, int(e.address_format), e.bridge) for e in table]
        return self.evm.deploy(GOVERNOR, load("TableDesk", self.replacements), primary, lines, OWN_BRIDGE)

    def check_table(self, other: ChainEntry, primary: ChainId) -> None:
        """Contract and core take the same tables, and give them the same hash."""
        table = [self.own(), other]
        try:
            expected = compute_deployment_hash(1, primary, 16, 64, KEY_1, KEY_2, KEY_3, table)
        except BadChainTable:
            expected = None
        with self.evm.rollback():
            try:
                found = bytes(self.open(table, primary).deployment_hash())
            except Reverted as error:
                assert error.reason.startswith("deployment: ")
                found = None
        assert found == expected

    def check_name(self, desk: EvmContract, name: bytes) -> None:
        """Contract and core say the same of a name on every chain."""
        for chain, form in ((OWN, EVM), (OTHER, EVM), (FAR, LONG)):
            assert desk.is_address_of(chain, name) == is_recipient(name, form, chain)
        assert not desk.is_address_of(2, name)
        assert desk.is_bridge_of(FAR, name) == (name == FAR_BRIDGE)

    def open_usual(self) -> EvmContract:
        """A desk with a table of both formats."""
        other = ChainEntry(OTHER, 56, EVM, universal_address("0x" + "cd" * 20))
        return self.open([self.own(), other, ChainEntry(FAR, 2**255 + 1, LONG, FAR_BRIDGE)])


def open_office(replacements: Replacements = ()) -> Office:
    """A chain, and perhaps a bug in the sources."""
    evm = EvmChain(137, START_TIME, is_roomy=bool(replacements))
    evm.fund(GOVERNOR)
    return Office(evm, replacements)


@pytest.fixture(scope="module")
def office() -> Office:
    """The product's."""
    return open_office()


@pytest.fixture(scope="module")
def desk(office: Office) -> EvmContract:
    """With a table of both formats."""
    return office.open_usual()


@upholds("DAT-3")
class TestAddressFormats:
    """A name of 20 bytes is an address on EVM chains alone, one of 32 bytes on the others alone; zero is none."""

    @given(name=names)
    @tries(300, **once)
    def test_is_address_of__any_name__contract_and_core_agree(
        self, office: Office, desk: EvmContract, name: bytes
    ) -> None:
        office.check_name(desk, name)

    @pytest.mark.parametrize("edge", EDGES, ids=hex)
    def test_is_address_of__edges__contract_and_core_agree(self, office: Office, desk: EvmContract, edge: int) -> None:
        for hi in (0, 1, OTHER, FAR, 9, 255):
            office.check_name(desk, ((hi << 248) ^ edge).to_bytes(32, "big"))


@upholds("VER-6")
class TestChainTables:
    """A bridge has an address of its chain's format, every chain a number, the primary is an EVM chain."""

    @given(other=entries, primary=st.sampled_from((OWN, OTHER, FAR)))
    @example(other=ChainEntry(FAR, 1, LONG, FAR_BRIDGE), primary=FAR)
    @tries(150, **once)
    def test_deploy__any_table__contract_and_core_agree(
        self, office: Office, other: ChainEntry, primary: ChainId
    ) -> None:
        office.check_table(other, primary)


DEPLOYMENT, RECORDS = "modules/deployment.vy", "modules/records.vy"
A_NAME, A_BOUND_NAME = ((hi << 248 | 2**160 - 1).to_bytes(32, "big") for hi in (0, OTHER))

NAME_BUGS = {
    "20-bytes-where-names-have-32": (RECORDS, "return 0 if is_evm else account", "return account", A_NAME),
    "bound-names-elsewhere": (RECORDS, "(bound == 0 or bound == k)", "True", A_BOUND_NAME),
    "32-bytes-where-names-have-20": (RECORDS, "name >> 160 == 0", "True", (2**160 + 1).to_bytes(32, "big")),
    "bound-to-no-chain": (RECORDS, "bound <= constants.MAX_CHAINS", "True", (9 << 248 | 1).to_bytes(32, "big")),
    "nobody": (RECORDS, "name != 0 and ", "", (OTHER << 248).to_bytes(32, "big")),
}
"""Seeded bugs: file, text, what replaces it, and a name that shows it."""

TABLE_BUGS = {
    "bridge-of-any-format": (
        'assert records.name_on(named, k, address_bits) == named, "deployment: bridge format"',
        "pass",
        ChainEntry(FAR, 1, LONG, A_NAME),
        OWN,
    ),
    "bound-bridge": (
        "records.name_on(named, k, address_bits) == named",
        "records.name_on(named, k, address_bits) != 0",
        ChainEntry(OTHER, 1, EVM, A_BOUND_NAME),
        OWN,
    ),
    "primary-of-any-format": (
        'assert (formats >> (8 * primary)) & 255 == constants.ADDRESS_FORMAT_EVM, "deployment: primary\'s format"',
        "pass",
        ChainEntry(FAR, 1, LONG, FAR_BRIDGE),
        FAR,
    ),
    "chain-without-a-number": (
        'assert entry.evm_chain_id != 0, "deployment: zero evm chain id"',
        "pass",
        ChainEntry(FAR, 0, LONG, FAR_BRIDGE),
        OWN,
    ),
}
"""Seeded bugs in the table's checks: text, what replaces it, and an entry and a primary that show it."""


# breaks: DAT-3
@pytest.mark.parametrize("name", NAME_BUGS)
def test_name__mutated__is_noticed(office: Office, desk: EvmContract, name: str) -> None:
    *bug, shown = NAME_BUGS[name]
    office.check_name(desk, shown)
    broken = open_office(replace_text(*bug))
    with pytest.raises(AssertionError):
        broken.check_name(broken.open_usual(), shown)


# breaks: VER-6
@pytest.mark.parametrize("name", TABLE_BUGS)
def test_table__mutated__is_noticed(office: Office, name: str) -> None:
    old, new, entry, primary = TABLE_BUGS[name]
    office.check_table(entry, primary)
    with pytest.raises(AssertionError):
        open_office(replace_text(DEPLOYMENT, old, new)).check_table(entry, primary)
