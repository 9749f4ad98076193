"""Attacks on the entry contract: a signed order becomes one request, exactly as signed, through one entry; tokens
of nobody else move, and nothing that lies there can be taken.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.contracts.test_entry import order_of, ways
from tests.support.drafts.entry_scene import CIRCLE, DAI, FEE_TO, L1_AMOUNT, RELAYER, SIGNER, WRAPPED, EntryScene
from tests.support.drafts.rig import BAD
from tests.support.evm import Reverted, reverts
from tests.support.three_chains import RECIPIENT, STRANGER, ZERO, A, C
from tests.support.upholds import upholds
from zklink.l1.contract_artifacts import CONTRACTS
from zklink.l1.contracts.bridge_structs import DepositOrder, SwapOrder, universal_address
from zklink.l1.contracts.entry import Order, Relay, build_authorization_data, build_permit2_data
from zklink.protocol.ids import AccountId, Amount, TokenId

REENTER = 6
USED, INVALID = "FiatTokenV2: authorization is used or canceled", "FiatTokenV2: invalid signature"
INVALID_NONCE, INVALID_SIGNER, INVALID_AMOUNT = "756688fe", "815e1d64", "3728b83d"
"""Permit2's errors, by their selectors."""

_RECEIVE = ("address", "address", "uint256", "uint256", "uint256", "bytes32", "bytes")
_PLAIN = ("((address,uint256),uint256,uint256)", "(address,uint256)", "address", "bytes")

CHANGES: dict[str, object] = {
    "token_in": WRAPPED,
    "token_id": WRAPPED,
    "l1_amount": L1_AMOUNT[CIRCLE] + 1,
    "destination": C,
    "token_out": TokenId(2),
    "via": TokenId(2),
    "min_out": Amount(4),
    "operator_fee": Amount(1_001),
    "fill_fee": Amount(3),
    "recipient": universal_address(STRANGER),
    "deadline": 2_000_000_000,
    "refund_to": STRANGER,
    "owner": universal_address(STRANGER),
    "account": AccountId(1),
    "relayer_fee": 101,
    "relayer": RELAYER,
}
"""Another value of each field of an order, and of what is left to the relayer."""

ORDER_FIELDS = {
    True: tuple(field.name for field in fields(SwapOrder)),
    False: tuple(field.name for field in fields(DepositOrder)),
}
SWAPPED = [(is_swap, name) for is_swap, names in ORDER_FIELDS.items() for name in (*names, "relayer_fee", "relayer")]


def change(order: Order, relay: Relay, name: str) -> tuple[Order, Relay]:
    """The order and the relay with another value of one field."""
    if name in ("relayer_fee", "relayer"):
        return order, replace(relay, **{name: CHANGES[name]})  # type: ignore[arg-type]
    whole: Any = order
    return replace(whole, **{name: CHANGES[name]}), relay


@pytest.mark.parametrize(("is_swap", "name"), SWAPPED, ids=[f"{'swap' if s else 'deposit'}-{n}" for s, n in SWAPPED])
@upholds("ENT-1")
def test_relayer__changes_one_field_of_an_order__is_refused(scene: EntryScene, is_swap: bool, name: str) -> None:
    order, relay = order_of(scene, is_swap), Relay(100)
    other_order, other_relay = change(order, relay, name)
    before = scene.balance(CIRCLE, SIGNER.address)
    signers: tuple[Callable[..., bytes], ...] = scene.permit2_signature, scene.authorization
    for bring, sign in zip(ways(scene), signers, strict=True):
        signature = sign(order, relay)
        with pytest.raises(Reverted) as caught:
            bring(other_order, other_relay, signature=signature)
        assert caught.value.reason in (INVALID_SIGNER, INVALID, "entry: another amount arrived")
        assert scene.balance(CIRCLE, SIGNER.address) == before
        bring(order, relay, signature=signature)
        before = scene.balance(CIRCLE, SIGNER.address)


@upholds("ENT-1")
def test_replay__same_order_again__is_refused(scene: EntryScene) -> None:
    order, relay = scene.swap_order(), Relay(100)
    by_permit2, by_authorization = scene.permit2_signature(order, relay), scene.authorization(order, relay)
    scene.bring_permit2(order, relay, signature=by_permit2)
    with reverts(INVALID_NONCE):
        scene.bring_permit2(order, relay, signature=by_permit2)
    with reverts(INVALID_SIGNER):
        scene.bring_permit2(order, relay, signature=by_permit2, nonce=1)
    scene.bring_authorization(order, relay, signature=by_authorization)
    with reverts(USED):
        scene.bring_authorization(order, relay, signature=by_authorization)
    with reverts(USED):  # nor signed again: an order is one authorization
        scene.bring_authorization(order, relay)


@upholds("ENT-1")
def test_replay__through_another_entry_or_bridge__is_refused(scene: EntryScene) -> None:
    """Another entry of the same bridge; an authorization or a permit made for one is nothing for the other."""
    order, relay, first = scene.swap_order(), Relay(), scene.entry
    signatures = scene.permit2_signature(order, relay), scene.authorization(order, relay)
    scene.entry = scene.rig.deploy(A, "Entry", scene.here.bridge.address, scene.permit2.address)
    for bring, signature, reason in zip(ways(scene), signatures, (INVALID_SIGNER, INVALID), strict=True):
        with reverts(reason):
            bring(order, relay, signature=signature)
    scene.entry = first
    elsewhere = scene.authorization(order, relay, bridge=STRANGER)
    with reverts(INVALID):
        scene.bring_authorization(order, relay, signature=elsewhere)


@upholds("ENT-1")
def test_replay__on_another_chain__is_refused(scene: EntryScene) -> None:
    """Signed for the same addresses on a chain with another id."""
    order, relay = scene.swap_order(), Relay()
    other = replace(scene.place, evm_chain_id=137)
    token, signer = scene.tokens[CIRCLE].address, SIGNER.address
    permit = build_permit2_data(other, token, order, signer, relay, 0, scene.later).sign(SIGNER)
    with reverts(INVALID_SIGNER):
        scene.bring_permit2(order, relay, signature=permit)
    authorization = build_authorization_data(other, scene.circle_domain(), order, signer, relay, scene.later)
    with reverts(INVALID):  # the token's domain is this chain's, and still the order's nonce is another
        scene.bring_authorization(order, relay, signature=authorization.sign(SIGNER))


@upholds("ENT-1")
def test_thief__takes_a_signature_elsewhere__gets_nothing(scene: EntryScene) -> None:
    """Permit2 and the token take the entry's signatures from the entry alone."""
    order, relay = scene.swap_order(), Relay()
    nonce, entry = scene.entry.swap_nonce(order.abi(SIGNER.address), relay.abi()), scene.entry.address
    signature = scene.authorization(order, relay)
    arguments = (SIGNER.address, entry, order.l1_amount, 0, scene.later, nonce)
    circle = scene.tokens[CIRCLE].address
    take = _encode("receiveWithAuthorization", *_RECEIVE, *arguments, signature)
    with reverts("FiatTokenV2: caller must be the payee"):
        scene.here.evm.send(STRANGER, circle, take)
    permit, details = ((circle, order.l1_amount), 0, scene.later), (STRANGER, order.l1_amount)
    plain = _encode("permitTransferFrom", *_PLAIN, permit, details, SIGNER.address, signature)
    with reverts(INVALID_SIGNER):
        scene.here.evm.send(STRANGER, scene.permit2.address, plain)


def _encode(name: str, *types_then_values: object) -> bytes:
    """A call of a function with overloads: its types, then its values."""
    half = len(types_then_values) // 2
    types = [str(kind) for kind in types_then_values[:half]]
    return keccak(text=f"{name}({','.join(types)})")[:4] + encode(types, types_then_values[half:])


@upholds("ENT-1")
def test_thief__names_another_owner__gets_nothing(scene: EntryScene) -> None:
    """The owner that is named must have signed; tokens allowed to the entry or to Permit2 are nobody else's."""
    usd = scene.tokens[CIRCLE]
    for spender in (scene.permit2.address, scene.entry.address):
        usd.approve(spender, 2**256 - 1, sender=RECIPIENT)
    usd.transfer(RECIPIENT, 10**12, sender=SIGNER.address)
    order = scene.swap_order(refund_to=STRANGER)
    for bring in ways(scene):
        with pytest.raises(Reverted):
            bring(order, owner=RECIPIENT)
    assert scene.balance(CIRCLE, RECIPIENT) == 10**12


@upholds("ENT-1")
def test_thief__brings_a_stolen_dai_permit__pays_itself_or_nothing(scene: EntryScene) -> None:
    """The permit gives the entry an allowance, of which only its owner's own calls make use."""
    before = scene.balance(DAI, SIGNER.address)
    order, permit = scene.swap_order(DAI, refund_to=STRANGER), scene.dai_permit()
    with reverts("Dai/insufficient-allowance"):
        scene.bring_dai(order, permit, sender=STRANGER)
    _submit(scene, permit)
    assert scene.tokens[DAI].allowance(SIGNER.address, scene.entry.address) == 2**256 - 1
    with reverts("Dai/insufficient-allowance"):
        scene.bring_dai(order, permit, sender=STRANGER)
    assert scene.balance(DAI, SIGNER.address) == before


def test_griefer__submits_the_dai_permit_first__stops_nobody(scene: EntryScene) -> None:
    permit = scene.dai_permit()
    _submit(scene, permit)
    assert scene.bring_dai(scene.swap_order(DAI), permit) == 1


def _submit(scene: EntryScene, permit: tuple[object, ...]) -> None:
    nonce, expiry, v, r, s = permit
    place = (SIGNER.address, scene.entry.address)
    scene.tokens[DAI].permit(*place, nonce, expiry, True, v, r, s, sender=STRANGER)


@upholds("ENT-2")
def test_donation__lies_there__is_taken_by_nobody_and_stops_nobody(scene: EntryScene) -> None:
    """The wrapped coin takes any call, so it seems to take an authorization: only the balance says otherwise."""
    donated = 2 * L1_AMOUNT[WRAPPED]
    for token, amount in ((WRAPPED, donated), (CIRCLE, 77)):
        scene.tokens[token].transfer(scene.entry.address, amount, sender=SIGNER.address)
    with reverts("entry: another amount arrived"):
        scene.bring_authorization(scene.swap_order(WRAPPED), signature=bytes(65), owner=STRANGER, sender=STRANGER)
    with reverts("entry: another amount arrived"):
        scene.bring_authorization(scene.swap_order(WRAPPED), signature=bytes(66), owner=STRANGER, sender=STRANGER)
    for bring in ways(scene):
        bring(scene.swap_order(), Relay(5))
    scene.bring_permit2(scene.swap_order(WRAPPED), nonce=1)
    assert scene.balance(WRAPPED, scene.entry.address) == donated
    assert scene.balance(CIRCLE, scene.entry.address) == 77


@upholds("ENT-1")
def test_token__calls_the_entry_while_it_moves__finds_it_locked(scene: EntryScene) -> None:
    here, bad = scene.here, scene.here.token(BAD)
    bad.mint(SIGNER.address, 10**30)
    bad.approve(scene.permit2.address, 2**256 - 1, sender=SIGNER.address)
    scene.tokens = scene.tokens | {BAD: bad}
    inner = scene.swap_order(BAD, min_out=Amount(6))
    permit = (1, scene.later, scene.permit2_signature(inner, Relay(), nonce=1))
    data = scene.entry.encode(
        "swap_with_permit2", inner.abi(SIGNER.address), Relay().abi(), SIGNER.address, permit, ZERO
    )
    for target, call in ((scene.entry, data), (scene.entry, scene.entry.encode("bridge"))):
        with scene.rig.rollback():
            bad.set_call(target.address, call)
            bad.set_mode(REENTER)
            scene.bring_permit2(scene.swap_order(BAD), Relay(10))
            assert (bad.reentries(), bad.refusals()) == (0, 3)  # in, on to the bridge, and the relayer's fee
            assert here.bridge.request_counts(1)[0] == 1


def test_signer__takes_an_order_back__it_is_refused(scene: EntryScene) -> None:
    order, relay, circle = scene.swap_order(), Relay(), scene.tokens[CIRCLE]
    scene.permit2.invalidateUnorderedNonces(0, 1, sender=SIGNER.address)
    with reverts(INVALID_NONCE):
        scene.bring_permit2(order, relay)
    nonce = scene.entry.swap_nonce(order.abi(SIGNER.address), relay.abi())
    message = {"authorizer": SIGNER.address, "nonce": nonce}
    types = {"CancelAuthorization": [{"name": "authorizer", "type": "address"}, {"name": "nonce", "type": "bytes32"}]}
    signed = SIGNER.sign_typed_data(scene.circle_domain(), types, message)
    circle.cancelAuthorization(SIGNER.address, nonce, bytes(signed.signature), sender=STRANGER)
    with reverts(USED):
        scene.bring_authorization(order, relay)


def test_order__too_late__is_refused(scene: EntryScene) -> None:
    """By Permit2, by the token and by the bridge, each at its own time."""
    order = scene.swap_order(deadline=scene.later + 10)
    by_permit2, by_authorization = scene.permit2_signature(order, Relay()), scene.authorization(order, Relay())
    later = scene.later
    scene.here.evm.time = later
    call = (order.abi(SIGNER.address), Relay().abi(), SIGNER.address)
    with reverts("FiatTokenV2: authorization is expired"):
        scene.entry.swap_with_authorization(*call, (later, by_authorization), FEE_TO, sender=RELAYER)
    with scene.rig.rollback():
        scene.entry.swap_with_permit2(*call, (0, later, by_permit2), FEE_TO, sender=RELAYER)
    scene.here.evm.time = later + 1
    with pytest.raises(Reverted, match=r"^cd21db4f"):  # SignatureExpired
        scene.entry.swap_with_permit2(*call, (0, later, by_permit2), FEE_TO, sender=RELAYER)
    stale = scene.swap_order(deadline=scene.here.evm.time - 1)
    for bring in ways(scene):
        with reverts("swap: deadline passed"):
            bring(stale)


@upholds("ENT-1")
def test_entry__everything_it_moves__is_the_callers_or_the_signers(scene: EntryScene) -> None:
    """Called through a contract, it takes the contract's tokens, not those of whoever began the transaction."""
    _submit(scene, scene.dai_permit())
    before = scene.balance(DAI, SIGNER.address)
    trap = scene.rig.deploy(A, "TestWallet")
    order = scene.swap_order(DAI, refund_to=trap.address).abi(trap.address)
    call = scene.entry.encode("swap_with_dai_permit", order, (0, 0, 27, bytes(32), bytes(32)))
    with reverts("Dai/insufficient-allowance"):
        trap.act(scene.entry.address, call, sender=SIGNER.address)
    assert scene.balance(DAI, SIGNER.address) == before


def test_entry__everything_it_can_call__is_fixed() -> None:
    """No function of it takes an address to call: tokens come from the registry, the rest from its construction."""
    source = (CONTRACTS / "Entry.vy").read_text() + (CONTRACTS / "modules" / "entry_pulls.vy").read_text()
    lines = [line for line in source.splitlines() if "extcall " in line]
    assert {line.split("extcall ")[1].split("(")[1].split(")")[0] for line in lines} == {"BRIDGE", "token", "permit2"}
