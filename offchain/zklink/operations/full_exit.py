"""The full exit: a request by which an owner takes a balance out, made on L1 (docs/protocol.md, sections 4 and 5.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from zklink.operations.account_record import AccountWords, pack_account_record, unpack_account_record
from zklink.operations.ledger_data import LedgerData
from zklink.operations.payout import Payout
from zklink.operations.pool_data import PoolData
from zklink.protocol.addresses import is_recipient
from zklink.protocol.chain_sets import has_chain, make_chain_set, with_chain
from zklink.protocol.errors import WrongRecordField
from zklink.protocol.ids import (
    AccountId,
    AddressFormat,
    Amount,
    BlockNumber,
    ChainId,
    ChainSet,
    Kind,
    RequestId,
    TokenId,
)
from zklink.protocol.presets import Preset


@dataclass(frozen=True, slots=True)
class FullExitRequest:
    """One entry of a chain's account-lane queue; `owner` (32 bytes) sent it. Times are UNIX seconds.

    The chains of `mask`, which contains `source`, may pay: `source` to the owner, every other one to `second`
    (32 bytes).
    """

    kind: ClassVar[Kind] = Kind.FULL_EXIT

    source: ChainId
    request_id: RequestId
    account: AccountId
    token: TokenId
    owner: bytes
    second: bytes
    mask: ChainSet
    queued_at: int
    native_fee_gwei: int = 0

    def is_of_shares(self, preset: Preset) -> bool:
        """Whether it takes shares of a pool out, which become balances in a pool slot."""
        return self.token >= preset.lp_base

    def words(self) -> AccountWords:
        """r0..r3 as they are queued; FieldOutOfRange or WrongAddressLength if the request is not well formed."""
        return self._pack(self.kind)

    def part_words(self) -> AccountWords:
        """r0..r3 of a serving that leaves the request in its queue: the kind is another, all else the same."""
        return self._pack(Kind.FULL_EXIT_PART)

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "FullExitRequest":
        """Read r0..r3 back; refuses anything that is not exactly a full exit."""
        return cls._unpack(cls.kind, words)

    def data(self, chain: ChainId, amount: Amount, *, is_final: bool) -> LedgerData:
        """The data record of a serving in which `chain` pays `amount`, possibly 0."""
        return LedgerData(
            self.kind if is_final else Kind.FULL_EXIT_PART,
            target=self.account,
            token=self.token,
            chain=chain,
            source=self.source,
            amount=amount,
        )

    def share_data(
        self, token_a: TokenId, token_b: TokenId, amount_a: Amount, amount_b: Amount, shares: Amount
    ) -> PoolData:
        """The data record of the serving that burns the account's shares of the pool token_a/token_b (0, 0: none)."""
        return PoolData(
            Kind.SHARE_EXIT,
            account=self.account,
            token_a=token_a,
            token_b=token_b,
            packed_fee=0,
            fee_token=TokenId(0),
            lp_token=self.token,
            amount_a=amount_a,
            amount_b=amount_b,
            shares=shares,
            chain=self.source,
        )

    def payout(self, chain: ChainId, amount: Amount, block_number: BlockNumber, slot: int) -> Payout:
        """The payout of a serving; one of amount 0 is a payout, too. `slot` counts the block's ledger slots from 0."""
        return Payout(
            kind=Kind.FULL_EXIT_PAYOUT,
            source=self.source,
            chain=chain,
            id=self.request_id,
            token=self.token,
            amount=amount,
            recipient=self.owner if chain == self.source else self.second,
            fill_fee=Amount(0),
            block_number=block_number,
            slot=slot,
        )

    def _pack(self, kind: Kind) -> AccountWords:
        return pack_account_record(
            kind,
            source=self.source,
            id=self.request_id,
            token=self.token,
            account=self.account,
            owner=self.owner,
            second=self.second,
            mask=self.mask,
            native_fee_gwei=self.native_fee_gwei,
            time=self.queued_at,
        )

    @classmethod
    def _unpack(cls, kind: Kind, words: Sequence[int]) -> "FullExitRequest":
        fields, owner, second = unpack_account_record("full exit", kind, ("amount", "by_owner"), words)
        source, mask = ChainId(fields["source"]), ChainSet(fields["mask"])
        if not source or not has_chain(mask, source):
            raise WrongRecordField("full exit", "mask", mask | (1 << source) >> 1, mask)
        return cls(
            source=source,
            request_id=RequestId(fields["id"]),
            account=AccountId(fields["account"]),
            token=TokenId(fields["token"]),
            owner=owner,
            second=second,
            mask=mask,
            queued_at=fields["time"],
            native_fee_gwei=fields["native_fee_gwei"],
        )


def choose_mask(source: ChainId, second: bytes, formats: Mapping[ChainId, AddressFormat]) -> ChainSet:
    """The chains that may pay if the owner leaves none out: `source`, and every other chain that has an account of the
    name `second` (32 bytes). `formats` are those of the deployment's chains.
    """
    others = (chain for chain, format_ in formats.items() if is_recipient(second, format_, chain))
    return with_chain(make_chain_set(others), source)


@dataclass(frozen=True, slots=True)
class FullExitPart:
    """The record of a serving that is not the last: the request stays the next one of its queue."""

    kind: ClassVar[Kind] = Kind.FULL_EXIT_PART

    request: FullExitRequest

    @property
    def source(self) -> ChainId:
        """The chain of the request."""
        return self.request.source

    def words(self) -> AccountWords:
        """r0..r3; FieldOutOfRange or WrongAddressLength if the request is not well formed."""
        return self.request.part_words()

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "FullExitPart":
        """Read r0..r3 back; refuses anything that is not exactly such a record."""
        return cls(FullExitRequest._unpack(cls.kind, words))
