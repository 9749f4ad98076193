"""A whole chain in this process: accounts, a pool, blocks, and the powers that only a local chain gives.

Takes transactions and orders; gives blocks and receipts. Time goes on by one second a block unless somebody says
otherwise, so nothing depends on how fast the machine is. All heights are kept from the first block on.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from eth_hash.auto import keccak

from zklink.lab.accounts import BALANCE_ETHER, funded_accounts
from zklink.lab.errors import EngineFailed, ReorgTooDeep, SnapshotGone, TimestampNotLater, UnknownTransaction
from zklink.lab.revm.blocks import GENESIS_BASE_FEE, Block, Receipt, compute_next_base_fee, seal_block
from zklink.lab.revm.engine import ENGINES, BlockContext
from zklink.lab.revm.pool import Pool, can_mine
from zklink.lab.revm.state import Account, Address, Changes, State
from zklink.lab.revm.transactions import Transaction, decode_transaction

BLOCK_GAS_LIMIT: Final = 30_000_000
WATCHERS: Final[list[Callable[[Block], None]]] = []
"""Who is told of every block of every chain in this process."""

NOBODY: Final = Address("0x" + "00" * 20)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Everything about a chain at one moment."""

    mark: tuple[int, int]
    block_count: int
    pool: Pool
    pending: "Pending"


@dataclass(frozen=True, slots=True)
class Pending:
    """What was ordered for the next block. `reorgs` makes the blocks of another branch different ones."""

    timestamp: int | None = None
    seconds: int = 1
    base_fee: int | None = None
    reorgs: int = 0


class RevmChain:
    """A chain. Its methods may be called from any thread."""

    def __init__(self, evm_chain_id: int, timestamp: int, *, gas_limit: int = BLOCK_GAS_LIMIT) -> None:
        self.evm_chain_id = evm_chain_id
        self.gas_limit = gas_limit
        self.coinbase = NOBODY
        self.is_automining = True
        self.clock: Callable[[], float] | None = None
        """Where blocks get their time from instead, if it is later than one second after the parent's."""
        self.lock = threading.RLock()
        self.state = State()
        self.pool = Pool()
        self.engine = ENGINES[-1](evm_chain_id, gas_limit, self.state)
        self.pending = Pending()
        self._snapshots: list[Snapshot] = []
        self._numbers: dict[bytes, int] = {}
        self._places: dict[bytes, tuple[int, int]] = {}
        self.blocks: list[Block] = []
        self.marks: list[tuple[int, int]] = []
        """Where the state's memory stood at the end of each block, with what was changed by hand before the next."""
        rich = Account(BALANCE_ETHER * 10**18)
        self._write(Changes({Address(each.address.lower()): rich for each in funded_accounts()}))
        genesis = BlockContext(0, timestamp, gas_limit, self.coinbase, bytes(32))
        self._append(seal_block(genesis, bytes(32), GENESIS_BASE_FEE, ()))

    # -- reading -------------------------------------------------------------------------------------------------

    @property
    def head(self) -> Block:
        """The newest block."""
        return self.blocks[-1]

    @property
    def next_base_fee(self) -> int:
        """What a block mined now would ask for, in wei per gas."""
        if self.pending.base_fee is not None:
            return self.pending.base_fee
        return compute_next_base_fee(self.head.base_fee, self.head.gas_used, self.head.context.gas_limit)

    def next_context(self) -> BlockContext:
        """The block that would be mined now."""
        number, parent = self.head.number + 1, self.head.timestamp
        timestamp = self.pending.timestamp
        if timestamp is None:
            timestamp = parent + self.pending.seconds
            if self.clock is not None:
                timestamp = max(timestamp, int(self.clock()))
        randao = keccak(number.to_bytes(8, "big") + self.pending.reorgs.to_bytes(8, "big"))
        return BlockContext(number, timestamp, self.gas_limit, self.coinbase, randao)

    def find_block(self, block_hash: bytes) -> Block | None:
        """A block by its hash."""
        number = self._numbers.get(block_hash)
        return None if number is None else self.blocks[number]

    def find_receipt(self, tx_hash: bytes) -> Receipt | None:
        """What became of a mined transaction."""
        place = self._places.get(tx_hash)
        return None if place is None else self.blocks[place[0]].receipts[place[1]]

    def find_waiting(self, tx_hash: bytes) -> Transaction | None:
        """A transaction that is not mined yet."""
        return next((item for item in self.pool.transactions() if item.tx_hash == tx_hash), None)

    # -- transactions --------------------------------------------------------------------------------------------

    def send_raw(self, raw: bytes) -> bytes:
        """Take in a signed transaction, and mine it at once where the chain does; gives its hash. Raises
        TransactionRefused.
        """
        return self.send(decode_transaction(raw, self.evm_chain_id))

    def send(self, transaction: Transaction) -> bytes:
        """Take in a transaction whose sender is known. Raises TransactionRefused."""
        with self.lock:
            self.pool.add(transaction, self.state.account(transaction.sender), self.next_base_fee, self.gas_limit)
            if self.is_automining:
                self._mine_waiting()
            return transaction.tx_hash

    def mine(self, blocks: int = 1) -> None:
        """Mine blocks; the first ones take what waits."""
        with self.lock:
            for _ in range(blocks):
                self._mine_block()

    def set_automine(self, is_automining: bool) -> None:
        """Mine each transaction at once, or only when told; what waits is mined when it is switched on."""
        with self.lock:
            self.is_automining = is_automining
            if is_automining:
                self._mine_waiting()

    def drop(self, tx_hash: bytes) -> bool:
        """Forget a waiting transaction; whether there was one."""
        with self.lock:
            transaction = self.find_waiting(tx_hash)
            if transaction is not None:
                self.pool.remove(transaction)
            return transaction is not None

    # -- powers --------------------------------------------------------------------------------------------------

    def change(self, changes: Changes) -> None:
        """Give accounts and slots other values, outside any transaction: as if the newest block had done it."""
        with self.lock:
            self._write(changes)
            self.marks[-1] = self.state.mark()

    def order(self, pending: Pending) -> None:
        """Say what the next block is like. Raises TimestampNotLater."""
        with self.lock:
            if pending.timestamp is not None and pending.timestamp <= self.head.timestamp:
                raise TimestampNotLater(self.head.timestamp, pending.timestamp)
            self.pending = pending

    def snapshot(self) -> Snapshot:
        """Remember everything. It can be restored any number of times, until an earlier one is."""
        with self.lock:
            snapshot = Snapshot(self.state.mark(), len(self.blocks), self.pool.copy(), self.pending)
            self._snapshots.append(snapshot)
            return snapshot

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot. Raises SnapshotGone if the chain has been further back since."""
        with self.lock:
            if snapshot not in self._snapshots:
                raise SnapshotGone(self.evm_chain_id)
            self._rewind(snapshot.mark, snapshot.block_count)
            del self._snapshots[self._snapshots.index(snapshot) + 1 :]
            self.pool, self.pending = snapshot.pool.copy(), snapshot.pending

    def reorg(self, depth: int, back: Sequence[bytes] | None = None) -> list[Transaction]:
        """Put as many other blocks in place of the last `depth`; gives the transactions that were in those.

        Of them those with a hash in `back` come again, in that order, all by default: the first new block mines them
        as far as it can, and what cannot be mined yet waits. Raises ReorgTooDeep, UnknownTransaction.
        """
        with self.lock:
            if not 0 < depth <= self.head.number:
                raise ReorgTooDeep(depth, self.head.number)
            gone = self.blocks[-depth:]
            removed = [receipt.transaction for block in gone for receipt in block.receipts]
            known = {transaction.tx_hash: transaction for transaction in removed}
            for tx_hash in back or ():
                if tx_hash not in known:
                    raise UnknownTransaction(f"0x{tx_hash.hex()}")
            again = removed if back is None else [known[tx_hash] for tx_hash in back]
            parent = self.blocks[-depth - 1]
            self._rewind(self.marks[parent.number], parent.number + 1)
            reorgs = self.pending.reorgs + 1
            for block in gone:
                self.pending = Pending(timestamp=block.timestamp, reorgs=reorgs)
                self._mine_block(again)
                again = []
            return removed

    # -- mining --------------------------------------------------------------------------------------------------

    def _mine_waiting(self) -> None:
        while self.pool.pick(self.state, self.next_base_fee, self.gas_limit) is not None:
            self._mine_block()

    def _mine_block(self, first: Sequence[Transaction] = ()) -> None:
        """A block of what waits; those of `first` go before it, in their order."""
        context, base_fee, parent = self.next_context(), self.next_base_fee, self.head
        receipts: list[Receipt] = []
        gas_left = self.gas_limit
        queue = list(first)
        while (transaction := self._next(queue, base_fee, gas_left)) is not None:
            self.pool.remove(transaction)
            cost = transaction.gas * transaction.max_fee + transaction.value
            if self.state.account(transaction.sender).balance < cost:
                continue
            receipts.append(self._execute(transaction, context, base_fee, receipts))
            gas_left -= receipts[-1].gas_used
        self._append(seal_block(context, parent.block_hash, base_fee, tuple(receipts)))
        self.pending = Pending(reorgs=self.pending.reorgs)

    def _next(self, queue: list[Transaction], base_fee: int, gas_left: int) -> Transaction | None:
        while queue:
            transaction = queue.pop(0)
            if can_mine(transaction, self.state, base_fee, gas_left):
                return transaction
            if transaction.nonce >= self.state.account(transaction.sender).nonce:
                self.pool.waiting.setdefault(transaction.sender, {}).setdefault(transaction.nonce, transaction)
        return self.pool.pick(self.state, base_fee, gas_left)

    def _execute(
        self, transaction: Transaction, context: BlockContext, base_fee: int, earlier: list[Receipt]
    ) -> Receipt:
        sender = transaction.sender
        price = base_fee + transaction.compute_tip(base_fee)
        before = self.state.account(sender)
        charged = Account(
            before.balance - transaction.gas * price, before.nonce + (transaction.to is not None), before.code
        )
        self.engine.write(Changes({sender: charged}))
        # For a call, pyrevm asks again for what is paid already: whoever cannot pay twice sees a GASPRICE of zero.
        can_pay_twice = transaction.to is None or charged.balance >= transaction.gas * price + transaction.value
        try:
            outcome = self.engine.run(transaction.build_message(price if can_pay_twice else 0), context)
        except EngineFailed:
            self.engine.write(Changes({sender: before}))
            raise
        accounts = outcome.changes.accounts
        after = accounts.get(sender, before)
        refund = (transaction.gas - outcome.gas_used) * price
        accounts[sender] = Account(after.balance + refund, max(after.nonce, transaction.nonce + 1), after.code)
        tip = outcome.gas_used * (price - base_fee)
        if tip:
            paid = accounts.get(context.coinbase) or self.state.account(context.coinbase)
            accounts[context.coinbase] = Account(paid.balance + tip, paid.nonce, paid.code)
        self._write(outcome.changes)
        previous = earlier[-1] if earlier else None
        return Receipt(
            transaction,
            context.number,
            len(earlier),
            outcome.is_success,
            outcome.gas_used,
            (previous.cumulative_gas if previous else 0) + outcome.gas_used,
            price,
            outcome.created,
            outcome.logs,
            previous.log_start + len(previous.logs) if previous else 0,
            outcome.output,
        )

    def _write(self, changes: Changes) -> None:
        self.state.apply(changes)
        self.engine.write(changes)

    def _append(self, block: Block) -> None:
        for watch in WATCHERS:
            watch(block)
        self.blocks.append(block)
        self.marks.append(self.state.mark())
        self._numbers[block.block_hash] = block.number
        for receipt in block.receipts:
            self._places[receipt.transaction.tx_hash] = (block.number, receipt.index)

    def _rewind(self, mark: tuple[int, int], block_count: int) -> None:
        self.engine.write(self.state.rewind(mark))
        for block in self.blocks[block_count:]:
            del self._numbers[block.block_hash]
            for receipt in block.receipts:
                del self._places[receipt.transaction.tx_hash]
        del self.blocks[block_count:], self.marks[block_count:]
        self.marks[-1] = mark
        self._snapshots = [each for each in self._snapshots if each.mark <= mark and each.block_count <= block_count]
