"""One bridge, typed: every read and write of its ABI, its events as records.

Takes a chain's client and the bridge's address. Reads give protocol types; writes wait for their receipt. Contains no
decisions: what to send and when is the business of the sequencer, the broker and the relayer.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.artifacts import ContractArtifact, load_contract
from zklink.l1.client import Call, ChainClient, encode_call
from zklink.l1.events import BridgeEvent, SwapRequested, decode_events, event_topic
from zklink.l1.receipts import Receipt
from zklink.l1.structs import (
    CommitBlock,
    ExecuteBlock,
    Permit,
    ProveBlock,
    RequestCounts,
    Solvency,
    Stages,
    SwapOrder,
    TokenConfig,
    stored_block_abi,
)
from zklink.protocol.chain import StoredBlock
from zklink.protocol.ids import Amount, ChainId, TokenId
from zklink.protocol.messages import SyncMessage


class BridgeClient:
    """A bridge on one chain. Reads raise CallReverted and RpcUnavailable, writes what `ChainClient.send` does."""

    def __init__(self, client: ChainClient, address: str) -> None:
        self.client = client
        self.address = to_checksum_address(address)
        self.chain_id: ChainId = client.profile.chain_id
        self._contract = client.contract(self.address, bridge_artifact())

    # -- what the bridge says ------------------------------------------------------------------------------------

    def status(self, block: int | None = None) -> Stages:
        """The last committed, proven, accepted and executed block."""
        return Stages(*self._read("status", block=block))

    def request_counts(self, block: int | None = None) -> RequestCounts:
        """How many requests there are, are committed, are executed."""
        return RequestCounts(*self._read("request_counts", block=block))

    def request_status(self, request_id: int) -> int:
        """0 none, 1 queued, 2 committed, 3 executed."""
        return int(self._read("request_status", request_id))

    def block_status(self, number: int) -> int:
        """0 none, 1 committed, 2 proven, 3 accepted, 4 executed."""
        return int(self._read("block_status", number))

    def queue_hash(self, request_id: int, block: int | None = None) -> bytes:
        """The rolling hash of the queue up to a request; zero if there is no such request."""
        return bytes(self._read("queue_hash", request_id, block=block))

    def stored_block_hash(self, number: int) -> bytes:
        """Hash of the stored block, zero if there is none."""
        return bytes(self._read("stored_block_hash", number))

    def sync_hash(self, number: int, block: int | None = None) -> bytes:
        """The rolling hash of block commitments up to a committed block."""
        return bytes(self._read("sync_hash", number, block=block))

    def acknowledged(self, source_chain: int) -> int:
        """The last block that another chain is known here to have accepted with the same hash."""
        return int(self._read("acknowledged", source_chain))

    def is_message_known(self, source_chain: int, number: int, sync_hash: bytes) -> bool:
        """Whether this message was received, applied or not."""
        return bool(self._read("is_message_known", source_chain, number, sync_hash))

    def filler(self, key: bytes) -> str | None:
        """The broker who filled a payout."""
        broker = str(self._read("filler", key))
        return to_checksum_address(broker) if int(broker, 16) else None

    def custody(self, token_id: int) -> Amount:
        """Reserve and open requests of a token here, in layer-2 units."""
        return Amount(self._read("custody", token_id))

    def pending_balance(self, owner: str, token_id: int) -> int:
        """What is owed to an account and waits to be pulled, in L1 units."""
        return int(self._read("pending_balance", to_checksum_address(owner), token_id))

    def solvency(self, token_id: int) -> Solvency:
        """What the bridge holds and owes of a token."""
        return Solvency(*self._read("solvency", token_id))

    def token_config(self, token_id: int) -> TokenConfig:
        """A token as registered, with its present limits."""
        return TokenConfig.from_abi(self._read("token_config", token_id))

    def token_scale(self, token_id: int) -> int:
        """L1 units per layer-2 unit; 0 where the token is not."""
        return int(self._read("token_scale", token_id))

    def is_paused(self, token_id: int) -> bool:
        """Whether new swaps out of a token are stopped."""
        return bool(self._read("is_paused", token_id))

    def is_open(self) -> bool:
        """Whether the genesis reserves are in."""
        return bool(self._read("is_open"))

    def deployment_hash(self) -> bytes:
        """What identifies the deployment."""
        return bytes(self._read("deployment_hash"))

    def domain(self) -> int:
        """The swap lane's domain."""
        return int(self._read("domain"))

    def vk_hash(self) -> bytes:
        """Hash of the verification key that proofs are checked with."""
        return bytes(self._read("vk_hash"))

    # -- events --------------------------------------------------------------------------------------------------

    def events(self, from_block: int, to_block: int) -> list[BridgeEvent]:
        """All events in a range of blocks, both ends included, in order."""
        return decode_events(self.chain_id, self.client.logs(self.address, from_block, to_block))

    def requests(self, from_block: int, to_block: int) -> list[SwapRequested]:
        """The requests queued in a range of blocks, in order."""
        logs = self.client.logs(self.address, from_block, to_block, [event_topic(SwapRequested)])
        return [event for event in decode_events(self.chain_id, logs) if isinstance(event, SwapRequested)]

    def events_of(self, receipt: Receipt) -> list[BridgeEvent]:
        """This bridge's events in a receipt."""
        return decode_events(self.chain_id, (log for log in receipt.logs if log.address == self.address))

    # -- users and brokers ---------------------------------------------------------------------------------------

    def swap(self, account: LocalAccount, order: SwapOrder, value: int = 0) -> Receipt:
        """Queue a swap; `value` is the amount for the chain's own coin, else 0."""
        return self._send(account, "swap", order.abi(), value=value)

    def swap_with_permit(self, account: LocalAccount, order: SwapOrder, permit: Permit) -> Receipt:
        """Queue a swap with an EIP-2612 permit instead of an approval."""
        return self._send(account, "swap_with_permit", order.abi(), permit.abi())

    def fill(
        self, account: LocalAccount, payout: Sequence[int], value: int = 0, gas_limit: int | None = None
    ) -> Receipt:
        """Pay a payout ahead of its block; with `gas_limit`, CallReverted if that takes more gas."""
        call, gas = self.encode("fill", list(payout)), None
        if gas_limit is not None:
            self.client.try_call(account.address, call, value, gas_limit)
            gas = min(gas_limit, self.client.estimate_gas(account.address, call, value))
        return self.client.send(account, call, value, gas)

    def withdraw_pending_balance(self, account: LocalAccount, token_id: TokenId, receiver: str) -> Receipt:
        """Pull what is owed to the account."""
        return self._send(account, "withdraw_pending_balance", token_id, to_checksum_address(receiver))

    # -- blocks and messages -------------------------------------------------------------------------------------

    def commit_blocks(self, account: LocalAccount, last: StoredBlock, blocks: Iterable[CommitBlock]) -> Receipt:
        """Enter blocks after `last`."""
        return self._send(account, "commit_blocks", stored_block_abi(last), [block.abi() for block in blocks])

    def prove_blocks(self, account: LocalAccount, blocks: Iterable[ProveBlock]) -> Receipt:
        """Prove committed blocks."""
        return self._send(account, "prove_blocks", [block.abi() for block in blocks])

    def execute_blocks(self, account: LocalAccount, blocks: Iterable[ExecuteBlock]) -> Receipt:
        """Pay what accepted blocks say."""
        return self._send(account, "execute_blocks", [block.abi() for block in blocks])

    def revert_blocks(self, account: LocalAccount, to_block: StoredBlock) -> Receipt:
        """Drop every block after `to_block`."""
        return self._send(account, "revert_blocks", stored_block_abi(to_block))

    def receive_message(self, account: LocalAccount, message: SyncMessage, evidence: bytes) -> Receipt:
        """Bring what another chain accepted."""
        packed = (int(message.kind), message.source_chain, message.number, message.sync_hash)
        return self._send(account, "receive_message", packed, evidence)

    def apply_message(self, account: LocalAccount, source_chain: int, number: int) -> Receipt:
        """Apply a message that came early."""
        return self._send(account, "apply_message", source_chain, number)

    # -- governance ----------------------------------------------------------------------------------------------

    def register_token(self, account: LocalAccount, token_id: TokenId, config: TokenConfig) -> Receipt:
        """Give a token id its meaning here."""
        return self._send(account, "register_token", token_id, config.abi())

    def set_token_limits(self, account: LocalAccount, token_id: TokenId, minimum: Amount, cap: Amount) -> Receipt:
        """Change a token's smallest swap and largest custody."""
        return self._send(account, "set_token_limits", token_id, minimum, cap)

    def set_paused(self, account: LocalAccount, token_id: TokenId, is_paused: bool) -> Receipt:
        """Stop or admit new swaps out of a token."""
        return self._send(account, "set_paused", token_id, is_paused)

    def open_bridge(self, account: LocalAccount, reserves: Sequence[tuple[TokenId, Amount]], value: int = 0) -> Receipt:
        """Pay the genesis reserves in; `value` is the coin among them."""
        return self._send(account, "open_bridge", [tuple(reserve) for reserve in reserves], value=value)

    def encode(self, function: str, *arguments: object) -> Call:
        """A call for `ChainClient.submit`, for callers that do not want to wait."""
        return encode_call(self._contract, function, *arguments)

    def _read(self, function: str, *arguments: object, block: int | None = None) -> Any:
        return self.client.read(self._contract, function, *arguments, block=block)

    def _send(self, account: LocalAccount, function: str, *arguments: object, value: int = 0) -> Receipt:
        return self.client.send(account, self.encode(function, *arguments), value)


def bridge_artifact() -> ContractArtifact:
    """The compiled bridge."""
    return load_contract("Bridge")
