"""The change of an account's key, with its owner's signature (docs/protocol.md, section 5.8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from zklink.operations.account_record import AccountWords, pack_account_record, unpack_account_record
from zklink.operations.ledger_data import LedgerData, compute_ledger_message
from zklink.operations.payout import compute_operation_id, split_operation_id
from zklink.protocol.addresses import ADDRESS_BYTES
from zklink.protocol.errors import FieldOutOfRange
from zklink.protocol.ids import AccountId, Amount, ChainId, Kind, Nonce, TokenId
from zklink.protocol.packing import pack_fee

NO_CONSENT: Final = b""
"""In place of the owner's signature, where none is needed."""


@dataclass(frozen=True, slots=True)
class ChangePubKey:
    """Sets the account's `public_key_hash`; signed by the new key, and by the owner for `chain`, the primary."""

    kind: ClassVar[Kind] = Kind.CHANGE_PUB_KEY

    account: AccountId
    nonce: Nonce
    valid_until: int
    public_key_hash: int
    chain: ChainId
    fee: Amount
    fee_token: TokenId

    def message(self, domain: int) -> int:
        """M, the message that the new key signs; FieldOutOfRange, FeeNotPackable, or ValueError for a hash not
        below r.
        """
        return compute_ledger_message(
            domain,
            self.kind,
            account=self.account,
            nonce=self.nonce,
            valid_until=self.valid_until,
            fee=self.fee,
            fee_token=self.fee_token,
            chain=self.chain,
            public_key_hash=self.public_key_hash,
        )

    def data(self) -> LedgerData:
        """The data record of its slot."""
        return LedgerData(
            self.kind,
            account=self.account,
            packed_fee=pack_fee(self.fee),
            fee_token=self.fee_token,
            chain=self.chain,
        )

    def key_change(self, owner: bytes) -> "KeyChange":
        """The record that asks `chain` for the consent of the account's `owner`."""
        return KeyChange(self.chain, self.account, self.nonce, owner, self.public_key_hash, self.valid_until)


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A record in `chain`'s slice: `owner` (32 bytes) must have signed for this key, valid until `valid_until`.

    `public_key_hash` is the number of 256 bits that the owner consents to; the account's key hash is it modulo r.
    """

    kind: ClassVar[Kind] = Kind.CHANGE_PUB_KEY

    chain: ChainId
    account: AccountId
    nonce: Nonce
    owner: bytes
    public_key_hash: int
    valid_until: int

    def words(self) -> AccountWords:
        """r0..r3; FieldOutOfRange or WrongAddressLength if the record is not well formed."""
        if not 0 <= self.public_key_hash < 1 << 8 * ADDRESS_BYTES:
            raise FieldOutOfRange("key change", "public_key_hash", self.public_key_hash, 8 * ADDRESS_BYTES)
        return pack_account_record(
            self.kind,
            source=self.chain,
            id=compute_operation_id(self.account, self.nonce),
            owner=self.owner,
            second=self.public_key_hash.to_bytes(ADDRESS_BYTES, "big"),
            time=self.valid_until,
        )

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "KeyChange":
        """Read r0..r3 back; refuses anything that is not exactly a key change."""
        zeros = ("token", "account", "amount", "native_fee_gwei", "by_owner", "mask")
        fields, owner, key = unpack_account_record("key change", cls.kind, zeros, words)
        account, nonce = split_operation_id(fields["id"])
        return cls(ChainId(fields["source"]), account, nonce, owner, int.from_bytes(key, "big"), fields["time"])
