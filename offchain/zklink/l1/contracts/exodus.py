"""One exodus contract, typed: when the operator fails, anyone can freeze its chain, begin the exodus, cancel requests,
exit.

Takes a chain's client and the exodus contract's address. Reads give plain values; writes wait for their receipt. Never
decides what to send: `zklink.recovery` does.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_events import BridgeEvent
from zklink.l1.contracts.bridge_structs import Exit, FreezeState
from zklink.l1.contracts.event_codec import decode_events
from zklink.l1.transport.client import ChainClient, encode_call
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.bridge_blocks import stored_block_abi
from zklink.protocol.bridge_hashes import StoredBlock
from zklink.protocol.ids import ChainId, Lane


class ExodusClient:
    """The exodus contract of a bridge. Reads raise CallReverted and RpcUnavailable, writes the errors of
    `ChainClient.send`.
    """

    def __init__(self, client: ChainClient, address: str) -> None:
        self.client = client
        self.address = to_checksum_address(address)
        self.chain_id: ChainId = client.profile.chain_id
        self._contract = client.contract(self.address, load_contract("Exodus"))

    def freeze_state(self) -> FreezeState:
        """Whether the chain is frozen, and how far its exodus has come."""
        return FreezeState(*self._read("freeze_state"))

    def settled_requests(self, lane: Lane) -> int:
        """Requests of a lane that common blocks consume or that are cancelled; 0 before exodus."""
        return int(self._read("settled_requests", int(lane)))

    def is_exited(self, account: int, token_id: int) -> bool:
        """Whether an account's share of a token has been paid here by proof."""
        return bool(self._read("is_exited", account, token_id))

    def exit_root(self) -> int:
        """The root that exits are proven against; 0 before exodus."""
        return int(self._read("exit_root"))

    def vk_hash(self) -> bytes:
        """Hash of the verification key that exits are checked with."""
        return bytes(self._read("vk_hash"))

    def events(self, from_block: int, to_block: int) -> list[BridgeEvent]:
        """All events of the contract in a range of blocks, both ends included, in order, as the node shows them.

        No view counts them: nothing but a display may rest on them.
        """
        return decode_events(self.chain_id, self.client.logs(self.address, from_block, to_block))

    def events_of(self, receipt: Receipt) -> list[BridgeEvent]:
        """This contract's events in a receipt."""
        return decode_events(self.chain_id, (log for log in receipt.logs if log.address == self.address))

    def freeze_for_request(
        self, account: LocalAccount, lane: Lane, words: Sequence[int], last_accepted: StoredBlock
    ) -> Receipt:
        """Freeze the chain, because the lane's first request that no accepted block contains (with these words) is
        older than three days.
        """
        return self._send(account, "freeze_for_request", int(lane), list(words), stored_block_abi(last_accepted))

    def freeze_for_execution(self, account: LocalAccount) -> Receipt:
        """Freeze the chain, because accepted blocks wait and none was executed for three days."""
        return self._send(account, "freeze_for_execution")

    def begin_exodus(self, account: LocalAccount, last: StoredBlock) -> Receipt:
        """Begin exodus, once the last common block is known and executed here."""
        return self._send(account, "begin_exodus", stored_block_abi(last))

    def cancel_requests(self, account: LocalAccount, lane: Lane, requests: Iterable[Sequence[int]]) -> Receipt:
        """Cancel the lane's next requests that no common block contains, given by their words, in order; pays their
        senders back.
        """
        words = [word for request in requests for word in request]
        return self._send(account, "cancel_requests", int(lane), words)

    def exit(self, account: LocalAccount, request: Exit) -> Receipt:
        """Pay an owner's share of a token by proof."""
        return self._send(account, "exit", *request.abi())

    def _read(self, function: str, *arguments: object) -> Any:
        return self.client.read(self._contract, function, *arguments)

    def _send(self, account: LocalAccount, function: str, *arguments: object) -> Receipt:
        return self.client.send(account, encode_call(self._contract, function, *arguments))
