"""The transactions of users in a benchmark: takes a system, sends swaps, deposits, full exits and requests for keys,
gives their receipts; the sequencer takes each request at once.
"""

from dataclasses import dataclass
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import DepositOrder, SwapOrder, universal_address
from zklink.l1.contracts.event_codec import REQUEST_EVENTS
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.ids import AccountId, Amount, ChainId, TokenId
from zklink.sequencer.sequencer import Sequencer

AMOUNT: Final = Amount(5_000_000)  # five dollars
_DEPOSIT: Final = Amount(500_000_000)
_COIN_UNITS: Final = 10**12
"""The table's coins have 18 digits on layer 2, its dollars 6."""

_HOUR: Final = 3_600


@dataclass(frozen=True, slots=True)
class Requests:
    """A depositor on every chain of a system."""

    system: LocalSystem
    sequencer: Sequencer

    @property
    def depositor(self) -> LocalAccount:
        """The account that sends every request."""
        return self.system.world.roles.depositor

    @property
    def owner(self) -> bytes:
        """The universal address whose account the deposits credit."""
        return universal_address(self.depositor.address)

    def deposit(
        self, chain: ChainId, token_id: TokenId, *, with_permit: bool = False, is_up_to: bool = False
    ) -> Receipt:
        """A deposit to the depositor's own account."""
        bridge, token = self.system.bridges[chain], self.system.token(chain, token_id)
        l1_amount = self._l1_amount(bridge, token_id, _DEPOSIT)
        order = DepositOrder(token_id, l1_amount, self.owner)
        if with_permit:
            permit = token.sign_permit(self.depositor, bridge.address, l1_amount, self._deadline(chain))
            return self._take(bridge, bridge.deposit_with_permit(self.depositor, order, permit))
        if not token.is_native:
            token.approve(self.depositor, bridge.address, l1_amount)
        return self._take(bridge, bridge.deposit(self.depositor, order, is_up_to=is_up_to))

    def swap(
        self,
        source: ChainId,
        destination: ChainId,
        token_in: TokenId,
        token_out: TokenId,
        *,
        min_out: int = 1,
        fill_fee: int = 0,
        with_permit: bool = False,
        is_up_to: bool = False,
        recipient: str = "",
    ) -> Receipt:
        """A swap to the world's recipient, or to another one."""
        bridge, token = self.system.bridges[source], self.system.token(source, token_in)
        l1_amount, deadline = self._l1_amount(bridge, token_in, AMOUNT), self._deadline(source)
        order = SwapOrder(
            token_in,
            l1_amount,
            destination,
            token_out,
            Amount(min_out),
            Amount(1_000),
            Amount(fill_fee),
            universal_address(recipient or self.system.world.roles.recipient.address),
            deadline,
        )
        if with_permit:
            permit = token.sign_permit(self.depositor, bridge.address, l1_amount, deadline)
            return self._take(bridge, bridge.swap_with_permit(self.depositor, order, permit))
        if not token.is_native:
            token.approve(self.depositor, bridge.address, l1_amount)
        return self._take(bridge, bridge.swap(self.depositor, order, is_up_to=is_up_to))

    def full_exit(self, chain: ChainId, account: AccountId, token_id: TokenId) -> Receipt:
        """A full exit of the depositor's whole balance of a token."""
        bridge = self.system.bridges[chain]
        return self._take(bridge, bridge.full_exit(self.depositor, account, token_id))

    def swap_dollars(self, source: ChainId, destination: ChainId, recipient: str = "") -> Receipt:
        """A swap of dollars for as many on another chain."""
        return self.swap(source, destination, USDC, USDC, recipient=recipient)

    def set_key(self, chain: ChainId, account: AccountId, key_hash: int) -> Receipt:
        """The depositor's request for a new key."""
        bridge = self.system.bridges[chain]
        return self._take(bridge, bridge.set_key(self.depositor, account, key_hash))

    def set_key_by_signature(
        self, chain: ChainId, wallet: str, account: AccountId, key_hash: int, signature: bytes
    ) -> Receipt:
        """A contract wallet's request for a new key, brought by the depositor."""
        bridge = self.system.bridges[chain]
        return self._take(bridge, bridge.set_key_by_signature(self.depositor, wallet, account, key_hash, signature))

    def _l1_amount(self, bridge: BridgeClient, token_id: TokenId, amount: Amount) -> int:
        return amount * bridge.tokens.token_scale(token_id) * (1 if token_id == USDC else _COIN_UNITS)

    def _deadline(self, chain: ChainId) -> int:
        return self.system.world[chain].client.head().timestamp + _HOUR

    def _take(self, bridge: BridgeClient, receipt: Receipt) -> Receipt:
        for event in bridge.events_of(receipt):
            if isinstance(event, REQUEST_EVENTS):
                self.sequencer.add(event.request)
        return receipt
