"""The registry of a chain, tokens and prices, typed, and the consents of owners to new keys.

Takes a chain's client and the registry's address. Reads give protocol types; writes wait for their receipt. Never
decides what to send.
"""

from collections.abc import Mapping
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from eth_utils import to_checksum_address

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import PriceState, TokenConfig
from zklink.l1.contracts.governed import govern
from zklink.l1.transport.client import Call, ChainClient, encode_call
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.ids import AccountId, Amount, Nonce, TokenId
from zklink.protocol.messages import compute_key_change_digest


class RegistryClient:
    """Tokens and prices of one chain, as of L1 block `block` (by default the newest). Reads raise CallReverted and
    RpcUnavailable, writes the errors of `ChainClient.send`.
    """

    def __init__(self, client: ChainClient, address: str, block: int | None = None) -> None:
        self.client, self._block = client, block
        self.address = to_checksum_address(address)
        self._contract = client.contract(self.address, load_contract("Registry"))

    def token_config(self, token_id: int) -> TokenConfig:
        """A token as registered, with its present limits."""
        return TokenConfig.from_abi(self._read("token_config", token_id))

    def token_scale(self, token_id: int) -> int:
        """L1 units per layer-2 unit; 0 if the token is not on this chain."""
        return int(self._read("token_scale", token_id))

    def is_paused(self, token_id: int) -> bool:
        """Whether new swaps and deposits of a token are stopped."""
        return bool(self._read("is_paused", token_id))

    def is_token(self, account: str) -> bool:
        """Whether an account is a token's contract here: a registered one, or the wrapped coin."""
        return bool(self._read("is_token", to_checksum_address(account)))

    def governor(self) -> str:
        """The address that registers, limits and pauses tokens, and bounds prices."""
        return to_checksum_address(self._read("governor"))

    def setter(self) -> str:
        """The address that sets prices."""
        return to_checksum_address(self._read("setter"))

    def fee_recipient(self) -> str:
        """Whom the fees belong to."""
        return to_checksum_address(self._read("fee_recipient"))

    def wrapped(self) -> str:
        """The wrapped coin of this chain, NO_ADDRESS for none."""
        return to_checksum_address(self._read("wrapped"))

    def price(self, kind: int) -> int:
        """What a caller pays now, in gwei; `kind` is a chain for swaps to it, else a Door."""
        return int(self._read("price", kind))

    def prices(self) -> tuple[int, ...]:
        """The prices of all kinds, in gwei; the index is the kind."""
        return tuple(self._read("prices"))

    def price_state(self, kind: int) -> PriceState:
        """A price, a rise that waits, and the bounds."""
        return PriceState(*self._read("price_state", kind))

    def price_ceiling(self, kind: int) -> int:
        """The highest price that the setter may set now, in gwei."""
        return int(self._read("price_ceiling", kind))

    def register_token(self, governor: LocalAccount, token_id: TokenId, config: TokenConfig) -> Receipt:
        """Give a token id its meaning here."""
        return self.client.send(governor, self.encode("register_token", token_id, config.abi()))

    def set_token_limits(self, governor: LocalAccount, token_id: TokenId, minimum: Amount, cap: Amount) -> Receipt:
        """Change a token's smallest swap or deposit, and its largest custody."""
        return self.client.send(governor, self.encode("set_token_limits", token_id, minimum, cap))

    def tighten_token_limits(self, governor: LocalAccount, token_id: TokenId, minimum: Amount, cap: Amount) -> Receipt:
        """Raise a token's minimum, lower its cap."""
        return self._by_governor(governor, "tighten_token_limits", token_id, minimum, cap)

    def pause_token(self, governor: LocalAccount, token_id: TokenId) -> Receipt:
        """Stop new swaps and deposits of a token."""
        return self._by_governor(governor, "pause_token", token_id)

    def unpause_token(self, governor: LocalAccount, token_id: TokenId) -> Receipt:
        """Admit new swaps and deposits of a token again."""
        return self.client.send(governor, self.encode("unpause_token", token_id))

    def set_prices(self, setter: LocalAccount, prices: Mapping[int, int]) -> Receipt:
        """Set prices in gwei by kind, at most 16."""
        return self.client.send(setter, self.encode("set_prices", sorted(prices.items())))

    def set_price_bounds(self, governor: LocalAccount, kind: int, low: int, high: int) -> Receipt:
        """Bound a price, in gwei."""
        return self.client.send(governor, self.encode("set_price_bounds", kind, low, high))

    def encode(self, function: str, *arguments: object) -> Call:
        """A call for `ChainClient.submit`, for callers that do not want to wait. Raises ArgumentsRefused."""
        return encode_call(self._contract, function, *arguments)

    def _by_governor(self, account: LocalAccount, function: str, *arguments: object) -> Receipt:
        call = self.encode(function, *arguments)
        return self.client.send(account, govern(self.client, account, self.governor(), call))

    def _read(self, function: str, *arguments: object) -> Any:
        return self.client.read(self._contract, function, *arguments, block=self._block)


def sign_key_change(
    owner: LocalAccount,
    deployment_hash: bytes,
    account: AccountId,
    nonce: Nonce,
    public_key_hash: int,
    valid_until: int,
) -> bytes:
    """The owner's consent as 65 bytes r || s || v, to be handed over with the block (EIP-712). `valid_until` is the key
    change's.
    """
    digest = compute_key_change_digest(deployment_hash, account, nonce, public_key_hash, valid_until)
    signed = owner.unsafe_sign_hash(Hash32(digest))
    return bytes(signed.signature)
