"""ape's way to a chain on revm: its contracts, accounts and receipts work on it as on any node.

Takes the chain's id from the provider settings; gives a provider that `networks.active_provider` may be.
"""

import itertools
import time
from functools import cached_property
from typing import Any, ClassVar, Final

from ape.api import TestProviderAPI
from ape.exceptions import ContractLogicError, OutOfGasError, UnknownSnapshotError, VirtualMachineError
from ape_ethereum.ecosystem import BaseEthereumConfig
from ape_ethereum.provider import Web3Provider
from eth_pydantic_types import HexBytes
from pydantic import Field, PrivateAttr
from web3 import Web3
from web3.exceptions import ContractLogicError as RpcLogicError

from zklink.lab.accounts import ACCOUNT_COUNT, MNEMONIC
from zklink.lab.errors import SnapshotGone, TransactionRefused
from zklink.lab.revm.chain import NOBODY, RevmChain, Snapshot
from zklink.lab.revm.rpc import CLIENT, RevmRpc
from zklink.lab.revm.rpc_format import hex_of
from zklink.lab.revm.transactions import DYNAMIC_FEE, Transaction, decode_transaction, encode_dynamic_fee

_REVERTED: Final = "execution reverted"
_NUMBERS: Final = itertools.count(1)


class RevmProvider(TestProviderAPI, Web3Provider):  # type: ignore[misc]
    """A chain in this process, as ape sees it."""

    NAME: ClassVar[str] = "revm"
    """How `--network` calls it."""

    name: str = "revm"
    provider_settings: dict[str, Any] = Field(default_factory=dict)
    _web3: Any = PrivateAttr(default=None)
    _chain: RevmChain | None = PrivateAttr(default=None)
    _snapshots: dict[int, Snapshot] = PrivateAttr(default_factory=dict)

    @property
    def chain(self) -> RevmChain:
        """The chain itself; there is one from `connect` on."""
        assert self._chain is not None
        return self._chain

    @cached_property
    def connection_id(self) -> str:
        """Tells apart two chains of one network: ape caches by it."""
        return f"{self.network_choice}:{next(_NUMBERS)}"

    @cached_property
    def network_choice(self) -> str:
        """What ape's `--network` would say. ape's own looks for addresses in all settings, at each transaction."""
        return f"{self.network.choice}:{self.name}"

    @property
    def client_version(self) -> str:
        """What runs here."""
        return CLIENT

    @property
    def http_uri(self) -> None:
        """No other program reaches the chain."""

    ws_uri = ipc_path = http_uri

    @property
    def is_connected(self) -> bool:
        """Whether there is a chain."""
        return self._chain is not None

    @property
    def auto_mine(self) -> bool:
        """Whether each transaction is mined at once."""
        return self.chain.is_automining

    @auto_mine.setter
    def auto_mine(self, value: bool) -> None:
        self.chain.set_automine(value)

    @property
    def supports_tracing(self) -> bool:
        """pyrevm shows no traces."""
        return False

    @property
    def base_fee(self) -> int:
        """Of the next block, wei per gas."""
        return self.chain.next_base_fee

    @property
    def gas_price(self) -> int:
        """The least that is taken."""
        return self.chain.next_base_fee

    @property
    def priority_fee(self) -> int:
        """No tip is needed here."""
        return 0

    @property
    def max_gas(self) -> int:
        """The block's gas limit."""
        return self.chain.gas_limit

    def connect(self) -> None:
        """Begin a chain at this time of day."""
        chain_id = self.provider_settings.get("chain_id") or self.config_manager.get_config("test").provider.chain_id
        self._chain = RevmChain(int(chain_id), int(time.time()))
        self._web3 = Web3(RevmRpc(self._chain))
        self._fund()
        self._snapshots = {}
        self._settle_config()

    def _settle_config(self) -> None:
        """Let ape's configuration of the network stand where ape looks first: else ape builds it anew, several times
        for each transaction. Nothing in it changes.
        """
        ecosystem = self.network.ecosystem_config
        if isinstance(ecosystem, BaseEthereumConfig):
            getattr(ecosystem, self.network.name)
            if "default_transaction_type" not in ecosystem:
                ecosystem.default_transaction_type = ecosystem.DEFAULT_TRANSACTION_TYPE

    def _fund(self) -> None:
        """Give ape's test accounts their coins where they are not those of the laboratory."""
        given = self.config_manager.get_config("test")
        if given.mnemonic != MNEMONIC or given.number_of_accounts > ACCOUNT_COUNT:
            for account in self.account_manager.test_accounts:
                self._ask("anvil_setBalance", account.address, int(given.balance))

    def disconnect(self) -> None:
        """Forget the chain."""
        self._chain, self._web3 = None, None
        self._snapshots = {}

    def update_settings(self, new_settings: dict[str, Any]) -> None:
        """Begin anew with other settings."""
        self.provider_settings = {**self.provider_settings, **new_settings}
        self.connect()

    def get_nonce(self, address: str, block_id: Any = None) -> int:
        """Transactions of an account that are mined."""
        # This and what follows say the same as ape's own methods, without web3.py's conversions there and back.
        return int(self._ask("eth_getTransactionCount", address, "latest" if block_id is None else block_id), 16)

    def get_balance(self, address: str, block_id: Any = None) -> int:
        """Native coins of an account, in wei."""
        return int(self._ask("eth_getBalance", address, "latest" if block_id is None else block_id), 16)

    def get_receipt(
        self, txn_hash: str, required_confirmations: int = 0, timeout: int | None = None, **kwargs: Any
    ) -> Any:
        """What became of a transaction; one that waits is left to ape's own patience."""
        found = self._ask("eth_getTransactionReceipt", txn_hash)
        if found is None:
            return super().get_receipt(txn_hash, required_confirmations, timeout, **kwargs)
        sent = kwargs.get("transaction") or self._ask("eth_getTransactionByHash", txn_hash)
        if not isinstance(sent, dict):
            sent = sent.model_dump(by_alias=True, mode="json")
        data = {"required_confirmations": 0, **sent, **found, "gasPrice": int(found["effectiveGasPrice"], 16)}
        return self._create_receipt(**data)

    def get_code(self, address: str, block_id: Any = None) -> HexBytes:
        """An account's code."""
        return HexBytes(self._ask("eth_getCode", address, "latest" if block_id is None else block_id))

    def _send_transaction(self, txn: Any) -> str:
        try:
            transaction = self._read(txn)
            if transaction is not None:
                return hex_of(self.chain.send(transaction))
        except TransactionRefused:
            pass
        # What is refused is refused again, in the form in which ape expects errors.
        return str(super()._send_transaction(txn))

    def _read(self, txn: Any) -> Transaction | None:
        """A signed transaction of the common kind, if it is its sender's; ape's own code recovers the sender twice."""
        if txn.signature is None or txn.type != DYNAMIC_FEE or txn.access_list or not txn.sender:
            return None
        fees = (txn.chain_id, txn.nonce, txn.max_priority_fee, txn.max_fee, txn.gas_limit)
        if not all(isinstance(each, int) for each in fees):
            return None
        receiver = b"" if txn.receiver in (None, "", NOBODY) else bytes.fromhex(txn.receiver[2:])
        v, r, s = txn.signature.v, txn.signature.r, txn.signature.s
        raw = encode_dynamic_fee(
            (*fees, receiver, txn.value, bytes(txn.data)), (v, int.from_bytes(r, "big"), int.from_bytes(s, "big"))
        )
        transaction = decode_transaction(raw, self.chain.evm_chain_id)
        return transaction if transaction.sender == txn.sender.lower() else None

    def snapshot(self) -> int:
        """Remember everything."""
        number = len(self._snapshots) + 1
        self._snapshots[number] = self.chain.snapshot()
        return number

    def restore(self, snapshot_id: int) -> None:
        """Go back. Raises UnknownSnapshotError."""
        snapshot = self._snapshots.get(snapshot_id)
        try:
            if snapshot is None:
                raise UnknownSnapshotError(snapshot_id)
            self.chain.restore(snapshot)
        except SnapshotGone as error:
            raise UnknownSnapshotError(snapshot_id) from error
        for number in [number for number in self._snapshots if number > snapshot_id]:
            del self._snapshots[number]

    def set_timestamp(self, new_timestamp: int) -> None:
        """The next block's time."""
        self._ask("evm_setNextBlockTimestamp", new_timestamp)

    def mine(self, num_blocks: int = 1) -> None:
        """Mine blocks."""
        self.chain.mine(num_blocks)

    def set_balance(self, account: str, amount: int) -> None:
        """Give an account exactly this many wei."""
        self._ask("anvil_setBalance", account, amount)

    def set_code(self, address: str, code: Any) -> bool:
        """Give an account code."""
        self._ask("anvil_setCode", address, HexBytes(code))
        return True

    def set_storage(self, address: str, slot: int, value: Any) -> None:
        """Write a storage word."""
        self._ask("anvil_setStorageAt", address, slot, int.from_bytes(HexBytes(value), "big"))

    def unlock_account(self, address: str) -> bool:
        """Send for an account whose key nobody here has."""
        return bool(self._ask("anvil_impersonateAccount", address))

    def relock_account(self, address: str) -> None:
        """No longer."""
        self._ask("anvil_stopImpersonatingAccount", address)

    def get_virtual_machine_error(self, exception: Exception, **kwargs: Any) -> VirtualMachineError:
        """What a node's error is in ape's words; a revert carries its reason, or its data where it has none."""
        if "trace" in kwargs:
            kwargs["trace"] = None
        answer = getattr(exception, "rpc_response", None) or {}
        message = str(answer.get("error", {}).get("message") or (exception.args[0] if exception.args else ""))
        if not isinstance(exception, RpcLogicError) and not message.startswith(_REVERTED):
            kind = OutOfGasError if message.startswith(("out of gas", "intrinsic gas")) else VirtualMachineError
            return kind(base_err=exception, **kwargs) if kind is OutOfGasError else kind(message, **kwargs)
        reason = message.removeprefix(_REVERTED).removeprefix(": ")
        data = getattr(exception, "data", None)
        if not reason and isinstance(data, str) and data not in ("0x", "no data"):
            reason = data
        error = ContractLogicError(base_err=exception, revert_message=reason or None, **kwargs)
        return self.compiler_manager.enrich_error(error)

    def _ask(self, method: str, *parameters: Any) -> Any:
        return self.make_request(method, list(parameters))
