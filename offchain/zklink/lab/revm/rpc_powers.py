"""What only a local chain does when it is asked: the `evm_` and `anvil_` methods, with anvil's names and parameters."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from zklink.lab.errors import SnapshotGone
from zklink.lab.revm.chain import RevmChain, Snapshot
from zklink.lab.revm.rpc_format import read_address, read_bytes, read_number
from zklink.lab.revm.rpc_unlocked import Unlocked
from zklink.lab.revm.state import Account, Changes


class Powers:
    """The methods, on one chain."""

    def __init__(self, chain: RevmChain, unlocked: Unlocked) -> None:
        self._chain, self._unlocked = chain, unlocked
        self._snapshots: dict[int, Snapshot] = {}

    def methods(self) -> dict[str, Callable[..., Any]]:
        """Them by name."""
        anvil: dict[str, Callable[..., Any]] = {
            "setBalance": lambda address, wei: self._change(address, balance=read_number(wei)),
            "setNonce": lambda address, nonce: self._change(address, nonce=read_number(nonce)),
            "setCode": lambda address, code: self._change(address, code=read_bytes(code)),
            "setStorageAt": self._set_storage,
            "setCoinbase": self._set_coinbase,
            "setNextBlockBaseFeePerGas": self._set_base_fee,
            "impersonateAccount": self._unlocked.impersonate,
            "stopImpersonatingAccount": self._unlocked.stop,
            "dropTransaction": lambda tx_hash: self._chain.drop(read_bytes(tx_hash)),
            "getAutomine": lambda: self._chain.is_automining,
            "mine": self._mine,
            "reorg": self._reorg,
        }
        return {
            "evm_mine": self._mine_one,
            "evm_snapshot": self._snapshot,
            "evm_revert": self._revert,
            "evm_setAutomine": self._set_automine,
            "evm_increaseTime": self._increase_time,
            "evm_setNextBlockTimestamp": self._set_timestamp,
            **{f"{prefix}_{name}": method for name, method in anvil.items() for prefix in ("anvil", "hardhat")},
        }

    def _change(self, address: Any, **values: Any) -> None:
        account: Account = replace(self._chain.state.account(read_address(address)), **values)
        self._chain.change(Changes({read_address(address): account}))

    def _set_storage(self, address: Any, key: Any, value: Any) -> bool:
        self._chain.change(Changes(slots={(read_address(address), read_number(key)): read_number(value)}))
        return True

    def _set_coinbase(self, address: Any) -> None:
        self._chain.coinbase = read_address(address)

    def _set_base_fee(self, wei: Any) -> None:
        self._chain.order(replace(self._chain.pending, base_fee=read_number(wei)))

    def _set_timestamp(self, timestamp: Any) -> None:
        self._chain.order(replace(self._chain.pending, timestamp=read_number(timestamp)))

    def _increase_time(self, seconds: Any) -> str:
        more = self._chain.pending.seconds + read_number(seconds)
        self._chain.order(replace(self._chain.pending, seconds=more))
        return hex(more)

    def _set_automine(self, is_automining: bool) -> None:
        self._chain.set_automine(bool(is_automining))

    def _mine_one(self, timestamp: Any = None) -> str:
        if timestamp is not None:
            self._set_timestamp(timestamp["timestamp"] if isinstance(timestamp, dict) else timestamp)
        self._chain.mine()
        return "0x0"

    def _mine(self, blocks: Any = 1, seconds: Any = 1) -> None:
        for _ in range(read_number(blocks)):
            self._chain.mine()
            self._chain.order(replace(self._chain.pending, seconds=read_number(seconds)))

    def _reorg(self, depth: Any, pairs: Any = ()) -> None:
        self._chain.reorg(read_number(depth))

    def _snapshot(self) -> str:
        number = max(self._snapshots, default=0) + 1
        self._snapshots[number] = self._chain.snapshot()
        return hex(number)

    def _revert(self, name: Any) -> bool:
        """Like anvil: a snapshot serves once, and with it go those after it."""
        number = read_number(name)
        snapshot = self._snapshots.get(number)
        if snapshot is None:
            return False
        self._snapshots = {key: value for key, value in self._snapshots.items() if key < number}
        try:
            self._chain.restore(snapshot)
        except SnapshotGone:
            return False
        return True
