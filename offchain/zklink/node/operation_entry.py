"""The way in for a node's signed operations: each is taken at once, or kept until a chain has confirmed an owner's
consent.

Takes operations on the thread that calls `Node.step`; gives events. Never decides about a consent itself: a confirmed
chain state does. Two kinds of operation need one: a change of key without its owner's signature (is the consent
recorded?) and a forced exit (has the owner ever acted there?). The sequencer checks such an operation in every other
respect and hands a question back. A worker asks the chain, one question after the other, and the answer goes back to
the sequencer. When a chain refuses a block with such an operation, the worker asks again, because a reorganisation can
remove a consent.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from zklink.node.events import Event, OperationAccepted, OperationRefused
from zklink.node.ports import ConsentSource
from zklink.operations.operation_id import OperationId
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.errors import AlreadyPending, TooManyQuestions, UnknownChain, ZkLinkError
from zklink.protocol.ids import ChainId
from zklink.sequencer.chain_checks import needs_consent
from zklink.sequencer.operation_intake import ConsentQuestion
from zklink.sequencer.operation_queue import Pending
from zklink.sequencer.sequencer import Sequencer
from zklink.transition.rules import type_of

CHAIN_LIMIT: Final = 1_000
"""How many questions to one chain wait at most."""

ACCOUNT_LIMIT: Final = 16
"""How many questions about operations of one account wait at most, for all chains together. A stranger can hand in
changes of key for somebody else's account, so one account must not take every place.
"""


class OperationEntry:
    """Hands operations to the sequencer, and keeps the questions that chains must answer first."""

    def __init__(
        self,
        sequencer: Sequencer,
        sources: Mapping[ChainId, ConsentSource],
        clock: Callable[[], float],
        emit: Callable[[Event], None],
    ) -> None:
        self._sequencer, self._sources = sequencer, sources
        self._clock, self._emit = clock, emit
        self._asking: dict[ChainId, dict[OperationId, ConsentQuestion]] = {chain: {} for chain in sources}
        self._doubted: dict[ChainId, dict[OperationId, ConsentQuestion]] = {chain: {} for chain in sources}

    def take(self, operation: Signed[Any] | OrderMatch, now: int, consent: bytes) -> OperationId:
        """Take an operation, or put a question to its chain first. An operation that is refused raises the sequencer's
        OperationError or ProtocolError, and is an event, too.
        """
        try:
            submitted = self._sequencer.submit(operation, now, consent)
            if submitted.question is not None:
                self._ask(submitted.question)
                return submitted.id
        except ZkLinkError as error:
            self._refuse(operation, error)
            raise
        self._emit(OperationAccepted(self._clock(), submitted.id, _name(operation)))
        return submitted.id

    def questions(self) -> dict[ChainId, Callable[[], tuple[ConsentQuestion, bool]]]:
        """For each chain with a question, the job that asks the next one; questions of doubt come first."""
        return {
            chain: self._put(source, next(iter(waiting.values())))
            for chain, source in self._sources.items()
            if (waiting := self._doubted[chain] or self._asking[chain])
        }

    def doubt(self, chain: ChainId, sealed: Iterable[Pending]) -> None:
        """The chain has refused a block with these operations: ask again for the consents that they need from it."""
        for pending in sealed:
            operation = pending.operation
            if not isinstance(operation, Signed) or not needs_consent(operation, pending.consent):
                continue
            if operation.operation.chain == chain and chain in self._sources:
                self._doubted[chain][pending.id] = ConsentQuestion(pending.id, pending.owner, operation)

    def answer(self, question: ConsentQuestion, is_given: bool, now: int) -> bool:
        """Take a chain's answer about an owner. False if the operation is sealed, or was, and the chain no longer has
        the consent: then it must be withdrawn.
        """
        if self._doubted[question.chain].pop(question.id, None) is not None:
            return is_given
        del self._asking[question.chain][question.id]
        try:
            id = self._sequencer.answer(question, is_given, now)
        except ZkLinkError as error:
            self._refuse(question.operation, error)
        else:
            self._emit(OperationAccepted(self._clock(), id, _name(question.operation)))
        return True

    def _ask(self, question: ConsentQuestion) -> None:
        """Put a question, if there is room for it."""
        if question.chain not in self._sources:
            raise UnknownChain(question.chain, tuple(self._sources))
        asking = self._asking[question.chain]
        if question.id in asking:
            raise AlreadyPending(question.id)
        if len(asking) >= CHAIN_LIMIT:
            raise TooManyQuestions(f"chain {question.chain}", CHAIN_LIMIT)
        asked = (other for waiting in self._asking.values() for other in waiting.values())
        if sum(other.account == question.account for other in asked) >= ACCOUNT_LIMIT:
            raise TooManyQuestions(f"account {question.account}", ACCOUNT_LIMIT)
        asking[question.id] = question

    def _put(self, source: ConsentSource, question: ConsentQuestion) -> Callable[[], tuple[ConsentQuestion, bool]]:
        return lambda: (question, source.is_recorded(question.owner, question.operation.operation))

    def _refuse(self, operation: Signed[Any] | OrderMatch, error: ZkLinkError) -> None:
        self._emit(OperationRefused(self._clock(), _name(operation), str(error)))


def _name(operation: Signed[Any] | OrderMatch) -> str:
    return type_of(operation).__name__
