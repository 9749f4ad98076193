"""One local chain, with the powers that only a local chain gives: time, mining, snapshots, coins, a block clock.

Takes a connected provider of ape's; gives web3 and those powers. Never knows what runs on the chain.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

from eth_utils import to_checksum_address
from web3 import Web3
from web3.types import RPCEndpoint

from zklink.lab.anvil import AnvilProcess
from zklink.lab.block_clock import BlockClock
from zklink.lab.errors import FaultUnavailable, NodeRefused, TimeNotLater
from zklink.lab.kinds import EVM, LITESVM, Kind
from zklink.lab.reorganisation import list_waiting, reorganise

WEI_PER_COIN: Final = 10**18


@dataclass(frozen=True, slots=True)
class ChainSpec:
    """The chain that a local chain imitates. `name` can be any; if ape has an ecosystem of that name, it is used. An
    anvil listens on `port`; 0 is a free one. `native_symbol` is what stories call the chain's own coin.
    """

    kind: ClassVar[Kind] = EVM

    name: str
    evm_chain_id: int
    block_time_seconds: float = 12.0
    port: int = 0
    native_symbol: str = "ETH"


@dataclass(slots=True)
class LocalChain:
    """A chain. `provider` is ape's, so `use()` makes it the chain that ape's own tools talk to.

    `is_stand_in` is set for a fork that has no live chain behind it, only an empty local one.
    """

    kind: ClassVar[Kind] = EVM

    spec: ChainSpec
    provider: Any
    processes: tuple[AnvilProcess, ...] = ()
    is_stand_in: bool = False
    _clock: BlockClock | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """The chain's name, as it was asked for."""
        return self.spec.name

    @property
    def w3(self) -> Web3:
        """web3.py on this chain."""
        w3: Web3 = self.provider.web3
        return w3

    @property
    def is_py_evm(self) -> bool:
        """Whether the chain runs on py-evm, which has powers only through its own objects."""
        return bool(self.provider.name == "test")

    @property
    def has_pool(self) -> bool:
        """Whether transactions can wait for a block; not on py-evm."""
        return not self.is_py_evm

    def hold_up(self, withheld: frozenset[str], *, is_full: bool, is_dropping: bool) -> None:
        """Tell the pool which transactions no block takes, and whether it takes any in; only revm has one that
        listens.
        """
        if self.is_revm:
            pool = self.provider.chain.pool
            pool.withheld = frozenset(bytes.fromhex(name.removeprefix("0x")) for name in withheld)
            pool.is_full = is_full

    def drop_waiting(self) -> tuple[str, ...]:
        """Raises FaultUnavailable: a pool of an EVM chain keeps what it has."""
        raise FaultUnavailable(self.name, "a transaction that is lost", LITESVM)

    @property
    def is_revm(self) -> bool:
        """Whether the chain runs on revm, in this process."""
        return bool(self.provider.name == "revm")

    @property
    def is_in_process(self) -> bool:
        """Whether no other program can reach the chain."""
        return self.is_py_evm or self.is_revm

    @property
    def node_url(self) -> str | None:
        """The URL under which other programs reach the chain; None in process."""
        return None if self.is_in_process else str(self.provider.uri)

    @property
    def _evm(self) -> Any:
        """py-evm's chain with the header of the block that is being built.

        Neither ape's `set_timestamp` nor eth-tester's `time_travel`: they set that header one second too early, so one
        second after a late block they leave one that is no later than its parent, and every further block fails.
        """
        return self.provider.evm_backend.chain

    @contextlib.contextmanager
    def use(self) -> Iterator[Self]:
        """Make this ape's active chain for a while (microseconds; ape's own `use_provider` takes tens of them)."""
        from ape import networks

        previous = networks.active_provider
        networks.active_provider = self.provider
        try:
            yield self
        finally:
            networks.active_provider = previous

    def rpc(self, method: str, *parameters: object) -> Any:
        """A raw request to the node. Raises NodeRefused with the node's words if it answers with an error."""
        answer = self.w3.provider.make_request(RPCEndpoint(method), list(parameters))
        if "error" in answer:
            raise NodeRefused(self.name, method, str(answer["error"]))
        return answer.get("result")

    def mine(self, blocks: int = 1) -> None:
        """Mine empty blocks (or, on an anvil that does not mine by itself, with the transactions in its mempool)."""
        if self.is_py_evm:
            self.provider.mine(blocks)
            return
        for _ in range(blocks):
            self.rpc("evm_mine")

    def advance_time(self, seconds: int) -> None:
        """Mine one block that is exactly this many seconds later than the last. Raises TimeNotLater below one."""
        if seconds < 1:
            raise TimeNotLater(self.name, seconds)
        target = self.head_timestamp() + seconds
        if self.is_py_evm:
            self._evm.set_header_timestamp(target)
            self.mine()
            return
        self.rpc("evm_setNextBlockTimestamp", target)
        if self.head_timestamp() < target:
            self.mine()

    def mine_at(self, timestamp: int | None, base_fee_wei: int | None = None) -> None:
        """Mine one block of this time (UNIX seconds) and base fee; what is None, or not later than the last block, is
        left to the chain. Raises FaultUnavailable for a base fee on py-evm.
        """
        if timestamp is not None and timestamp <= self.head_timestamp():
            timestamp = None
        if self.is_py_evm:
            if base_fee_wei is not None:
                raise FaultUnavailable(self.name, "a base fee", "revm, anvil or fork")
            if timestamp is not None:
                self._evm.set_header_timestamp(timestamp)
            self.mine()
            return
        if timestamp is not None:
            self.rpc("evm_setNextBlockTimestamp", timestamp)
        if base_fee_wei is not None:
            self.rpc("anvil_setNextBlockBaseFeePerGas", hex(base_fee_wei))
        self.mine()

    def set_automine(self, is_automining: bool) -> None:
        """Mine each transaction at once, or only when told."""
        if self.is_py_evm:
            self.provider.auto_mine = is_automining
        else:
            self.rpc("evm_setAutomine", is_automining)

    def waiting(self) -> tuple[str, ...]:
        """The hashes of the transactions that wait for a block. Raises FaultUnavailable on py-evm."""
        return list_waiting(self)

    def transactions(self, depth: int) -> tuple[str, ...]:
        """The hashes of the transactions in the last `depth` blocks, in order."""
        head = self.height()
        blocks = [self.w3.eth.get_block(number) for number in range(head - depth + 1, head + 1)]
        return tuple(f"0x{bytes(tx_hash).hex()}" for block in blocks for tx_hash in block["transactions"])  # type: ignore[arg-type]

    def most_reorg(self) -> int:
        """All blocks: nothing is final on an EVM chain here."""
        return self.height()

    def reorg(self, depth: int, back: Sequence[str] | None = None) -> tuple[str, ...]:
        """Put as many other blocks in place of the last `depth`; gives the hashes of the transactions in those.

        Of them those in `back` come again, in that order; all by default. Raises ReorgTooDeep, UnknownTransaction,
        FaultUnavailable on py-evm.
        """
        return reorganise(self, depth, back)

    def show_coins(self, wei: int) -> str:
        """An amount of the chain's own coin as people write it, exactly, for example `1.5 ETH`."""
        whole, rest = divmod(wei, WEI_PER_COIN)
        fraction = f".{rest:018}".rstrip("0").rstrip(".")
        return f"{whole}{fraction} {self.spec.native_symbol}"

    def show_balance(self, address: str) -> str:
        """What an account has of the chain's own coin, in the same way."""
        return self.show_coins(int(self.w3.eth.get_balance(to_checksum_address(address))))

    def set_balance(self, address: str, wei: int) -> None:
        """Give an account exactly this many wei; not on py-evm."""
        self.rpc("anvil_setBalance", to_checksum_address(address), hex(wei))

    def snapshot(self) -> Any:
        """Remember everything; for one `restore`."""
        return self.provider.snapshot()

    def restore(self, snapshot: Any) -> None:
        """Go back to a snapshot; transactions in flight are forgotten."""
        self.provider.restore(snapshot)
        if self.is_py_evm:
            # ape does nothing where the head is the snapshot's: without this, a block begun on it would live on.
            self._evm.header = self._evm.ensure_header()

    def start_clock(self) -> None:
        """From now on mine a block every block time, and only then; not on py-evm."""
        if self._clock is None:
            self.rpc("evm_setAutomine", False)
            if self.is_revm:
                self.provider.chain.clock = time.time
            self._clock = BlockClock(self.name, self.spec.block_time_seconds, self.mine)
            self._clock.start()

    def stop_clock(self) -> None:
        """Mine each transaction at once again."""
        if self._clock is not None:
            self._clock.stop()
            self._clock = None
            if self.is_revm:
                self.provider.chain.clock = None
            self.rpc("evm_setAutomine", True)
            self.mine()

    def halt(self) -> None:
        """Make no blocks any more, until `start_clock`; transactions wait. Only for a chain with a clock."""
        if self._clock is not None:
            self._clock.stop()
            self._clock = None

    def close(self) -> None:
        """Disconnect, and end the process if this chain started one."""
        if self._clock is not None:
            self._clock.stop()
            self._clock = None
        with contextlib.suppress(Exception):
            self.provider.disconnect()
        for process in self.processes:
            process.stop()

    def height(self) -> int:
        """The last block's number."""
        height: int = self.w3.eth.block_number
        return height

    def least_time(self) -> int:
        """A second after the last block's time."""
        return self.head_timestamp() + 1

    def head_timestamp(self) -> int:
        """The last block's time, UNIX seconds."""
        if self.is_py_evm:
            return int(self.w3.eth.get_block("latest")["timestamp"])
        # Past web3.py's middleware: asked for at every block.
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
