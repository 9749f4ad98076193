"""One bridge, typed: every read and write of its ABI, its events as records.

Takes a chain's client and the bridge's address. Reads give protocol types; writes wait for their receipt. Never decides
what to send and when: sequencer, broker and relayer do.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contract_artifacts import ContractArtifact, load_contract
from zklink.l1.contracts.bridge_events import BridgeEvent, RequestEvent
from zklink.l1.contracts.bridge_structs import (
    DepositOrder,
    Parts,
    Permit,
    RequestCounts,
    Solvency,
    Stages,
    SwapOrder,
)
from zklink.l1.contracts.event_codec import REQUEST_EVENTS, decode_events, event_topic
from zklink.l1.contracts.exodus import ExodusClient
from zklink.l1.contracts.registries import TokenRegistryClient
from zklink.l1.contracts.sync_ledger import SyncLedgerClient
from zklink.l1.contracts.token import TokenClient
from zklink.l1.transport.client import Call, ChainClient, encode_call
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.bridge_blocks import CommitBlock, ExecuteBlock, ProveBlock, stored_block_abi
from zklink.protocol.bridge_hashes import StoredBlock
from zklink.protocol.errors import CallReverted, TransactionRejected
from zklink.protocol.ids import AccountId, Amount, ChainId, Lane, TokenId
from zklink.protocol.messages import SyncMessage


class BridgeViews:
    """The views of a bridge on one chain. Each raises CallReverted and RpcUnavailable. `block` is an L1 block; by
    default the newest.
    """

    def __init__(self, client: ChainClient, address: str) -> None:
        self.client = client
        self.address = to_checksum_address(address)
        self.chain_id: ChainId = client.profile.chain_id
        self._contract = client.contract(self.address, bridge_artifact())

    def status(self, block: int | None = None) -> Stages:
        """The last committed, proven, accepted and executed block."""
        return Stages(*self._read("status", block=block))

    def request_counts(self, lane: Lane, block: int | None = None) -> RequestCounts:
        """The number of requests of a lane, and how many of them are in executed blocks."""
        return RequestCounts(*self._read("request_counts", int(lane), block=block))

    def request_status(self, lane: Lane, request_id: int) -> int:
        """0 none, 1 queued, 2 executed."""
        return int(self._read("request_status", int(lane), request_id))

    def block_status(self, number: int) -> int:
        """0 none, 1 committed, 2 proven, 3 accepted, 4 executed."""
        return int(self._read("block_status", number))

    def queue_hash(self, lane: Lane, request_id: int, block: int | None = None) -> bytes:
        """The rolling hash of a lane's queue up to a request; zero if there is no such request."""
        return bytes(self._read("queue_hash", int(lane), request_id, block=block))

    def stored_block_hash(self, number: int) -> bytes:
        """Hash of the stored block, zero if there is none."""
        return bytes(self._read("stored_block_hash", number))

    def sync_hash(self, number: int, block: int | None = None) -> bytes:
        """The rolling hash of block commitments up to a committed block."""
        return bytes(self._read("sync_hash", number, block=block))

    def acknowledged(self, source_chain: int) -> int:
        """The last block that another chain is known here to have accepted with the same hash."""
        return int(self._read("acknowledged", source_chain))

    def filler(self, key: bytes) -> str | None:
        """The broker who filled a payout."""
        broker = str(self._read("filler", key))
        return to_checksum_address(broker) if int(broker, 16) else None

    def is_owner_known(self, owner: str, block: int | None = None) -> bool:
        """Whether an address has put a request for itself into the account lane here: forced exits may pay it."""
        return bool(self._read("is_owner_known", to_checksum_address(owner), block=block))

    def custody(self, token_id: int) -> Amount:
        """Reserve and open requests of a token here, in layer-2 units."""
        return Amount(self._read("custody", token_id))

    def pending_balance(self, owner: str, token_id: int) -> int:
        """The amount that the bridge owes an account until the account pulls it, in L1 units."""
        return int(self._read("pending_balance", to_checksum_address(owner), token_id))

    def solvency(self, token_id: int) -> Solvency:
        """The bridge's balance and debts of a token."""
        return Solvency(*self._read("solvency", token_id))

    def deployment_hash(self) -> bytes:
        """The 32 bytes that identify the deployment."""
        return bytes(self._read("deployment_hash"))

    def is_frozen(self, block: int | None = None) -> bool:
        """Whether the chain is frozen."""
        return bool(self._read("is_frozen", block=block))

    def waiting_since(self) -> int:
        """Since when accepted blocks wait for execution, UNIX seconds; 0 when none waits."""
        return int(self._read("waiting_since"))

    def is_message_known(self, source_chain: int, number: int, sync_hash: bytes) -> bool:
        """Whether this chain knows that another one has accepted all blocks up to `number`, with this hash."""
        return bool(self._read("is_message_known", source_chain, number, sync_hash))

    def lane_domain(self, lane: Lane) -> int:
        """The domain of a lane's blocks."""
        return int(self._read("lane_domain", int(lane)))

    def exit_domain(self) -> int:
        """The domain of exits."""
        return int(self._read("exit_domain"))

    def parts(self) -> Parts:
        """The contracts that the bridge relies on."""
        return Parts(*map(to_checksum_address, self._read("parts")))

    def _read(self, function: str, *arguments: object, block: int | None = None) -> Any:
        return self.client.read(self._contract, function, *arguments, block=block)


class BridgeClient(BridgeViews):
    """A bridge on one chain, with the clients of its registry, ledger and exodus contract. Writes raise the errors of
    `ChainClient.send`.
    """

    @cached_property
    def tokens(self) -> TokenRegistryClient:
        """The chain's token registry; asks the bridge for its address once."""
        return TokenRegistryClient(self.client, self._parts.token_registry)

    @cached_property
    def ledger(self) -> SyncLedgerClient:
        """The chain's ledger of facts about the other chains."""
        return SyncLedgerClient(self.client, self._parts.sync_ledger)

    @cached_property
    def exodus(self) -> ExodusClient:
        """The contract that anyone may use when the operator fails."""
        return ExodusClient(self.client, self._parts.exodus)

    @cached_property
    def _parts(self) -> Parts:
        return self.parts()

    # -- events --------------------------------------------------------------------------------------------------

    def events(self, from_block: int, to_block: int) -> list[BridgeEvent]:
        """All events of the bridge in a range of blocks, both ends included, in order, as the node shows them: a
        `LogCursor` compares them with the bridge's views.
        """
        return decode_events(self.chain_id, self.client.logs(self.address, from_block, to_block))

    def requests(self, from_block: int, to_block: int) -> list[RequestEvent]:
        """The requests of both lanes queued in a range of blocks, in order, as the node shows them."""
        topics = [event_topic(event) for event in REQUEST_EVENTS]
        logs = self.client.logs(self.address, from_block, to_block, [topics])
        return [event for event in decode_events(self.chain_id, logs) if isinstance(event, REQUEST_EVENTS)]

    def events_of(self, receipt: Receipt) -> list[BridgeEvent]:
        """This bridge's events in a receipt."""
        return decode_events(self.chain_id, (log for log in receipt.logs if log.address == self.address))

    # -- users and brokers ---------------------------------------------------------------------------------------

    def swap(self, account: LocalAccount, order: SwapOrder, value: int = 0) -> Receipt:
        """Queue a swap; `value` is the amount for the chain's own coin, else 0. Raises TokensShort, AllowanceShort."""
        with self._naming_shortage(account, order, value):
            return self._send(account, "swap", order.abi(), value=value)

    def swap_with_permit(self, account: LocalAccount, order: SwapOrder, permit: Permit) -> Receipt:
        """Queue a swap with an EIP-2612 permit instead of an approval. Raises TokensShort, AllowanceShort."""
        with self._naming_shortage(account, order):
            return self._send(account, "swap_with_permit", order.abi(), permit.abi())

    def deposit(self, account: LocalAccount, order: DepositOrder, value: int = 0) -> Receipt:
        """Queue a deposit; `value` is the amount for the chain's own coin, else 0. Raises TokensShort,
        AllowanceShort.
        """
        with self._naming_shortage(account, order, value):
            return self._send(account, "deposit", order.abi(), value=value)

    def deposit_with_permit(self, account: LocalAccount, order: DepositOrder, permit: Permit) -> Receipt:
        """Queue a deposit with an EIP-2612 permit instead of an approval. Raises TokensShort, AllowanceShort."""
        with self._naming_shortage(account, order):
            return self._send(account, "deposit_with_permit", order.abi(), permit.abi())

    def full_exit(self, owner: LocalAccount, account: AccountId, token_id: TokenId) -> Receipt:
        """Queue the owner's full exit: its account's whole balance of a token, as far as this chain's reserve goes."""
        return self._send(owner, "full_exit", account, token_id)

    def fill(
        self, account: LocalAccount, payout: Sequence[int], value: int = 0, gas_limit: int | None = None
    ) -> Receipt:
        """Pay a payout ahead of its block; with `gas_limit`, CallReverted if the call takes more gas."""
        call, gas = self.encode("fill", list(payout)), None
        if gas_limit is not None:
            self.client.try_call(account.address, call, value, gas_limit)
            gas = min(gas_limit, self.client.estimate_gas(account.address, call, value))
        return self.client.send(account, call, value, gas)

    def withdraw_pending_balance(self, account: LocalAccount, token_id: TokenId, receiver: str) -> Receipt:
        """Pull the account's pending balance of a token to `receiver`."""
        return self._send(account, "withdraw_pending_balance", token_id, to_checksum_address(receiver))

    # -- blocks and messages -------------------------------------------------------------------------------------

    def commit_blocks(self, account: LocalAccount, last: StoredBlock, blocks: Iterable[CommitBlock]) -> Receipt:
        """Enter blocks after `last`."""
        return self._send(account, "commit_blocks", stored_block_abi(last), [block.abi() for block in blocks])

    def prove_blocks(self, account: LocalAccount, blocks: Iterable[ProveBlock]) -> Receipt:
        """Prove committed blocks."""
        return self._send(account, "prove_blocks", [block.abi() for block in blocks])

    def execute_blocks(self, account: LocalAccount, blocks: Iterable[ExecuteBlock]) -> Receipt:
        """Pay the payouts of accepted blocks."""
        return self._send(account, "execute_blocks", [block.abi() for block in blocks])

    def revert_blocks(self, account: LocalAccount, to_block: StoredBlock) -> Receipt:
        """Drop every block after `to_block`."""
        return self._send(account, "revert_blocks", stored_block_abi(to_block))

    def receive_message(self, account: LocalAccount, message: SyncMessage, evidence: bytes) -> Receipt:
        """Deliver a message of another chain with its evidence."""
        packed = (int(message.kind), message.source_chain, message.number, message.sync_hash)
        return self._send(account, "receive_message", packed, evidence)

    def apply_message(self, account: LocalAccount, source_chain: int, number: int) -> Receipt:
        """Apply a message that came early."""
        return self._send(account, "apply_message", source_chain, number)

    def encode(self, function: str, *arguments: object) -> Call:
        """A call for `ChainClient.submit`, for callers that do not want to wait. Raises ArgumentsRefused."""
        return encode_call(self._contract, function, *arguments)

    @contextmanager
    def _naming_shortage(
        self, account: LocalAccount, order: SwapOrder | DepositOrder, value: int = 0
    ) -> Iterator[None]:
        """If a call is refused before it is sent, see whether the account has and has approved what it takes."""
        try:
            yield
        except (CallReverted, TransactionRejected):
            token_id = order.token_in if isinstance(order, SwapOrder) else order.token_id
            address = self.tokens.token_config(token_id).token
            if int(address, 16):
                token = TokenClient(self.client, address)
                spender = None if token.is_native else self.address
                token.check_funds(account.address, value if token.is_native else order.l1_amount, spender)
            raise

    def _send(self, account: LocalAccount, function: str, *arguments: object, value: int = 0) -> Receipt:
        return self.client.send(account, self.encode(function, *arguments), value)


def bridge_artifact() -> ContractArtifact:
    """The compiled bridge."""
    return load_contract("Bridge")
