"""The doors of a bridge, typed: everything that an account may call, with the fee that goes with it.

Takes an account and what it wants; quotes the fee, sends it along with the call, and waits for the receipt. Where a
door refuses before anything is sent, it is looked whether the account has, and has approved, what the call takes.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Final, TypeVar

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge_structs import (
    NATIVE,
    NO_ADDRESS,
    DepositOrder,
    Parts,
    Permit,
    Quote,
    SwapOrder,
    TokenConfig,
    universal_address,
)
from zklink.l1.contracts.bridge_views import BridgeViews
from zklink.l1.contracts.registries import RegistryClient
from zklink.l1.contracts.token import TokenClient
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.errors import CallReverted, SignatureTooLong, TransactionRejected
from zklink.protocol.ids import AccountId, ChainId, Door, TokenId

QUOTE_SECONDS: Final = 600
"""A quote also covers a rise that counts within this time, so that a call may take a while to be mined."""

MAX_SIGNATURE_BYTES: Final = 8_192
"""The longest signature of a contract wallet that a bridge takes: some 120 owners of a Safe."""

EVERYTHING: Final = 2**256 - 1
"""An amount that nothing exceeds: pull all that is owed."""

Order = SwapOrder | DepositOrder
AnyOrder = TypeVar("AnyOrder", SwapOrder, DepositOrder)


class DoorsClient(BridgeViews):
    """A bridge's doors. Those that take tokens raise TokensShort and AllowanceShort. Without `quote`, what a call pays
    is asked for before it is sent.
    """

    @cached_property
    def tokens(self) -> RegistryClient:
        """The chain's registry of tokens and prices."""
        return RegistryClient(self.client, self._parts.registry)

    @cached_property
    def _parts(self) -> Parts:
        return self.parts()

    # -- what they cost ----------------------------------------------------------------------------------------------

    def quote_order(self, order: Order) -> Quote:
        """What a swap or a deposit pays now."""
        kind = int(order.destination) if isinstance(order, SwapOrder) else int(Door.DEPOSIT)
        coin = order.l1_amount if self._config_of(order).token == NATIVE else 0
        return Quote(self._price(kind), coin=coin)

    def quote_key_request(self) -> Quote:
        """What a request for a key pays now."""
        return Quote(self._price(Door.KEY_REQUEST))

    def quote_exit(self) -> Quote:
        """What a full exit pays and burns now. More requests in the queue, and it is not enough."""
        fee, burnt = self.quote_full_exit()
        return Quote(max(fee, self._price(Door.FULL_EXIT)), burnt)

    def round_order(self, order: AnyOrder) -> AnyOrder:
        """The order for the whole layer-2 units that its amount holds, as `swap_up_to` and `deposit_up_to` take it."""
        scale = self.tokens.token_scale(_token_of(order)) or 1
        return replace(order, l1_amount=order.l1_amount - order.l1_amount % scale)

    # -- requests ----------------------------------------------------------------------------------------------------

    def swap(
        self, account: LocalAccount, order: SwapOrder, quote: Quote | None = None, *, is_up_to: bool = False
    ) -> Receipt:
        """Queue a swap; with `is_up_to`, of the whole layer-2 units of its amount."""
        return self._send_order(account, "swap", order, quote, is_up_to=is_up_to)

    def swap_with_permit(
        self, account: LocalAccount, order: SwapOrder, permit: Permit, quote: Quote | None = None
    ) -> Receipt:
        """Queue a swap with an EIP-2612 permit instead of an approval."""
        return self._send_order(account, "swap", order, quote, permit)

    def deposit(
        self, account: LocalAccount, order: DepositOrder, quote: Quote | None = None, *, is_up_to: bool = False
    ) -> Receipt:
        """Queue a deposit; with `is_up_to`, of the whole layer-2 units of its amount."""
        return self._send_order(account, "deposit", order, quote, is_up_to=is_up_to)

    def deposit_with_permit(
        self, account: LocalAccount, order: DepositOrder, permit: Permit, quote: Quote | None = None
    ) -> Receipt:
        """Queue a deposit with an EIP-2612 permit instead of an approval."""
        return self._send_order(account, "deposit", order, quote, permit)

    def full_exit(
        self,
        owner: LocalAccount,
        account: AccountId,
        token_id: TokenId,
        others: Iterable[ChainId] = (),
        second: bytes | None = None,
        quote: Quote | None = None,
    ) -> Receipt:
        """Queue the owner's full exit: its account's whole balance of a token, from this chain's reserve and then from
        those of `others`, where `second` (a universal address; by default the owner's) is paid.
        """
        mask = make_chain_set([self.chain_id, *others])
        recipient = universal_address(owner.address) if second is None else second
        value = (quote or self.quote_exit()).value
        return self._send(owner, "full_exit", account, token_id, recipient, mask, value=value)

    def set_key(
        self, owner: LocalAccount, account: AccountId, public_key_hash: int, quote: Quote | None = None
    ) -> Receipt:
        """Queue the owner's request for a new key; 0 takes the key away."""
        value = (quote or self.quote_key_request()).value
        return self._send(owner, "set_key", account, public_key_hash, value=value)

    def set_key_by_signature(
        self,
        sender: LocalAccount,
        wallet: str,
        account: AccountId,
        public_key_hash: int,
        signature: bytes,
        quote: Quote | None = None,
    ) -> Receipt:
        """Queue a contract wallet's request for a new key, with a signature that it accepts (ERC-1271); anyone may.

        Raises SignatureTooLong before anything is sent; the contract gives no reason for that.
        """
        if len(signature) > MAX_SIGNATURE_BYTES:
            raise SignatureTooLong(wallet, MAX_SIGNATURE_BYTES, len(signature))
        arguments = to_checksum_address(wallet), account, public_key_hash, signature
        value = (quote or self.quote_key_request()).value
        return self._send(sender, "set_key_by_signature", *arguments, value=value)

    def key_digest(self, wallet: str, account: AccountId, public_key_hash: int) -> tuple[bytes, int]:
        """The 32 bytes that a contract wallet accepts now to ask for a key, and the counter in them."""
        digest, counter = self._read("key_digest", to_checksum_address(wallet), account, public_key_hash)
        return bytes(digest), int(counter)

    # -- payments ----------------------------------------------------------------------------------------------------

    def fill(
        self,
        account: LocalAccount,
        payout: Sequence[int],
        value: int = 0,
        gas_limit: int | None = None,
        repay_to: str | None = None,
    ) -> Receipt:
        """Pay a payout ahead of its block; `repay_to`, by default the account, is repaid. `value` is the amount where
        it is the chain's own coin. With `gas_limit`, CallReverted if the call takes more gas.
        """
        call, gas = self.encode("fill", list(payout), to_checksum_address(repay_to or account.address)), None
        if gas_limit is not None:
            self.client.try_call(account.address, call, value, gas_limit)
            gas = min(gas_limit, self.client.estimate_gas(account.address, call, value))
        return self.client.send(account, call, value, gas)

    def withdraw_pending_balance(
        self, account: LocalAccount, token_id: TokenId, receiver: str, l1_amount: int = EVERYTHING
    ) -> Receipt:
        """Pull what the account is owed of a token to `receiver`, at most `l1_amount`."""
        return self._send(account, "withdraw_pending_balance", token_id, to_checksum_address(receiver), l1_amount)

    def push_pending_balance(
        self, account: LocalAccount, owner: str, token_id: TokenId, gas_limit: int | None = None
    ) -> Receipt:
        """Push to an owner what it is owed of a token, with all the gas that the call brings; anyone may."""
        call = self.encode("push_pending_balance", to_checksum_address(owner), token_id)
        return self.client.send(account, call, 0, gas_limit)

    def collect_fees(self, account: LocalAccount) -> Receipt:
        """Send what blocks have earned to the recipient of fees; anyone may."""
        return self._send(account, "collect_fees")

    # -- inside ------------------------------------------------------------------------------------------------------

    def _send_order(
        self,
        account: LocalAccount,
        door: str,
        order: AnyOrder,
        quote: Quote | None,
        permit: Permit | None = None,
        *,
        is_up_to: bool = False,
    ) -> Receipt:
        order = self.round_order(order) if is_up_to else order
        found = quote or self.quote_order(order)
        arguments: list[object] = [order.abi(account.address)]
        name = f"{door}_up_to" if is_up_to else door
        if permit is not None:
            name, arguments = f"{door}_with_permit", [*arguments, permit.abi()]
        with self._naming_shortage(account, order, found.value):
            return self._send(account, name, *arguments, value=found.value)

    def _price(self, kind: int) -> int:
        """What a door of a kind costs now and within QUOTE_SECONDS, in gwei."""
        state, now = self.tokens.price_state(kind), self.client.head().timestamp
        return max(state.at(now), state.at(now + QUOTE_SECONDS))

    def _config_of(self, order: Order) -> TokenConfig:
        return self.tokens.token_config(_token_of(order))

    @contextmanager
    def _naming_shortage(self, account: LocalAccount, order: Order, value: int) -> Iterator[None]:
        """If a call is refused before it is sent, see whether the account has and has approved what it takes."""
        try:
            yield
        except (CallReverted, TransactionRejected):
            TokenClient(self.client, NATIVE).check_funds(account.address, value)
            address = self._config_of(order).token
            if address not in (NATIVE, NO_ADDRESS):
                TokenClient(self.client, address).check_funds(account.address, order.l1_amount, self.address)
            raise


def _token_of(order: Order) -> TokenId:
    return order.token_in if isinstance(order, SwapOrder) else order.token_id
