"""A small state of preset `minimal` with accounts that hold tokens, keys and liquidity, for tests of account blocks."""

from typing import Any, Final

from zklink.operations.signed import Signable, Signed, sign
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.chain_sets import ALL_CHAINS, NO_CHAINS, make_chain_set
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, ChainSet, Nonce, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.protocol.signing import compute_public_key_hash
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition.account_block import AccountBlock, apply_account_block
from zklink.transition.rules import AccountOperation

DOMAIN: Final = 123_456_789
TIMESTAMP: Final = 1_700_000_000
OPERATOR, ALICE, BOB, KEYLESS = (AccountId(i) for i in range(4))
X, Y, Z = (TokenId(i) for i in (1, 2, 3))
SHARES, NEXT_SHARES = TokenId(MINIMAL.lp_base), TokenId(MINIMAL.lp_base + 1)
POOL: Final = Pool(70_001, 90_003, 79_000, 30, SHARES)
UNKNOWN: Final = ChainId(3)
KNOWN: Final = {
    OPERATOR: NO_CHAINS,
    ALICE: make_chain_set([ChainId(1)]),
    BOB: ALL_CHAINS,
    KEYLESS: ChainSet(ALL_CHAINS & ~make_chain_set([UNKNOWN])),
}
"""Where owners have acted: Keyless's not on UNKNOWN."""

KEYS: Final = {account: PrivateKey.from_seed(bytes([account]) * 32) for account in (OPERATOR, ALICE, BOB)}


def owner_of(account: AccountId) -> bytes:
    """The account's owner: 32 bytes of which no part is zero."""
    return bytes([0xA0 + account]) * 32


def build_state() -> State:
    """A pool of X and Y whose shares Alice and Bob hold; Y and Z have none. Everybody has tokens."""
    state = State(MINIMAL)
    for account, nonce in ((OPERATOR, 0), (ALICE, 5), (BOB, 2**32 - 3), (KEYLESS, 0)):
        state.set_owner(account, owner_of(account))
        state.set_nonce(account, Nonce(nonce))
        state.set_known(account, KNOWN[account])
        if account in KEYS:
            state.set_public_key_hash(account, compute_public_key_hash(KEYS[account].public_key))
    for account in (OPERATOR, ALICE, BOB, KEYLESS):
        for token in (X, Y, Z):
            state.set_balance(account, token, Amount(1_000_000 * (account + 1)))
    state.set_balance(ALICE, SHARES, Amount(50_000))
    state.set_balance(BOB, SHARES, Amount(28_000))
    state.set_balance(OPERATOR, SHARES, Amount(900))
    state.set_pool(X, Y, POOL)
    state.set_token(TokenId(0), TokenRow((0,) * 8, 1))
    state.set_token(SHARES, TokenRow((0,) * 8, 100))
    held = 10 * 1_000_000
    for token, pooled, fees in ((X, POOL.reserve_lower, 11), (Y, POOL.reserve_higher, 7), (Z, 0, 0)):
        total = held + pooled + fees
        reserves = (total // 2, total // 3, total - total // 2 - total // 3, 0, 0, 0, 0, 0)
        state.set_token(token, TokenRow(reserves, fees))
    return state


def signed(operation: Signable, key: PrivateKey | None = None) -> Signed[Any]:
    """The operation with its account's signature, or another key's."""
    return sign(operation, DOMAIN, key or KEYS[operation.account])


def apply(state: State, *operations: AccountOperation) -> AccountBlock:
    """One block of these operations."""
    return apply_account_block(state, operations, BlockNumber(1), TIMESTAMP, DOMAIN, MINIMAL)
