"""What happened on the chains, step by step, in words and with values: what a failing machine prints.

A method marked with `told` writes its line before it runs, and the reason if a contract refuses it. Whoever wants to
hear sets `note` and `event` (the machines: Hypothesis's own); the others keep the lines only for the message of a
broken law, which ends with the last step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum, Flag
from functools import singledispatch, wraps
from inspect import signature
from typing import Any, Protocol, TypeVar

from tests.support.books.chains import TOKEN_NAMES
from tests.support.evm import Reverted
from tests.support.three_chains import CHAIN_NAMES, MOST, ROLES, account_of
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.order_match import OrderMatch
from zklink.operations.payout import Payout
from zklink.operations.signed import Signed
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import ChainId, TokenId

Action = TypeVar("Action", bound=Callable[..., Any])

CHAINS_OF_CALLS = {"chain", "source", "destination", "member"}
TOKENS_OF_CALLS = {"token", "token_in", "token_out"}
"""Parameters that are chains and tokens; at run time both are plain numbers."""
OWN = {"receiver", "repay_to"}
"""Parameters that stand for whoever acts, if they are not given."""


def _nobody(text: str) -> None:
    """Nobody listens."""


@dataclass
class Diary:
    """The lines so far, and who hears each."""

    note: Callable[[str], None] = _nobody
    event: Callable[[str], None] = _nobody
    lines: list[str] = field(default_factory=list)

    def write(self, line: str) -> None:
        """Another line."""
        self.lines.append(line)
        self.note(line)

    @property
    def last(self) -> str:
        """What happened last."""
        return self.lines[-1] if self.lines else "nothing has happened yet"

    def check(self, what: str, found: object, expected: object) -> None:
        """Fail with both values and the last step unless they are equal."""
        assert found == expected, f"{what}: expected {expected}, found {found}; last step: {self.last}"

    def check_at_most(self, what: str, found: int, limit: int) -> None:
        """Fail with both values and the last step if one is above the other."""
        assert found <= limit, f"{what}: expected at most {limit}, found {found}; last step: {self.last}"


class Keeper(Protocol):
    """Whoever has a diary."""

    diary: Diary


def told(template: str) -> Callable[[Action], Action]:
    """Write a line at each call: the template with the call's arguments in words."""

    def mark(action: Action) -> Action:
        names = signature(action)

        @wraps(action)
        def run(self: Keeper, *args: object, **options: object) -> Any:
            call = names.bind(self, *args, **options)
            call.apply_defaults()
            self.diary.write(template.format_map({name: _say_named(name, v) for name, v in call.arguments.items()}))
            try:
                return action(self, *args, **options)
            except Reverted as error:
                self.diary.write(f"    refused: {error.reason}")
                self.diary.event(error.reason)
                raise

        return run  # type: ignore[return-value]

    return mark


def name_place(chain: ChainId, token: TokenId) -> str:
    """A token on a chain."""
    return f"{TOKEN_NAMES.get(token, f'token {token}')} on {name_chain(chain)}"


def name_chain(chain: ChainId) -> str:
    """A chain."""
    return f"chain {CHAIN_NAMES.get(chain, chain)}"


def say_drawn(name: str, value: object) -> str:
    """A value that a machine drew under this name, in words."""
    if name in CHAINS_OF_CALLS:
        return CHAIN_NAMES[value]  # type: ignore[index]
    match name, value:
        case "route", (int(token_in), int(source), int(token_out), int(destination)):
            ends = (ChainId(source), TokenId(token_in)), (ChainId(destination), TokenId(token_out))
            return " into ".join(name_place(*end) for end in ends)
        case "owed", (token, owner):
            return f"{say(owner)}'s {_say_named('token', token)}"
    return _say_named(name, value)


def _say_named(name: str, value: object) -> str:
    if name == "to" and isinstance(value, tuple):
        return name_place(*value)
    if name in CHAINS_OF_CALLS:
        return name_chain(value)  # type: ignore[arg-type]
    if name in OWN and value is None:
        return "itself"
    if name in TOKENS_OF_CALLS:
        return TOKEN_NAMES.get(value, f"token {value}")  # type: ignore[call-overload, no-any-return]
    return say(value)


@singledispatch
def say(value: object) -> str:
    """A value in words."""
    return "any number of" if type(value) is int and value == MOST else str(value)


@say.register
def _(value: str) -> str:
    return ROLES.get(value.lower(), value[:10])


@say.register
def _(value: None) -> str:
    return "all"


@say.register
def _(value: bool) -> str:
    return "yes" if value else "no"


@say.register
def _(value: Enum) -> str:
    return value.name


@say.register
def _(value: Flag) -> str:
    return value.name or "HONEST"


@say.register
def _(value: Signed) -> str:  # type: ignore[type-arg]
    operation = value.operation
    values = ((field.name, getattr(operation, field.name)) for field in fields(operation))
    return f"{type(operation).__name__}({', '.join(f'{name} {_say_named(name, entry)}' for name, entry in values)})"


@say.register
def _(value: OrderMatch) -> str:
    return f"match of {say(value.maker)} with {say(value.taker)}"


@say.register(DepositRequest)
@say.register(FullExitRequest)
@say.register(KeyRequest)
def _(value: DepositRequest | FullExitRequest | KeyRequest) -> str:
    return f"{type(value).__name__} {value.request_id} of {name_chain(value.source)}"


@say.register
def _(value: KeyChange) -> str:
    return f"key of account {value.account} on {name_chain(value.chain)}"


@say.register
def _(value: bytes) -> str:
    is_owner = len(value) == 32 and not any(value[1:12])
    return say(account_of(bytes(1) + value[1:])) if is_owner else value.hex()[:10]


@say.register(list)
@say.register(tuple)
def _(value: Sequence[object]) -> str:
    return ", ".join(map(say, value)) or "nothing"


@say.register
def _(value: dict) -> str:  # type: ignore[type-arg]
    return ", ".join(f"{name} {say(entry)}" for name, entry in value.items() if entry)


@say.register
def _(value: Payout) -> str:
    who = f"{value.amount} {name_place(value.chain, value.token)} to {say(value.recipient)}"
    fee = f", fill fee {value.fill_fee}" if value.fill_fee else ""
    return f"{value.kind.name} for request {value.id} of {name_chain(ChainId(value.source))}: {who}{fee}"


@say.register
def _(value: SwapRequest) -> str:
    return f"request {value.request_id} of {name_chain(value.source)}"
