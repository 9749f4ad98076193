"""What acts of government are given on a command line: tokens, chains, doors, limits. Each error names the option."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from zklink.cli.deployment_inputs import parse_account
from zklink.l1.contracts.bridge_structs import NATIVE
from zklink.l1.deployment.acts import Limits
from zklink.l1.deployment.places import NATIVE_MINT
from zklink.l1.deployment.records import Deployment, TokenPlan
from zklink.primitives.base58 import decode_base58
from zklink.protocol.ids import Amount, ChainId, Door, TokenId

ALL, COIN = "all", "coin"

PickDoor = Callable[[Deployment, str], int]
Command = TypeVar("Command", bound=Callable[..., Any])

_NEW_TOKEN = (
    click.option("--id", "token_id", type=click.IntRange(min=1), required=True, help="The token's id on layer 2."),
    click.option("--symbol", required=True, help="For people."),
    click.option("--decimals", type=click.IntRange(0, 36), required=True, help="Of layer 2: the least of its chains."),
    click.option(
        "--at",
        "places",
        multiple=True,
        required=True,
        metavar="CHAIN=ADDRESS",
        help="Its contract on a chain, on Solana its mint, or `coin`.",
    ),
    click.option("--least", type=click.IntRange(min=1), required=True, help="Smallest swap or deposit, layer-2 units."),
    click.option("--cap", type=click.IntRange(min=1), required=True, help="Largest custody of a chain, layer-2 units."),
)


def new_token(command: Command) -> Command:
    """A token that is to be registered: `token_id`, `symbol`, `decimals`, `places`, `least`, `cap`."""
    for option in reversed(_NEW_TOKEN):
        command = option(command)
    return command


def pick_chain(deployment: Deployment, name: str) -> ChainId:
    """A chain by its name in the deployment."""
    for chain, place in deployment.chains.items():
        if place.name == name:
            return chain
    names = ", ".join(place.name for place in deployment.chains.values())
    raise click.BadParameter(f"{name!r} is none of {names}")


def pick_token(deployment: Deployment, token: str) -> TokenId:
    """A token by its symbol; any token by its id, since the deployment's file does not list what came later."""
    for plan in deployment.tokens:
        if token in (plan.symbol, str(plan.token_id)):
            return plan.token_id
    if token.isdecimal():
        return TokenId(int(token))
    raise click.BadParameter(f"{token!r} is none of {', '.join(plan.symbol for plan in deployment.tokens)}")


def pick_door(deployment: Deployment, name: str) -> int:
    """A kind of price: a door by its name, or a chain for swaps to it."""
    doors = {door.name.lower(): int(door) for door in Door}
    return doors[name] if name in doors else int(pick_chain(deployment, name))


def read_limits(deployment: Deployment, token: str, values: tuple[str, ...]) -> dict[ChainId, Limits]:
    """`CHAIN=LEAST:CAP` by chain; `all` is every chain that has the token."""
    token_id, found = pick_token(deployment, token), dict[ChainId, Limits]()
    own = [
        k for plan in deployment.tokens if plan.token_id == token_id for k in plan.contracts if k in deployment.chains
    ]
    for value in sorted(values, key=lambda each: not each.startswith(f"{ALL}=")):
        place, _, pair = value.partition("=")
        least, most = _pair(value, pair)
        chains = own if place == ALL else [pick_chain(deployment, place)]
        found |= dict.fromkeys(chains, (Amount(least), Amount(most)))
    return found


def read_bounds(
    deployment: Deployment, values: tuple[str, ...], pick: PickDoor
) -> dict[ChainId, Mapping[int, tuple[int, int]]]:
    """`CHAIN/DOOR=LOW:HIGH` by chain and kind, in gwei."""
    found: dict[ChainId, dict[int, tuple[int, int]]] = {}
    for value in values:
        place, _, pair = value.partition("=")
        chain, _, door = place.partition("/")
        found.setdefault(pick_chain(deployment, chain), {})[pick(deployment, door)] = _pair(value, pair)
    return dict(found)


def read_new_token(
    deployment: Deployment, token_id: int, symbol: str, decimals: int, places: tuple[str, ...], limits: tuple[int, int]
) -> TokenPlan:
    """A token that is to be registered; `CHAIN=ADDRESS`, or `CHAIN=coin` for the chain's own coin. On a Solana chain
    the address is the mint's.
    """
    contracts: dict[ChainId, str] = {}
    programs = {place.name: chain for chain, place in deployment.programs.items()}
    for value in places:
        name, _, address = value.partition("=")
        if name in programs:
            contracts[programs[name]] = NATIVE_MINT if address == COIN else _parse_mint(address)
        else:
            contracts[pick_chain(deployment, name)] = NATIVE if address == COIN else parse_account(address, "--at")
    return TokenPlan(TokenId(token_id), symbol, decimals, contracts, Amount(limits[0]), Amount(limits[1]))


def _parse_mint(address: str) -> str:
    try:
        decode_base58(address, 32)
    except ValueError:
        raise click.BadParameter(f"{address!r} is not an address of Solana", param_hint="--at") from None
    return address


def _pair(value: str, pair: str) -> tuple[int, int]:
    low, _, high = pair.partition(":")
    if not (low.isdecimal() and high.isdecimal()) or int(low) > int(high):
        raise click.BadParameter(f"{value!r} has no two whole numbers, the lower first", param_hint="--at")
    return int(low), int(high)
