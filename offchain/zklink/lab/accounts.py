"""The accounts with coins on a local chain: those that ape and anvil fund by default, the same on every chain.

Their keys come from a mnemonic that everybody knows. No account here may hold value.
"""

from functools import lru_cache
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

MNEMONIC: Final = "test test test test test test test test test test test junk"
ACCOUNT_COUNT: Final = 20
BALANCE_ETHER: Final = 100_000_000


@lru_cache(maxsize=ACCOUNT_COUNT)
def funded_account(index: int) -> LocalAccount:
    """Account `index` of the mnemonic, on path m/44'/60'/0'/0/index; below ACCOUNT_COUNT it owns native coins."""
    Account.enable_unaudited_hdwallet_features()
    account: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return account


def funded_accounts() -> tuple[LocalAccount, ...]:
    """Every account that owns native coins on every chain."""
    return tuple(funded_account(index) for index in range(ACCOUNT_COUNT))
