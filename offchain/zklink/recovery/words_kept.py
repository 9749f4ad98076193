"""The words of groups that anybody can have: seals in the primary's calldata, ACC in the calldata of imports and of
blocks that the primary took again, and whatever signers have given to somebody who published it as a file.

Takes facts with their evidence; gives them again to whoever must show one. Never judges evidence: contracts do.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from zklink.files import read_file, write_file
from zklink.protocol.errors import FileUnreadable, WordsInvalid
from zklink.protocol.facts import Accepted, End, EndDenial, Frozen, Group, Seal
from zklink.protocol.ids import BlockNumber, ChainId

Both = tuple[bytes, bytes]
"""The evidence of validators and of watchers; empty for a group that does not say it."""

FORMAT: Final = "zklink.words.1"


@dataclass
class WordsKept:
    """Evidence by fact."""

    seals: dict[Seal, bytes] = field(default_factory=dict)
    accepted: dict[Accepted, Both] = field(default_factory=dict)
    frozen: dict[Frozen, bytes] = field(default_factory=dict)
    ends: dict[End, Both] = field(default_factory=dict)
    denials: dict[tuple[EndDenial, Group], bytes] = field(default_factory=dict)

    def keep_seal(self, fact: Seal, validators: bytes) -> None:
        """Keep the validators' seal of a block."""
        self.seals.setdefault(fact, validators)

    def keep_accepted(self, fact: Accepted, validators: bytes, watchers: bytes) -> None:
        """Keep both groups' word for a block of the primary."""
        self.accepted.setdefault(fact, (validators, watchers))

    def keep_end(self, fact: End, validators: bytes, watchers: bytes) -> None:
        """Keep END; a later word adds what an earlier one leaves out."""
        before = self.ends.get(fact, (b"", b""))
        self.ends[fact] = validators or before[0], watchers or before[1]


def write_words(path: Path, deployment_hash: bytes, kept: WordsKept) -> None:
    """Publish words as JSON, seals left out, which stand in calldata. Raises FileNotWritten."""
    words: list[dict[str, object]] = []
    words += [_encode("accepted", fact, *both) for fact, both in kept.accepted.items()]
    words += [_encode("end", fact, *both) for fact, both in kept.ends.items()]
    words += [_encode("frozen", fact, b"", evidence) for fact, evidence in kept.frozen.items()]
    for (fact, group), evidence in kept.denials.items():
        is_validators = group is Group.VALIDATORS
        words.append(_encode("denial", fact, evidence * is_validators, evidence * (not is_validators)))
    data = {"format": FORMAT, "deployment_hash": f"0x{deployment_hash.hex()}", "words": words}
    write_file(path, json.dumps(data, indent=2) + "\n")


def read_words(path: Path, deployment_hash: bytes, kept: WordsKept) -> None:
    """Keep the words of a file. Raises WordsInvalid if it is no such file, or of another deployment."""
    try:
        data = json.loads(read_file(path))
        if data["format"] != FORMAT:
            raise WordsInvalid(path.name, f"its format is {data['format']!r}, and words have {FORMAT!r}")
        found = _bytes(data["deployment_hash"])
        if found != deployment_hash:
            raise WordsInvalid(path.name, f"it is of deployment 0x{found.hex()}, and not of 0x{deployment_hash.hex()}")
        for item in data["words"]:
            _keep(kept, item, _bytes(item["validators"]), _bytes(item["watchers"]))
    except (ValueError, KeyError, TypeError, AttributeError, FileUnreadable) as error:
        raise WordsInvalid(path.name, f"it is no file of words ({type(error).__name__}: {error})") from error


def _keep(kept: WordsKept, item: Mapping[str, Any], validators: bytes, watchers: bytes) -> None:
    match item["fact"]:
        case "accepted":
            kept.keep_accepted(Accepted(_number(item), _bytes(item["sync_hash"])), validators, watchers)
        case "frozen":
            kept.frozen[Frozen(ChainId(int(item["chain"])), int(item["round"]))] = watchers
        case "end":
            kept.keep_end(End(*_place(item)), validators, watchers)
        case "denial":
            group = Group.VALIDATORS if validators else Group.WATCHERS
            kept.denials[EndDenial(*_place(item)), group] = validators or watchers
        case other:
            raise ValueError(f"no fact {other!r}")


def _encode(
    name: str, fact: Accepted | End | EndDenial | Frozen, validators: bytes, watchers: bytes
) -> dict[str, object]:
    match fact:
        case Accepted():
            fields: dict[str, object] = {"number": fact.number, "sync_hash": f"0x{fact.sync_hash.hex()}"}
        case Frozen():
            fields = {"chain": fact.chain, "round": fact.round}
        case _:
            fields = {"member": fact.member, "number": fact.number, "sync_hash": f"0x{fact.sync_hash.hex()}"}
            fields["round"] = fact.round
    return {"fact": name, **fields, "validators": f"0x{validators.hex()}", "watchers": f"0x{watchers.hex()}"}


def _place(item: Mapping[str, Any]) -> tuple[ChainId, BlockNumber, bytes, int]:
    return ChainId(int(item["member"])), _number(item), _bytes(item["sync_hash"]), int(item["round"])


def _number(item: Mapping[str, Any]) -> BlockNumber:
    return BlockNumber(int(item["number"]))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
