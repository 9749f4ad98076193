"""The four words that deposits, full exits, key requests and key changes share (docs/protocol.md, section 4)."""

from collections.abc import Sequence

from zklink.protocol.addresses import join_address, split_address
from zklink.protocol.errors import WrongRecordField, WrongRecordKind
from zklink.protocol.ids import Kind
from zklink.protocol.words import ACCOUNT_REQUEST_LAYOUTS, unpack_record

AccountWords = tuple[int, int, int, int]


def pack_account_record(
    kind: Kind,
    *,
    source: int,
    id: int,
    owner: bytes,
    second: bytes,
    token: int = 0,
    account: int = 0,
    amount: int = 0,
    native_fee_gwei: int = 0,
    by_owner: int = 0,
    mask: int = 0,
    time: int = 0,
) -> AccountWords:
    """r0..r3; `time` is a request's `queued_at` or a key change's `valid_until`. FieldOutOfRange or WrongAddressLength
    if the record is not well formed.
    """
    owner_hi, owner_lo = split_address("owner", owner)
    second_hi, second_lo = split_address("second", second)
    r0, r1, r2, r3 = ACCOUNT_REQUEST_LAYOUTS
    return (
        r0.pack(kind=kind, source=source, id=id, token=token, account=account, amount=amount),
        r1.pack(owner_lo=owner_lo),
        r2.pack(
            native_fee_gwei=native_fee_gwei,
            by_owner=by_owner,
            mask=mask,
            owner_hi=owner_hi,
            second_hi=second_hi,
            time=time,
        ),
        r3.pack(second_lo=second_lo),
    )


def unpack_account_record(
    what: str, kind: Kind, zeros: Sequence[str], words: Sequence[int]
) -> tuple[dict[str, int], bytes, bytes]:
    """(r0's and r2's fields, owner, second); refuses another kind or length, and anything else than 0 in `zeros`."""
    fields = unpack_record(what, ACCOUNT_REQUEST_LAYOUTS, words)
    if fields["kind"] != kind:
        raise WrongRecordKind((kind,), fields["kind"])
    for name in zeros:
        if fields[name]:
            raise WrongRecordField(what, name, 0, fields[name])
    owner = join_address(fields["owner_hi"], fields["owner_lo"])
    return fields, owner, join_address(fields["second_hi"], fields["second_lo"])
