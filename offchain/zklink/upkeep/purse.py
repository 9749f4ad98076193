"""A client that spends no more than a budget on its chain, and no more than a ceiling on one transaction.

Takes what may be spent; gives receipts as any client does. Each call is tried before it is sent, as every client's is.
Never sends what could cost more than is left: a transaction counts with its ceiling until its receipt says less.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract.contract import ContractFunction

from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient, as_call
from zklink.l1.transport.receipts import Receipt
from zklink.l1.transport.submission import Call, SendPolicy
from zklink.protocol.errors import (
    BudgetSpent,
    CallReverted,
    FeeCeilingReached,
    RpcRefused,
    RpcUnavailable,
    TransactionRejected,
    TransactionStuck,
)

SHARE: Final = 10
"""A transaction may cost this part of the budget, unless another ceiling is given."""


@dataclass
class Purse:
    """What may be spent on one chain, in wei: in all, on one transaction, for one unit of gas (None: by the market
    alone). `spent_wei` counts transactions whose fate is not known with their ceiling.
    """

    budget_wei: int
    ceiling_wei: int
    most_per_gas_wei: int | None = None
    spent_wei: int = 0
    keep: Callable[[int], None] = field(default=lambda spent_wei: None, compare=False)
    """Called with each new sum before anything goes by it, so that it outlives this process."""

    def count(self, wei: int) -> None:
        """Spend, or take back what was not spent after all."""
        self.keep(self.spent_wei + wei)
        self.spent_wei += wei

    @property
    def left_wei(self) -> int:
        """What is left of the budget."""
        return self.budget_wei - self.spent_wei

    @property
    def may_push(self) -> bool:
        """Whether half of the budget is left. The other half is for what holds up everybody: an owner can take what a
        push would bring, and can burn the gas of each.
        """
        return 2 * self.spent_wei < self.budget_wei


class PurseClient(ChainClient):
    """A client with a purse. `send` raises BudgetSpent besides the errors of `ChainClient.send`."""

    def __init__(self, profile: ChainProfile, w3: Web3, purse: Purse, policy: SendPolicy | None = None) -> None:
        policy = policy or SendPolicy()
        fees = replace(policy.fees, most_per_transaction_wei=purse.ceiling_wei, most_per_gas_wei=purse.most_per_gas_wei)
        super().__init__(profile, w3, replace(policy, fees=fees))
        self.purse = purse
        self._unclear: dict[tuple[object, ...], int] = {}
        """What counts already for calls whose fate is not known: the same call goes on as the same transaction."""

    def send(
        self, account: LocalAccount, call: Call | ContractFunction, value: int = 0, gas: int | None = None
    ) -> Receipt:
        """As `ChainClient.send`, within the purse."""
        call, most = as_call(call), self.purse.ceiling_wei + value
        key = account.address, call.to, call.data, value
        counted = self._unclear.get(key, 0)
        if self.purse.left_wei + counted < most:
            raise BudgetSpent(self.profile.name, call.label, self.purse.left_wei + counted, most)
        self.purse.count(most - counted)
        try:
            receipt = super().send(account, call, value, gas)
        except (CallReverted, TransactionRejected):
            self.purse.count(counted - most)
            raise
        except FeeCeilingReached as error:
            if error.tx_hashes:
                self._unclear[key] = most
            else:
                self.purse.count(counted - most)
            raise
        except (TransactionStuck, RpcRefused, RpcUnavailable):
            self._unclear[key] = most
            raise
        self._unclear.pop(key, None)
        self.purse.count(receipt.gas_used * receipt.gas_price_wei + value - most)
        return receipt
