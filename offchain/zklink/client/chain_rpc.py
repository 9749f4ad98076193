"""One chain's node, asked by JSON-RPC over the client's transport.

Takes methods and parameters; gives numbers, bytes and receipts. Asks again while there is no answer. A contract's
reason becomes CallReverted. Never signs, and never believes which chain the node serves: `check_chain_id` asks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from eth_utils import to_checksum_address

from zklink.client.asking import ask_until_answered
from zklink.client.contract_calls import decode_answer, encode_call, split_signature
from zklink.client.patience import ASK_SECONDS
from zklink.client.transport import Transport, name_host
from zklink.l1.transport.reverts import decode_revert_data
from zklink.protocol.errors import CallReverted, NodeUnreachable, RpcRefused, RpcUnavailable, WrongChain

BUSY_CODES: Final = frozenset({-32005, -32016, 429})
"""JSON-RPC's numbers of nodes that are asked too often."""
DENIED: Final = frozenset({401, 402, 403, 404})
_REVERT_DATA: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


@dataclass(frozen=True, slots=True)
class Mined:
    """The receipt of a transaction. `logs` are (address, topics, data)."""

    is_success: bool
    block: int
    logs: tuple[tuple[str, tuple[bytes, ...], bytes], ...]


@dataclass(frozen=True, slots=True)
class Head:
    """A chain's newest block; `base_fee_wei` is None on a chain without EIP-1559."""

    number: int
    timestamp: int
    base_fee_wei: int | None


class RpcAnswerError(Exception):
    """The error object of a JSON-RPC answer; it never leaves the client."""

    def __init__(self, code: int, message: str, data: object) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class ChainRpc:
    """A chain at the address of its node."""

    def __init__(self, transport: Transport, name: str, url: str, evm_chain_id: int) -> None:
        self.name, self.evm_chain_id = name, evm_chain_id
        self._transport, self._url = transport, url

    async def check_chain_id(self) -> None:
        """Raise WrongChain unless the node serves the chain of the deployment."""
        found = await self._ask_number("eth_chainId")
        if found != self.evm_chain_id:
            raise WrongChain(self.name, self.evm_chain_id, found)

    async def ask(self, method: str, *params: object, seconds: float = ASK_SECONDS) -> Any:
        """The result of a question, asked until there is one. Raises RpcAnswerError, RpcUnavailable, RpcRefused."""
        return await ask_until_answered(
            self._transport, self.name, self._url, method, seconds, lambda: self._ask_once(method, params)
        )

    async def read(self, to: str, signature: str, types: str, *arguments: object) -> tuple[Any, ...]:
        """The values that a view answers. Raises CallReverted, also for an answer of other types."""
        label = split_signature(signature)[0]
        answer = await self.call({"to": to, "data": _hex(encode_call(signature, *arguments))}, label)
        values = decode_answer(types, answer)
        if values is None:
            shown = _hex(answer[:32]) if answer else "nothing"
            raise CallReverted(self.name, label, f"{to} answers {shown}, which is not {types}")
        return values

    async def call(self, transaction: Mapping[str, str], label: str) -> bytes:
        """The bytes that a contract answers. Raises CallReverted."""
        try:
            answer = await self.ask("eth_call", dict(transaction), "latest")
            return _bytes(answer)
        except RpcAnswerError as error:
            raise self._name_revert(error, label) from None
        except ValueError:
            raise self._doubt("eth_call") from None

    async def estimate(self, transaction: Mapping[str, str], label: str) -> int:
        """The gas that a transaction takes. Raises CallReverted."""
        try:
            return await self._ask_number("eth_estimateGas", dict(transaction))
        except RpcAnswerError as error:
            raise self._name_revert(error, label) from None

    async def balance(self, address: str) -> int:
        """The chain's own coin of an account, in wei."""
        return await self._ask_number("eth_getBalance", address, "latest")

    async def next_nonce(self, address: str) -> int:
        """The nonce of an account's next transaction, after those that wait."""
        return await self._ask_number("eth_getTransactionCount", address, "pending")

    async def mined_nonce(self, address: str) -> int:
        """The number of an account's transactions that are mined."""
        return await self._ask_number("eth_getTransactionCount", address, "latest")

    async def code(self, address: str) -> bytes:
        """The code at an address; empty if there is none."""
        try:
            return _bytes(await self.ask("eth_getCode", address, "latest"))
        except ValueError:
            raise self._doubt("eth_getCode") from None

    async def head(self) -> Head:
        """The newest block."""
        found = await self.ask("eth_getBlockByNumber", "latest", False)
        try:
            base = found.get("baseFeePerGas")
            return Head(_number(found["number"]), _number(found["timestamp"]), None if base is None else _number(base))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._doubt("eth_getBlockByNumber") from None

    async def gas_price(self) -> int:
        """The node's own price of gas, in wei."""
        return await self._ask_number("eth_gasPrice")

    async def priority_fee(self) -> int | None:
        """What the node would pay a block's maker for gas, in wei; None if it does not say."""
        try:
            return await self._ask_number("eth_maxPriorityFeePerGas")
        except (RpcAnswerError, RpcRefused):
            return None

    async def receipt(self, tx_hash: str) -> Mined | None:
        """The receipt of a transaction; None while it is not mined."""
        try:
            found = await self.ask("eth_getTransactionReceipt", tx_hash)
        except RpcAnswerError:
            raise self._doubt("eth_getTransactionReceipt") from None
        if found is None:
            return None
        try:
            logs = tuple(
                (to_checksum_address(log["address"]), tuple(map(_bytes, log["topics"])), _bytes(log["data"]))
                for log in found["logs"]
            )
            return Mined(_number(found["status"]) == 1, _number(found["blockNumber"]), logs)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._doubt("eth_getTransactionReceipt") from None

    async def is_known(self, tx_hash: str) -> bool:
        """Whether the node has a transaction, mined or waiting."""
        return await self.ask("eth_getTransactionByHash", tx_hash) is not None

    async def sent_call(self, tx_hash: str) -> tuple[str, bytes] | None:
        """(contract, input) of a transaction; None if the node has none of that hash, or it calls no contract."""
        try:
            found = await self.ask("eth_getTransactionByHash", tx_hash)
            if found is None or found["to"] is None:
                return None
            return to_checksum_address(found["to"]), _bytes(found["input"])
        except (KeyError, TypeError, ValueError, RpcAnswerError):
            raise self._doubt("eth_getTransactionByHash") from None

    async def send_raw(self, raw: bytes) -> None:
        """Hand in a signed transaction; RpcAnswerError if the node does not take it."""
        await self.ask("eth_sendRawTransaction", _hex(raw))

    # -- inside ------------------------------------------------------------------------------------------------------

    async def _ask_once(self, method: str, params: Sequence[object]) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        reply = await self._transport.send("POST", self._url, {}, msgspec.json.encode(body))
        if reply.status in DENIED:
            detail = f"HTTP {reply.status}: check the key and the path of its URL"
            raise RpcRefused(self.name, method, detail)
        try:
            answer = msgspec.json.decode(reply.body)
            error = answer.get("error")
            if error is None:
                return answer["result"]
            code, message = int(error.get("code", 0)), str(error.get("message", ""))
        except (msgspec.DecodeError, AttributeError, KeyError, TypeError, ValueError):
            raise NodeUnreachable(name_host(self._url), f"HTTP {reply.status}, and no JSON-RPC") from None
        if code in BUSY_CODES or reply.status in BUSY_CODES:
            raise NodeUnreachable(name_host(self._url), message)
        if code == -32601:
            raise RpcRefused(self.name, method, message)
        raise RpcAnswerError(code, message, error.get("data"))

    async def _ask_number(self, method: str, *params: object) -> int:
        answer = await self.ask(method, *params)
        try:
            return _number(answer)
        except (TypeError, ValueError):
            raise self._doubt(method) from None

    def _doubt(self, method: str) -> RpcUnavailable:
        return RpcUnavailable(self.name, method, 1, f"{name_host(self._url)}: its answer is none of this method")

    def _name_revert(self, error: RpcAnswerError, label: str) -> CallReverted:
        data = error.data.get("data", "") if isinstance(error.data, dict) else error.data
        if isinstance(data, str) and _REVERT_DATA.fullmatch(data):
            return CallReverted(self.name, label, decode_revert_data(_bytes(data)))
        reason = error.message.removeprefix("execution reverted").lstrip(": ")
        return CallReverted(self.name, label, reason)


def _number(value: Any) -> int:
    return value if isinstance(value, int) else int(str(value), 16)


def _bytes(value: Any) -> bytes:
    return bytes.fromhex(str(value).removeprefix("0x"))


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"
