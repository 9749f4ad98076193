"""A chain on anvil with the face of EvmChain, where every transaction costs what it costs on a real chain."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eth_utils import to_checksum_address
from web3 import Web3
from web3.types import LogReceipt, TxReceipt

from tests.support.evm import RICH_WEI, EvmChain, Reverted
from zklink.devnet.anvil import start_anvil
from zklink.l1.deploy import predict_address

OPTIONS = ("--auto-impersonate", "--base-fee", "0", "--gas-price", "0")
"""Anybody may send, and nobody pays."""


class MeteredChain(EvmChain):
    """A chain on anvil with the face of EvmChain; `gas` is what the last transaction used."""

    def __init__(self, evm_chain_id: int, time: int) -> None:
        self.anvil = start_anvil(f"gas-{evm_chain_id}", evm_chain_id, *OPTIONS, "--timestamp", str(time))
        self.w3 = Web3(Web3.HTTPProvider(self.anvil.url))
        self.evm_chain_id = evm_chain_id
        self.contracts = {}
        self.gas = 0
        self._time = time
        self._logs = []

    @property
    def time(self) -> int:
        """The timestamp of the last block."""
        return int(self.w3.eth.get_block("latest")["timestamp"])

    @time.setter
    def time(self, seconds: int) -> None:
        self._rpc("evm_setNextBlockTimestamp", seconds)

    @contextmanager
    def rollback(self) -> Iterator[None]:
        """Undo whatever happens inside, also when it raises."""
        saved = self._rpc("evm_snapshot")
        try:
            yield
        finally:
            self._rpc("evm_revert", saved)

    def fund(self, account: str) -> str:
        self._rpc("anvil_setBalance", account, hex(RICH_WEI))
        return account

    def balance(self, account: str) -> int:
        return int(self.w3.eth.get_balance(to_checksum_address(account)))

    def predict_address(self, deployer: str, ahead: int = 0) -> str:
        return predict_address(deployer, self.w3.eth.get_transaction_count(to_checksum_address(deployer)) + ahead)

    def create(self, deployer: str, code: bytes) -> str:
        return str(self._transact({"from": deployer, "data": "0x" + code.hex()})["contractAddress"])

    def send(self, sender: str, to: str, data: bytes = b"", value: int = 0, gas: int = 30_000_000) -> bytes:
        call = {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(gas)}
        returned = bytes.fromhex(str(self._rpc("eth_call", call, "latest"))[2:])
        receipt = self._transact(call)
        self._logs = [_Log(log) for log in receipt["logs"]]
        return returned

    def read(self, to: str, data: bytes, sender: str, value: int = 0, gas: int = 30_000_000) -> bytes:
        return bytes.fromhex(str(self._rpc("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest"))[2:])

    def stop(self) -> None:
        """End the process."""
        self.anvil.stop()

    def _transact(self, call: dict[str, Any]) -> TxReceipt:
        sent = self._rpc("eth_sendTransaction", {"gas": hex(30_000_000), "gasPrice": "0x0", **call})
        receipt = self.w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.005)
        if receipt["status"] != 1:
            raise Reverted(f"transaction {sent} failed")
        self.gas = receipt["gasUsed"]
        return receipt

    def _rpc(self, method: str, *parameters: object) -> Any:
        answer = self.w3.provider.make_request(method, parameters)  # type: ignore[arg-type]
        if "error" in answer:
            raise Reverted(str(answer["error"]))
        return answer["result"]


class _Log:
    """A receipt's log with the face of revm's."""

    def __init__(self, log: LogReceipt) -> None:
        self.address, self.topics = log["address"], ["0x" + bytes(topic).hex() for topic in log["topics"]]
        self.data: tuple[list[bytes], bytes] = ([], bytes(log["data"]))
