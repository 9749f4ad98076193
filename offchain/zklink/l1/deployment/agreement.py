"""Whether what governs all chains says the same on each: a token's meaning, the members of a group, an owner.

Takes calls by chain, from an act or from the log of a proposal; reads them with the contracts' ABIs. Never sends.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, cast

from eth_abi import decode, encode
from eth_abi.exceptions import DecodingError

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.deployment.swift import read_selector
from zklink.l1.transport.arguments import spell_type
from zklink.protocol.errors import ActsDisagree, OwnerInGroup
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId, TokenId

COMMON: Final[Mapping[str, tuple[str, ...]]] = {
    "Registry": ("register_token",),
    "Groups": ("announce_members", "remove_member"),
    "Timelock": ("set_owner",),
}
"""Functions whose calls must say the same on every chain; limits, prices and pauses are each chain's own."""

Statement = tuple[object, ...]
"""A function, and those of its arguments that are the same everywhere."""


def read_statements(calls: Sequence[bytes]) -> tuple[Statement, ...]:
    """What calls say that must be the same on every chain, in order. Raises ActsDisagree for an unreadable one."""
    return tuple(_statements(calls))


def check_alike(calls: Mapping[ChainId, Sequence[bytes]], chains: Sequence[ChainId]) -> None:
    """Raise ActsDisagree unless the calls say the same on each of all chains, as far as they must. An act without such
    calls may concern some chains only.
    """
    said = {k: read_statements(calls.get(k, ())) for k in chains}
    first = next((k for k in chains if said[k]), None)
    if first is None:
        return
    for k in chains:
        if said[k] != said[first]:
            raise ActsDisagree(f"chain {first} says {_spell(said[first])}, chain {k} says {_spell(said[k])}")


def check_apart(calls: Sequence[bytes], owners: Sequence[str], members: Sequence[tuple[Group, Sequence[str]]]) -> None:
    """Raise OwnerInGroup if calls on one chain put an owner of its timelock into a group, or make a member the owner:
    the contract of the groups sees the timelock alone. `members` may name a group twice, with its coming members.
    """
    for name, *arguments in read_statements(calls):
        if name == "set_owner":
            _check_apart([str(arguments[0])], members)
        elif name == "announce_members":
            group, listed, _ = cast("tuple[int, Sequence[str], int]", tuple(arguments))
            _check_apart(owners, [(Group(group), listed)])


def _check_apart(owners: Sequence[str], members: Sequence[tuple[Group, Sequence[str]]]) -> None:
    for group, listed in members:
        both = {int(owner, 16) for owner in owners} & {int(member, 16) for member in listed}
        if both:
            raise OwnerInGroup(f"0x{min(both):040x}", group.name.lower())


def check_registered_alike(bridges: Mapping[ChainId, BridgeClient], token_id: TokenId) -> None:
    """Raise ActsDisagree unless a token has the same chains and layer-2 decimals on every chain. Raises CallReverted,
    RpcUnavailable.
    """
    configs = {k: bridge.tokens.token_config(token_id) for k, bridge in bridges.items()}
    meanings = {k: (sorted(config.chains), config.layer2_decimals) for k, config in configs.items()}
    first = next(iter(meanings))
    for k, meaning in meanings.items():
        if meaning != meanings[first]:
            raise ActsDisagree(f"token {token_id} is {meanings[first]} on chain {first}, {meaning} on chain {k}")


def decode_whole(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """Arguments of a call, if the data is just what encodes them: nothing short, beside or between. Raises
    DecodingError.
    """
    arguments = decode(types, data)
    if encode(types, arguments) != data:
        raise DecodingError("the data is not what encodes its arguments")
    return arguments


def _statements(calls: Sequence[bytes]) -> Iterator[Statement]:
    for data in calls:
        found = _functions().get(data[:4])
        if found is not None:
            name, types = found
            try:
                arguments = decode_whole(types, data[4:])
            except DecodingError as error:
                raise ActsDisagree(f"a call of {name} cannot be read ({error})") from error
            yield _state(name, arguments)


def _state(name: str, arguments: Sequence[Any]) -> Statement:
    if name == "register_token":
        token_id, (chains, _, layer2_decimals, *_) = arguments
        return name, token_id, chains, layer2_decimals
    return name, *arguments


@lru_cache(maxsize=1)
def _functions() -> dict[bytes, tuple[str, list[str]]]:
    """Names and types of the functions that must say the same, by selector."""
    found = {}
    for contract, names in COMMON.items():
        artifact = load_contract(contract)
        entries = {entry["name"]: entry for entry in artifact.abi if entry["type"] == "function"}
        for name in names:
            types = [spell_type(item) for item in entries[name]["inputs"]]
            found[read_selector(artifact, name)] = name, types
    return found


def _spell(statements: Sequence[Statement]) -> str:
    return "; ".join(" ".join(map(str, statement)) for statement in statements) or "nothing"
