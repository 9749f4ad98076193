"""Where signed operations enter a node: taken at once, or, when a chain has to be asked about an owner, a little later.

Takes operations on the thread that calls `Node.step`; gives events. Two kinds need an owner's word that only a chain
has, with its confirmations: a change of key without its owner's signature (is the consent recorded?) and a forced exit
(has the owner ever acted there?). A chain is asked on a lane, one question after the other, and only about operations
that hold in every other respect; and again when it refuses a block with such an operation, because a reorganisation can
take a word back.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from zklink.l1.contracts.bridge import BridgeViews
from zklink.l1.contracts.registries import KeyRegistryClient
from zklink.l1.contracts.structs import evm_address
from zklink.node.events import Event, OperationAccepted, OperationRefused
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.operation_id import OperationId
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.errors import AlreadyPending, TooManyQuestions, UnknownChain, ZkLinkError
from zklink.protocol.ids import AccountId, ChainId
from zklink.sequencer.admission import find_owner, is_evm_address, needs_consent
from zklink.sequencer.operation_queue import Pending
from zklink.sequencer.sequencer import Sequencer
from zklink.transition.dispatch import type_of

Asked = ChangePubKey | ForcedExit
"""The operations that need an owner's word."""

CHAIN_LIMIT: Final = 1_000
"""How many questions to one chain wait at most."""

ACCOUNT_LIMIT: Final = 16
"""How many questions about operations of one account wait at most, to all chains. Anybody can sign a change of key of
anybody's account with a key of its own, so one account must not take every place.
"""


class ConsentSource(Protocol):
    """Port: what one chain has of owners' words."""

    def is_recorded(self, owner: bytes, operation: Asked) -> bool:
        """Whether the chain has, with its confirmations, what the operation needs of this owner."""
        ...


class ChainConsents:
    """A ConsentSource on a bridge and the registry of keys of its chain."""

    def __init__(self, bridge: BridgeViews, registry: KeyRegistryClient, deployment_hash: bytes) -> None:
        self._bridge, self._registry, self._deployment_hash = bridge, registry, deployment_hash

    def is_recorded(self, owner: bytes, operation: Asked) -> bool:
        height = self._bridge.client.confirmed_height()
        if height < 0 or not is_evm_address(owner):
            return False
        if isinstance(operation, ForcedExit):
            return self._bridge.is_owner_known(evm_address(owner), block=height)
        return self._registry.is_authorised(
            self._deployment_hash,
            evm_address(owner),
            operation.account,
            operation.nonce,
            operation.public_key_hash,
            block=height,
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What a chain is asked: whether it has this owner's word for an operation."""

    id: OperationId
    owner: bytes
    operation: Signed[Any]

    @property
    def account(self) -> AccountId:
        """Whose operation it is."""
        account: AccountId = self.operation.operation.account
        return account


class Intake:
    """Hands operations to the sequencer."""

    def __init__(
        self,
        sequencer: Sequencer,
        consents: Mapping[ChainId, ConsentSource],
        clock: Callable[[], float],
        emit: Callable[[Event], None],
    ) -> None:
        self._sequencer, self._consents = sequencer, consents
        self._clock, self._emit = clock, emit
        self._asking: dict[ChainId, dict[OperationId, Question]] = {chain: {} for chain in consents}
        self._doubted: dict[ChainId, dict[OperationId, Question]] = {chain: {} for chain in consents}

    def take(self, operation: Signed[Any] | OrderMatch, now: int, consent: bytes) -> OperationId:
        """Take an operation, or let its chain be asked first. Raises what refuses it, and says so as an event."""
        try:
            if isinstance(operation, Signed) and needs_consent(operation, consent):
                return self._ask(operation, now)
            id = self._sequencer.submit(operation, now, consent)
        except ZkLinkError as error:
            self._refuse(operation, error)
            raise
        self._emit(OperationAccepted(self._clock(), id, _name(operation)))
        return id

    def questions(self) -> dict[ChainId, Callable[[], tuple[Question, bool]]]:
        """For each chain that has to be asked, the next question; doubts come first."""
        return {
            chain: self._put(source, next(iter(waiting.values())))
            for chain, source in self._consents.items()
            if (waiting := self._doubted[chain] or self._asking[chain])
        }

    def doubt(self, chain: ChainId, sealed: Iterable[Pending]) -> None:
        """The chain has refused a block with these operations: ask again for the words that they need of it."""
        for pending in sealed:
            operation = pending.operation
            if not isinstance(operation, Signed) or not needs_consent(operation, pending.consent):
                continue
            if operation.operation.chain == chain and chain in self._consents:
                self._doubted[chain][pending.id] = Question(pending.id, pending.owner, operation)

    def answer(self, question: Question, is_recorded: bool, now: int) -> bool:
        """What a chain said of an owner, who must be the account's still. False for an operation that is sealed, or
        was, and for which the chain has no word any more: it must be withdrawn.
        """
        operation = question.operation
        if self._doubted[operation.operation.chain].pop(question.id, None) is not None:
            return is_recorded
        del self._asking[operation.operation.chain][question.id]
        try:
            is_given = is_recorded and find_owner(self._sequencer.state, operation) == question.owner
            id = self._sequencer.submit(operation, now, is_recorded=is_given)
        except ZkLinkError as error:
            self._refuse(operation, error)
        else:
            self._emit(OperationAccepted(self._clock(), id, _name(operation)))
        return True

    def _ask(self, operation: Signed[Any], now: int) -> OperationId:
        """Put a question that is worth a chain's time, if there is room for it."""
        chain, account = operation.operation.chain, operation.operation.account
        if chain not in self._consents:
            raise UnknownChain(chain, tuple(self._consents))
        asking = self._asking[chain]
        if len(asking) >= CHAIN_LIMIT:
            raise TooManyQuestions(f"chain {chain}", CHAIN_LIMIT)
        asked = (question for waiting in self._asking.values() for question in waiting.values())
        if sum(question.account == account for question in asked) >= ACCOUNT_LIMIT:
            raise TooManyQuestions(f"account {account}", ACCOUNT_LIMIT)
        id = self._sequencer.check(operation, now, is_recorded=True)
        if id in asking:
            raise AlreadyPending(id)
        asking[id] = Question(id, find_owner(self._sequencer.state, operation), operation)
        return id

    def _put(self, source: ConsentSource, question: Question) -> Callable[[], tuple[Question, bool]]:
        return lambda: (question, source.is_recorded(question.owner, question.operation.operation))

    def _refuse(self, operation: Signed[Any] | OrderMatch, error: ZkLinkError) -> None:
        self._emit(OperationRefused(self._clock(), _name(operation), str(error)))


def _name(operation: Signed[Any] | OrderMatch) -> str:
    return type_of(operation).__name__
