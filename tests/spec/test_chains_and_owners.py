"""Sets of chains, and owners that are bound to one: section 1 of the protocol."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import chains, hashes
from tests.support.tries import tries
from zklink.operations.full_exit import choose_mask
from zklink.protocol.addresses import ZERO_ADDRESS, bind_owner, find_bound_chain, is_recipient
from zklink.protocol.chain_sets import (
    ALL_CHAINS,
    NO_CHAINS,
    cycle_chains,
    has_chain,
    list_chains,
    make_chain_set,
    with_chain,
)
from zklink.protocol.ids import MAX_CHAINS, AddressFormat, ChainId

many = tries(200)
EVM, LONG = AddressFormat.EVM, AddressFormat.BYTES32
evm_addresses = st.binary(min_size=20, max_size=20).filter(any).map(lambda address: bytes(12) + address)


@given(st.sets(chains), chains)
@many
def test_make_chain_set__any_chains__lists_them(members: set[ChainId], one: ChainId) -> None:
    found = make_chain_set(members)
    assert list_chains(found) == sorted(members)
    assert has_chain(found, one) == (one in members)
    assert list_chains(with_chain(found, one)) == sorted({*members, one})
    assert found == sum(1 << chain - 1 for chain in members)


def test_make_chain_set__all_or_none__is_the_whole_field_or_nothing() -> None:
    assert make_chain_set(ChainId(k) for k in range(1, MAX_CHAINS + 1)) == ALL_CHAINS == 255
    assert make_chain_set([]) == NO_CHAINS == 0


@pytest.mark.parametrize("chain", [0, MAX_CHAINS + 1])
def test_make_chain_set__no_chain__is_refused(chain: int) -> None:
    with pytest.raises(ValueError, match="is not a chain"):
        make_chain_set([ChainId(chain)])


@given(chains)
@many
def test_cycle_chains__any_first__goes_round_once(first: ChainId) -> None:
    found = [*cycle_chains(first)]
    assert found == [*range(first, MAX_CHAINS + 1), *range(1, first)]


@given(evm_addresses, chains)
@many
def test_bind_owner__any_evm_address__is_another_owner_and_the_same_recipient_there(
    address: bytes, chain: ChainId
) -> None:
    bound = bind_owner(address, chain)
    assert bound != address
    assert (find_bound_chain(address), find_bound_chain(bound)) == (0, chain)
    for other in range(1, MAX_CHAINS + 1):
        assert is_recipient(address, EVM, ChainId(other))
        assert is_recipient(bound, EVM, ChainId(other)) == (other == chain)
        assert not is_recipient(address, LONG, ChainId(other))
        assert not is_recipient(bound, LONG, ChainId(other))
    with pytest.raises(ValueError, match="cannot be bound"):
        bind_owner(bound, chain)


@given(hashes, chains)
@many
def test_is_recipient__32_bytes__are_bound_to_nothing(address: bytes, chain: ChainId) -> None:
    if any(address[1:12]):
        assert is_recipient(address, LONG, chain)
        assert find_bound_chain(address) is None
        assert not is_recipient(address, EVM, chain)
        with pytest.raises(ValueError, match="cannot be bound"):
            bind_owner(address, chain)


FORMATS = {ChainId(1): EVM, ChainId(2): EVM, ChainId(5): LONG}


@pytest.mark.parametrize(
    ("second", "mask"),
    [
        (bytes(12) + b"\x07" * 20, {1, 2}),
        (b"\x01" + bytes(11) + b"\x07" * 20, {1, 2}),  # bound to chain 1, and chain 2 asks
        (b"\x03" + bytes(11) + b"\x07" * 20, {2}),
        (b"\x77" * 32, {2, 5}),
        (ZERO_ADDRESS, {2}),
    ],
)
def test_choose_mask__any_second__is_where_it_has_a_name_and_the_source(second: bytes, mask: set[int]) -> None:
    assert {*list_chains(choose_mask(ChainId(2), second, FORMATS))} == mask


@pytest.mark.parametrize("address", [ZERO_ADDRESS, b"\x01" + bytes(31), b"\x09" + bytes(30) + b"\x01", bytes(20), b""])
def test_is_recipient__no_address__is_none(address: bytes) -> None:
    """Also bound zero, and a first byte that is no chain; such bytes can be a chain's of 32."""
    assert not any(is_recipient(address, EVM, ChainId(chain)) for chain in range(1, MAX_CHAINS + 1))
