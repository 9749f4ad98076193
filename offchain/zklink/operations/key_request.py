"""The key request: the owner's change of an account's key, made on L1 (docs/protocol.md, sections 4 and 5.8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zklink.operations.account_record import AccountWords, pack_account_record, unpack_account_record
from zklink.operations.ledger_data import LedgerData
from zklink.protocol.addresses import ADDRESS_BYTES
from zklink.protocol.errors import FieldOutOfRange
from zklink.protocol.ids import AccountId, ChainId, Kind, RequestId


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """One entry of a chain's account-lane queue; `owner` (32 bytes) sent it, or accepted it there by ERC-1271.

    `public_key_hash` is the new one, below r; 0 takes the key away. Times are UNIX seconds.
    """

    kind: ClassVar[Kind] = Kind.KEY_REQUEST

    source: ChainId
    request_id: RequestId
    account: AccountId
    owner: bytes
    public_key_hash: int
    queued_at: int
    native_fee_gwei: int = 0

    def words(self) -> AccountWords:
        """r0..r3; FieldOutOfRange or WrongAddressLength if the request is not well formed."""
        if not 0 <= self.public_key_hash < 1 << 8 * ADDRESS_BYTES:
            raise FieldOutOfRange("key request", "public_key_hash", self.public_key_hash, 8 * ADDRESS_BYTES)
        return pack_account_record(
            self.kind,
            source=self.source,
            id=self.request_id,
            account=self.account,
            owner=self.owner,
            second=self.public_key_hash.to_bytes(ADDRESS_BYTES, "big"),
            native_fee_gwei=self.native_fee_gwei,
            time=self.queued_at,
        )

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "KeyRequest":
        """Read r0..r3 back; refuses anything that is not exactly a key request."""
        zeros = ("token", "amount", "by_owner", "mask")
        fields, owner, key = unpack_account_record("key request", cls.kind, zeros, words)
        return cls(
            source=ChainId(fields["source"]),
            request_id=RequestId(fields["id"]),
            account=AccountId(fields["account"]),
            owner=owner,
            public_key_hash=int.from_bytes(key, "big"),
            queued_at=fields["time"],
            native_fee_gwei=fields["native_fee_gwei"],
        )

    def data(self) -> LedgerData:
        """The data record of its slot."""
        return LedgerData(self.kind, account=self.account, chain=self.source)
