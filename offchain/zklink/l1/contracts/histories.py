"""The history of one chain, typed: blocks that the primary accepts, blocks that a member imports, payouts still owed.

Takes a chain's client and the contract's address. Views give protocol types; calls wait for their receipt. Never
decides what to send and when.
"""

from collections.abc import Sequence
from typing import Final

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge_structs import HistoryParts
from zklink.l1.contracts.contract_client import ContractClient
from zklink.l1.transport.client import Call
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.bridge_blocks import AcceptAgainCall, AcceptCall, ImportCall, MemberBlock, pack_words
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.ids import BlockNumber, ChainId, Lane

PRIMARY_HISTORY: Final = "PrimaryHistory"
MEMBER_HISTORY: Final = "MemberHistory"


class HistoryClient(ContractClient):
    """What both histories have. Use PrimaryHistoryClient or MemberHistoryClient for their own calls."""

    contract_name = PRIMARY_HISTORY

    def tip(self, block: int | None = None) -> Tip:
        """The last block accepted or imported here, and how many blocks still owe payouts."""
        return Tip.from_abi(self._read("tip", block=block))

    def accepted(self, block: int | None = None) -> tuple[BlockNumber, bytes]:
        """Number and sync hash of the last block accepted (primary) or imported (member)."""
        number, sync_hash = self._read("accepted", block=block)
        return BlockNumber(number), bytes(sync_hash)

    def owed(self, number: int, block: int | None = None) -> bytes:
        """Hash of the payouts that a block still owes here (`compute_owed_hash`); zero for none."""
        return bytes(self._read("owed", number, block=block))

    def parts(self) -> HistoryParts:
        """The contracts that the history relies on."""
        return HistoryParts(*map(to_checksum_address, self._read("parts")))

    def vk_hashes(self) -> tuple[bytes, bytes]:
        """The hashes of the verification keys of swap blocks and account blocks."""
        swap, account = self._read("vk_hashes")
        return bytes(swap), bytes(account)

    def deployment_hash(self) -> bytes:
        """The 32 bytes that identify the deployment."""
        return bytes(self._read("deployment_hash"))

    def execute(
        self, account: LocalAccount, number: BlockNumber, payouts: Sequence[int], count: int | None = None
    ) -> Receipt:
        """Pay the first `count` (by default all) of the payouts that a block still owes; all their words are shown."""
        return self.client.send(account, self.encode_execute(number, payouts, count))

    def encode_execute(self, number: BlockNumber, payouts: Sequence[int], count: int | None = None) -> Call:
        """The call of `execute`."""
        return self.encode("execute", number, list(payouts), len(payouts) // 3 if count is None else count)


class PrimaryHistoryClient(HistoryClient):
    """The primary's history: it gets every block in full and fixes the order."""

    contract_name = PRIMARY_HISTORY

    def is_silent(self, block: int | None = None) -> bool:
        """Whether it has accepted nothing for SILENCE_SECONDS, so that it never accepts anything new."""
        return bool(self._read("is_silent", block=block))

    def queue_of(self, chain: ChainId, lane: Lane, block: int | None = None) -> bytes:
        """The hash of a member's queue up to the last request that accepted blocks consume."""
        return bytes(self._read("queue_of", chain, int(lane), block=block))

    def accept(self, account: LocalAccount, call: AcceptCall) -> Receipt:
        """Accept sealed blocks, for good."""
        return self.client.send(account, self.encode_accept(call))

    def accept_again(self, account: LocalAccount, call: AcceptAgainCall) -> Receipt:
        """Accept what an ACC contains and the chain has lost, of any age, also frozen or silent."""
        return self.client.send(account, self.encode_accept(call))

    def encode_accept(self, call: AcceptCall | AcceptAgainCall) -> Call:
        """The call of `accept` or `accept_again`."""
        return self.encode("accept" if isinstance(call, AcceptCall) else "accept_again", *call.abi())


class MemberHistoryClient(HistoryClient):
    """A member's history: it imports what the primary has accepted."""

    contract_name = MEMBER_HISTORY

    def end(self, block: int | None = None) -> tuple[BlockNumber, bytes]:
        """Number and sync hash of the block at which the member ends; (0, zeros) while none is set."""
        number, sync_hash = self._read("end", block=block)
        return BlockNumber(number), bytes(sync_hash)

    def is_unmatched(self, member: MemberBlock) -> tuple[bool, bytes]:
        """Whether the own queue cannot match this block's own slice, if it follows the tip, and its commitment."""
        answer = self._read("is_unmatched", member.block.abi(), list(member.claims), pack_words(member.words))
        return bool(answer[0]), bytes(answer[1])

    def import_blocks(self, account: LocalAccount, call: ImportCall) -> Receipt:
        """Import blocks that an ACC, or the standing END, contains."""
        return self.client.send(account, self.encode_import(call))

    def encode_import(self, call: ImportCall) -> Call:
        """The call of `import_blocks`."""
        return self.encode("import_blocks", *call.abi())
