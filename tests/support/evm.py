"""A chain in process with what unit tests of contracts look at: reasons, events and return values.

Takes compiled contracts (`zklink.l1.contract_artifacts`), gives callable ones on revm: thousands of calls a second. A
failing call raises Reverted with the contract's reason and leaves no trace. Time stands still unless a test moves it.
Gas is measured elsewhere (`zklink.bench.bridge_gas`): revm keeps slots warm from one call to the next.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar
from weakref import WeakSet

import pytest
from eth_abi import decode, encode
from eth_utils import keccak
from eth_utils import to_checksum_address as compute_checksum_address
from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env

from tests.support.abi_codec import Abi, abi_of
from tests.support.engines import note_engine
from zklink.l1.contract_artifacts import AbiEntry, ContractArtifact
from zklink.l1.deployment.blueprint import predict_address
from zklink.lab.coverage import find_recorder

GAS_LIMIT = 30_000_000
ERROR_SELECTOR = keccak(text="Error(string)")[:4]
RICH_WEI = 10**30
NO_MAKER = "0x" + "00" * 20
"""Makes the blocks."""

to_checksum_address = lru_cache(maxsize=4096)(compute_checksum_address)


@lru_cache(maxsize=4096)
def hash_text(text: str) -> bytes:
    """Keccak-256 of a signature."""
    return bytes(keccak(text=text))


class Reverted(Exception):
    """A call failed; `reason` is the contract's own, else the machine's word for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def reverts(reason: str) -> Iterator[None]:
    """The block must fail for exactly this reason."""
    with pytest.raises(Reverted) as caught:
        yield
    assert caught.value.reason == reason


@dataclass(frozen=True, slots=True)
class Event:
    """One log of the last transaction, decoded."""

    name: str
    args: dict[str, Any]


class EvmChain:
    """One EVM with its own id, accounts and clock."""

    opened: ClassVar["WeakSet[EvmChain]"] = WeakSet()
    """All that there are."""

    is_always_roomy = False
    """Set where every contract is compiled without optimizer."""

    def __init__(self, evm_chain_id: int, time: int, is_roomy: bool = False) -> None:
        """`is_roomy` lifts the limit to the size of contracts: mutants are compiled without optimizer."""
        self.evm_chain_id = evm_chain_id
        self._time, self._height = time, 1
        block = BlockEnv(number=1, timestamp=time, gas_limit=10**9)
        config = CfgEnv(
            chain_id=evm_chain_id, limit_contract_code_size=2**17 if is_roomy or self.is_always_roomy else None
        )
        self.evm = EVM(env=Env(cfg=config, block=block), spec_id="CANCUN")
        self.opened.add(self)
        self._maker = NO_MAKER
        self._recorder = find_recorder()
        if self._recorder is not None:
            self._recorder.watch(self, self.evm)
        self.contracts: dict[str, EvmContract] = {}
        self._logs: list[Any] = []

    @property
    def time(self) -> int:
        """The timestamp of every call, UNIX seconds."""
        return self._time

    @time.setter
    def time(self, seconds: int) -> None:
        """The chain makes a block a second."""
        self._set_block(seconds, self._height + max(seconds - self._time, 0))

    @property
    def height(self) -> int:
        """The number of the block that every call is in."""
        return self._height

    def halt(self, seconds: int) -> None:
        """Time passes, and the chain makes no block but the next one."""
        self._set_block(self._time + seconds, self._height + 1)

    def _set_block(self, time: int, height: int) -> None:
        self._time, self._height = time, height
        block = BlockEnv(number=height, timestamp=time, gas_limit=10**9, coinbase=self._maker)
        self.evm.set_block_env(block)

    def _follow_recorder(self) -> None:
        """Probes may read who makes the block."""
        maker = NO_MAKER if self._recorder is None else self._recorder.maker or NO_MAKER
        if maker != self._maker:
            self._maker = maker
            self._set_block(self._time, self._height)

    @contextmanager
    def rollback(self) -> Iterator[None]:
        """Undo whatever happens inside, also when it raises."""
        saved, time, height = self.evm.snapshot(), self._time, self._height
        try:
            yield
        finally:
            self.evm.revert(saved)
            self._set_block(time, height)

    @contextmanager
    def any_sender(self, account: str) -> Iterator[str]:
        """Inside, a contract can be a caller like any account: its code is out of the way, and comes back."""
        if not self.code(account):
            yield account
            return
        code = self.code(account)
        self._put_code(account, None)
        try:
            yield account
        finally:
            self._put_code(account, code)

    @contextmanager
    def other_code(self, account: str, code: bytes) -> Iterator[None]:
        """Inside, a contract has another code; its own comes back."""
        before = self.code(account)
        self._put_code(account, code)
        try:
            yield
        finally:
            self._put_code(account, before)

    def _put_code(self, account: str, code: bytes | None) -> None:
        """Nonce and coin stay; the machine's rollback does not bring them back."""
        balance = self.balance(account)
        self.evm.insert_account_info(account, AccountInfo(nonce=self.nonce(account), code=code))
        self.evm.set_balance(account, balance)

    def swap_code(self, before: bytes, after: bytes) -> None:
        """Contracts with one runtime code get another; their immutables stay."""
        for address in self.contracts:
            code = self.code(address)
            if code.startswith(before):
                self._put_code(address, after + code[len(before) :])

    def fund(self, account: str, wei: int = RICH_WEI) -> str:
        """Give an account coin, by default more than any test spends."""
        self.evm.set_balance(account, wei)
        return account

    def balance(self, account: str) -> int:
        """Native coin, wei."""
        return int(self.evm.get_balance(account))

    def predict_address(self, deployer: str, ahead: int = 0) -> str:
        """Where the deployer's contract after `ahead` others will stand."""
        return predict_address(deployer, self.nonce(deployer) + ahead)

    def nonce(self, account: str) -> int:
        """How many transactions (or, for a contract, creations) an account has made."""
        return int(self.evm.basic(account).nonce)

    def code(self, address: str) -> bytes:
        """Runtime code at an address; empty if there is none."""
        return bytes(self.evm.get_code(address) or b"")

    def force_coin(self, sender: str, to: str, value: int) -> None:
        """Send coin that nobody can refuse: out of a contract that destroys itself while it is created."""
        self.evm.deploy(deployer=sender, code=bytes.fromhex("73" + to[2:] + "ff"), value=value)

    def deploy(self, deployer: str, artifact: ContractArtifact, *args: object) -> "EvmContract":
        """Create a contract. Raises Reverted with the constructor's reason."""
        constructor: AbiEntry = next((x for x in artifact.abi if x["type"] == "constructor"), {"inputs": []})
        code = artifact.bytecode + encode([type_of(i) for i in constructor["inputs"]], args)
        address = to_checksum_address(self.create(deployer, code))
        self.contracts[address] = EvmContract(self, address, artifact)
        return self.contracts[address]

    def create(self, deployer: str, code: bytes) -> str:
        """A transaction that creates a contract; gives its address. Raises Reverted."""
        note_engine("revm")
        self._follow_recorder()
        self._logs = []
        made = code if self._recorder is None else self._recorder.swap_creation(code)
        try:
            address = str(self.evm.deploy(deployer=deployer, code=made))
        except RuntimeError as error:
            raise Reverted(_reason(error)) from None
        self._note_logs()
        if self._recorder is None:
            return address
        balance, probed = self.balance(address), self._recorder.swap_code(self.code(address))
        self.evm.insert_account_info(address, AccountInfo(nonce=1, code=probed))
        self.evm.set_balance(address, balance)
        return address

    def send(self, sender: str, to: str, data: bytes = b"", value: int = 0, gas: int = GAS_LIMIT) -> bytes:
        """A transaction; gives what it returned. Raises Reverted."""
        self._logs = []
        returned = self.read(to, data, sender, value, gas)
        self._note_logs()
        return returned

    def _note_logs(self) -> None:
        result = self.evm.result
        self._logs = list(result.logs) if result is not None else []

    def read(self, to: str, data: bytes, sender: str, value: int = 0, gas: int = GAS_LIMIT) -> bytes:
        """A call that leaves the events of the last transaction alone."""
        note_engine("revm")
        self._follow_recorder()
        self.evm.reset_transient_storage()
        try:
            return bytes(self.evm.message_call(caller=sender, to=to, calldata=data, value=value, gas=gas))
        except RuntimeError as error:
            raise Reverted(_reason(error)) from None

    def events(self, name: str | None = None) -> list[Event]:
        """What the last transaction logged, by contracts that were deployed here; all, or those of one name."""
        known = [log for log in self._logs if to_checksum_address(log.address) in self.contracts]
        found = [self.contracts[to_checksum_address(log.address)].decode_event(log) for log in known]
        return [event for event in found if name is None or event.name == name]

    def event(self, name: str) -> dict[str, Any]:
        """The arguments of the only event of that name in the last transaction."""
        (event,) = self.events(name)
        return event.args


@dataclass(frozen=True, slots=True)
class _Function:
    """One entry of an ABI, ready to be called."""

    selector: bytes
    inputs: Abi
    outputs: Abi
    is_view: bool


class EvmContract:
    """A contract: `contract.function(*args, sender=…, value=…, gas=…)`."""

    def __init__(self, chain: EvmChain, address: str, artifact: ContractArtifact) -> None:
        self.chain = chain
        self.address = address
        self.artifact = artifact
        self._functions = {x["name"]: _read_function(x) for x in artifact.abi if x["type"] == "function"}
        self._events = {hash_text(_signature(x)): x for x in artifact.abi if x["type"] == "event"}

    def encode(self, name: str, *args: object) -> bytes:
        """Calldata of a call."""
        function = self._functions[name]
        return function.selector + function.inputs.encode(args)

    def decode_event(self, log: Any) -> Event:
        """One log of this contract."""
        entry = self._events[bytes.fromhex(log.topics[0][2:])]
        indexed = [i for i in entry["inputs"] if i["indexed"]]
        others = [i for i in entry["inputs"] if not i["indexed"]]
        topics = [_decode([i], bytes.fromhex(t[2:]))[0] for i, t in zip(indexed, log.topics[1:], strict=True)]
        values = _decode(others, bytes(log.data[1]))
        named = zip([*indexed, *others], [*topics, *values], strict=True)
        return Event(entry["name"], {i["name"]: value for i, value in named})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self._functions:
            raise AttributeError(name)
        function = self._functions[name]

        def call(*args: object, sender: str = "0x" + "11" * 20, value: int = 0, gas: int = GAS_LIMIT) -> Any:
            data = function.selector + function.inputs.encode(args)
            if function.is_view:
                returned = self.chain.read(self.address, data, sender, value, gas)
            else:
                returned = self.chain.send(sender, self.address, data, value, gas)
            values = function.outputs.decode(returned)
            return values[0] if len(values) == 1 else values

        return call


def type_of(entry: dict[str, Any]) -> str:
    """The canonical ABI type of a parameter."""
    name = str(entry["type"])
    if name.startswith("tuple"):
        return f"({','.join(type_of(c) for c in entry['components'])}){name[5:]}"
    return name


def _read_function(entry: AbiEntry) -> _Function:
    return _Function(
        selector=hash_text(_signature(entry))[:4],
        inputs=abi_of(tuple(map(type_of, entry["inputs"]))),
        outputs=abi_of(tuple(map(type_of, entry["outputs"]))),
        is_view=entry["stateMutability"] in ("view", "pure"),
    )


def _decode(entries: list[dict[str, Any]], data: bytes) -> tuple[Any, ...]:
    return abi_of(tuple(map(type_of, entries))).decode(data)


def _signature(entry: dict[str, Any]) -> str:
    return f"{entry['name']}({','.join(type_of(i) for i in entry['inputs'])})"


def _reason(error: RuntimeError) -> str:
    """revm says `Revert { gas_used: …, output: 0x… }`; take the string out of the output."""
    _, found, rest = str(error).partition("output: 0x")
    if not found:
        return str(error)
    data = bytes.fromhex(rest.split(" ")[0].rstrip(",}"))
    if data[:4] == ERROR_SELECTOR:
        return str(decode(["string"], data[4:])[0])
    return data.hex()
