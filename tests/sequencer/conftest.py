"""A small deployment of three chains with two account holders, and a sequencer on it."""

from collections.abc import Callable
from typing import Any

import pytest

from zklink.l1.contracts.bridge_structs import universal_address
from zklink.lab.accounts import funded_account
from zklink.operations.signed import Signable, Signed, sign
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.ids import AccountId, Amount, ChainId, Lane, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.protocol.signing import compute_public_key_hash
from zklink.sequencer.journal import Journal, MemoryJournal
from zklink.sequencer.sealed_block import Parameters
from zklink.sequencer.sequencer import Sequencer
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State

CHAINS = tuple(ChainId(chain) for chain in (1, 2, 3))
PRIMARY = ChainId(2)
PARAMETERS = Parameters(MINIMAL, bytes([7]) * 32, PRIMARY, CHAINS)
DOMAIN = PARAMETERS.domain(Lane.ACCOUNT)
FOREVER = 2**40 - 1

X, Y = TokenId(1), TokenId(2)
OPERATOR, ALICE, BOB = (AccountId(account) for account in range(3))
OWNERS = {account: funded_account(20 + account) for account in (OPERATOR, ALICE, BOB)}
KEYS = {account: PrivateKey.from_seed(bytes([account + 1]) * 32) for account in OWNERS}
BALANCE = 10_000
SHARES = TokenId(MINIMAL.lp_base)


def owner_of(account: AccountId) -> bytes:
    """An account's owner, who has an EVM key."""
    return universal_address(OWNERS[account].address)


def build_state() -> State:
    """A million of each token in a pool without a provider's account, and BALANCE of each for every account."""
    state = State(MINIMAL)
    for account in OWNERS:
        state.set_owner(account, owner_of(account))
        state.set_public_key_hash(account, compute_public_key_hash(KEYS[account].public_key))
        for token in (X, Y):
            state.set_balance(account, token, Amount(BALANCE))
    state.set_balance(OPERATOR, SHARES, Amount(1_000_000))
    state.set_pool(X, Y, Pool(1_000_000, 1_000_000, 1_000_000, 30, SHARES))
    state.set_token(TokenId(0), TokenRow((0,) * 8, 1))
    for token in (X, Y):
        state.set_token(token, TokenRow((300_000 + 3 * BALANCE, 400_000, 300_000, 0, 0, 0, 0, 0), 0))
    return state


def signed(operation: Signable) -> Signed[Any]:
    """The operation with its account's signature."""
    return sign(operation, DOMAIN, KEYS[operation.account])


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def new_sequencer() -> Callable[[Journal], Sequencer]:
    return lambda journal: Sequencer(PARAMETERS, build_state(), journal)


@pytest.fixture
def sequencer(new_sequencer: Callable[[Journal], Sequencer], journal: MemoryJournal) -> Sequencer:
    return new_sequencer(journal)
