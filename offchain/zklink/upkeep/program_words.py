"""A proposed call of a Solana chain's timelock in words: what it would change there.

Takes a deployment, a chain of it and a call; gives words. A call that is not made to the deployment's own accounts, as
its governor, is said to be a stranger's, whatever its bytes look like. Pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from zklink.l1.deployment.places import NATIVE_MINT, ProgramDeployment
from zklink.l1.deployment.records import Deployment
from zklink.primitives.base58 import decode_base58, encode_base58
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId
from zklink.solana.client.loader import LOADER, find_program_data
from zklink.solana.client.program import Program
from zklink.solana.client.timelock import Timelock
from zklink.solana.interface import addresses
from zklink.solana.interface.forms import Instruction
from zklink.solana.interface.instructions import INSTRUCTIONS, REGISTER_TOKEN
from zklink.solana.interface.timelock.instructions import TIMELOCK_INSTRUCTIONS
from zklink.solana.interface.timelock.texts import ProposedCall
from zklink.upkeep.call_words import name_door

STRANGE: Final = "a call that is none of government's"
_UPGRADE, _SET_AUTHORITY = b"\3\0\0\0", b"\4\0\0\0"
_NOBODY: Final = bytes(32)
_SIGNER_BYTES: Final = 20


def say_planned(deployment: Deployment, chain: ChainId, call: ProposedCall) -> str:
    """What a call would change; what it is made to, if it is none of government's."""
    place = deployment.programs[chain]
    said = _say(deployment, place, call)
    if said:
        return said
    return f"{STRANGE}: {encode_base58(call.program)} gets 0x{call.data[:4].hex()}.. ({len(call.data)} bytes)"


def is_strange(words: str) -> bool:
    """Whether words say that a call is none of government's."""
    return words.startswith(STRANGE)


def _say(deployment: Deployment, place: ProgramDeployment, call: ProposedCall) -> str:
    program, lock = Program(decode_base58(place.program, 32)), Timelock(decode_base58(place.timelock, 32))
    if call.program == bytes(program.id):
        return _say_governed(deployment, program, lock, call)
    if call.program == bytes(lock.id):
        return _say_own(deployment, lock, call)
    if call.program == bytes(LOADER):
        return _say_loader(place, program, lock, call)
    return ""


def _read(forms: tuple[Instruction, ...], call: ProposedCall) -> tuple[Instruction, dict[str, Any], bytes] | None:
    for form in forms:
        try:
            values, tail = form.decode(call.data)
        except ValueError:
            continue
        if len(call.accounts) == len(form.roles):
            return form, values, tail
    return None


@dataclass(frozen=True, slots=True)
class GovernedCall:
    """A call of the bridge's program by its governor: its accounts by role, its values, and the tail of its data."""

    name: str
    places: Mapping[str, bytes]
    values: Mapping[str, Any]
    tail: bytes


def read_governed(program: Program, lock: Timelock, call: ProposedCall) -> GovernedCall | None:
    """What the timelock calls as governor; None for any other call, and for one with another deployment's accounts."""
    found = _read(INSTRUCTIONS, call) if call.program == bytes(program.id) else None
    if found is None:
        return None
    form, values, tail = found
    places = {role.name: account.key for role, account in zip(form.roles, call.accounts, strict=True)}
    if places.get("governor") != bytes(lock.address) or places.get("bridge") != bytes(program.bridge):
        return None
    if form is REGISTER_TOKEN and places["token"] != bytes(program.derive(addresses.token_seeds(values["id"]))):
        return None
    return GovernedCall(form.name, places, values, tail)


def _say_governed(deployment: Deployment, program: Program, lock: Timelock, call: ProposedCall) -> str:
    found = read_governed(program, lock, call)
    if found is None:
        return ""
    say = _WORDS.get(found.name)
    if say is not None:
        return say(deployment, program, found.places, found.values, found.tail)
    shown = ", ".join(f"{name} {_plain(value)}" for name, value in found.values.items())
    return f"{found.name.replace('_', ' ')} {shown}".strip()


def _say_own(deployment: Deployment, lock: Timelock, call: ProposedCall) -> str:
    found = _read(TIMELOCK_INSTRUCTIONS, call)
    if found is None or call.accounts[0].key != bytes(lock.address):
        return ""
    form, values, _ = found
    if form.name == "set_price_bounds":
        return f"{name_door(deployment, values['kind'])}: between {values['low']} and {values['high']} lamports"
    who = "nobody" if values.get("account") == _NOBODY else encode_base58(values.get("account", _NOBODY))
    words = {"set_owner": f"{who} owns the timelock when it accepts", "set_setter": f"{who} sets prices"}
    return words.get(form.name, "")


def _say_loader(place: ProgramDeployment, program: Program, lock: Timelock, call: ProposedCall) -> str:
    keys = [account.key for account in call.accounts]
    if not keys or keys[0] != bytes(find_program_data(program.id)):
        return ""
    if call.data == _SET_AUTHORITY and len(keys) in (2, 3) and keys[1] == bytes(lock.address):
        return (
            f"{encode_base58(keys[2])} may upgrade the program" if keys[2:] else "nobody may upgrade the program, ever"
        )
    if call.data == _UPGRADE and len(keys) == 7 and keys[1] == bytes(program.id):
        pin = call.accounts[2].pin.hex()
        return f"the program becomes what is in {encode_base58(keys[2])}, whose keccak256 must be 0x{pin}"
    return ""


def _name_token(deployment: Deployment, program: Program, place: bytes) -> str:
    for token in deployment.tokens:
        if place == bytes(program.derive(addresses.token_seeds(token.token_id))):
            return f"{token.symbol} (token {token.token_id})"
    return f"the token at {encode_base58(place)}"


Places = Mapping[str, bytes]


def _say_token(d: Deployment, program: Program, places: Places, values: Mapping[str, Any], tail: bytes) -> str:
    state = "paused" if values["is_paused"] else "admitted"
    limits = f"at least {values['minimum']}, cap {values['cap']} layer-2 units"
    return f"{_name_token(d, program, places['token'])}: {state}, {limits}"


def _say_registration(d: Deployment, program: Program, places: Places, values: Mapping[str, Any], tail: bytes) -> str:
    token = values["id"]
    chains = ", ".join(place.name for k, place in d.places.items() if values["chains"] >> k & 1)
    if places["mint"] == _NOBODY:
        return f"register token {token} on {chains}: not on this chain; {values['layer2_decimals']} decimals"
    mint = encode_base58(places["mint"])
    where = "the coin of this chain" if mint == NATIVE_MINT else f"mint {mint} here"
    limits = f"at least {values['minimum']}, cap {values['cap']} layer-2 units"
    return f"register token {token} on {chains}: {where}; {values['layer2_decimals']} decimals, {limits}"


def _say_price(d: Deployment, program: Program, places: Places, values: Mapping[str, Any], tail: bytes) -> str:
    return f"{name_door(d, values['kind'])}: {values['price']} lamports"


def _say_members(d: Deployment, program: Program, places: Places, values: Mapping[str, Any], tail: bytes) -> str:
    members = [f"0x{tail[at : at + _SIGNER_BYTES].hex()}" for at in range(0, len(tail), _SIGNER_BYTES)]
    group = _name_group(values["group"])
    return f"{len(members)} {group}, of whom {values['threshold']} sign, 55 days after: {', '.join(members)}"


def _say_removal(d: Deployment, program: Program, places: Places, values: Mapping[str, Any], tail: bytes) -> str:
    return f"0x{values['member'].hex()} leaves the {_name_group(values['group'])}"


def _name_group(group: int) -> str:
    return Group(group).name.lower() if group in list(Group) else f"group {group}, which there is not"


def _plain(value: Any) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


_WORDS: Final[Mapping[str, Callable[..., str]]] = {
    "set_token": _say_token,
    "register_token": _say_registration,
    "set_price": _say_price,
    "announce_members": _say_members,
    "remove_member": _say_removal,
}
