"""Over whose domain a token has its owners sign: its own, or none, whatever it says."""

from types import SimpleNamespace
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak

from zklink.l1.contracts.permits import compute_separator
from zklink.l1.contracts.token import EIP_5267, TokenClient
from zklink.protocol.errors import CallReverted

CHAIN, TOKEN, OTHER = 137, "0x" + "11" * 20, "0x" + "22" * 20


def token_that_says(chain_id: int, contract: str) -> TokenClient:
    """A token that takes authorizations over this domain, by its own word."""
    domain = {"name": "USD Coin", "version": "2", "chainId": chain_id, "verifyingContract": contract}
    described: tuple[object, ...] = (b"\x0f", "USD Coin", "2", chain_id, contract, bytes(32), [])
    answers = {
        keccak(text="authorizationState(address,bytes32)")[:4]: bytes(32),
        keccak(text="DOMAIN_SEPARATOR()")[:4]: compute_separator(domain),
        keccak(text="eip712Domain()")[:4]: encode(list(EIP_5267), described),
    }

    def call(to: str, data: bytes, label: str, sender: str | None = None) -> bytes:
        if data[:4] not in answers:
            raise CallReverted("polygon", label, "no such function")
        return answers[data[:4]]

    profile = SimpleNamespace(name="polygon", evm_chain_id=CHAIN)
    client: Any = SimpleNamespace(profile=profile, call=call, contract=lambda address, artifact: None)
    return TokenClient(client, TOKEN)


def test_find_authorization_domain__its_own__is_found() -> None:
    domain = token_that_says(CHAIN, TOKEN).find_authorization_domain()
    assert domain is not None and (domain["chainId"], domain["verifyingContract"]) == (CHAIN, TOKEN)


@pytest.mark.parametrize(("chain_id", "contract"), [(1, TOKEN), (CHAIN, OTHER)])
def test_find_authorization_domain__of_another_token_or_chain__is_none(chain_id: int, contract: str) -> None:
    assert token_that_says(chain_id, contract).find_authorization_domain() is None
