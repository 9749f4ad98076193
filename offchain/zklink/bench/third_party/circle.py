"""Circle's dollar as it stands on real chains: its code behind a proxy, with a library, initialised once."""

from collections.abc import Sequence
from typing import Final

CODE: Final = "FiatTokenV2_2"
LIBRARY: Final = "SignatureChecker"
PROXY: Final = "FiatTokenProxy"

Call = tuple[str, Sequence[object]]
"""A function of the token and its arguments."""


def plan_initialisation(issuer: str) -> tuple[Call, ...]:
    """What the issuer calls once, who is then minter, pauser, blacklister and owner; whoever has created the proxy
    cannot call its code.
    """
    return (
        ("initialize", ("USD Coin", "USDC", "USD", 6, issuer, issuer, issuer, issuer)),
        ("initializeV2", ("USD Coin",)),
        ("initializeV2_1", (issuer,)),
        ("initializeV2_2", ([], "USDC")),
        ("configureMinter", (issuer, 2**255)),
    )


def name_domain(evm_chain_id: int, token: str) -> dict[str, object]:
    """The EIP-712 domain of its permits and authorizations."""
    return {"name": "USD Coin", "version": "2", "chainId": evm_chain_id, "verifyingContract": token}
