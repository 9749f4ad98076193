"""What anybody can ask a bridge: its queues, its money, its prices, its place in the deployment.

Takes a chain's client and the bridge's address. Gives protocol types. Never sends anything.
"""

from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge_structs import Fees, Filled, Parts, RequestCounts, Solvency
from zklink.l1.contracts.contract_client import ContractClient
from zklink.protocol.ids import Amount, Lane


class BridgeViews(ContractClient):
    """The views of a bridge on one chain."""

    contract_name = "Bridge"

    def request_counts(self, lane: Lane, block: int | None = None) -> RequestCounts:
        """The number of requests of a lane, and how many of them blocks have consumed."""
        return RequestCounts(*self._read("request_counts", int(lane), block=block))

    def next_requests(self, lane: Lane, block: int | None = None) -> tuple[int, bytes]:
        """How many requests of a lane blocks have consumed, and the queue's hash there."""
        count, queue_hash = self._read("next_requests", int(lane), block=block)
        return int(count), bytes(queue_hash)

    def request_status(self, lane: Lane, request_id: int) -> int:
        """0 none, 1 queued, 2 consumed."""
        counts = self.request_counts(lane)
        if not 1 <= request_id <= counts.total:
            return 0
        return 2 if request_id <= counts.consumed else 1

    def queue_hash(self, lane: Lane, request_id: int, block: int | None = None) -> bytes:
        """The rolling hash of a lane's queue up to a request; zero if there is no such request, or if the ring has
        forgotten it.
        """
        return bytes(self._read("queue_hash", int(lane), request_id, block=block))

    def filler(self, key: bytes) -> Filled | None:
        """Who is repaid for the fill of a payout, and when it was filled; None if nobody has."""
        repay_to, filled_at = self._read("filler", key)
        return Filled(to_checksum_address(repay_to), int(filled_at)) if int(str(repay_to), 16) else None

    def custody(self, token_id: int) -> Amount:
        """Reserve and open requests of a token here, in layer-2 units."""
        return Amount(self._read("custody", token_id))

    def pending_balance(self, owner: str, token_id: int) -> int:
        """The amount that the bridge owes an account until the account pulls it, in L1 units; token 0 is coin that
        belongs to no token: fees that were given back.
        """
        return int(self._read("pending_balance", to_checksum_address(owner), token_id))

    def solvency(self, token_id: int, block: int | None = None) -> Solvency:
        """The bridge's balance and debts of a token."""
        return Solvency(*self._read("solvency", token_id, block=block))

    def fees(self, block: int | None = None) -> Fees:
        """What requests have paid at the doors, in wei: of those that no block has consumed, and earned but not yet
        collected.
        """
        return Fees(*map(int, self._read("fees", block=block)))

    def quotes(self) -> tuple[int, ...]:
        """What a caller pays now, in gwei, by kind: a chain for a swap to it, else a Door; a full exit with nothing
        burnt.
        """
        return tuple(map(int, self._read("quotes")))

    def quote_full_exit(self) -> tuple[int, int]:
        """What a full exit pays now, and what it burns besides, in gwei."""
        fee, burnt = self._read("quote_full_exit")
        return int(fee), int(burnt)

    def deployment_hash(self) -> bytes:
        """The 32 bytes that identify the deployment."""
        return bytes(self._read("deployment_hash"))

    def is_primary(self) -> bool:
        """Whether this chain is the deployment's primary."""
        return bool(self._read("is_primary"))

    def is_frozen(self, block: int | None = None) -> bool:
        """Whether the chain takes no requests any more."""
        return bool(self._read("is_frozen", block=block))

    def frozen_at(self, block: int | None = None) -> tuple[int, int]:
        """The time (UNIX seconds) and the block in which the chain froze; zero while it is not frozen."""
        time, height = self._read("frozen_at", block=block)
        return int(time), int(height)

    def exit_domain(self) -> int:
        """The domain of exits."""
        return int(self._read("exit_domain"))

    def parts(self) -> Parts:
        """The contracts that the bridge relies on."""
        return Parts(*map(to_checksum_address, self._read("parts")))
