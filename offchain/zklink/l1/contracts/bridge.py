"""One bridge, typed: the doors of a chain, its queues and its money, and the way to the chain's other contracts.

Takes a chain's client and the bridge's address. Views give protocol types; calls wait for their receipt. Never decides
what to send and when: sequencer, broker and their like do.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contract_artifacts import ContractArtifact, load_contract
from zklink.l1.contracts.bridge_events import RequestEvent
from zklink.l1.contracts.bridge_structs import (
    DepositOrder,
    Parts,
    Permit,
    RequestCounts,
    Solvency,
    SwapOrder,
    universal_address,
)
from zklink.l1.contracts.contract_client import ContractClient
from zklink.l1.contracts.ends import EndClient, MemberEndClient, PrimaryEndClient
from zklink.l1.contracts.event_codec import REQUEST_EVENTS
from zklink.l1.contracts.exodus import ExodusClient
from zklink.l1.contracts.groups import GroupsClient
from zklink.l1.contracts.histories import HistoryClient, MemberHistoryClient, PrimaryHistoryClient
from zklink.l1.contracts.registries import RegistryClient
from zklink.l1.contracts.token import TokenClient
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.errors import CallReverted, TransactionRejected
from zklink.protocol.ids import AccountId, Amount, ChainId, Lane, TokenId


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
        return int(self._read("request_status", int(lane), request_id))

    def queue_hash(self, lane: Lane, request_id: int, block: int | None = None) -> bytes:
        """The rolling hash of a lane's queue up to a request; zero if there is no such request, or if the ring has
        forgotten it.
        """
        return bytes(self._read("queue_hash", int(lane), request_id, block=block))

    def filler(self, key: bytes) -> str | None:
        """The broker who filled a payout."""
        broker = str(self._read("filler", key))
        return to_checksum_address(broker) if int(broker, 16) else None

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


class BridgeClient(BridgeViews):
    """A bridge on one chain, with the clients of the chain's other contracts, which it asks for their addresses once.

    A role's own calls need a client of that role: `primary_history` on the primary, `member_history` on a member.
    """

    @cached_property
    def tokens(self) -> RegistryClient:
        """The chain's token registry."""
        return RegistryClient(self.client, self._parts.registry)

    @cached_property
    def history(self) -> HistoryClient:
        """The chain's history, with what both roles have."""
        return self.primary_history if self.is_primary() else self.member_history

    @cached_property
    def primary_history(self) -> PrimaryHistoryClient:
        """The history of a primary."""
        return PrimaryHistoryClient(self.client, self._parts.history)

    @cached_property
    def member_history(self) -> MemberHistoryClient:
        """The history of a member."""
        return MemberHistoryClient(self.client, self._parts.history)

    @cached_property
    def end(self) -> EndClient:
        """The chain's end, with what both roles have."""
        return self.primary_end if self.is_primary() else self.member_end

    @cached_property
    def primary_end(self) -> PrimaryEndClient:
        """The end of a primary."""
        return PrimaryEndClient(self.client, self._parts.end)

    @cached_property
    def member_end(self) -> MemberEndClient:
        """The end of a member."""
        return MemberEndClient(self.client, self._parts.end)

    @cached_property
    def groups(self) -> GroupsClient:
        """The groups as this chain knows them."""
        return GroupsClient(self.client, self.end.groups())

    @cached_property
    def exodus(self) -> ExodusClient:
        """The contract that anyone may use once the chain has ended."""
        return ExodusClient(self.client, self._parts.exodus)

    @cached_property
    def _parts(self) -> Parts:
        return self.parts()

    def requests(self, from_block: int, to_block: int) -> list[RequestEvent]:
        """The requests of both lanes queued in a range of blocks, in order, as the node shows them."""
        found = self.events_named(REQUEST_EVENTS, from_block, to_block)
        return [event for event in found if isinstance(event, REQUEST_EVENTS)]

    def swap(self, account: LocalAccount, order: SwapOrder, value: int = 0) -> Receipt:
        """Queue a swap; `value` is the amount for the chain's own coin, else 0. Raises TokensShort, AllowanceShort."""
        with self._naming_shortage(account, order, value):
            return self._send(account, "swap", order.abi(account.address), value=value)

    def swap_with_permit(self, account: LocalAccount, order: SwapOrder, permit: Permit) -> Receipt:
        """Queue a swap with an EIP-2612 permit instead of an approval. Raises TokensShort, AllowanceShort."""
        with self._naming_shortage(account, order):
            return self._send(account, "swap_with_permit", order.abi(account.address), permit.abi())

    def deposit(self, account: LocalAccount, order: DepositOrder, value: int = 0) -> Receipt:
        """Queue a deposit; `value` is the amount for the chain's own coin, else 0. Raises TokensShort,
        AllowanceShort.
        """
        with self._naming_shortage(account, order, value):
            return self._send(account, "deposit", order.abi(account.address), value=value)

    def deposit_with_permit(self, account: LocalAccount, order: DepositOrder, permit: Permit) -> Receipt:
        """Queue a deposit with an EIP-2612 permit instead of an approval. Raises TokensShort, AllowanceShort."""
        with self._naming_shortage(account, order):
            return self._send(account, "deposit_with_permit", order.abi(account.address), permit.abi())

    def full_exit(
        self,
        owner: LocalAccount,
        account: AccountId,
        token_id: TokenId,
        others: Iterable[ChainId] = (),
        second: bytes | None = None,
    ) -> Receipt:
        """Queue the owner's full exit: its account's whole balance of a token, from this chain's reserve and then from
        those of `others`, where `second` (a universal address; by default the owner's) is paid.
        """
        mask = make_chain_set([self.chain_id, *others])
        recipient = universal_address(owner.address) if second is None else second
        return self._send(owner, "full_exit", account, token_id, recipient, mask)

    def set_key(self, owner: LocalAccount, account: AccountId, public_key_hash: int) -> Receipt:
        """Queue the owner's request for a new key; 0 takes the key away."""
        return self._send(owner, "set_key", account, public_key_hash)

    def set_key_by_signature(
        self, sender: LocalAccount, wallet: str, account: AccountId, public_key_hash: int, signature: bytes
    ) -> Receipt:
        """Queue a contract wallet's request for a new key, with a signature that it accepts (ERC-1271); anyone may."""
        return self._send(
            sender, "set_key_by_signature", to_checksum_address(wallet), account, public_key_hash, signature
        )

    def key_digest(self, wallet: str, account: AccountId, public_key_hash: int) -> tuple[bytes, int]:
        """The 32 bytes that a contract wallet accepts now to ask for a key, and the counter in them."""
        digest, counter = self._read("key_digest", to_checksum_address(wallet), account, public_key_hash)
        return bytes(digest), int(counter)

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


def bridge_artifact() -> ContractArtifact:
    """The compiled bridge."""
    return load_contract("Bridge")
