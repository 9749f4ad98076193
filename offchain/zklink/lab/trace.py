"""One transfer over several chains: each call with its chain, gas and events, and what was carried because of it.

Takes a transaction that was sent in a world; gives the tree of what followed, as text and as an HTML page that needs
nothing else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

from web3._utils.events import get_event_data
from web3.contract.contract import ContractFunction
from web3.exceptions import LogTopicError

from zklink.lab.sending import Sent

if TYPE_CHECKING:
    from zklink.lab.world import LabWorld

Names = Mapping[tuple[str, str], str]
"""What contracts are called, by chain and address: the same address on two chains may be two contracts."""

WAITS: Final = "waits"
DONE: Final = "done"
_STYLE: Final = (
    "body{font:15px system-ui;margin:2em}table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.4em .8em;"
    "text-align:left;vertical-align:top}td.gas{text-align:right}.bad{color:#a00}ul{margin:.3em 0 0;padding-left:1.2em}"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction. `why` is empty for the first, else the way and the message that it brings; `outcome` is `done`,
    `waits` or the reason of a revert; block and gas are 0 while it waits.
    """

    depth: int
    chain: str
    text: str
    call: str
    outcome: str
    block: int = 0
    gas: int = 0
    events: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """All steps, each after the one that caused it."""

    steps: tuple[Step, ...]

    @property
    def gas(self) -> int:
        """Of all transactions, on all chains."""
        return sum(step.gas for step in self.steps)

    def gas_by_chain(self) -> dict[str, int]:
        """Of each chain's transactions."""
        chains = dict.fromkeys(step.chain for step in self.steps)
        return {chain: sum(step.gas for step in self.steps if step.chain == chain) for chain in chains}

    def __str__(self) -> str:
        return "\n".join(line for step in self.steps for line in _tell(step)) + f"\n{self._sum()}"

    def to_html(self, title: str = "Trace") -> str:
        """A page with a column for each chain, and a row for each step."""
        chains = list(self.gas_by_chain())
        head = "".join(f"<th>{escape(chain)}</th>" for chain in chains)
        rows = "\n".join(_row(step, chains) for step in self.steps)
        named = escape(title)
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{named}</title>'
            f"<style>{_STYLE}</style></head>\n<body><h1>{named}</h1>\n"
            f"<table><thead><tr><th>because of</th>{head}<th>gas</th></tr></thead>\n"
            f"<tbody>\n{rows}\n</tbody></table>\n<p>{escape(self._sum())}</p></body></html>\n"
        )

    def _sum(self) -> str:
        parts = ", ".join(f"{gas:,} on {chain}" for chain, gas in self.gas_by_chain().items())
        count = f"{len(self.steps)} transaction{'s' * (len(self.steps) != 1)}"
        return f"{count}, {self.gas:,} gas: {parts}"


def trace(world: "LabWorld", sent: Sent, names: Names) -> Trace:
    """What a transaction caused. `names` says how contracts are called."""
    readers = _Readers(world, {(chain, address.lower()): name for (chain, address), name in names.items()})
    return Trace(tuple(_follow(world, readers, sent, 0, "")))


def _follow(world: "LabWorld", readers: "_Readers", sent: Sent, depth: int, why: str) -> Iterator[Step]:
    receipt = sent.receipt()
    call = readers.name_call(sent)
    if receipt is None:
        yield Step(depth, sent.chain.name, sent.text, call, WAITS, why=why)
        return
    outcome = DONE if receipt["status"] else sent.reason()
    events = tuple(readers.name_event(sent, log) for log in receipt["logs"])
    yield Step(
        depth, sent.chain.name, sent.text, call, outcome, receipt["blockNumber"], receipt["gasUsed"], events, why
    )
    for delivery in world.courier.state.deliveries:
        is_caused = delivery.message.tx_hash == sent.tx_hash and delivery.route.source is sent.chain
        if is_caused and delivery.sent.tx_hash != sent.tx_hash:
            said = f"{delivery.message.way}, {delivery.message}"
            yield from _follow(world, readers, delivery.sent, depth + 1, said)


class _Readers:
    """Contracts' descriptions, gathered from what was called and what is carried."""

    def __init__(self, world: "LabWorld", names: Names) -> None:
        self._names = names
        self._events: dict[bytes, Any] = {}
        for route in world.courier.routes:
            self._learn(route.reader.abi)
        for delivery in world.courier.state.deliveries:
            self._learn(getattr(delivery.sent.call, "contract_abi", None))

    def _learn(self, abi: Any) -> None:
        from eth_utils.abi import event_abi_to_log_topic

        for entry in abi or ():
            if entry["type"] == "event":
                self._events[bytes(event_abi_to_log_topic(entry))] = entry

    def name_call(self, sent: Sent) -> str:
        """As `Vault.lock(5, 0xab..)`."""
        call = sent.call
        if not isinstance(call, ContractFunction):
            return f"to {self._name(sent, str(call.get('to', 'a new contract')))}"
        self._learn(call.contract_abi)
        return f"{self._name(sent, str(call.address))}.{call.fn_name}({', '.join(map(_short, call.arguments))})"

    def name_event(self, sent: Sent, log: Any) -> str:
        """As `Vault: Locked(number 1, amount 5)`."""
        emitter = self._name(sent, str(log["address"]))
        entry = self._events.get(bytes(log["topics"][0])) if log["topics"] else None
        if entry is None:
            return f"{emitter}: an event that is not described"
        try:
            args = get_event_data(sent.chain.w3.codec, entry, log)["args"]
        except LogTopicError:  # another contract's event of the same signature, indexed otherwise
            return f"{emitter}: {entry['name']}"
        return f"{emitter}: {entry['name']}({', '.join(f'{name} {_short(value)}' for name, value in args.items())})"

    def _name(self, sent: Sent, address: str) -> str:
        return self._names.get((sent.chain.name, address.lower()), _short(address))


def _short(value: Any) -> str:
    text = f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
    return text if len(text) <= 14 else f"{text[:8]}.."


def _tell(step: Step) -> Iterator[str]:
    indent = "    " * step.depth
    if step.why:
        yield f"{indent}{step.why}"
    told = f"{step.text}: " if step.text and step.text not in step.why else ""
    paid = f"block {step.block}, {step.gas:,} gas, {step.outcome}" if step.block else step.outcome
    yield f"{indent}{step.chain}  {told}{step.call}  [{paid}]"
    yield from (f"{indent}    {event}" for event in step.events)


def _row(step: Step, chains: list[str]) -> str:
    events = "".join(f"<li>{escape(event)}</li>" for event in step.events)
    mark = "" if step.outcome == DONE else ' class="bad"'
    where = f"block {step.block}, " if step.block else ""
    text = (
        f"<b>{escape(step.text)}</b><br><code>{escape(step.call)}</code><br>{where}<span{mark}>{escape(step.outcome)}"
        f"</span>{f'<ul>{events}</ul>' if events else ''}"
    )
    cells = "".join(f"<td>{text if chain == step.chain else ''}</td>" for chain in chains)
    return f'<tr><td>{escape(step.why)}</td>{cells}<td class="gas">{step.gas:,}</td></tr>'
