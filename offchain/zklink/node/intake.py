"""Where signed operations enter a node: taken at once, or, when a chain has to be asked for a consent, a little later.

Takes operations on the thread that calls `Node.step`; gives events. A change of key without its owner's signature needs
a consent that is recorded on its chain, with the chain's confirmations; that is asked for on a lane.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from zklink.l1.client import ChainClient
from zklink.l1.registries import KeyRegistryClient
from zklink.l1.structs import evm_address
from zklink.node.events import Event, OperationAccepted, OperationRefused
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.errors import ConsentMissing, UnknownChain, ZkLinkError
from zklink.protocol.ids import ChainId, Lane
from zklink.sequencer.admission import is_evm_address
from zklink.sequencer.pool import NO_CONSENT, OperationId, compute_id
from zklink.sequencer.sequencer import Sequencer
from zklink.transition.checks import check_account
from zklink.transition.dispatch import type_of


class ConsentSource(Protocol):
    """Port: what one chain has recorded of owners' consents to new keys."""

    def is_recorded(self, owner: bytes, change: ChangePubKey) -> bool:
        """Whether the consent has the chain's confirmations."""
        ...


class RegistryConsents:
    """A ConsentSource on a key registry."""

    def __init__(self, client: ChainClient, registry: KeyRegistryClient, deployment_hash: bytes) -> None:
        self._client, self._registry, self._deployment_hash = client, registry, deployment_hash

    def is_recorded(self, owner: bytes, change: ChangePubKey) -> bool:
        height = self._client.confirmed_height()
        if height < 0 or not is_evm_address(owner):
            return False
        return self._registry.is_authorised(
            self._deployment_hash,
            evm_address(owner),
            change.account,
            change.nonce,
            change.public_key_hash,
            block=height,
        )


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
        self._asking: dict[ChainId, list[Signed[ChangePubKey]]] = {chain: [] for chain in consents}

    def take(self, operation: Signed[Any] | OrderMatch, now: int, consent: bytes) -> OperationId:
        """Take an operation, or let its chain be asked first. Raises what refuses it, and says so as an event."""
        try:
            if consent == NO_CONSENT and isinstance(operation, Signed) and type_of(operation) is ChangePubKey:
                return self._ask(operation)
            id = self._sequencer.submit(operation, now, consent)
        except ZkLinkError as error:
            self._refuse(operation, error)
            raise
        self._emit(OperationAccepted(self._clock(), id, _name(operation)))
        return id

    def questions(self) -> dict[ChainId, Callable[[], tuple[Signed[ChangePubKey], bool]]]:
        """For each chain that has to be asked, the next question."""
        return {chain: self._question(chain, asking[0]) for chain, asking in self._asking.items() if asking}

    def answer(self, operation: Signed[ChangePubKey], is_recorded: bool, now: int) -> None:
        """What a chain said."""
        change = operation.operation
        self._asking[change.chain].remove(operation)
        try:
            if not is_recorded:
                raise ConsentMissing(change.account, change.nonce, change.chain, self._owner(change))
            id = self._sequencer.submit(operation, now, is_recorded=True)
        except ZkLinkError as error:
            self._refuse(operation, error)
        else:
            self._emit(OperationAccepted(self._clock(), id, _name(operation)))

    def _ask(self, operation: Signed[ChangePubKey]) -> OperationId:
        change = operation.operation
        if change.chain not in self._consents:
            raise UnknownChain(change.chain, tuple(self._consents))
        check_account(self._sequencer.state, change.account)
        id = compute_id(operation, self._sequencer.parameters.domain(Lane.ACCOUNT))
        self._asking[change.chain].append(operation)
        return id

    def _question(
        self, chain: ChainId, operation: Signed[ChangePubKey]
    ) -> Callable[[], tuple[Signed[ChangePubKey], bool]]:
        source, change = self._consents[chain], operation.operation
        owner = self._owner(change)
        return lambda: (operation, source.is_recorded(owner, change))

    def _owner(self, change: ChangePubKey) -> bytes:
        return self._sequencer.state.account(change.account).owner

    def _refuse(self, operation: Signed[Any] | OrderMatch, error: ZkLinkError) -> None:
        self._emit(OperationRefused(self._clock(), _name(operation), str(error)))


def _name(operation: Signed[Any] | OrderMatch) -> str:
    return type_of(operation).__name__
