"""A signed order: each field that is not as it must be refuses it with its code, and each bound is exact."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from eth_account import Account

from zklink.l1.contracts.bridge_structs import NO_ADDRESS, SwapOrder
from zklink.l1.contracts.entry import (
    EntryPlace,
    Relay,
    build_authorization_data,
    build_permit2_data,
    compute_order_nonce,
)
from zklink.l1.contracts.permits import compute_separator
from zklink.l1.transport.client import Call
from zklink.protocol.errors import CallReverted, RelayRefused, RpcRefused, RpcUnavailable, TransactionRejected
from zklink.protocol.ids import Amount, ChainId, TokenId
from zklink.relayer.order_checks import (
    BUMPED,
    MINING_SECONDS,
    MOST_GAS,
    Cost,
    RelayPlace,
    build_signed_data,
    check_form,
    check_on_chain,
    try_order,
)
from zklink.relayer.records import SignedSwap, Way
from zklink.relayer.terms import TAKEN_PERCENT, RelayTerms

CHAIN, TOKEN_IN = ChainId(2), TokenId(5)
OWNER = Account.from_key("0x" + "11" * 32)
ENTRY, BRIDGE, TOKEN, PERMIT2, RELAYER, OTHER = (f"0x{digit * 40}" for digit in "234567")
ORDER = SwapOrder(
    TOKEN_IN, 1_000, ChainId(1), TokenId(6), Amount(1), Amount(0), Amount(0), bytes([9] * 32), 100_000, OWNER.address
)
NOW, GAS, GAS_PRICE, DOOR_WEI, SCALE = 50_000, 200_000, 10**9, 10**14, 100
TERMS = RelayTerms({TOKEN_IN: {CHAIN: 10**6}}, 1, 1)
LEAST_FEE = TERMS.compute_fee(CHAIN, TOKEN_IN, GAS * GAS_PRICE + DOOR_WEI, TAKEN_PERCENT) * SCALE
DOMAIN = {"name": "Dollar", "version": "1", "chainId": 7, "verifyingContract": TOKEN}
PERMIT2_DOMAIN = {"name": "Permit2", "chainId": 7, "verifyingContract": PERMIT2}
WAYS = pytest.mark.parametrize("way", list(Way))


@dataclass
class Chain:
    """What a chain answers; an error in place of an answer is raised by the node when it is asked for gas."""

    time: int = NOW
    balance: int = ORDER.l1_amount + LEAST_FEE
    allowance: int = ORDER.l1_amount + LEAST_FEE
    gas: int = GAS
    code: bytes = b""
    separator: bytes = compute_separator(DOMAIN)
    permit2: str = PERMIT2
    error: Exception | None = None
    asked_allowance: tuple[str, str] | None = None
    encoded: tuple[Any, ...] = ()

    def place(self) -> RelayPlace:
        client = SimpleNamespace(
            head=lambda: SimpleNamespace(number=77, timestamp=self.time),
            estimate_gas=self._estimate,
            gas_price=lambda: GAS_PRICE,
            ask=lambda label, question: question(),
            w3=SimpleNamespace(
                eth=SimpleNamespace(get_code=lambda account: self.code if account == OWNER.address else b"code")
            ),
        )
        bridge = SimpleNamespace(
            client=client,
            chain_id=CHAIN,
            tokens=SimpleNamespace(token_scale=lambda token: SCALE if token == TOKEN_IN else 0),
            quote_order=lambda order: SimpleNamespace(value=DOOR_WEI),
        )
        entry = SimpleNamespace(address=ENTRY, encode=self._encode)
        return RelayPlace(cast("Any", bridge), cast("Any", entry), EntryPlace(7, ENTRY, BRIDGE, self.permit2))

    def token(self) -> Any:
        return SimpleNamespace(
            balance=lambda account: self.balance if account == OWNER.address else 0,
            domain_separator=lambda: self.separator,
            allowance=self._allow,
        )

    def _allow(self, owner: str, spender: str) -> int:
        self.asked_allowance = owner, spender
        return self.allowance

    def _estimate(self, sender: str, call: Call, value: int) -> int:
        if self.error is not None:
            raise self.error
        assert (sender, value) == (RELAYER, DOOR_WEI)
        return self.gas

    def _encode(self, *arguments: Any) -> Call:
        self.encoded = arguments
        return cast("Call", "the call")

    def check(self, signed: SignedSwap) -> Cost:
        return check_on_chain(self.place(), signed, self.token(), TERMS, RELAYER)


def sign(way: Way = Way.AUTHORIZATION, order: SwapOrder = ORDER, fee: int = LEAST_FEE, **changes: Any) -> SignedSwap:
    """An order that is good in every way but in what changes after its owner has signed."""
    place, relay = EntryPlace(7, ENTRY, BRIDGE, PERMIT2), Relay(fee, RELAYER)
    domain = DOMAIN if way is Way.AUTHORIZATION else PERMIT2_DOMAIN
    nonce = compute_order_nonce(place, order, OWNER.address, relay)
    total, end = order.l1_amount + fee, changes.pop("valid_before", 90_000)
    signed = SignedSwap(way, CHAIN, order, relay, OWNER.address, domain, TOKEN, ENTRY, total, nonce, end, b"")
    return replace(signed, **{"signature": build_signed_data(place, signed, TOKEN).sign(OWNER), **changes})


def refusal(check: Callable[[], object]) -> str:
    """The code of a refusal; empty for none."""
    try:
        check()
    except RelayRefused as error:
        return error.code
    return ""


def form(signed: SignedSwap, token: str = TOKEN, permit2: str = PERMIT2) -> str:
    return refusal(lambda: check_form(Chain(permit2=permit2).place(), signed, token, RELAYER))


@WAYS
def test_check_form__each_field__is_the_signed_one(way: Way) -> None:
    good = sign(way)
    assert form(good) == ""
    assert form(replace(good, entry=OTHER)) == "wrong_entry"
    assert form(good, token=OTHER) == "wrong_token"
    assert form(replace(good, relay=replace(good.relay, relayer=NO_ADDRESS))) == "wrong_relayer"
    assert form(replace(good, value=good.value + 1)) == form(replace(good, nonce=bytes(32))) == "wrong_order"
    for signature in (good.signature[:-1], good.signature + b"\0", bytes(65), b""):
        assert form(replace(good, signature=signature)) == "bad_signature"
    assert form(replace(good, owner=RELAYER)) == "bad_signature"
    assert form(replace(good, valid_before=good.valid_before + 1)) == "bad_signature"


def test_check_form__permit2__is_the_one_that_the_entry_knows() -> None:
    good = sign(Way.PERMIT2)
    assert form(good, permit2=NO_ADDRESS) == form(good, permit2=OTHER) == "wrong_permit2"
    nobody = replace(good, domain={**PERMIT2_DOMAIN, "verifyingContract": NO_ADDRESS})
    assert form(nobody, permit2=NO_ADDRESS) == "wrong_permit2"
    assert form(replace(good, domain={**PERMIT2_DOMAIN, "verifyingContract": OTHER})) == "wrong_permit2"
    assert form(sign(Way.AUTHORIZATION), permit2=NO_ADDRESS) == ""


def test_build_signed_data__either_way__ends_at_the_same_second() -> None:
    """An authorization is good before its second, a permission of Permit2 up to its own."""
    place, owner = EntryPlace(7, ENTRY, BRIDGE, PERMIT2), OWNER.address
    good, relay = sign(), Relay(LEAST_FEE, RELAYER)
    authorization = build_authorization_data(place, DOMAIN, ORDER, owner, relay, good.valid_before)
    assert build_signed_data(place, good, TOKEN) == authorization
    nonce = int.from_bytes(good.nonce, "big")
    permission = build_permit2_data(place, TOKEN, ORDER, owner, relay, nonce, good.valid_before - 1)
    assert build_signed_data(place, sign(Way.PERMIT2), TOKEN) == permission


@WAYS
def test_check_on_chain__good_order__costs_what_the_chain_says(way: Way) -> None:
    chain, signed = Chain(), sign(way)
    cost = chain.check(signed)
    assert cost == Cost(cast("Call", "the call"), DOOR_WEI, GAS, GAS * GAS_PRICE * BUMPED, (77, NOW))
    name, order, relay, owner, permission, caller = chain.encoded
    words = (signed.order.abi(OWNER.address), signed.relay.abi(), OWNER.address, RELAYER)
    assert (name, order, relay, owner, caller) == (way.value, *words)
    nonce, last = int.from_bytes(signed.nonce, "big"), signed.valid_before - 1
    authorization = signed.valid_before, signed.signature
    assert permission == (authorization if way is Way.AUTHORIZATION else (nonce, last, signed.signature))
    assert chain.asked_allowance == (None if way is Way.AUTHORIZATION else (OWNER.address, PERMIT2))


@pytest.mark.parametrize("spare", [-1, 0, 1])
def test_check_on_chain__either_deadline__leaves_time_to_be_mined(spare: int) -> None:
    """To the second: an order whose last moment has come when it is mined is not sent."""
    end = NOW + MINING_SECONDS + spare
    expected = "" if spare == 1 else "expired"
    assert refusal(lambda: Chain().check(sign(valid_before=end))) == expected
    assert refusal(lambda: Chain().check(sign(order=replace(ORDER, deadline=end)))) == expected


BOUNDS: dict[str, tuple[str, Callable[[int], tuple[Chain, SignedSwap]]]] = {
    "balance": ("short_balance", lambda less: (Chain(balance=ORDER.l1_amount + LEAST_FEE - less), sign())),
    "allowance": (
        "short_allowance",
        lambda less: (Chain(allowance=ORDER.l1_amount + LEAST_FEE - less), sign(Way.PERMIT2)),
    ),
    "fee": ("fee_low", lambda less: (Chain(), sign(fee=LEAST_FEE - less))),
    "gas": ("refused_by_chain", lambda more: (Chain(gas=MOST_GAS + more), sign(fee=100 * LEAST_FEE))),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_check_on_chain__one_unit_short__is_refused_and_exactly_enough_is_not(name: str) -> None:
    code, build = BOUNDS[name]
    for unit in (0, 1):
        chain, signed = build(unit)
        chain.balance = max(chain.balance, signed.total) if name != "balance" else chain.balance
        assert refusal(partial(chain.check, signed)) == (code if unit else "")


def test_check_on_chain__owner_with_code_or_another_domain__is_refused() -> None:
    assert refusal(lambda: Chain(code=b"\xef\x01\x00").check(sign())) == "contract_owner"
    assert refusal(lambda: Chain(separator=bytes(32)).check(sign())) == "wrong_token"
    assert refusal(lambda: Chain(separator=bytes(32)).check(sign(Way.PERMIT2))) == ""
    assert refusal(lambda: Chain(allowance=0).check(sign())) == ""


@pytest.mark.parametrize(
    ("error", "code", "detail"),
    [
        (CallReverted("A", "swap", "bridge: paused"), "refused_by_chain", "bridge: paused"),
        (CallReverted("A", "swap", ""), "refused_by_chain", "no reason given"),
        (TransactionRejected("A", "swap", "no funds"), "exhausted", "the relayer's account cannot pay"),
        (RpcRefused("A", "eth_estimateGas", "no funds"), "exhausted", "the relayer's account cannot pay"),
        (RpcUnavailable("A", "eth_estimateGas", 3, "time-out"), "unavailable", "does not answer"),
    ],
)
def test_check_on_chain__chain_fails__code_says_whose_fault(error: Exception, code: str, detail: str) -> None:
    with pytest.raises(RelayRefused, match=detail) as caught:
        Chain(error=error).check(sign())
    assert caught.value.code == code


def test_try_order__call__is_made_on_the_newest_block_as_the_relayer() -> None:
    asked: list[tuple[str, Any]] = []
    client = SimpleNamespace(
        w3=SimpleNamespace(eth=SimpleNamespace(call=lambda transaction: transaction)),
        ask=lambda label, question: asked.append((label, question())),
    )
    try_order(cast("Any", client), RELAYER, Call(ENTRY, b"data", "the label"), 5, 6)
    assert asked == [("the label", {"from": RELAYER, "to": ENTRY, "data": b"data", "value": 5, "gas": 6})]
