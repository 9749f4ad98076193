"""An account's way through the doors of a deployment's bridges: what a request costs, whether it can work, and its
call.

Takes a bridge per chain and an account; gives offers (an order with its price), and receipts. Everything that can be
known is looked at before an offer is made: the account's balance and allowance, the coin that goes along, and that no
token's contract is paid or refunded, where nobody could get it out again. Never approves anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import (
    NATIVE,
    NO_ADDRESS,
    DepositOrder,
    Permit,
    Quote,
    SwapOrder,
    evm_address,
    universal_address,
)
from zklink.l1.contracts.token import TokenClient
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.errors import RecipientIsToken
from zklink.protocol.ids import AccountId, ChainId, TokenId

AnyOrder = TypeVar("AnyOrder", SwapOrder, DepositOrder)


@dataclass(frozen=True, slots=True)
class Offer(Generic[AnyOrder]):
    """An order that the doors of `source` take now, and what goes with it; `left` L1 units of what was asked for are
    below a layer-2 unit and stay with the account.
    """

    source: ChainId
    order: AnyOrder
    quote: Quote
    left: int = 0


class Doors:
    """One account at all doors. Every method raises CallReverted, RpcUnavailable, and TokensShort, AllowanceShort where
    the account has or has approved too little.
    """

    def __init__(self, bridges: Mapping[ChainId, BridgeClient], account: LocalAccount) -> None:
        self._bridges, self._account = bridges, account

    def offer_swap(
        self, source: ChainId, order: SwapOrder, *, is_up_to: bool = False, with_permit: bool = False
    ) -> Offer[SwapOrder]:
        """A swap that can be sent; with `is_up_to` for the whole layer-2 units of its amount. Raises
        RecipientIsToken.
        """
        self._check_recipient(order.destination, order.recipient)
        return self._offer(source, order, is_up_to, with_permit)

    def offer_deposit(
        self, source: ChainId, order: DepositOrder, *, is_up_to: bool = False, with_permit: bool = False
    ) -> Offer[DepositOrder]:
        """A deposit that can be sent; with `is_up_to` for the whole layer-2 units of its amount. Raises
        RecipientIsToken.
        """
        return self._offer(source, order, is_up_to, with_permit)

    def swap(self, offer: Offer[SwapOrder], permit: Permit | None = None) -> Receipt:
        """Send a swap as it was offered, by an approval or with a permit."""
        bridge = self._bridges[offer.source]
        if permit is not None:
            return bridge.swap_with_permit(self._account, offer.order, permit, offer.quote)
        return bridge.swap(self._account, offer.order, offer.quote)

    def deposit(self, offer: Offer[DepositOrder], permit: Permit | None = None) -> Receipt:
        """Send a deposit as it was offered, by an approval or with a permit."""
        bridge = self._bridges[offer.source]
        if permit is not None:
            return bridge.deposit_with_permit(self._account, offer.order, permit, offer.quote)
        return bridge.deposit(self._account, offer.order, offer.quote)

    def full_exit(
        self,
        source: ChainId,
        account: AccountId,
        token_id: TokenId,
        others: Iterable[ChainId] = (),
        quote: Quote | None = None,
    ) -> Receipt:
        """Ask for the account's whole balance of a token, on `source` and on the chains of `others`. Raises
        RecipientIsToken.
        """
        bridge, chains = self._bridges[source], tuple(others)
        for chain in chains:
            self._check_recipient(chain, universal_address(self._account.address))
        found = quote or bridge.quote_exit()
        self._check_coin(bridge, found)
        return bridge.full_exit(self._account, account, token_id, chains, quote=found)

    def set_key(self, source: ChainId, account: AccountId, public_key_hash: int) -> Receipt:
        """Ask for a new key by a transaction; 0 takes the key away."""
        bridge = self._bridges[source]
        quote = bridge.quote_key_request()
        self._check_coin(bridge, quote)
        return bridge.set_key(self._account, account, public_key_hash, quote)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _offer(self, source: ChainId, order: AnyOrder, is_up_to: bool, with_permit: bool) -> Offer[AnyOrder]:
        bridge = self._bridges[source]
        self._check_recipient(source, universal_address(order.refund_to or self._account.address))
        taken = bridge.round_order(order) if is_up_to else order
        quote = bridge.quote_order(taken)
        self._check_coin(bridge, quote)
        token_id = taken.token_in if isinstance(taken, SwapOrder) else taken.token_id
        address = bridge.tokens.token_config(token_id).token
        if address not in (NATIVE, NO_ADDRESS):
            spender = None if with_permit else bridge.address
            TokenClient(bridge.client, address).check_funds(self._account.address, taken.l1_amount, spender)
        return Offer(source, taken, quote, order.l1_amount - taken.l1_amount)

    def _check_coin(self, bridge: BridgeClient, quote: Quote) -> None:
        TokenClient(bridge.client, NATIVE).check_funds(self._account.address, quote.value)

    def _check_recipient(self, chain: ChainId, recipient: bytes) -> None:
        """A chain without a bridge here, and an address that is none of an EVM chain, are left to the contracts."""
        bridge = self._bridges.get(chain)
        if bridge is not None and not any(recipient[:12]) and bridge.tokens.is_token(evm_address(recipient)):
            raise RecipientIsToken(bridge.client.profile.name, evm_address(recipient))
