"""One transaction on revm, as if it were the first ever: every account and slot cold, original values as in the block.

Takes a message and the values of accounts; gives gas, logs, output and what would change. It keeps nothing of a message
by itself: who wants the changes, writes them. Fees and nonces of calls are the caller's.

pyrevm 0.3.7 runs all messages inside one transaction that never ends. So each one is rolled back here, by revm's own
journal, and what it changed is read off that journal before. Two opcodes it does not serve: BASEFEE gives 0 and
BLOCKHASH the Keccak hash of the block number's decimal digits.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from eth_hash.auto import keccak

from zklink.lab.errors import EngineFailed
from zklink.lab.revm.pyrevm_import import import_pyrevm
from zklink.lab.revm.state import EMPTY, Account, Address, Changes, State

HARDFORK: Final = "CANCUN"
AccessList = Sequence[tuple[Address, Sequence[int]]]

_CHANGED_SLOT: Final = re.compile(r"StorageChange \{ address: (0x[0-9a-f]{40}), key: (\d+), had_value: Some")
_DESTROYED: Final = re.compile(r"AccountDestroyed \{ address: (0x[0-9a-f]{40}),")
_FAILURE: Final = re.compile(r"(?:Revert|Halt) \{.*?gas_used: \d+(?:, output: 0x([0-9a-f]*))?", re.DOTALL)
_NO_CODE: Final = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
_PADDING: Final = 33
"""revm appends so many zero bytes to code that it has looked at."""


@dataclass(frozen=True, slots=True)
class BlockContext:
    """What a message sees of its block."""

    number: int
    timestamp: int
    gas_limit: int
    coinbase: Address
    prev_randao: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A call, or with `to` None the creation of a contract. `gas_price` is what GASPRICE gives; nobody pays it here."""

    sender: Address
    to: Address | None
    data: bytes
    value: int
    gas: int
    gas_price: int = 0
    access_list: AccessList = ()


@dataclass(frozen=True, slots=True)
class Log:
    """One event."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message. `failure` is empty on success, `Revert`, or revm's word for an exceptional halt."""

    gas_used: int
    gas_refunded: int
    output: bytes
    logs: tuple[Log, ...]
    changes: Changes
    failure: str = ""
    created: Address | None = None

    @property
    def is_success(self) -> bool:
        return not self.failure

    @property
    def is_revert(self) -> bool:
        return self.failure == "Revert"


class Engine:
    """revm with the values of a State. `write` keeps them equal."""

    def __init__(self, evm_chain_id: int, gas_limit: int, state: State) -> None:
        self._revm: Any = import_pyrevm()
        self._evm_chain_id, self._gas_limit, self._state = evm_chain_id, gas_limit, state
        self._context: BlockContext | None = None
        self._evm = self._build()

    def write(self, changes: Changes) -> None:
        """Give accounts and slots these values."""
        self._write(self._evm, changes)

    def run(self, message: Message, context: BlockContext, *, with_changes: bool = True) -> Outcome:
        """Execute a message. Without changes it is faster. Raises EngineFailed if revm does not even begin."""
        self._set_context(context)
        entries = [(address, list(slots)) for address, slots in message.access_list]
        self._evm.set_tx_env(self._revm.TxEnv(access_list=entries))
        evm, hidden = self._evm, self._disguise(message)
        checkpoint = evm.snapshot()
        try:
            failure, output, created = self._execute(evm, message)
            result = evm.result
            changes = self._read_changes(evm, message, hidden, result.gas_used) if with_changes else Changes()
            if created is not None and with_changes:
                output = changes.accounts.get(created, EMPTY).code
            logs = () if failure else tuple(_read_log(log) for log in result.logs)
            return Outcome(result.gas_used, result.gas_refunded, output, logs, changes, failure, created)
        finally:
            evm.revert(checkpoint)
            evm.reset_transient_storage()
            if entries:
                # revm keeps what an access list names loaded, and so warm, for ever.
                self._evm = self._build()
            if hidden is not None:
                self._write(self._evm, Changes({message.sender: hidden}))
                self._write(self._evm, Changes({context.coinbase: self._state.account(context.coinbase)}))

    def _disguise(self, message: Message) -> Account | None:
        """Make the sender fit for what pyrevm does otherwise than nodes; gives what it is meanwhile not.

        It lets no account with code send (EIP-3607), though nodes make calls for them: for a while the sender has none.
        It takes the fee of a creation, and of a call it does not: for a while the sender has the fee on top.
        """
        fee = message.gas * message.gas_price if message.to is None else 0
        code = self._state.account(message.sender).code
        if not fee and not code:
            return None
        checkpoint = self._evm.snapshot()
        info = self._evm.basic(message.sender)
        self._evm.revert(checkpoint)
        disguised = self._revm.AccountInfo(nonce=info.nonce, balance=info.balance + fee)
        self._evm.insert_account_info(message.sender, disguised)
        return Account(info.balance, info.nonce, code)

    def _execute(self, evm: Any, message: Message) -> tuple[str, bytes, Address | None]:
        """Failure, output, created contract."""
        try:
            if message.to is None:
                created = evm.deploy(
                    deployer=message.sender,
                    code=message.data,
                    value=message.value,
                    gas=message.gas,
                    gas_price=message.gas_price,
                )
                return "", b"", Address(str(created).lower())
            output = evm.message_call(
                caller=message.sender,
                to=message.to,
                calldata=message.data,
                value=message.value,
                gas=message.gas,
                gas_price=message.gas_price,
            )
            return "", bytes(output), None
        except RuntimeError as error:
            found = _FAILURE.match(str(error))
            if found is None:
                raise EngineFailed(self._evm_chain_id, str(error)) from None
            return str(evm.result.reason), bytes.fromhex(found[1] or ""), None

    def _read_changes(self, evm: Any, message: Message, hidden: Account | None, gas_used: int) -> Changes:
        text: str = evm.journal_str
        journal = text[text.rfind("journal: [[") :]
        destroyed = set(_DESTROYED.findall(journal))
        changes = Changes()
        for spelt, info in evm.journal_state.items():
            address = Address(spelt.lower())
            before = self._state.account(address)
            after = EMPTY if address in destroyed else _read_account(info, before)
            if hidden is not None:
                after = self._undisguise(address, after, message, hidden, gas_used)
            if after != before:
                changes.accounts[address] = after
        for spelt, key in set(_CHANGED_SLOT.findall(journal)):
            if spelt in destroyed:
                continue
            slot, value = (Address(spelt), int(key)), int(evm.storage(spelt, int(key)))
            if value != self._state.slot(slot):
                changes.slots[slot] = value
        return changes

    def _undisguise(
        self, address: Address, after: Account, message: Message, hidden: Account, gas_used: int
    ) -> Account:
        """Take back what pyrevm did with the fee of a creation, and what `_disguise` did."""
        assert self._context is not None
        price = message.gas_price if message.to is None else 0
        if address == message.sender:
            left = after.balance - (message.gas - gas_used) * price
            after = replace(after, balance=left, code=hidden.code or after.code)
        if address == self._context.coinbase:
            after = replace(after, balance=after.balance - gas_used * price)
        return after

    def _set_context(self, context: BlockContext) -> None:
        if context == self._context:
            return
        self._context = context
        self._evm.set_block_env(
            self._revm.BlockEnv(
                number=context.number,
                timestamp=context.timestamp,
                gas_limit=context.gas_limit,
                coinbase=context.coinbase,
                prevrandao=context.prev_randao,
            )
        )

    def _build(self) -> Any:
        """A revm that has the state's values, and has loaded none of them."""
        self._context = None
        env = self._revm.Env(cfg=self._revm.CfgEnv(chain_id=self._evm_chain_id))
        evm = self._revm.EVM(env=env, gas_limit=self._gas_limit, spec_id=HARDFORK)
        self._write(evm, Changes(self._state.accounts, self._state.slots))
        return evm

    def _write(self, evm: Any, changes: Changes) -> None:
        for address, account in changes.accounts.items():
            info = self._revm.AccountInfo(nonce=account.nonce, balance=account.balance, code=account.code or None)
            evm.insert_account_info(address, info)
        for (address, key), value in changes.slots.items():
            # Writing a slot loads its account, and what is written to a loaded account is lost: roll back each time.
            checkpoint = evm.snapshot()
            evm.insert_account_storage(address, key, value)
            evm.revert(checkpoint)


ENGINES: Final[list[Callable[[int, int, State], Engine]]] = [Engine]
"""What a chain executes with: the last one, given its id, its gas limit and its state."""


def _read_account(info: Any, before: Account) -> Account:
    code_hash = bytes(info.code_hash)
    if code_hash == _NO_CODE:
        return Account(int(info.balance), int(info.nonce))
    # Code never changes on a chain, and what an account that is only loaded shows of it may be padded.
    return Account(int(info.balance), int(info.nonce), before.code or _strip(bytes(info.code), code_hash))


def _strip(code: bytes, code_hash: bytes) -> bytes:
    return code if keccak(code) == code_hash else code[:-_PADDING]


def _read_log(log: Any) -> Log:
    topics, data = log.data
    return Log(Address(log.address.lower()), tuple(bytes(topic) for topic in topics), bytes(data))
