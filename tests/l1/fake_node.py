"""A node that fails on demand: the JSON-RPC methods that the client uses, a pool, and blocks that are mined when told.

Its faults and limits are the laboratory's (`zklink.lab.rpc_proxy`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import rlp
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_utils import keccak, to_checksum_address
from hexbytes import HexBytes
from web3 import Web3
from web3.types import RPCResponse

from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.rpc import RetryPolicy
from zklink.l1.transport.submission import SendPolicy
from zklink.lab.rpc_proxy import FaultyRpc
from zklink.protocol.ids import ChainId

PROFILE = ChainProfile("fake", ChainId(1), 1337, 1.0, 2, "FAK", is_local=True)
POLICY = SendPolicy(RetryPolicy(attempts=3, pause_seconds=1.0), fee_bumps=2, blocks_per_fee=4, seconds_per_fee=4.0)
BASE_FEE = 100
TIP = 7


@dataclass(frozen=True, slots=True)
class Pooled:
    """A transaction as the node got it."""

    tx_hash: bytes
    sender: str
    nonce: int
    max_fee: int
    to: str
    data: bytes
    tip: int = 0
    gas: int = 0


@dataclass(eq=False)
class FakeNode(FaultyRpc):
    """`mines` says whether a block is mined at every tick of the client's patience."""

    mines: bool = True
    has_base_fee: bool = True
    minimum_fee: int = 0
    gas: int = 50_000
    reverts: str | None = None
    mined_reverts: str | None = None
    pool: list[Pooled] = field(default_factory=list)
    mined: list[Pooled] = field(default_factory=list)
    received: list[Pooled] = field(default_factory=list)
    now: float = 0.0
    log_step: int = 1
    has_blocks: bool = True
    empty_blocks: int = 0
    base_fee: int = BASE_FEE
    tip: int = TIP
    history: list[tuple[int, int]] | None = None
    tip_floor: int = 0
    names_floor: bool = True
    cap_wei: int = 10**30
    refuses: tuple[bytes, str] | None = None
    pending_count: int = 0
    chain_id: int = PROFILE.evm_chain_id
    on_tick: Callable[["FakeNode"], None] = lambda node: None
    bend: Callable[[str, Any], Any] = lambda method, answer: answer
    """What the node makes of its answer to a method."""

    def __post_init__(self) -> None:
        super().__init__(self.tick)

    def client(self) -> ChainClient:
        """A client of this node whose waiting lets the node's time pass."""
        return ChainClient(PROFILE, Web3(self), POLICY, sleep=self.tick, clock=lambda: self.now)

    def tick(self, seconds: float) -> None:
        """Time passes; perhaps a block is mined."""
        self.now += seconds
        self.on_tick(self)
        before = len(self.mined)
        if self.mines:
            self.mine()
        is_block_without_ours = not self.mines or (bool(self.pool) and len(self.mined) == before)
        self.empty_blocks += self.has_blocks and is_block_without_ours

    def mine(self) -> None:
        """Take what is next in turn out of the pool, the best paid of each nonce."""
        for pooled in sorted(self.pool, key=lambda item: (item.nonce, -item.max_fee)):
            if pooled.nonce == self.count(pooled.sender):
                self.mined.append(pooled)
        self.pool = [pooled for pooled in self.pool if pooled.nonce >= self.count(pooled.sender)]

    def count(self, sender: str) -> int:
        """Mined transactions of an account."""
        return sum(pooled.sender == sender for pooled in self.mined)

    @property
    def height(self) -> int:
        """The head's number."""
        return len(self.mined) + self.empty_blocks

    def restart(self) -> None:
        """The node starts again: its pool is empty."""
        self.pool.clear()

    def drop(self, nonce: int) -> None:
        """The node loses what has this nonce out of its pool."""
        self.pool = [item for item in self.pool if item.nonce != nonce]

    def take_nonce(self, sender: str, nonce: int) -> None:
        """Somebody else's transaction of the same account is mined."""
        assert nonce == self.count(sender)
        self.mined.append(Pooled(keccak(text=f"foreign {nonce}"), sender, nonce, 0, sender, b"foreign"))

    def serve(self, method: str, params: Any) -> RPCResponse:
        handler = getattr(self, f"_{method}", None)
        answer: RPCResponse = self.bend(method, handler(*params) if handler is not None else _missing_method(method))
        return answer

    # -- methods -------------------------------------------------------------------------------------------------

    def _eth_chainId(self) -> RPCResponse:
        return _result(hex(self.chain_id))

    def _eth_getTransactionCount(self, address: str, block: str) -> RPCResponse:
        count = self.count(address)
        if block == "pending":
            pooled = {item.nonce for item in self.pool if item.sender == address}
            while count in pooled:
                count += 1
            count = max(count, self.pending_count)
        return _result(hex(count))

    def _eth_getBalance(self, address: str, block: str) -> RPCResponse:
        return _result(hex(10**20))

    def _eth_getCode(self, address: str, block: str) -> RPCResponse:
        return _result("0x60")

    def _eth_estimateGas(self, transaction: Any, block: Any = None) -> RPCResponse:
        return _revert(self.reverts) if self.reverts is not None else _result(hex(self.gas))

    def _eth_call(self, transaction: Any, block: Any = None) -> RPCResponse:
        reason = self.mined_reverts if self.mined_reverts is not None else self.reverts
        return _revert(reason) if reason is not None else _result("0x")

    def _eth_getBlockByNumber(self, block: Any, full: bool) -> RPCResponse:
        number = int(block, 16) if str(block).startswith("0x") else self.height
        if number > self.height:
            return _result(None)
        data: dict[str, Any] = {
            "number": hex(number),
            "hash": f"0x{number:064x}",
            "parentHash": f"0x{max(0, number - 1):064x}",
            "timestamp": hex(int(self.now)),
        }
        if self.has_base_fee:
            data["baseFeePerGas"] = hex(self.base_fee)
        return _result(data)

    def _eth_maxPriorityFeePerGas(self) -> RPCResponse:
        return _result(hex(self.tip))

    def _eth_feeHistory(self, blocks: str, newest: str, percentiles: list[float]) -> RPCResponse:
        if self.history is None:
            return _missing_method("eth_feeHistory")
        rows = [[hex(low), hex(median)] for low, median in self.history]
        return _result(
            {
                "oldestBlock": hex(0),
                "baseFeePerGas": [hex(self.base_fee)] * (len(rows) + 1),
                "gasUsedRatio": [0.5] * len(rows),
                "reward": rows,
            }
        )

    def _eth_gasPrice(self) -> RPCResponse:
        return _result(hex(self.base_fee))

    def _eth_sendRawTransaction(self, raw: str) -> RPCResponse:
        pooled = _decode(HexBytes(raw))
        if any(item.tx_hash == pooled.tx_hash for item in self.pool):
            return _error("already known")
        if pooled.nonce < self.count(pooled.sender):
            return _error("nonce too low")
        if self.refuses is not None and pooled.data == self.refuses[0]:
            return _error(self.refuses[1])
        if pooled.max_fee * pooled.gas > self.cap_wei:
            asked, cap = pooled.max_fee * pooled.gas / 10**18, self.cap_wei / 10**18
            return _error(f"tx fee ({asked:.2f} ether) exceeds the configured cap ({cap:.2f} ether)")
        if pooled.tip < self.tip_floor:
            detail = f": gas tip cap {pooled.tip}, minimum needed {self.tip_floor}" if self.names_floor else ""
            return _error(f"transaction underpriced{detail}")
        if pooled.max_fee < self.minimum_fee:
            return _error("transaction underpriced")
        rivals = [item for item in self.pool if (item.sender, item.nonce) == (pooled.sender, pooled.nonce)]
        if any(pooled.max_fee * 10 < rival.max_fee * 11 for rival in rivals):
            return _error("replacement transaction underpriced")
        self.pool.append(pooled)
        self.received.append(pooled)
        return _result(f"0x{pooled.tx_hash.hex()}")

    def _eth_getTransactionByHash(self, tx_hash: str) -> RPCResponse:
        for item in (*self.mined, *self.pool):
            if item.tx_hash == bytes(HexBytes(tx_hash)):
                return _result({"hash": tx_hash, "nonce": hex(item.nonce), "input": f"0x{item.data.hex()}"})
        return _result(None)

    def _eth_getTransactionReceipt(self, tx_hash: str) -> RPCResponse:
        for index, item in enumerate(self.mined):
            if item.tx_hash == bytes(HexBytes(tx_hash)):
                return _result(_receipt(item, index + 1, self.mined_reverts is None))
        return _result(None)

    def _eth_getLogs(self, query: Any) -> RPCResponse:
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        return _result(
            [_log(query["address"][0], number) for number in range(first, last + 1) if number % self.log_step == 0]
        )


def _decode(raw: HexBytes) -> Pooled:
    sender = to_checksum_address(Account.recover_transaction(raw))
    if raw[0] <= 0x7F:
        fields = TypedTransaction.from_bytes(raw).as_dict()
        nonce, fee, to, data = fields["nonce"], fields["maxFeePerGas"], fields["to"], fields["data"]
        tip, gas = fields["maxPriorityFeePerGas"], fields["gas"]
    else:
        items = rlp.decode(bytes(raw))
        nonce, fee, gas = (int.from_bytes(items[i], "big") for i in (0, 1, 2))
        to, data, tip = items[3], items[5], fee
    return Pooled(
        keccak(bytes(raw)),
        sender,
        int(nonce),
        int(fee),
        to_checksum_address(bytes(HexBytes(to))),
        bytes(data),
        int(tip),
        int(gas),
    )


def _receipt(item: Pooled, block: int, is_success: bool) -> dict[str, Any]:
    return {
        "transactionHash": f"0x{item.tx_hash.hex()}",
        "blockNumber": hex(block),
        "blockHash": f"0x{block:064x}",
        "transactionIndex": "0x0",
        "status": hex(is_success),
        "gasUsed": hex(21_000),
        "cumulativeGasUsed": hex(21_000),
        "effectiveGasPrice": hex(BASE_FEE + TIP),
        "contractAddress": None,
        "from": item.sender,
        "to": item.to,
        "logs": [],
        "logsBloom": "0x" + "00" * 256,
        "type": "0x2",
    }


def _log(address: str, number: int) -> dict[str, Any]:
    return {
        "address": address,
        "topics": [],
        "data": "0x",
        "blockNumber": hex(number),
        "blockHash": f"0x{number:064x}",
        "transactionHash": f"0x{number:064x}",
        "transactionIndex": "0x0",
        "logIndex": "0x0",
        "removed": False,
    }


def _result(value: Any) -> RPCResponse:
    return {"jsonrpc": "2.0", "id": 1, "result": value}


def _missing_method(method: str) -> RPCResponse:
    message = f"the method {method} does not exist/is not available"
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": message}}


def _error(message: str) -> RPCResponse:
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": message}}


def _revert(reason: str) -> RPCResponse:
    from eth_abi import encode

    data = f"0x08c379a0{encode(['string'], [reason]).hex()}"
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": 3, "message": f"execution reverted: {reason}", "data": data}}
