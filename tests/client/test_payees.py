"""Whom a chain is to pay: an address of Solana that nobody has the key of is warned of, wherever it is written."""

import warnings
from types import SimpleNamespace
from typing import Any

import pytest
from solders.pubkey import Pubkey

from zklink.client import account_requests, accounts, swaps
from zklink.client.book import NobodysKey, read_payee
from zklink.protocol.errors import AddressUnfit

SOLANA: Any = SimpleNamespace(chain=5, name="solana", address_format=2)
POLYGON: Any = SimpleNamespace(chain=2, name="polygon", address_format=1)
DERIVED = Pubkey.find_program_address([b"bridge"], Pubkey(bytes([7] * 32)))[0]
KEY = Pubkey(bytes([1] + [0] * 31))


def test_read_payee__derived_address__is_taken_with_a_warning() -> None:
    with pytest.warns(NobodysKey, match="on solana is nobody's key"):
        assert read_payee(SOLANA, str(DERIVED)) == bytes(DERIVED)


def test_read_payee__a_key_or_an_evm_address__is_not_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert KEY.is_on_curve() and read_payee(SOLANA, str(KEY)) == bytes(KEY)
        assert read_payee(POLYGON, "0x" + "ab" * 20)[12:] == b"\xab" * 20
    with pytest.raises(AddressUnfit):
        read_payee(SOLANA, "0x" + "ab" * 20)


@pytest.mark.parametrize("module", [swaps, accounts, account_requests], ids=lambda module: module.__name__)
def test_recipient__wherever_the_client_takes_one__is_read_as_a_payee(module: Any) -> None:
    assert module.read_payee is read_payee and not hasattr(module, "read_address")
