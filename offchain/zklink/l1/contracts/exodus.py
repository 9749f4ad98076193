"""One exodus contract, typed: once the chain's end allows it, anyone can begin the exodus, cancel requests, exit.

Takes a chain's client and the exodus contract's address. Views give plain values; calls wait for their receipt. Never
decides what to send: `zklink.recovery` does.
"""

from collections.abc import Iterable, Sequence

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge_structs import Exit
from zklink.l1.contracts.contract_client import ContractClient
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.ids import Lane


class ExodusClient(ContractClient):
    """The exodus contract of a bridge."""

    contract_name = "Exodus"

    def is_begun(self, block: int | None = None) -> bool:
        """Whether exodus has begun."""
        return bool(self._read("is_begun", block=block))

    def settled_requests(self, lane: Lane) -> int:
        """Requests of a lane that blocks consume or that are cancelled; 0 before exodus."""
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

    def begin_exodus(self, account: LocalAccount) -> Receipt:
        """Begin exodus, once the chain's end allows it."""
        return self._send(account, "begin_exodus")

    def cancel_requests(self, account: LocalAccount, lane: Lane, requests: Iterable[Sequence[int]]) -> Receipt:
        """Cancel the lane's next requests that no block contains, given by their words, in order; pays their senders
        back.
        """
        words = [word for request in requests for word in request]
        return self._send(account, "cancel_requests", int(lane), words)

    def exit(self, account: LocalAccount, request: Exit) -> Receipt:
        """Pay an owner's share of a token by proof."""
        return self._send(account, "exit", *request.abi())
