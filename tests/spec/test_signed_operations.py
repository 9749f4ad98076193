"""Signed operations: what they sign, under which key, and what their slots publish."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.account_strategies import Operation, operations, roll_operation
from tests.strategies import Dice, rolled, words_248
from tests.support.refute import check_refuted
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations import ledger_data
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.payout import compute_operation_id
from zklink.operations.signed import sign
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.primitives.eddsa import PrivateKey
from zklink.primitives.field import R
from zklink.primitives.poseidon import poseidon
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.errors import FeeNotPackable
from zklink.protocol.ids import AccountId, Amount, ChainId, Kind, Nonce, OrderSlot, TokenId
from zklink.protocol.packing import pack_fee

KEY, OTHER_KEY = PrivateKey.from_seed(b"\x01" * 32), PrivateKey.from_seed(b"\x02" * 32)
DOMAIN = 77
SIGNER = AccountId(5), Nonce(6), 1_700_000_000
TRANSFER = Transfer(*SIGNER, TokenId(1), Amount(100), Amount(20), b"\x07" * 32)
WITHDRAW = Withdraw(*SIGNER, TokenId(1), Amount(100), Amount(20), ChainId(2), b"\x07" * 32, Amount(3))
FORCED_EXIT = ForcedExit(*SIGNER, AccountId(9), TokenId(1), ChainId(2), Amount(20), TokenId(4))


def _changed(operation: Any, name: str, dice: Dice) -> Any:
    """The operation with another value in one field, still one that can be signed."""
    value = getattr(operation, name)
    if isinstance(value, bytes):
        place = dice.below(32)
        return replace(operation, **{name: value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]})
    if name == "fee":
        return replace(operation, fee=Amount(0 if value else 1))
    if name == "public_key_hash":
        return replace(operation, public_key_hash=(value + 1) % R)
    return replace(operation, **{name: value ^ 1})


def check_message(operation: Operation, choice: bytes, domain: int) -> None:
    """Another field, or another deployment, is another message."""
    dice = Dice(choice)
    name = dice.pick([field.name for field in fields(operation)])
    assert _changed(operation, name, dice).message(domain) != operation.message(domain)
    assert operation.message(domain ^ 1) != operation.message(domain)


@upholds("CIR-6")
class TestMessages:
    """A signature says everything about its operation: every field, its kind and the deployment."""

    @given(operations(), st.binary(min_size=8, max_size=8), words_248)
    @tries(1_000)
    def test_message__any_field_changed__differs(self, operation: Operation, choice: bytes, domain: int) -> None:
        check_message(operation, choice, domain)

    @given(rolled(lambda dice: [roll_operation(dice) for _ in range(12)], size=2048))
    @tries(50)
    def test_message__two_kinds__differ(self, several: list[Operation]) -> None:
        messages = {operation.message(DOMAIN): operation.kind for operation in several}
        assert all(messages[operation.message(DOMAIN)] == operation.kind for operation in several)

    @given(operations())
    @tries(60)
    def test_sign__any_operation__holds_for_its_key_and_domain_only(self, operation: Operation) -> None:
        signed = sign(operation, DOMAIN, KEY)
        assert signed.is_valid(DOMAIN)
        assert not signed.is_valid(DOMAIN + 1)
        assert not replace(signed, public_key=OTHER_KEY.public_key).is_valid(DOMAIN)
        assert signed.public_key_hash == poseidon([*KEY.public_key])


# breaks: CIR-6
def test_check_message__the_fill_fee_left_out__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = ledger_data.compute_ledger_message
    monkeypatch.setattr(
        "zklink.operations.withdraw.compute_ledger_message",
        lambda *arguments, **named: original(*arguments, **named | {"fill_fee": Amount(0)}),
    )
    check_refuted(check_message, operations(), st.binary(min_size=8, max_size=8), words_248)


def test_message__transfer__is_the_pages_words() -> None:
    m0 = 6
    packed = pack_fee(20)
    for value, bits in ((5, 32), (6, 32), (1_700_000_000, 40), (1, 16), (packed, 16), (1, 16), (0, 8), (7, 8), (0, 32)):
        m0 = m0 << bits | value
    assert TRANSFER.message(DOMAIN) == poseidon([DOMAIN, m0, 100 << 112, int.from_bytes(b"\x07" * 31, "big")])


def test_message__order__is_the_pages_words() -> None:
    order = Order(AccountId(5), OrderSlot(2), Nonce(6), 1_700_000_000, TokenId(1), TokenId(3), Amount(8), Amount(9), 30)
    m0 = 17
    for value, bits in ((5, 32), (2, 16), (6, 32), (1_700_000_000, 40), (1, 16), (3, 16), (30, 16)):
        m0 = m0 << bits | value
    assert order.message(DOMAIN) == poseidon([DOMAIN, m0, 8 << 112 | 9, 0])


def test_message__a_fee_that_cannot_be_packed__is_refused() -> None:
    with pytest.raises(FeeNotPackable):
        replace(TRANSFER, fee=Amount(20_481)).message(DOMAIN)


def test_data__transfer__names_its_owner_only_when_new() -> None:
    known, new = TRANSFER.data(AccountId(8), is_new=False), TRANSFER.data(AccountId(8), is_new=True)
    assert (known.kind, known.owner, len(known.words())) == (Kind.TRANSFER, ZERO_ADDRESS, 1)
    assert (new.kind, new.owner, len(new.words())) == (Kind.TRANSFER_NEW, TRANSFER.recipient, 2)
    assert (known.fee, known.fee_token, known.token, known.target) == (20, 1, 1, 8)


def test_payout__withdrawal_and_forced_exit__name_account_and_nonce() -> None:
    paid, forced = WITHDRAW.payout(), FORCED_EXIT.payout(b"\x08" * 32, Amount(50))
    id = compute_operation_id(AccountId(5), Nonce(6))
    assert (paid.kind, paid.source, paid.chain, paid.id) == (Kind.WITHDRAW_PAYOUT, 0, 2, id)
    assert (paid.token, paid.amount, paid.recipient, paid.fill_fee) == (1, 100, b"\x07" * 32, 3)
    assert (forced.kind, forced.source, forced.chain, forced.id) == (Kind.FORCED_EXIT_PAYOUT, 0, 2, id)
    assert (forced.token, forced.amount, forced.recipient, forced.fill_fee) == (1, 50, b"\x08" * 32, 0)


def test_data__order_match__names_both_orders() -> None:
    maker = Order(AccountId(5), OrderSlot(2), Nonce(6), 9, TokenId(1), TokenId(3), Amount(8), Amount(9), 30)
    taker = Order(AccountId(6), OrderSlot(1), Nonce(7), 9, TokenId(3), TokenId(1), Amount(9), Amount(8), 20)
    data = OrderMatch(sign(maker, DOMAIN, KEY), sign(taker, DOMAIN, OTHER_KEY)).data(Amount(4), Amount(5))
    assert (data.maker, data.maker_slot, data.maker_nonce, data.maker_fee_rate) == (5, 2, 6, 30)
    assert (data.taker, data.taker_slot, data.taker_nonce, data.taker_fee_rate) == (6, 1, 7, 20)
    assert (data.token_a, data.token_b, data.amount_a, data.amount_b) == (1, 3, 4, 5)
