"""A signer in another process, as its group asks it: over HTTP, with a secret that both have.

Takes facts; gives signatures that are certainly of that signer and of that fact. A signer that is away, refuses or lies
costs its own signature alone: it is left alone for a while, and the others of its group are asked.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx
from eth_account import Account
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError

from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import SignerFailed
from zklink.protocol.facts import Accepted, End, EndDenial, Fact, Frozen, QueueFact, Queues, Seal
from zklink.protocol.ids import BlockNumber
from zklink.protocol.messages import SIGNATURE_BYTES
from zklink.service.signing.wire import (
    ROUTE,
    AskAccepted,
    AskDenial,
    AskEnd,
    AskFrozen,
    AskQueues,
    AskSeal,
    Question,
    SignerAnswer,
    decode_answer,
    encode_question,
)
from zklink.signers.history import Path
from zklink.signers.ports import EndWord
from zklink.signers.proposal import Proposal

TIMEOUT_SECONDS: Final = 10.0
AWAY_SECONDS: Final = 15.0
"""For so long nobody asks a signer that did not answer."""


@dataclass
class RemoteSigner:
    """A ValidatorPort and a WatcherPort (see `zklink.signers.ports`); its process answers for the role that it has.
    Every method raises SignerFailed.
    """

    url: str
    address: str
    deployment_hash: bytes
    secret: str = field(repr=False)
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=TIMEOUT_SECONDS))
    clock: Callable[[], float] = time.monotonic
    _away_until: float = field(default=float("-inf"), init=False)
    _covered: Accepted | None = field(default=None, init=False)

    @property
    def covered(self) -> Accepted:
        """The last ACC that it has signed, as it said last; the genesis until it has said anything."""
        return self._covered or Accepted(BlockNumber(0), self.deployment_hash)

    def accepted(self, fact: Accepted, path: Path) -> bytes:
        return self._sign(AskAccepted(fact, path), fact)[0]

    def end(self, fact: End, path: Path) -> EndWord:
        return EndWord(*self._sign(AskEnd(fact, path), fact, Accepted(fact.number, fact.sync_hash)))

    def denial(self, fact: EndDenial, path: Path) -> bytes:
        return self._sign(AskDenial(fact, path), fact)[0]

    def seal(self, proposal: Proposal) -> bytes:
        return self._sign(AskSeal.of(proposal), Seal(proposal.number, proposal.sync_hash(self.deployment_hash)))[0]

    def queues(self, queues: Sequence[QueueFact]) -> bytes:
        return self._sign(AskQueues(tuple(queues)), Queues(tuple(queues)))[0]

    def frozen(self, fact: Frozen) -> bytes:
        return self._sign(AskFrozen(fact), fact)[0]

    # -- inside ------------------------------------------------------------------------------------------------------

    def _sign(self, question: Question, *facts: Fact) -> tuple[bytes, ...]:
        """The words for these facts, each by this signer."""
        answer = self._ask(question)
        if not answer.words:
            raise SignerFailed(self.address, redact(answer.reason or "it gives no reason"))
        if len(answer.words) != len(facts):
            raise SignerFailed(self.address, f"it gave {len(answer.words)} words for {len(facts)}")
        for word, fact in zip(answer.words, facts, strict=True):
            if self._recover(word, fact) != self.address:
                raise SignerFailed(self.address, "its word is not its signature of what was asked")
        return answer.words

    def _recover(self, word: bytes, fact: Fact) -> str:
        if len(word) != SIGNATURE_BYTES:
            return ""
        try:
            return str(Account._recover_hash(fact.digest(self.deployment_hash), signature=word))
        except (BadSignature, ValidationError, ValueError, TypeError):
            return ""

    def _ask(self, question: Question) -> SignerAnswer:
        if self.clock() < self._away_until:
            raise SignerFailed(self.address, "it did not answer a moment ago")
        try:
            headers = {"authorization": f"Bearer {self.secret}"}
            reply = self.client.post(
                f"{self.url.rstrip('/')}{ROUTE}", content=encode_question(question), headers=headers
            )
            if reply.status_code != httpx.codes.OK:
                raise ValueError(f"it answered {reply.status_code}")
            answer = decode_answer(reply.text)
        except (httpx.HTTPError, ValueError) as error:
            self._away_until = self.clock() + AWAY_SECONDS
            raise SignerFailed(self.address, redact(f"{type(error).__name__}: {error}")) from None
        if answer.covered.number >= 0:
            self._covered = answer.covered
        return answer
