"""The data that a ledger slot publishes, and the message that its signer signs (docs/protocol.md, section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from zklink.protocol.addresses import ZERO_ADDRESS, join_address, split_address
from zklink.protocol.errors import WrongRecordField, WrongRecordKind
from zklink.protocol.ids import NO_TOKEN, AccountId, Amount, ChainId, Kind, Nonce, TokenId
from zklink.protocol.packing import pack_fee, unpack_fee
from zklink.protocol.signing import compute_message
from zklink.protocol.words import LEDGER_DATA_LAYOUTS, LEDGER_MESSAGE_LAYOUTS, unpack_record

LEDGER_KINDS: Final = (
    Kind.DEPOSIT,
    Kind.FULL_EXIT,
    Kind.TRANSFER,
    Kind.TRANSFER_NEW,
    Kind.WITHDRAW,
    Kind.FORCED_EXIT,
    Kind.CHANGE_PUB_KEY,
    Kind.CLAIM_FEES,
    Kind.KEY_REQUEST,
    Kind.FULL_EXIT_PART,
)
FULL_EXIT_KINDS: Final = (Kind.FULL_EXIT, Kind.FULL_EXIT_PART)
UNSIGNED_KINDS: Final = (Kind.DEPOSIT, Kind.FULL_EXIT, Kind.KEY_REQUEST, Kind.FULL_EXIT_PART)
"""Kinds that are requests of L1."""

NO_ACCOUNT: Final = AccountId(0)
NO_CHAIN: Final = ChainId(0)
NOTHING: Final = Amount(0)


@dataclass(frozen=True, slots=True)
class LedgerData:
    """The decoded data record of a ledger slot; a field that a kind does not use is 0.

    `packed_fee` is as it was signed (any form, see `unpack_fee`); `owner` (32 bytes) is the new account's owner for
    kind 7 and zero otherwise. `source` is the chain that asked for a full exit (kinds 5 and 19; `chain` pays), and 0
    otherwise.
    """

    kind: Kind
    account: AccountId = NO_ACCOUNT
    target: AccountId = NO_ACCOUNT
    token: TokenId = NO_TOKEN
    packed_fee: int = 0
    fee_token: TokenId = NO_TOKEN
    chain: ChainId = NO_CHAIN
    amount: Amount = NOTHING
    owner: bytes = ZERO_ADDRESS
    source: ChainId = NO_CHAIN

    @property
    def record_chain(self) -> ChainId:
        """The chain whose slice has the request or key change of this slot, if there is one."""
        return self.source if self.kind in FULL_EXIT_KINDS else self.chain

    @property
    def fee(self) -> Amount:
        """The operator's fee; FieldOutOfRange if it is no amount."""
        return unpack_fee(self.packed_fee)

    def words(self) -> tuple[int, ...]:
        """d0, and d1 for kind 7; FieldOutOfRange, WrongAddressLength, WrongRecordKind or WrongRecordField."""
        if self.kind not in LEDGER_KINDS:
            raise WrongRecordKind(LEDGER_KINDS, self.kind)
        owner_hi, owner_lo = split_address("owner", self.owner)
        self._check()
        d0, d1 = LEDGER_DATA_LAYOUTS
        first = d0.pack(
            kind=self.kind,
            account=self.account,
            target=self.target,
            token=self.token,
            fee=self.packed_fee,
            fee_token=self.fee_token,
            chain=self.chain,
            owner_hi_or_source=owner_hi or self.source,
            amount=self.amount,
        )
        if self.kind == Kind.TRANSFER_NEW:
            return first, d1.pack(owner_lo=owner_lo)
        return (first,)

    def elements(self) -> tuple[int, int]:
        """(e0, e1) of the commitment: (0, d0), or (d0, d1) for kind 7."""
        *first, last = self.words()
        return (first[0] if first else 0), last

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "LedgerData":
        """Read d0, or d0 and d1, back; refuses anything that is not exactly one record."""
        is_new = bool(words) and LEDGER_DATA_LAYOUTS[0].unpack(words[0])["kind"] == Kind.TRANSFER_NEW
        fields = unpack_record("ledger data", LEDGER_DATA_LAYOUTS if is_new else LEDGER_DATA_LAYOUTS[:1], words)
        if fields["kind"] not in LEDGER_KINDS:
            raise WrongRecordKind(LEDGER_KINDS, fields["kind"])
        shared = fields["owner_hi_or_source"]
        is_exit = fields["kind"] in FULL_EXIT_KINDS
        data = cls(
            kind=Kind(fields["kind"]),
            account=AccountId(fields["account"]),
            target=AccountId(fields["target"]),
            token=TokenId(fields["token"]),
            packed_fee=fields["fee"],
            fee_token=TokenId(fields["fee_token"]),
            chain=ChainId(fields["chain"]),
            amount=Amount(fields["amount"]),
            owner=join_address(0 if is_exit else shared, fields.get("owner_lo", 0)),
            source=ChainId(shared) if is_exit else NO_CHAIN,
        )
        data._check()
        return data

    def _check(self) -> None:
        """WrongRecordField if the record names an owner or a source that its kind does not have."""
        if self.kind != Kind.TRANSFER_NEW and self.owner != ZERO_ADDRESS:
            raise WrongRecordField("ledger data", "owner", 0, int.from_bytes(self.owner, "big"))
        if self.kind not in FULL_EXIT_KINDS and self.source:
            raise WrongRecordField("ledger data", "source", 0, self.source)


def compute_ledger_message(
    domain: int,
    kind: Kind,
    *,
    account: AccountId,
    nonce: Nonce,
    valid_until: int,
    fee: Amount,
    fee_token: TokenId,
    token: TokenId = NO_TOKEN,
    chain: ChainId = NO_CHAIN,
    party: bytes = ZERO_ADDRESS,
    target: AccountId = NO_ACCOUNT,
    amount: Amount = NOTHING,
    fill_fee: Amount = NOTHING,
    public_key_hash: int | None = None,
) -> int:
    """M of a ledger operation; FieldOutOfRange, WrongAddressLength or FeeNotPackable.

    m2 is `public_key_hash` where one is given, else the low bits of `party`.
    """
    party_hi, party_lo = split_address("party", party)
    m0, m1 = LEDGER_MESSAGE_LAYOUTS
    return compute_message(
        domain,
        m0.pack(
            kind=kind,
            account=account,
            nonce=nonce,
            valid_until=valid_until,
            token=token,
            fee=pack_fee(fee),
            fee_token=fee_token,
            chain=chain,
            party_hi=party_hi,
            target=target,
        ),
        m1.pack(amount=amount, fill_fee=fill_fee),
        party_lo if public_key_hash is None else public_key_hash,
    )
