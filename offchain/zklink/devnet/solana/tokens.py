"""The tokens of a local network with a Solana chain: SOL, its own coin there, and those of the table that it has.

Takes the table (`devnet/tokens.py`); gives another one. Ids are the network's own: the smallest preset has room for
seven, so SOL has Bitcoin's there, and Bitcoin the first one after all others.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from zklink.devnet.pools import DEFAULT_POOLS, PoolPlan
from zklink.devnet.tokens import AVAX, BTC, USDC, USDT, TokenContract, TokenInfo, index_tokens, load_tokens
from zklink.l1.deployment.places import NATIVE_MINT
from zklink.protocol.ids import Amount, TokenId

SOL: Final = TokenId(7)
BTC_BESIDE_SOL: Final = TokenId(12)
"""Bitcoin, where a preset has room for it."""
CHAIN: Final = "solana"
_MINTS: Final[Mapping[TokenId, tuple[str, int]]] = {
    USDC: ("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", 6),
    USDT: ("Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB", 6),
    BTC: ("3NZ9JMVBmGAqocybic2c7LQCJScmgsAZ6vQqTDzcqmJh", 8),
}
"""Mints on the main network, and their decimals: of tokens whose amounts fit into 64 bits."""

_SOL: Final = TokenInfo(
    token_id=SOL,
    symbol="SOL",
    name="Solana",
    price_micro_usd=150_000_000,
    minimum=Amount(1_000_000),
    contracts={CHAIN: TokenContract("SOL", "Solana", 9, NATIVE_MINT)},
)


def _bring(token: TokenInfo) -> TokenInfo:
    """A token of the table as it is where there is a Solana chain."""
    if token.token_id not in _MINTS:
        return token
    mint, decimals = _MINTS[token.token_id]
    contracts = {**token.contracts, CHAIN: TokenContract(token.symbol, token.name, decimals, mint)}
    id = BTC_BESIDE_SOL if token.token_id == BTC else token.token_id
    return replace(token, token_id=id, contracts=contracts)


TOKENS_WITH_SOLANA: Final = index_tokens((*map(_bring, load_tokens()), _SOL))
"""The whole table, by id."""

SOLANA_TOKENS: Final[Mapping[TokenId, TokenInfo]] = MappingProxyType(
    {id: TOKENS_WITH_SOLANA[id] for id in (USDC, AVAX, SOL)}
)
"""USDC, AVAX and SOL, by id: all that a story needs."""

POOLS_WITH_SOLANA: Final = (
    *(pool for pool in DEFAULT_POOLS if BTC not in pool.tokens),
    PoolPlan((USDC, SOL)),
    PoolPlan((USDC, BTC_BESIDE_SOL)),
)
"""The pools of a network that has these tokens."""
