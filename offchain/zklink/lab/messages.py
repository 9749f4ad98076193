"""Messages between chains: an event of a contract on one chain that is to be told to another chain.

Takes logs; gives messages with their values by name. Never sends anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from web3 import Web3
from web3.contract import Contract

_FIELD: Final = re.compile(r"^(?P<type>[\w\[\]]+)(?P<indexed>\s+indexed)?(?:\s+(?P<name>\w+))?$")


def name_way(source: str, destination: str) -> str:
    """How a way between two chains is called."""
    return f"{source} -> {destination}"


@dataclass(frozen=True, slots=True)
class Message:
    """What an event says. `number` counts the messages of its way from 1; `place` is its place among the matching logs
    of its transaction. `carrier` is the address that brings it, `signatures` those of the route's committee.
    """

    way: str
    event: str
    number: int
    args: Mapping[str, Any]
    source: str
    tx_hash: str
    place: int
    carrier: str
    signatures: tuple[bytes, ...] = ()
    is_forged: bool = False

    def __str__(self) -> str:
        return f"{'a forged ' if self.is_forged else ''}{self.event} {self.number}"

    def forge(self, which: int, by: int, carrier: str) -> "Message":
        """The same with one number raised, brought by somebody else; which of its numbers is taken modulo how many
        there are.
        """
        numbers = [name for name, value in self.args.items() if isinstance(value, int) and not isinstance(value, bool)]
        changed = {}
        if numbers:
            name = numbers[which % len(numbers)]
            changed = {name: self.args[name] + by}
        return replace(self, args={**self.args, **changed}, carrier=carrier, signatures=(), is_forged=True)


@dataclass(frozen=True, slots=True)
class EventReader:
    """Reads one kind of event of one contract."""

    address: str
    name: str
    topic: str
    _contract: Contract

    @classmethod
    def of(cls, w3: Web3, contract: Contract | str, event: str) -> "EventReader":
        """By the contract and the event's name; or by the contract's address and the whole signature, for example
        `Locked(uint256 indexed number, address to)`.
        """
        if isinstance(contract, Contract):
            reader = contract
        else:
            reader = w3.eth.contract(Web3.to_checksum_address(contract), abi=[_parse_event(event)])
        name = event.partition("(")[0]
        topic = reader.events[name]().topic
        return cls(str(reader.address), name, str(topic), reader)

    @property
    def abi(self) -> Any:
        """What is known of the contract."""
        return self._contract.abi

    def read(self, log: Any) -> dict[str, Any]:
        """The values of a log by name."""
        return dict(self._contract.events[self.name]().process_log(log)["args"])


def _parse_event(signature: str) -> Any:
    name, _, rest = signature.rstrip(" )").partition("(")
    inputs = []
    for place, part in enumerate(filter(None, map(str.strip, rest.split(",")))):
        found = _FIELD.match(part)
        if found is None:
            raise ValueError(f"not a field of an event: {part}")
        given = found["name"] or f"arg{place}"
        inputs.append({"type": found["type"], "indexed": bool(found["indexed"]), "name": given})
    return {"type": "event", "name": name, "inputs": inputs, "anonymous": False}
