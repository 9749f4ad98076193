"""A call of government in words: which contract of the deployment it is made to, and what it would change there.

Takes a deployment, a chain and the bytes of a call; gives words. A target that is not the deployment's contract of that
function is said to be a stranger, whatever its bytes look like. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from eth_abi.exceptions import DecodingError
from eth_utils import to_checksum_address

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import NATIVE, NO_ADDRESS
from zklink.l1.contracts.ends import MEMBER_END, PRIMARY_END
from zklink.l1.deployment.agreement import decode_whole
from zklink.l1.deployment.records import Deployment
from zklink.l1.deployment.swift import read_selector
from zklink.l1.transport.arguments import spell_type
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId, Door, TokenId

HOMES: Final = {"Registry": "registry", "Groups": "groups", "Timelock": "timelock"}
"""Contracts of government, by the field of ChainDeployment that has their address; ends depend on the chain."""


@dataclass(frozen=True, slots=True)
class ReadCall:
    """A call that was read: its function and arguments; `function` is empty for a call that cannot be read."""

    contract: str
    function: str
    arguments: tuple[Any, ...]

    @property
    def subject(self) -> tuple[object, ...]:
        """What the call is about: proposals of several chains belong together if they are about the same."""
        if self.function in ("register_token", "set_token_limits", "announce_members"):
            return self.contract, self.function, self.arguments[0]
        return self.contract, self.function, *(() if self.function == "set_owner" else self.arguments)


def read_call(deployment: Deployment, chain: ChainId, target: str, data: bytes) -> ReadCall:
    """Which function of the deployment's contracts on a chain a call is."""
    for contract, address in _contracts(deployment, chain).items():
        found = _functions(contract).get(data[:4])
        if to_checksum_address(target) == address and found is not None:
            try:
                return ReadCall(contract, found[0], decode_whole(found[1], data[4:]))
            except DecodingError:
                break
    return ReadCall(to_checksum_address(target), "", (data,))


def say_call(deployment: Deployment, chain: ChainId, target: str, data: bytes) -> str:
    """The same in words."""
    call = read_call(deployment, chain, target, data)
    if not call.function:
        return f"a call that is none of government's: {call.contract} gets 0x{data[:4].hex()}.. ({len(data)} bytes)"
    say = _WORDS.get(call.function)
    if say is None:
        return f"{call.contract}.{call.function}({', '.join(map(_plain, call.arguments))})"
    return say(deployment, *call.arguments)


def name_door(deployment: Deployment, kind: int) -> str:
    """A kind of price: a door, or swaps to a chain."""
    if kind in deployment.places:
        return f"swaps to {deployment.places[ChainId(kind)].name}"
    return Door(kind).name.lower().replace("_", " ") if kind in list(Door) else f"kind {kind}"


def _contracts(deployment: Deployment, chain: ChainId) -> dict[str, str]:
    place = deployment.chains[chain]
    end = PRIMARY_END if chain == deployment.primary else MEMBER_END
    addresses = {contract: getattr(place, name) for contract, name in HOMES.items()} | {end: place.end}
    return {contract: to_checksum_address(address) for contract, address in addresses.items()}


@lru_cache(maxsize=8)
def _functions(contract: str) -> dict[bytes, tuple[str, list[str]]]:
    artifact = load_contract(contract)
    return {
        read_selector(artifact, entry["name"]): (entry["name"], [spell_type(item) for item in entry["inputs"]])
        for entry in artifact.abi
        if entry["type"] == "function"
    }


def _token(deployment: Deployment, token_id: int) -> str:
    known = {token.token_id: token.symbol for token in deployment.tokens}
    symbol = known.get(TokenId(token_id))
    return f"{symbol} (token {token_id})" if symbol else f"token {token_id}"


def _amount(deployment: Deployment, token_id: int, units: int) -> str:
    decimals = {token.token_id: token.layer2_decimals for token in deployment.tokens}.get(TokenId(token_id))
    return f"{units} layer-2 units" if decimals is None else _decimal(units, decimals)


def _decimal(units: int, decimals: int) -> str:
    whole, part = divmod(units, 10**decimals)
    return f"{whole}.{part:0{decimals}d}".rstrip("0").rstrip(".") if decimals else str(whole)


def _say_registration(deployment: Deployment, token_id: int, config: Sequence[Any]) -> str:
    mask, contract, decimals, minimum, cap, token_class = config
    chains = ", ".join(place.name for k, place in deployment.places.items() if mask >> k & 1)
    address = to_checksum_address(contract)
    where = {NO_ADDRESS: "not on this chain", to_checksum_address(NATIVE): "the coin of this chain"}.get(
        address, f"{address} here"
    )
    amounts = f"at least {_decimal(minimum, decimals)}, cap {_decimal(cap, decimals)}"
    kind = f", class {token_class}" if token_class else ""
    return f"register token {token_id} on {chains}: {where}; {decimals} decimals, {amounts}{kind}"


def _say_limits(deployment: Deployment, token_id: int, minimum: int, cap: int) -> str:
    least, most = (_amount(deployment, token_id, units) for units in (minimum, cap))
    return f"{_token(deployment, token_id)}: at least {least}, cap {most}"


def _name_group(group: int) -> str:
    """Also for a number that no group has: the chain refuses such a call when it is executed, not when it is
    proposed.
    """
    return Group(group).name.lower() if group in list(Group) else f"group {group}, which there is not"


def _say_members(deployment: Deployment, group: int, members: Sequence[str], threshold: int) -> str:
    listed = ", ".join(map(to_checksum_address, members))
    return f"{len(members)} {_name_group(group)}, of whom {threshold} sign, 55 days after: {listed}"


_WORDS: Final[Mapping[str, Callable[..., str]]] = {
    "register_token": _say_registration,
    "set_token_limits": _say_limits,
    "tighten_token_limits": lambda d, *call: f"tighter: {_say_limits(d, *call)}",
    "pause_token": lambda d, token: f"pause {_token(d, token)}",
    "unpause_token": lambda d, token: f"admit {_token(d, token)} again",
    "set_price_bounds": lambda d, kind, low, high: f"{name_door(d, kind)}: between {low} and {high} gwei",
    "set_setter": lambda d, account: f"{to_checksum_address(account)} sets prices",
    "set_fee_recipient": lambda d, account: f"fees belong to {to_checksum_address(account)}",
    "set_owner": lambda d, account: f"{to_checksum_address(account)} owns the timelock when it accepts",
    "announce_members": _say_members,
    "remove_member": lambda d, group, who: f"{to_checksum_address(who)} leaves the {_name_group(group)}",
    "void_freeze": lambda d, chain: f"the freeze of {d.places[chain].name if chain in d.places else chain} is void",
    "deny_end": lambda d, evidence: "END is denied by the governor",
    "void_end": lambda d: "END is void",
}


def _plain(value: Any) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
