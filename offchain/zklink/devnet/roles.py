"""The actors of a local network: one of the lab's funded accounts per role, the same on every chain and back end.

Their keys are public; no account here may hold value.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.lab.accounts import ACCOUNT_COUNT, funded_account, funded_accounts
from zklink.primitives.eddsa import PrivateKey
from zklink.primitives.keccak import keccak256

GROUP_SIZE: Final = 3
GROUP_THRESHOLD: Final = 2
"""Validators, and watchers, of a local network, and how many of them must sign."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The actors of tests and stories. The sequencer sends blocks to the chains, the operator owns layer-2 account 0,
    the provider fills the pools, the setter sets prices, fees belong to the treasury.

    `validators` and `watchers` are in ascending order of addresses, as evidence must be.
    """

    deployer: LocalAccount
    governor: LocalAccount
    sequencer: LocalAccount
    broker: LocalAccount
    depositor: LocalAccount
    recipient: LocalAccount
    stranger: LocalAccount
    attacker: LocalAccount
    relayer: LocalAccount
    operator: LocalAccount
    provider: LocalAccount
    trader: LocalAccount
    setter: LocalAccount
    treasury: LocalAccount
    validators: tuple[LocalAccount, ...]
    watchers: tuple[LocalAccount, ...]

    def funded(self) -> tuple[LocalAccount, ...]:
        """Every account that owns native coins on every chain."""
        return funded_accounts()


@lru_cache(maxsize=ACCOUNT_COUNT)
def layer2_key(account: LocalAccount) -> PrivateKey:
    """The layer-2 key of one of these accounts, always the same."""
    return PrivateKey.from_seed(keccak256(bytes(account.key) + b"layer 2"))


@lru_cache(maxsize=1)
def default_roles() -> Roles:
    """The actors; each role keeps its account for ever, so that addresses in outputs can be compared."""
    return Roles(
        deployer=funded_account(0),
        governor=funded_account(1),
        sequencer=funded_account(2),
        broker=funded_account(3),
        depositor=funded_account(4),
        recipient=funded_account(5),
        stranger=funded_account(6),
        attacker=funded_account(7),
        relayer=funded_account(8),
        operator=funded_account(12),
        provider=funded_account(13),
        trader=funded_account(14),
        setter=funded_account(18),
        treasury=funded_account(19),
        validators=_group(9),
        watchers=_group(15),
    )


def _group(first: int) -> tuple[LocalAccount, ...]:
    accounts = [funded_account(index) for index in range(first, first + GROUP_SIZE)]
    return tuple(sorted(accounts, key=lambda account: int(account.address, 16)))
