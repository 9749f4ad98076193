"""The tokens of a local network with a Solana chain: SOL, its own coin there, and those of the table that it has.

Takes the table (`devnet/tokens.py`); gives other lines of it. Ids are the network's own: the smallest preset has room
for seven, so SOL has Bitcoin's there.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from zklink.devnet.tokens import AVAX, USDC, TokenContract, TokenInfo, token_by_id
from zklink.l1.deployment.places import NATIVE_MINT
from zklink.protocol.ids import Amount, TokenId

SOL: Final = TokenId(7)
CHAIN: Final = "solana"
_USDC_MINT: Final = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"

_SOL: Final = TokenInfo(
    token_id=SOL,
    symbol="SOL",
    name="Solana",
    price_micro_usd=150_000_000,
    minimum=Amount(1_000_000),
    contracts={CHAIN: TokenContract("SOL", "Solana", 9, NATIVE_MINT)},
)


def _bring(token: TokenId, mint: str) -> TokenInfo:
    """A token of the table that Solana has, too, with six decimals."""
    known = token_by_id(token)
    return replace(known, contracts={**known.contracts, CHAIN: TokenContract(known.symbol, known.name, 6, mint)})


SOLANA_TOKENS: Final[Mapping[TokenId, TokenInfo]] = MappingProxyType(
    {USDC: _bring(USDC, _USDC_MINT), AVAX: token_by_id(AVAX), SOL: _SOL}
)
"""USDC, AVAX and SOL, by id."""
