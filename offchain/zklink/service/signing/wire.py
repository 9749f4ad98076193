"""What goes between whoever asks signers and a signer: questions and words as JSON. Judges nothing.

A question names what is asked for, with the fact and what leads to it; an answer has a signature, or the reason why
there is none, and always the last ACC that the signer has signed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from zklink.protocol.bridge_blocks import FullBlock
from zklink.protocol.facts import Accepted, End, EndDenial, Frozen, QueueFact
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.signers.history import Path
from zklink.signers.proposal import Proposal
from zklink.storage.records import decode_record, encode_record

ROUTE: Final = "/v1/sign"

MAX_BYTES: Final = 8 << 20
"""The most that a question may have: several times a full block."""


@dataclass(frozen=True, slots=True)
class AskAccepted:
    """Asks for ACC."""

    fact: Accepted
    path: Path


@dataclass(frozen=True, slots=True)
class AskEnd:
    """Asks for END."""

    fact: End
    path: Path


@dataclass(frozen=True, slots=True)
class AskDenial:
    """Asks for the denial of an END."""

    fact: EndDenial
    path: Path


@dataclass(frozen=True, slots=True)
class AskQueues:
    """Asks for QUE."""

    queues: tuple[QueueFact, ...]


@dataclass(frozen=True, slots=True)
class AskFrozen:
    """Asks for FRZ."""

    fact: Frozen


@dataclass(frozen=True, slots=True)
class AskSeal:
    """Asks for a seal; `served` are the pairs of a proposal's mapping."""

    number: BlockNumber
    previous: bytes
    old_root: int
    full: FullBlock
    served: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, proposal: Proposal) -> "AskSeal":
        """The question for a proposal."""
        served = tuple((int(chain), place) for chain, place in sorted(proposal.served.items()))
        return cls(proposal.number, proposal.previous, proposal.old_root, proposal.full, served)

    def proposal(self) -> Proposal:
        """The proposal that it asks about."""
        served = {ChainId(chain): place for chain, place in self.served}
        return Proposal(self.number, self.previous, self.old_root, self.full, served)


Question = AskAccepted | AskEnd | AskDenial | AskQueues | AskFrozen | AskSeal

KINDS: Final[Mapping[str, type[Any]]] = {
    "accepted": AskAccepted,
    "end": AskEnd,
    "denial": AskDenial,
    "queues": AskQueues,
    "frozen": AskFrozen,
    "seal": AskSeal,
}
_NAMES: Final = {kind: name for name, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class SignerAnswer:
    """A signer's answer: `words` are one signature, or two for END and its ACC; without them `reason` says why."""

    covered: Accepted
    words: tuple[bytes, ...] = ()
    reason: str = ""


def encode_question(question: Question) -> str:
    """A question as text: its kind, and itself as JSON."""
    return f"{_NAMES[type(question)]} {encode_record(question)}"


def decode_question(text: str) -> Question:
    """The question of a text. Raises ValueError with the reason if it is none."""
    name, _, record = text.partition(" ")
    if name not in KINDS:
        raise ValueError(f"nobody can ask for {name[:20]!r}; signers answer {', '.join(KINDS)}")
    found: Question = decode_record(KINDS[name], record)
    return found


def encode_answer(answer: SignerAnswer) -> str:
    """An answer as JSON."""
    return encode_record(answer)


def decode_answer(text: str) -> SignerAnswer:
    """The answer of a text. Raises ValueError with the reason if it is none."""
    return decode_record(SignerAnswer, text)
