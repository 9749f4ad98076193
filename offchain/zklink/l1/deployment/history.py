"""What government has changed since a deployment was founded: the part of its record that grows.

Takes and gives plain records and JSON. Never asks a chain: `zklink.upkeep.recording` does.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from zklink.l1.contracts.bridge_structs import PriceEntry
from zklink.l1.deployment.records import GroupPlan, TokenPlan, encode_token, read_group, read_token
from zklink.protocol.ids import ChainId, TokenId


@dataclass(frozen=True, slots=True)
class Founding:
    """What the constructors were told of what government can change, and the tokens of the founding."""

    governor: str
    setter: str
    fee_recipient: str
    validators: GroupPlan
    watchers: GroupPlan
    tokens: tuple[TokenPlan, ...]
    prices: Mapping[ChainId, tuple[PriceEntry, ...]]


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """One change, in words, and the transaction and the block of its chain that made it."""

    chain_id: ChainId
    act: str
    transaction: str
    block: int


@dataclass(frozen=True, slots=True)
class History:
    """`founding` is None while nothing has changed. `heights` are the blocks of the chains up to which `acts` are
    recorded, `paused` the tokens that let nothing in there.
    """

    founding: Founding | None = None
    heights: Mapping[ChainId, int] = field(default_factory=dict)
    paused: Mapping[ChainId, tuple[TokenId, ...]] = field(default_factory=dict)
    acts: tuple[RecordedAct, ...] = ()


NO_HISTORY: Final = History()


def encode_history(history: History) -> dict[str, Any]:
    """The keys of a record's `dossier`; none while nothing has changed."""
    if history.founding is None:
        return {}
    founding = history.founding
    return {
        "founding": {
            "governor": founding.governor,
            "setter": founding.setter,
            "fee_recipient": founding.fee_recipient,
            "validators": asdict(founding.validators),
            "watchers": asdict(founding.watchers),
            "tokens": [encode_token(token) for token in founding.tokens],
            "prices": {str(k): [asdict(entry) for entry in entries] for k, entries in founding.prices.items()},
        },
        "heights": {str(k): height for k, height in history.heights.items()},
        "paused": {str(k): list(tokens) for k, tokens in history.paused.items()},
        "acts": [asdict(act) for act in history.acts],
    }


def read_history(data: Mapping[str, Any]) -> History:
    """The history in a record's `dossier`. Raises KeyError, TypeError, ValueError."""
    if "founding" not in data:
        return NO_HISTORY
    item = data["founding"]
    founding = Founding(
        governor=str(item["governor"]),
        setter=str(item["setter"]),
        fee_recipient=str(item["fee_recipient"]),
        validators=read_group(item["validators"]),
        watchers=read_group(item["watchers"]),
        tokens=tuple(read_token(each) for each in item["tokens"]),
        prices={
            ChainId(int(k)): tuple(PriceEntry(**each) for each in entries) for k, entries in item["prices"].items()
        },
    )
    return History(
        founding,
        {ChainId(int(k)): int(height) for k, height in data["heights"].items()},
        {ChainId(int(k)): tuple(TokenId(int(each)) for each in tokens) for k, tokens in data["paused"].items()},
        tuple(
            RecordedAct(ChainId(int(each["chain_id"])), str(each["act"]), str(each["transaction"]), int(each["block"]))
            for each in data["acts"]
        ),
    )
