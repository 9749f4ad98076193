"""Who acts on a local network: one well-known key per role, the same on every chain and every back end.

The keys come from the mnemonic that ape and anvil fund by default. They are public; no account here may hold value.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from zklink.primitives.eddsa import PrivateKey
from zklink.primitives.keccak import keccak256

MNEMONIC: Final = "test test test test test test test test test test test junk"
ACCOUNT_COUNT: Final = 20
BALANCE_ETHER: Final = 100_000_000
COMMITTEE_SIZE: Final = 3
COMMITTEE_THRESHOLD: Final = 2


@dataclass(frozen=True, slots=True)
class Roles:
    """The actors of tests and stories. `committee` is in ascending order of addresses, as evidence must be.

    The operator owns layer-2 account 0, the provider fills the pools.
    """

    deployer: LocalAccount
    governor: LocalAccount
    validator: LocalAccount
    broker: LocalAccount
    depositor: LocalAccount
    recipient: LocalAccount
    stranger: LocalAccount
    attacker: LocalAccount
    relayer: LocalAccount
    operator: LocalAccount
    provider: LocalAccount
    trader: LocalAccount
    committee: tuple[LocalAccount, ...]

    def funded(self) -> tuple[LocalAccount, ...]:
        """Every account that owns native coins on every chain."""
        return tuple(test_account(index) for index in range(ACCOUNT_COUNT))


@lru_cache(maxsize=ACCOUNT_COUNT)
def test_account(index: int) -> LocalAccount:
    """Account `index` of the test mnemonic, on path m/44'/60'/0'/0/index."""
    Account.enable_unaudited_hdwallet_features()
    account: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return account


@lru_cache(maxsize=ACCOUNT_COUNT)
def layer2_key(account: LocalAccount) -> PrivateKey:
    """The layer-2 key of one of these accounts, always the same."""
    return PrivateKey.from_seed(keccak256(bytes(account.key) + b"layer 2"))


@lru_cache(maxsize=1)
def default_roles() -> Roles:
    """The actors; each role keeps its account for ever, so that addresses in outputs can be compared."""
    committee = [test_account(index) for index in range(9, 9 + COMMITTEE_SIZE)]
    return Roles(
        deployer=test_account(0),
        governor=test_account(1),
        validator=test_account(2),
        broker=test_account(3),
        depositor=test_account(4),
        recipient=test_account(5),
        stranger=test_account(6),
        attacker=test_account(7),
        relayer=test_account(8),
        operator=test_account(12),
        provider=test_account(13),
        trader=test_account(14),
        committee=tuple(sorted(committee, key=lambda account: int(account.address, 16))),
    )
