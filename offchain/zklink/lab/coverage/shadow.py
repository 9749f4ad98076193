"""The chains' engine with a shadow: a second revm of the same values, whose codes have probes in them.

Takes what chains execute; gives the probes that were reached. The shadow's outcome goes nowhere; where it is another
than the true one (a contract that asks how much gas is left, or what its own code is), that is counted.
"""

import weakref
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from zklink.lab.coverage.probes import PREFIX, Probed
from zklink.lab.errors import EngineFailed
from zklink.lab.revm.engine import ENGINES, BlockContext, Engine, Message, Outcome
from zklink.lab.revm.state import Address, Changes, State

_SPARE_GAS: Final = 20_000_000
"""What probes may cost beyond three times the message's gas: a first one costs 2,600."""


@dataclass(slots=True)
class Recorder:
    """All that is reached on chains opened while it records. `strays` are messages that took another way in the
    shadow; `seen` are tags of contracts that stood on a chain.
    """

    contracts: tuple[Probed, ...]
    hits: dict[bytes, set[int]] = field(default_factory=lambda: defaultdict(set))
    seen: set[bytes] = field(default_factory=set)
    messages: int = 0
    strays: int = 0
    contexts: dict[int, dict[bytes, set[int]]] = field(default_factory=dict)
    """The same as `hits`, by the context in which it was reached; none where probes do not tell them apart."""

    maker: Address | None = None
    """Who makes the blocks that probed codes see, where probes tell contexts apart: it begins with the context."""

    _swapped: dict[bytes, bytes] = field(default_factory=dict)
    _watched: list[tuple["weakref.ref[Any]", Any]] = field(default_factory=list)

    def set_context(self, context: int) -> None:
        """What is reached from now on is noted for a number below 2**64; only for probes that tell contexts apart."""
        self.maker = Address(f"0x{context:016x}{'':0<24}")

    def start(self) -> None:
        """From now on, chains have shadows."""
        ENGINES.append(self._open)
        _RECORDING.append(self)

    def stop(self) -> None:
        """No longer; those that have one keep it."""
        ENGINES.remove(self._open)
        _RECORDING.remove(self)

    def _open(self, evm_chain_id: int, gas_limit: int, state: State) -> Engine:
        shadow = _Shadow(evm_chain_id, gas_limit, state, self)
        engine = _ShadowedEngine(evm_chain_id, gas_limit, state, shadow)
        self.watch(engine, shadow.evm)
        return engine

    def watch(self, owner: object, evm: Any) -> None:
        """Look for probes in a pyrevm, until its owner is gone."""
        self._watched.append((weakref.ref(owner), evm))

    def gather(self) -> None:
        """Read what was reached; chains that are gone are forgotten after that."""
        for _, evm in self._watched:
            self._read(evm)
        self._watched = [entry for entry in self._watched if entry[0]() is not None]

    def gather_gone(self) -> None:
        """The same of chains that are gone alone: to read all accounts of a chain takes longer with each test."""
        for owner, evm in self._watched:
            if owner() is None:
                self._read(evm)
        self._watched = [entry for entry in self._watched if entry[0]() is not None]

    def _read(self, evm: Any) -> None:
        for address in evm.db_accounts:
            self._take(address)

    def _take(self, address: str) -> None:
        """Note an account that revm has looked up, if it is a probe's."""
        raw = bytes.fromhex(address[2:])
        context, tag, probe = int.from_bytes(raw[:8], "big"), raw[12:16], int.from_bytes(raw[16:], "big")
        if raw[8:12] == PREFIX and (self.maker is not None or not context):
            self.hits[tag].add(probe)
            if self.maker is not None:
                self.contexts.setdefault(context, {}).setdefault(tag, set()).add(probe)

    def swap_code(self, code: bytes) -> bytes:
        """A code with probes in it, or the same if it is no contract of the project."""
        found = self._swapped.get(code)
        if found is None:
            swaps = ((each, each.swap_runtime(code)) for each in self.contracts)
            ours = next(((each.tag, swapped) for each, swapped in swaps if swapped is not None), None)
            found = code
            if ours is not None:
                self.seen.add(ours[0])
                found = ours[1]
            self._swapped[code] = found
        return found

    def swap_creation(self, data: bytes) -> bytes:
        """The same for what creates a contract."""
        return next((found for each in self.contracts if (found := each.swap_creation(data)) is not None), data)

    def to_json(self) -> dict[str, Any]:
        """For another process."""
        hits = {tag.hex(): sorted(ids) for tag, ids in self.hits.items()}
        return {"hits": hits, "seen": [t.hex() for t in self.seen], "messages": self.messages, "strays": self.strays}

    def add(self, data: dict[str, Any]) -> None:
        """What another process has recorded."""
        for tag, ids in data["hits"].items():
            self.hits[bytes.fromhex(tag)].update(ids)
        self.seen.update(map(bytes.fromhex, data["seen"]))
        self.messages += data["messages"]
        self.strays += data["strays"]


_RECORDING: Final[list[Recorder]] = []


def find_recorder() -> Recorder | None:
    """Who records in this process, for chains of other kinds than the laboratory's."""
    return _RECORDING[-1] if _RECORDING else None


class _Shadow(Engine):
    """Plays what the true engine plays, with codes that have probes."""

    def __init__(self, evm_chain_id: int, gas_limit: int, state: State, recorder: Recorder) -> None:
        self._recorder = recorder
        self._last: tuple[Message, BlockContext] | None = None
        # pyrevm takes no more gas than this, whatever the block's limit is.
        super().__init__(evm_chain_id, _make_room(gas_limit), state)

    def write(self, changes: Changes) -> None:
        """The same values; codes with probes."""
        self._last = None
        super().write(changes)

    def _write(self, evm: Any, changes: Changes) -> None:
        swapped = {
            address: replace(account, code=self._recorder.swap_code(account.code)) if account.code else account
            for address, account in changes.accounts.items()
        }
        super()._write(evm, Changes(swapped, changes.slots))

    def follow(self, message: Message, context: BlockContext, outcome: Outcome) -> None:
        """Play a message whose true outcome is known."""
        if self._recorder.maker is not None:
            context = replace(context, coinbase=self._recorder.maker)
        again = (replace(message, gas=0), context)
        if again == self._last:  # a search for the least gas
            return
        self._last = again
        self._recorder.messages += 1
        data = message.data if message.to is not None else self._recorder.swap_creation(message.data)
        # An access list would only make revm forget the probes.
        roomy = replace(message, gas=_make_room(message.gas), gas_price=0, access_list=(), data=data)
        self._recorder.strays += not self._ends_alike(roomy, context, outcome)

    def _ends_alike(self, message: Message, context: BlockContext, outcome: Outcome) -> bool:
        try:
            seen = self.run(message, context, with_changes=False)
        except EngineFailed:
            return False
        return seen.failure == outcome.failure and (message.to is None or seen.output == outcome.output)

    @property
    def evm(self) -> Any:
        """The pyrevm behind it; always the same, since no access list comes here."""
        return self._evm


class _ShadowedEngine(Engine):
    """The true engine; its shadow follows."""

    def __init__(self, evm_chain_id: int, gas_limit: int, state: State, shadow: _Shadow) -> None:
        self.shadow = shadow
        super().__init__(evm_chain_id, gas_limit, state)

    def write(self, changes: Changes) -> None:
        super().write(changes)
        self.shadow.write(changes)

    def run(self, message: Message, context: BlockContext, *, with_changes: bool = True) -> Outcome:
        outcome = super().run(message, context, with_changes=with_changes)
        self.shadow.follow(message, context, outcome)
        return outcome


def _make_room(gas: int) -> int:
    return 3 * gas + _SPARE_GAS


def find_unseen(recorder: Recorder) -> Iterable[str]:
    """Contracts of which no code stood on a chain."""
    return (each.place for each in recorder.contracts if each.tag not in recorder.seen)
