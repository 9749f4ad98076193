"""What the typed clients of all contracts share: an address on a chain, its views, calls that wait for their receipt,
and its events.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_events import BridgeEvent
from zklink.l1.contracts.event_codec import decode_events, event_topic
from zklink.l1.contracts.governed import govern
from zklink.l1.transport.client import Call, ChainClient, encode_call
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.ids import ChainId


class ContractClient:
    """A contract of a deployment. Views raise CallReverted and RpcUnavailable, calls the errors of `ChainClient.send`.
    `block` is an L1 block; by default the newest.
    """

    contract_name: ClassVar[str]
    """The contract whose ABI it has."""

    def __init__(self, client: ChainClient, address: str) -> None:
        self.client = client
        self.address = to_checksum_address(address)
        self.chain_id: ChainId = client.profile.chain_id
        self._contract = client.contract(self.address, load_contract(self.contract_name))

    def encode(self, function: str, *arguments: object) -> Call:
        """A call for `ChainClient.submit`, for callers that do not want to wait. Raises ArgumentsRefused."""
        return encode_call(self._contract, function, *arguments)

    def events(self, from_block: int, to_block: int) -> list[BridgeEvent]:
        """All events of the contract in a range of blocks, both ends included, in order, as the node shows them: a
        `LogCursor` compares them with the contract's views.
        """
        return decode_events(self.chain_id, self.client.logs(self.address, from_block, to_block))

    def events_named(self, events: Sequence[type[Any]], from_block: int, to_block: int) -> list[BridgeEvent]:
        """The events of some types alone, as `events`."""
        topics = [event_topic(event) for event in events]
        return decode_events(self.chain_id, self.client.logs(self.address, from_block, to_block, [topics]))

    def events_of(self, receipt: Receipt) -> list[BridgeEvent]:
        """This contract's events in a receipt."""
        return decode_events(self.chain_id, (log for log in receipt.logs if log.address == self.address))

    def _read(self, function: str, *arguments: object, block: int | None = None) -> Any:
        return self.client.read(self._contract, function, *arguments, block=block)

    def _send(self, account: LocalAccount, function: str, *arguments: object, value: int = 0) -> Receipt:
        return self.client.send(account, self.encode(function, *arguments), value)

    def _govern(self, account: LocalAccount, governor: str, function: str, *arguments: object) -> Receipt:
        """A call that the governor alone may make; `account` is the governor, or owns the timelock that is."""
        return self.client.send(account, govern(self.client, account, governor, self.encode(function, *arguments)))
