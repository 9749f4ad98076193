"""Transactions that wait for a block.

Takes transactions, gives those that can be mined, dearest tip first and each account's in the order of nonces. Refuses
what nodes refuse, in their words. Never looks at a clock.
"""

from dataclasses import dataclass, field
from typing import Final

from zklink.lab.errors import TransactionRefused
from zklink.lab.revm.state import Account, Address, State
from zklink.lab.revm.transactions import MAX_INIT_CODE, Transaction, compute_intrinsic_gas

PRICE_BUMP_PERCENT: Final = 10
"""How much dearer a transaction must be to replace one with the same nonce; geth's and anvil's default."""


@dataclass(slots=True)
class Pool:
    """Waiting transactions by sender and nonce; senders in the order in which they came. No block takes those whose
    hashes are `withheld`. Where `is_full`, no sender's next one is let in, only one in place of another.
    """

    waiting: dict[Address, dict[int, Transaction]] = field(default_factory=dict)
    withheld: frozenset[bytes] = frozenset()
    is_full: bool = False

    def copy(self) -> "Pool":
        """The same transactions in a pool of its own."""
        return Pool({sender: dict(queue) for sender, queue in self.waiting.items()}, self.withheld, self.is_full)

    def transactions(self) -> tuple[Transaction, ...]:
        """All that wait."""
        return tuple(item for queue in self.waiting.values() for item in queue.values())

    def count_nonce(self, sender: Address, nonce: int) -> int:
        """The first nonce from this one on for which nothing waits."""
        queue = self.waiting.get(sender, {})
        while nonce in queue:
            nonce += 1
        return nonce

    def add(self, transaction: Transaction, account: Account, base_fee: int, gas_limit: int) -> None:
        """Take a transaction in, or in place of one with its nonce. Raises TransactionRefused."""
        check_transaction(transaction, account, base_fee, gas_limit)
        known = self.waiting.get(transaction.sender, {}).get(transaction.nonce)
        if known is not None:
            if known.tx_hash == transaction.tx_hash:
                raise TransactionRefused("already known")
            if _is_dearer(known.max_fee, transaction.max_fee) and _is_dearer(
                known.max_priority_fee, transaction.max_priority_fee
            ):
                self.waiting[transaction.sender][transaction.nonce] = transaction
                return
            raise TransactionRefused("replacement transaction underpriced")
        if self.is_full:
            raise TransactionRefused("txpool is full")
        self.waiting.setdefault(transaction.sender, {})[transaction.nonce] = transaction

    def pick(self, state: State, base_fee: int, gas_left: int) -> Transaction | None:
        """The next for a block: its nonce is due, its fee reaches the base fee, its gas fits; of those the best tip."""
        best: Transaction | None = None
        for sender, queue in self.waiting.items():
            due = queue.get(state.account(sender).nonce)
            if due is None or due.tx_hash in self.withheld or not can_mine(due, state, base_fee, gas_left):
                continue
            if best is None or due.compute_tip(base_fee) > best.compute_tip(base_fee):
                best = due
        return best

    def remove(self, transaction: Transaction) -> None:
        """Forget a transaction."""
        queue = self.waiting.get(transaction.sender, {})
        queue.pop(transaction.nonce, None)
        if not queue:
            self.waiting.pop(transaction.sender, None)


def can_mine(transaction: Transaction, state: State, base_fee: int, gas_left: int) -> bool:
    """Whether a block can take it next: its nonce is due, its fee reaches the base fee, its gas fits."""
    is_due = transaction.nonce == state.account(transaction.sender).nonce
    return is_due and transaction.gas <= gas_left and transaction.max_fee >= base_fee


def _is_dearer(old: int, new: int) -> bool:
    return new * 100 >= old * (100 + PRICE_BUMP_PERCENT)


def check_transaction(transaction: Transaction, account: Account, base_fee: int, gas_limit: int) -> None:
    """Refuse what no node takes in. Raises TransactionRefused."""
    needed = compute_intrinsic_gas(transaction.data, transaction.to is None, transaction.access_list)
    cost = transaction.gas * transaction.max_fee + transaction.value
    if transaction.nonce < account.nonce:
        raise TransactionRefused(f"nonce too low: next nonce {account.nonce}, tx nonce {transaction.nonce}")
    if transaction.gas > gas_limit:
        raise TransactionRefused("exceeds block gas limit")
    if transaction.gas < needed:
        raise TransactionRefused(f"intrinsic gas too low: gas {transaction.gas}, minimum needed {needed}")
    if transaction.max_priority_fee > transaction.max_fee:
        raise TransactionRefused("max priority fee per gas higher than max fee per gas")
    if transaction.max_fee < base_fee:
        raise TransactionRefused(f"max fee per gas less than block base fee: {transaction.max_fee} < {base_fee}")
    if transaction.to is None and len(transaction.data) > MAX_INIT_CODE:
        raise TransactionRefused(f"max initcode size exceeded: code size {len(transaction.data)}")
    if account.balance < cost:
        have = f"address {transaction.sender} have {account.balance} want {cost}"
        raise TransactionRefused(f"insufficient funds for gas * price + value: {have}")
