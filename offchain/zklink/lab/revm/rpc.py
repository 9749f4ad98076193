"""A chain behind the JSON-RPC methods of a node, as a provider of web3.py: no port, no other process.

Takes a method and its parameters; gives the answer that a node would give, errors too. The methods are those that
web3.py, eth-account, ape and clients of contracts use; another one is answered with "method not found".
"""

from collections.abc import Callable
from typing import Any, Final

from web3.providers.base import BaseProvider
from web3.types import RPCEndpoint, RPCResponse

from zklink.lab.accounts import funded_accounts
from zklink.lab.errors import LabError, TransactionRefused
from zklink.lab.revm.calls import account_at, call, estimate_gas, slot_at
from zklink.lab.revm.chain import NOBODY, RevmChain
from zklink.lab.revm.engine import Message
from zklink.lab.revm.rpc_errors import INVALID_PARAMS, METHOD_NOT_FOUND, SERVER_ERROR, RpcRefused, describe_failure
from zklink.lab.revm.rpc_format import (
    Json,
    find_logs,
    hex_of,
    read_address,
    read_bytes,
    read_number,
    read_overrides,
    show_block,
    show_receipt,
    show_transaction,
)
from zklink.lab.revm.rpc_powers import Powers
from zklink.lab.revm.rpc_unlocked import TIP, Unlocked
from zklink.lab.revm.state import Account

CLIENT: Final = "zklink-lab/revm"


class RevmRpc(BaseProvider):
    """What web3.py talks to."""

    def __init__(self, chain: RevmChain) -> None:
        super().__init__()
        self.chain = chain
        self.unlocked = Unlocked(chain)
        self._methods: dict[str, Callable[..., Any]] = {
            "web3_clientVersion": lambda: CLIENT,
            "net_version": lambda: str(chain.evm_chain_id),
            "net_listening": lambda: True,
            "eth_chainId": lambda: hex(chain.evm_chain_id),
            "eth_syncing": lambda: False,
            "eth_mining": lambda: False,
            "eth_accounts": lambda: [account.address for account in funded_accounts()],
            "eth_blockNumber": lambda: hex(chain.head.number),
            "eth_gasPrice": lambda: hex(chain.next_base_fee + TIP),
            "eth_maxPriorityFeePerGas": lambda: hex(TIP),
            "eth_feeHistory": self._fee_history,
            "eth_getBalance": lambda address, at="latest": hex(self._account(address, at).balance),
            "eth_getCode": lambda address, at="latest": hex_of(self._account(address, at).code),
            "eth_getTransactionCount": self._count,
            "eth_getStorageAt": self._storage,
            "eth_getBlockByNumber": lambda at, is_full=False: self._show(self._find_height(at, False), is_full),
            "eth_getBlockByHash": lambda block_hash, is_full=False: self._show(self._find_hash(block_hash), is_full),
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getLogs": self._logs,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_sendRawTransaction": lambda raw: hex_of(chain.send_raw(read_bytes(raw))),
            "eth_sendTransaction": lambda asked: hex_of(self.unlocked.send(asked)),
        }
        self._methods.update(Powers(chain, self.unlocked).methods())

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Answer a request."""
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": 1}
        try:
            with self.chain.lock:
                answer["result"] = self._answer(str(method), list(params or ()))
        except RpcRefused as refused:
            answer["error"] = refused.answer()
        except TransactionRefused as error:
            answer["error"] = RpcRefused(SERVER_ERROR, error.reason).answer()
        except LabError as error:
            answer["error"] = RpcRefused(SERVER_ERROR, str(error)).answer()
        return answer  # type: ignore[return-value]

    def is_connected(self, show_traceback: bool = False) -> bool:
        """Always: there is no line that could break."""
        return True

    def _answer(self, method: str, params: list[Any]) -> Any:
        found = self._methods.get(method)
        if found is None:
            raise RpcRefused(METHOD_NOT_FOUND, f"the method {method} does not exist/is not available")
        try:
            return found(*params)
        except TypeError as error:
            raise RpcRefused(INVALID_PARAMS, f"{method}: {error}") from error

    # -- blocks --------------------------------------------------------------------------------------------------

    def _find_height(self, at: Any, is_required: bool = True) -> int | None:
        """A block's number; None for the one that comes next, or for one that is not there."""
        chain = self.chain
        if isinstance(at, dict):
            at = at["blockNumber"] if "blockNumber" in at else self._find_hash(at.get("blockHash"), is_required)
        if at in ("latest", "safe", "finalized", None):
            return chain.head.number
        if at == "pending":
            return None if is_required else chain.head.number
        number = 0 if at == "earliest" else read_number(at)
        if number > chain.head.number:
            if is_required:
                raise RpcRefused(SERVER_ERROR, "header not found")
            return None
        return number

    def _find_hash(self, block_hash: Any, is_required: bool = False) -> int | None:
        block = self.chain.find_block(read_bytes(block_hash))
        if block is None and is_required:
            raise RpcRefused(SERVER_ERROR, "header for hash not found")
        return None if block is None else block.number

    def _show(self, height: int | None, is_full: bool) -> Json | None:
        return None if height is None else show_block(self.chain.blocks[height], is_full)

    def _fee_history(self, count: Any, newest: Any, percentiles: Any = None) -> Json:
        last = self._find_height(newest)
        last = self.chain.head.number if last is None else last
        blocks = self.chain.blocks[max(0, last + 1 - read_number(count)) : last + 1]
        following = self.chain.blocks[last + 1].base_fee if last < self.chain.head.number else self.chain.next_base_fee
        history: Json = {
            "oldestBlock": hex(blocks[0].number),
            "baseFeePerGas": [hex(block.base_fee) for block in blocks] + [hex(following)],
            "gasUsedRatio": [block.gas_used / block.context.gas_limit for block in blocks],
        }
        if percentiles:
            history["reward"] = [[hex(TIP)] * len(percentiles) for _ in blocks]
        return history

    # -- accounts ------------------------------------------------------------------------------------------------

    def _account(self, address: Any, at: Any) -> Account:
        return account_at(self.chain, read_address(address), self._find_height(at))

    def _count(self, address: Any, at: Any = "latest") -> str:
        nonce = self._account(address, at).nonce
        return hex(self.chain.pool.count_nonce(read_address(address), nonce) if at == "pending" else nonce)

    def _storage(self, address: Any, key: Any, at: Any = "latest") -> str:
        return f"0x{slot_at(self.chain, (read_address(address), read_number(key)), self._find_height(at)):064x}"

    # -- transactions --------------------------------------------------------------------------------------------

    def _transaction(self, tx_hash: Any) -> Json | None:
        receipt = self.chain.find_receipt(read_bytes(tx_hash))
        if receipt is not None:
            return show_transaction(receipt.transaction, self.chain.blocks[receipt.block_number], receipt)
        waiting = self.chain.find_waiting(read_bytes(tx_hash))
        return None if waiting is None else show_transaction(waiting)

    def _receipt(self, tx_hash: Any) -> Json | None:
        receipt = self.chain.find_receipt(read_bytes(tx_hash))
        return None if receipt is None else show_receipt(receipt, self.chain.blocks[receipt.block_number])

    def _logs(self, query: Json) -> list[Json]:
        blocks = self.chain.blocks
        if query.get("blockHash") is not None:
            number = self._find_hash(query["blockHash"], True)
            assert number is not None
            chosen = blocks[number : number + 1]
        else:
            first, last = (self._read_bound(query.get(name)) for name in ("fromBlock", "toBlock"))
            if first > last:
                raise RpcRefused(INVALID_PARAMS, "invalid block range params")
            chosen = blocks[first : last + 1]
        given = query.get("address") or []
        addresses = [given] if isinstance(given, str | bytes) else given
        topics = [
            None if topic is None else frozenset(map(read_bytes, topic if isinstance(topic, list | tuple) else [topic]))
            for topic in query.get("topics") or ()
        ]
        return find_logs(chosen, frozenset(map(read_address, addresses)), topics)

    def _read_bound(self, at: Any) -> int:
        if at in ("latest", "pending", "safe", "finalized", None):
            return self.chain.head.number
        return 0 if at == "earliest" else read_number(at)

    # -- calls ---------------------------------------------------------------------------------------------------

    def _read_message(self, asked: Json, balance: int) -> Message:
        price = read_number(asked.get("maxFeePerGas") or asked.get("gasPrice") or 0)
        gas = min(read_number(asked.get("gas") or self.chain.gas_limit), self.chain.gas_limit)
        value = read_number(asked.get("value") or 0)
        if price:
            gas = min(gas, max(0, balance - value) // price)
        if value > balance:
            raise RpcRefused(SERVER_ERROR, f"insufficient funds for transfer: have {balance} want {value}")
        entries = asked.get("accessList") or ()
        return Message(
            read_address(asked.get("from") or NOBODY),
            read_address(asked["to"]) if asked.get("to") else None,
            read_bytes(asked.get("data") or asked.get("input")),
            value,
            gas,
            price,
            [(read_address(e["address"]), [read_number(key) for key in e["storageKeys"]]) for e in entries],
        )

    def _call(self, asked: Json, at: Any = "latest", overrides: Json | None = None) -> str:
        height = self._find_height(at)
        changes = read_overrides(overrides, lambda address: account_at(self.chain, address, height))
        sender = read_address(asked.get("from") or NOBODY)
        account = changes.accounts.get(sender) or account_at(self.chain, sender, height)
        outcome = call(self.chain, self._read_message(asked, account.balance), height, changes)
        if not outcome.is_success:
            raise describe_failure(outcome)
        return hex_of(outcome.output)

    def _estimate(self, asked: Json, at: Any = None, overrides: Json | None = None) -> str:
        sender = read_address(asked.get("from") or NOBODY)
        message = self._read_message(asked, self.chain.state.account(sender).balance)
        gas, outcome = estimate_gas(self.chain, message)
        if not outcome.is_success:
            raise describe_failure(outcome)
        return hex(gas)
