"""One account: the view that callers get, and the record that the state keeps (docs/protocol.md, section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from struct import Struct
from typing import Final

from zklink.protocol.addresses import ADDRESS_BYTES, ZERO_ADDRESS, split_address
from zklink.protocol.chain_sets import NO_CHAINS
from zklink.protocol.ids import Amount, ChainSet, Nonce, OrderSlot, TokenId
from zklink.protocol.words import ACCOUNT_LEAF_LAYOUTS

OrderLeaf = tuple[Nonce, Amount]
"""(order_nonce, filled) of an order slot."""

FIRST_NONCE: Final = Nonce(0)
EMPTY_ORDER: Final[OrderLeaf] = (FIRST_NONCE, Amount(0))


@dataclass(frozen=True, slots=True)
class Account:
    """An account at one moment. `balances` (layer-2 units) and `orders` hold the entries that are not empty; `owner`
    has 32 bytes, zero for none. `known` is the set of chains where the owner itself has acted for this account.
    """

    owner: bytes
    nonce: Nonce
    public_key_hash: int
    known: ChainSet
    balances: Mapping[TokenId, Amount]
    orders: Mapping[OrderSlot, OrderLeaf]

    @property
    def exists(self) -> bool:
        """Whether it has an owner."""
        return self.owner != ZERO_ADDRESS


@dataclass(slots=True)
class Record:
    """An account as the state works on it. The roots are those of the values at the last refresh."""

    balance_root: int
    order_root: int
    owner: bytes = ZERO_ADDRESS
    nonce: Nonce = FIRST_NONCE
    public_key_hash: int = 0
    known: ChainSet = NO_CHAINS
    balances: dict[TokenId, Amount] = field(default_factory=dict)
    orders: dict[OrderSlot, OrderLeaf] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether the account equals one that was never used."""
        is_used = self.nonce or self.public_key_hash or self.known or self.balances or self.orders
        return self.owner == ZERO_ADDRESS and not is_used

    def view(self) -> Account:
        """A copy that later changes do not reach."""
        return Account(self.owner, self.nonce, self.public_key_hash, self.known, dict(self.balances), dict(self.orders))

    def copy(self) -> "Record":
        """An independent record."""
        return replace(self, balances=dict(self.balances), orders=dict(self.orders))

    @staticmethod
    def owner_of(packed: bytes) -> bytes:
        """The owner in a packed record, without unpacking it."""
        return packed[:ADDRESS_BYTES]

    def leaf_inputs(self) -> tuple[int, int, int, int, int]:
        """The inputs of H_5, the account's leaf."""
        hi, lo = split_address("owner", self.owner)
        second = ACCOUNT_LEAF_LAYOUTS[0].pack(known=self.known, owner_hi=hi, nonce=self.nonce)
        return lo, second, self.public_key_hash, self.balance_root, self.order_root

    def pack(self) -> bytes:
        """The smallest form: 135 bytes, 16 per balance and 19 per order."""
        head = _HEAD.pack(
            self.owner,
            self.nonce,
            self.known,
            _to_bytes(self.public_key_hash),
            _to_bytes(self.balance_root),
            _to_bytes(self.order_root),
            len(self.balances),
        )
        balances = [_BALANCE.pack(token, _to_bytes(amount, 14)) for token, amount in self.balances.items()]
        orders = [_ORDER.pack(slot, nonce, _to_bytes(filled, 14)) for slot, (nonce, filled) in self.orders.items()]
        return b"".join((head, *balances, *orders))

    @classmethod
    def unpack(cls, packed: bytes) -> "Record":
        """The record that `pack` was given."""
        owner, nonce, known, key, balance_root, order_root, count = _HEAD.unpack_from(packed)
        middle = _HEAD.size + count * _BALANCE.size
        balances = {
            token: Amount(_to_int(amount)) for token, amount in _BALANCE.iter_unpack(packed[_HEAD.size : middle])
        }
        orders = {slot: (nonce, Amount(_to_int(filled))) for slot, nonce, filled in _ORDER.iter_unpack(packed[middle:])}
        roots = _to_int(balance_root), _to_int(order_root)
        return cls(*roots, owner, nonce, _to_int(key), known, balances, orders)


_HEAD: Final = Struct(">32sIB32s32s32sH")
_BALANCE: Final = Struct(">H14s")
_ORDER: Final = Struct(">BI14s")


def _to_bytes(value: int, size: int = 32) -> bytes:
    return value.to_bytes(size, "big")


def _to_int(value: bytes) -> int:
    return int.from_bytes(value, "big")
