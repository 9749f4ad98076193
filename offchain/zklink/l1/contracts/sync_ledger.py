"""One chain's knowledge of the others, typed: facts, freezes and the last common block.

Takes a chain's client and the ledger's address. Reads give protocol types; writes wait for their receipt. Never decides
what to send.
"""

from collections.abc import Iterable
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.transport.client import ChainClient, encode_call
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.bridge_blocks import BlockPreimage, Step
from zklink.protocol.ids import BlockNumber, ChainId


class SyncLedgerClient:
    """The sync ledger of a bridge. Reads raise CallReverted and RpcUnavailable, writes the errors of
    `ChainClient.send`.
    """

    def __init__(self, client: ChainClient, address: str) -> None:
        self.client = client
        self.address = to_checksum_address(address)
        self._contract = client.contract(self.address, load_contract("SyncLedger"))

    def is_known(self, source_chain: int, number: int, sync_hash: bytes) -> bool:
        """Whether this chain knows that another one has accepted all blocks up to `number`, with this hash."""
        return bool(self._read("is_known", source_chain, number, sync_hash))

    def frozen_at(self, chain: int) -> tuple[BlockNumber, bytes] | None:
        """The last block that a chain had accepted when it froze, with its hash; None while no freeze is known."""
        is_frozen, number, sync_hash = self._read("frozen_at", chain)
        return (BlockNumber(number), bytes(sync_hash)) if is_frozen else None

    def frozen_history(self, number: int) -> bytes:
        """The primary's sync hash at a number; zero unless it was opened from the primary's freeze."""
        return bytes(self._read("frozen_history", number))

    def common_block(self) -> tuple[bool, BlockNumber]:
        """Whether the last common block is known, and the last block that is known to be common."""
        is_known, number = self._read("common_block")
        return bool(is_known), BlockNumber(number)

    def open_message(
        self, account: LocalAccount, source_chain: ChainId, number: int, sync_hash: bytes, steps: Iterable[Step]
    ) -> Receipt:
        """Open a known fact downwards, one step per block."""
        packed = [step.abi() for step in steps]
        return self.client.send(
            account, encode_call(self._contract, "open_message", source_chain, number, sync_hash, packed)
        )

    def find_common_block(self, account: LocalAccount, preimages: Iterable[BlockPreimage]) -> Receipt:
        """Walk up from the lowest freeze, with the preimages of the next blocks in order."""
        packed = [preimage.abi() for preimage in preimages]
        return self.client.send(account, encode_call(self._contract, "find_common_block", packed))

    def _read(self, function: str, *arguments: object) -> Any:
        return self.client.read(self._contract, function, *arguments)
