"""A chain in process: one revm for each chain, some thousand calls a second.

Takes compiled contracts, gives callable ones. A failed call raises Reverted with the reason and leaves no trace. Time
stands still unless `time` is set.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import rlp
from eth_abi import decode, encode
from eth_utils import keccak, to_checksum_address
from pyrevm import EVM, BlockEnv, CfgEnv, Env

from zklink.l1.artifacts import ContractArtifact

GAS_LIMIT = 30_000_000
ERROR_SELECTOR = keccak(text="Error(string)")[:4]


class Reverted(Exception):
    """A call failed; `reason` is the contract's own, or the machine's word for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MiniChain:
    """One EVM with its own id, accounts and clock."""

    def __init__(self, evm_chain_id: int, time: int) -> None:
        self.evm_chain_id = evm_chain_id
        self._time = time
        block = BlockEnv(number=1, timestamp=time, gas_limit=10**9)
        self.evm = EVM(env=Env(cfg=CfgEnv(chain_id=evm_chain_id), block=block), spec_id="CANCUN")

    @property
    def time(self) -> int:
        """The timestamp of every call, UNIX seconds."""
        return self._time

    @time.setter
    def time(self, value: int) -> None:
        self._time = value
        self.evm.set_block_env(BlockEnv(number=value, timestamp=value, gas_limit=10**9))

    def predict_address(self, deployer: str, ahead: int = 0) -> str:
        """Where the deployer's contract after `ahead` others will stand."""
        nonce = self.evm.basic(deployer).nonce + ahead
        return to_checksum_address(keccak(rlp.encode([bytes.fromhex(deployer[2:]), nonce]))[12:])

    def deploy(self, deployer: str, artifact: ContractArtifact, *args: object) -> "MiniContract":
        """Create a contract. Raises Reverted with the constructor's reason."""
        constructor: dict[str, Any] = next((x for x in artifact.abi if x["type"] == "constructor"), {"inputs": []})
        types = [_type(i) for i in constructor["inputs"]]
        try:
            address = self.evm.deploy(deployer=deployer, code=artifact.bytecode + encode(types, args))
        except RuntimeError as error:
            raise Reverted(_reason(error)) from None
        return MiniContract(self, address, artifact)

    def send(self, sender: str, to: str, data: bytes = b"", value: int = 0, gas: int = GAS_LIMIT) -> bytes:
        """A transaction; gives what it returned. Raises Reverted."""
        self.evm.reset_transient_storage()
        try:
            return bytes(self.evm.message_call(caller=sender, to=to, calldata=data, value=value, gas=gas))
        except RuntimeError as error:
            raise Reverted(_reason(error)) from None

    def force_coin(self, sender: str, to: str, value: int) -> None:
        """Send coin that the receiver cannot refuse: out of a contract that destroys itself while it is created."""
        self.evm.deploy(deployer=sender, code=bytes.fromhex("73" + to[2:] + "ff"), value=value)

    def balance(self, address: str) -> int:
        """Native coin, wei."""
        return int(self.evm.get_balance(address))


@dataclass(frozen=True, slots=True)
class _Function:
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class MiniContract:
    """A contract on a MiniChain: `contract.function(*args, sender=…, value=…, gas=…)`."""

    def __init__(self, chain: MiniChain, address: str, artifact: ContractArtifact) -> None:
        self.chain = chain
        self.address = to_checksum_address(address)
        self._functions = {x["name"]: _function(x) for x in artifact.abi if x["type"] == "function"}

    def encode(self, name: str, *args: object) -> bytes:
        """Calldata of a call."""
        function = self._functions[name]
        return function.selector + encode(function.inputs, args)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = self._functions[name]

        def call(*args: object, sender: str = "0x" + "11" * 20, value: int = 0, gas: int = GAS_LIMIT) -> Any:
            data = function.selector + encode(function.inputs, args)
            returned = decode(function.outputs, self.chain.send(sender, self.address, data, value, gas))
            return returned[0] if len(returned) == 1 else returned

        return call


def _function(entry: dict[str, Any]) -> _Function:
    inputs = tuple(_type(i) for i in entry["inputs"])
    selector = keccak(text=f"{entry['name']}({','.join(inputs)})")[:4]
    return _Function(selector, inputs, tuple(_type(o) for o in entry["outputs"]))


def _type(entry: dict[str, Any]) -> str:
    name = str(entry["type"])
    if name.startswith("tuple"):
        return f"({','.join(_type(c) for c in entry['components'])}){name[5:]}"
    return name


def _reason(error: RuntimeError) -> str:
    """revm says `Revert { gas_used: …, output: 0x… }`; take the string out of the output."""
    text = str(error)
    _, found, rest = text.partition("output: 0x")
    if not found:
        return text
    data = bytes.fromhex(rest.split(" ")[0].rstrip(",}"))
    if data[:4] == ERROR_SELECTOR:
        return str(decode(["string"], data[4:])[0])
    return data.hex()
