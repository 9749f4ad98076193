"""The words of groups that anybody can have: seals in the primary's calldata, ACC in the calldata of imports and of
blocks that the primary took again, and whatever signers have given to somebody who published it as a file.

Takes facts with their evidence; gives them again to whoever must show one. Keeps every evidence of a fact: chains
replace their groups at different times, so one chain can refuse what another one takes. Never judges evidence:
contracts do (`judge.py`).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, TypeVar

from zklink.files import read_file, write_file
from zklink.protocol.errors import FileUnreadable, WordsInvalid
from zklink.protocol.facts import Accepted, End, EndDenial, Frozen, Group, Seal
from zklink.protocol.ids import BlockNumber, ChainId

Both = tuple[bytes, bytes]
"""The evidence of validators and of watchers; empty for a group that does not say it."""

Word = Seal | Accepted | Frozen | End | EndDenial
"""A fact whose evidence is kept."""

W = TypeVar("W", bound=Word)

FORMAT: Final = "zklink.words.1"
NAMES: Final[Mapping[type[Word], str]] = {Accepted: "accepted", End: "end", Frozen: "frozen", EndDenial: "denial"}
"""The facts of a file of words; seals stand in calldata."""


@dataclass
class WordsKept:
    """Evidence by fact and group, each once, the oldest first."""

    words: dict[Word, dict[Group, list[bytes]]] = field(default_factory=dict)

    def keep(self, fact: Word, group: Group, evidence: bytes) -> None:
        """Keep what a group says; empty evidence says nothing."""
        if evidence and evidence not in self.of(fact, group):
            self.words.setdefault(fact, {}).setdefault(group, []).append(evidence)

    def keep_both(self, fact: Word, validators: bytes, watchers: bytes) -> None:
        """Keep what both groups say."""
        self.keep(fact, Group.VALIDATORS, validators)
        self.keep(fact, Group.WATCHERS, watchers)

    def of(self, fact: Word, group: Group) -> tuple[bytes, ...]:
        """All evidence of a group for a fact, the newest first: who was replaced has signed before."""
        return tuple(reversed(self.words.get(fact, {}).get(group, ())))

    def facts(self, kind: type[W]) -> list[W]:
        """The facts of a kind for which there is any evidence, in the order in which they came."""
        return [fact for fact in self.words if isinstance(fact, kind)]


def write_words(path: Path, deployment_hash: bytes, kept: WordsKept) -> None:
    """Publish words as JSON, seals left out, which stand in calldata. Raises FileNotWritten."""
    words = [item for kind in NAMES for fact in kept.facts(kind) for item in _encode(fact, kept)]
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
            kept.keep_both(_decode(item), _bytes(item["validators"]), _bytes(item["watchers"]))
    except (ValueError, KeyError, TypeError, AttributeError, FileUnreadable) as error:
        raise WordsInvalid(path.name, f"it is no file of words ({type(error).__name__}: {error})") from error


def _decode(item: Mapping[str, Any]) -> Word:
    match item["fact"]:
        case "accepted":
            return Accepted(_number(item), _bytes(item["sync_hash"]))
        case "frozen":
            return Frozen(ChainId(int(item["chain"])), int(item["round"]))
        case "end":
            return End(*_place(item))
        case "denial":
            return EndDenial(*_place(item))
        case other:
            raise ValueError(f"no fact {other!r}")


def _encode(fact: Word, kept: WordsKept) -> Iterator[dict[str, object]]:
    """One item for each evidence, of both groups side by side."""
    match fact:
        case Frozen():
            fields: dict[str, object] = {"chain": fact.chain, "round": fact.round}
        case End() | EndDenial():
            fields = {"member": fact.member, "number": fact.number, "sync_hash": f"0x{fact.sync_hash.hex()}"}
            fields["round"] = fact.round
        case _:
            fields = {"number": fact.number, "sync_hash": f"0x{fact.sync_hash.hex()}"}
    by_group = [kept.of(fact, group)[::-1] for group in (Group.VALIDATORS, Group.WATCHERS)]
    for validators, watchers in zip_longest(*by_group, fillvalue=b""):
        item = {"fact": NAMES[type(fact)], **fields}
        yield {**item, "validators": f"0x{validators.hex()}", "watchers": f"0x{watchers.hex()}"}


def _place(item: Mapping[str, Any]) -> tuple[ChainId, BlockNumber, bytes, int]:
    return ChainId(int(item["member"])), _number(item), _bytes(item["sync_hash"]), int(item["round"])


def _number(item: Mapping[str, Any]) -> BlockNumber:
    return BlockNumber(int(item["number"]))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
