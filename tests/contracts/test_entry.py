"""The entry contract: each way in with real tokens and the real Permit2, what is refused, and what is left: nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data

from tests.support.drafts.entry_scene import (
    CIRCLE,
    DAI,
    FEE_TO,
    FORTUNE,
    RELAYER,
    SIGNER,
    WRAPPED,
    EntryScene,
    register,
    token_of,
)
from tests.support.drafts.rig import BAD, COIN, REMOTE
from tests.support.evm import EvmContract, Reverted, reverts
from tests.support.three_chains import DEPOSITOR, GOVERNOR, STRANGER, USD, ZERO, A, C
from tests.support.upholds import upholds
from zklink.bench.third_party.contracts import load_third_party
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import SwapOrder, universal_address
from zklink.l1.contracts.entry import (
    Order,
    Relay,
    build_authorization_data,
    build_permit2_data,
    compute_order_nonce,
)
from zklink.protocol.ids import Lane, TokenId

FEE, SAY_NO = 1, 2
DENIES_APPROVAL, DENIES_TRANSFER, KEEPS_TRANSFER, KEEPS_ALLOWANCE, ZERO_FIRST = 1, 2, 4, 8, 16
WEIRD = TokenId(13)

Bring = Callable[..., int]


def order_of(scene: EntryScene, is_swap: bool, token: TokenId = CIRCLE) -> Order:
    return scene.swap_order(token) if is_swap else scene.deposit_order(token)


def ways(scene: EntryScene) -> tuple[Bring, Bring]:
    """The two ways in which anybody may bring an order."""
    return scene.bring_permit2, scene.bring_authorization


def deploy_weird(scene: EntryScene, habits: int, token_id: TokenId = WEIRD) -> EvmContract:
    """A token with habits, which the scene then knows."""
    token = scene.rig.deploy(A, "WeirdToken", 12, habits)
    register(scene.here, token_id, token.address, 12)
    token.mint(SIGNER.address, FORTUNE)
    for spender in (scene.permit2, scene.entry):
        token.approve(spender.address, 2**255, sender=SIGNER.address)
    scene.tokens = scene.tokens | {token_id: token}
    return token


@pytest.mark.parametrize("is_swap", [True, False], ids=["swap", "deposit"])
@pytest.mark.parametrize("relay", [Relay(), Relay(5_000), Relay(5_000, RELAYER)], ids=["free", "anybody", "one"])
@pytest.mark.parametrize("way", [0, 1], ids=["permit2", "authorization"])
@upholds("ENT-2")
def test_bring__signed_order__becomes_the_request_and_pays_the_relayer(
    scene: EntryScene, way: int, relay: Relay, is_swap: bool
) -> None:
    here, order = scene.here, order_of(scene, is_swap)
    before = scene.balance(CIRCLE, SIGNER.address)
    request_id = ways(scene)[way](order, relay)
    entered = here.evm.event("Entered")
    asked = here.evm.event("SwapRequested" if is_swap else "DepositRequested")

    lane = Lane.SWAP if is_swap else Lane.ACCOUNT
    assert (entered["lane"], entered["request_id"]) == (lane, request_id)
    assert request_id == here.bridge.request_counts(lane)[0] == asked["request_id"]
    assert int(entered["owner"], 16) == int(SIGNER.address, 16) == int(asked["refund_to"], 16)
    assert (entered["l1_amount"], entered["relayer_fee"]) == (order.l1_amount, relay.relayer_fee)
    assert asked["l1_amount"] == asked["amount"] == order.l1_amount == here.bridge.custody(CIRCLE)
    assert int(asked["sender"], 16) == int(scene.entry.address, 16)
    assert scene.balance(CIRCLE, SIGNER.address) == before - order.l1_amount - relay.relayer_fee
    assert scene.balance(CIRCLE, FEE_TO) == relay.relayer_fee
    assert scene.is_empty()


@pytest.mark.parametrize("is_swap", [True, False], ids=["swap", "deposit"])
def test_dai_permit__callers_own_order__becomes_the_request(scene: EntryScene, is_swap: bool) -> None:
    here, order = scene.here, order_of(scene, is_swap, DAI)
    before = scene.balance(DAI, SIGNER.address)
    scene.bring_dai(order, scene.dai_permit())
    assert here.evm.event("Entered")["l1_amount"] == order.l1_amount
    assert scene.balance(DAI, SIGNER.address) == before - order.l1_amount
    assert here.bridge.custody(DAI) * 10**6 == order.l1_amount
    assert scene.is_empty()
    scene.bring_dai(order, scene.dai_permit())  # the permit is used up; its allowance is not
    assert here.bridge.custody(DAI) * 10**6 == 2 * order.l1_amount


def test_deposit__through_an_entry__is_not_sent_by_the_owner(scene: EntryScene) -> None:
    """The chain does not count as known to the owner, for whom somebody else may have signed nothing here."""
    scene.bring_permit2(scene.deposit_order(), sender=SIGNER.address)
    event = scene.here.evm.event("DepositRequested")
    assert event["owner"] == universal_address(SIGNER.address)
    assert event["by_owner"] is False


@pytest.mark.parametrize("way", [0, 1], ids=["permit2", "authorization"])
def test_bring__contract_signer__its_wallet_decides(scene: EntryScene, way: int) -> None:
    """ERC-1271, with a signature that is none of a plain account."""
    here, order, signature = scene.here, replace(scene.swap_order(), refund_to=DEPOSITOR), b"yes"
    wallet = here.evm.deploy(GOVERNOR, load_contract("TestWallet"))
    scene.tokens[CIRCLE].transfer(wallet.address, order.l1_amount, sender=SIGNER.address)
    bring = ways(scene)[way]
    with pytest.raises(Reverted):
        bring(order, signature=signature, owner=wallet.address)
    wallet.expect(digest_for(scene, way, order, wallet.address), signature)
    if way == 0:  # the wallet's own approval of Permit2
        wallet.act(scene.tokens[CIRCLE].address, scene.tokens[CIRCLE].encode("approve", scene.permit2.address, 2**255))
    bring(order, signature=signature, owner=wallet.address)
    assert scene.balance(CIRCLE, wallet.address) == 0


def digest_for(scene: EntryScene, way: int, order: SwapOrder, owner: str) -> bytes:
    """What Permit2 or Circle's dollar ask a wallet to accept."""
    place, token = scene.place, scene.tokens[CIRCLE].address
    if way == 0:
        data = build_permit2_data(place, token, order, owner, Relay(), 0, scene.later)
    else:
        data = build_authorization_data(place, scene.circle_domain(), order, owner, Relay(), scene.later)
    return bytes(_hash_eip191_message(encode_typed_data(dict(data.domain), dict(data.types), dict(data.message))))


def test_order_nonce__contract_and_product__agree(scene: EntryScene) -> None:
    relay = Relay(77, RELAYER)
    swap, deposit = scene.swap_order(), scene.deposit_order()
    signer = SIGNER.address
    assert scene.entry.swap_nonce(swap.abi(signer), relay.abi()) == compute_order_nonce(
        scene.place, swap, signer, relay
    )
    assert scene.entry.deposit_nonce(deposit.abi(signer), relay.abi()) == compute_order_nonce(
        scene.place, deposit, signer, relay
    )
    assert int(scene.entry.bridge(), 16) == int(scene.here.bridge.address, 16)
    assert int(scene.entry.permit2(), 16) == int(scene.permit2.address, 16)


# -- refusals


@pytest.mark.parametrize("token", [TokenId(0), TokenId(77), REMOTE, COIN])
def test_bring__no_such_token_here__is_refused(scene: EntryScene, token: TokenId) -> None:
    order = replace(scene.swap_order(), token_in=token)
    with reverts("entry: no such token"):
        scene.bring_permit2(order, signature=bytes(65))
    with reverts("entry: no such token"):
        scene.bring_dai(order, (0, 0, 27, bytes(32), bytes(32)))
    with reverts("entry: no such token"):
        scene.bring_authorization(replace(scene.deposit_order(), token_id=token), signature=bytes(65))


def test_bring__refund_or_recipient_is_the_entry__is_refused(scene: EntryScene) -> None:
    """It could not pass anything on."""
    entry = scene.entry.address
    for order in (scene.swap_order(refund_to=entry), scene.deposit_order(refund_to=entry)):
        with reverts("entry: refund to the entry"):
            scene.bring_permit2(order)
    here = universal_address(entry)
    for recipient in (here, bytes([A]) + here[1:]):
        with reverts("entry: recipient is the entry"):
            scene.bring_permit2(scene.swap_order(destination=A, recipient=recipient))
    for bring in ways(scene):
        with reverts("entry: owner is the entry"):
            bring(scene.deposit_order(owner=bytes([A]) + here[1:]))
    scene.bring_permit2(scene.deposit_order(owner=bytes([C]) + here[1:]), nonce=1)  # as on C, it is somebody else
    scene.bring_permit2(scene.swap_order(recipient=here))  # on another chain it is somebody else's address


@pytest.mark.parametrize("is_swap", [True, False], ids=["swap", "deposit"])
@upholds("ENT-1")
def test_bring__another_relayer_than_signed__is_refused(scene: EntryScene, is_swap: bool) -> None:
    relay = Relay(10, DEPOSITOR)
    for bring in ways(scene):
        with reverts("entry: another relayer"):
            bring(order_of(scene, is_swap), relay)
        bring(order_of(scene, is_swap), relay, sender=DEPOSITOR)
    with reverts("entry: another relayer"):
        scene.bring_permit2(scene.swap_order(), relay, nonce=1, sender=SIGNER.address)


def test_permit2__where_there_is_none__is_refused(scene: EntryScene) -> None:
    scene.entry = scene.rig.deploy(A, "Entry", scene.here.bridge.address, ZERO)
    with reverts("entry: no Permit2 here"):
        scene.bring_permit2(scene.swap_order())
    assert scene.bring_authorization(scene.swap_order()) == 1


def test_deploy__an_address_without_code__is_refused(scene: EntryScene) -> None:
    bridge = scene.here.bridge.address
    with reverts("entry: bridge has no code"):
        scene.rig.deploy(A, "Entry", STRANGER, scene.permit2.address)
    with reverts("entry: Permit2 has no code"):
        scene.rig.deploy(A, "Entry", bridge, STRANGER)


@upholds("ENT-2")
def test_bring__token_that_charges_on_the_way__is_refused(scene: EntryScene) -> None:
    """It would charge twice; the bridge's own door takes it and credits what arrives."""
    bad = scene.here.token(BAD)
    bad.set_mode(FEE)
    bad.mint(SIGNER.address, FORTUNE)
    bad.approve(scene.entry.address, FORTUNE, sender=SIGNER.address)
    order = replace(scene.swap_order(DAI), token_in=BAD, l1_amount=10**6)
    with reverts("entry: another amount arrived"):
        scene.bring_dai(order, scene.dai_permit())
    bad.set_mode(SAY_NO)
    with reverts("entry: transfer in refused"):
        scene.bring_dai(order, scene.dai_permit())


@pytest.mark.parametrize(
    ("habits", "reason"),
    [
        (DENIES_APPROVAL, "entry: approval refused"),
        (DENIES_TRANSFER, "entry: fee refused"),
        (KEEPS_TRANSFER, "entry: something is left"),
    ],
)
@upholds("ENT-2")
def test_bring__token_that_does_not_do_as_told__is_refused(scene: EntryScene, habits: int, reason: str) -> None:
    token = deploy_weird(scene, 0)
    token.set_habits(habits)
    order = scene.swap_order(WEIRD)
    with reverts(reason):
        scene.bring_permit2(order, Relay(1_000))
    assert scene.balance(WEIRD, SIGNER.address) == FORTUNE
    token.set_habits(0)
    scene.bring_permit2(order, Relay(1_000))
    assert scene.is_empty()


def test_bring__allowance_from_zero_only__is_set_to_zero_first(scene: EntryScene) -> None:
    """A token that never uses an allowance up leaves one behind, which gives the bridge nothing: nothing is here."""
    deploy_weird(scene, KEEPS_ALLOWANCE | ZERO_FIRST)
    for nonce in range(2):
        scene.bring_permit2(scene.swap_order(WEIRD), nonce=nonce)
    assert scene.balance(WEIRD, scene.entry.address) == 0


@pytest.mark.parametrize("way", [0, 1], ids=["permit2", "authorization"])
def test_bring__what_the_bridge_refuses__can_be_brought_again(scene: EntryScene, way: int) -> None:
    """A refused order is not used up."""
    order, bring = scene.swap_order(), ways(scene)[way]
    before = scene.balance(CIRCLE, SIGNER.address)
    scene.here.registry.pause_token(CIRCLE, sender=GOVERNOR)
    with reverts("bridge: token paused"):
        bring(order)
    assert scene.balance(CIRCLE, SIGNER.address) == before
    scene.here.registry.unpause_token(CIRCLE, sender=GOVERNOR)
    assert bring(order) == 1


def test_bring__plain_swap_of_the_bridge__has_the_same_words(scene: EntryScene) -> None:
    """Nothing of an order is changed on the way: the request is the one that the signer itself would make."""
    here, order = scene.here, scene.swap_order()
    with scene.rig.rollback():
        scene.bring_permit2(order)
        through = here.request_words()
    scene.tokens[CIRCLE].approve(here.bridge.address, order.l1_amount, sender=SIGNER.address)
    here.bridge.swap(order.abi(SIGNER.address), sender=SIGNER.address)
    assert through == here.request_words()


def test_permit2__usd_of_the_rig__any_token_works(scene: EntryScene) -> None:
    usd = scene.here.token(USD)
    usd.mint(SIGNER.address, 10**30)
    usd.approve(scene.permit2.address, 2**256 - 1, sender=SIGNER.address)
    scene.tokens = scene.tokens | {USD: usd}
    order = replace(scene.swap_order(USD), token_out=COIN)
    assert token_of(order) == USD
    scene.bring_permit2(order, Relay(3))
    assert scene.is_empty()


def test_wrapped_coin__through_permit2__works(scene: EntryScene) -> None:
    scene.bring_permit2(scene.deposit_order(WRAPPED), Relay(10**12))
    assert scene.balance(WRAPPED, FEE_TO) == 10**12
    assert scene.is_empty()


def test_load_third_party__permit2__has_its_published_types() -> None:
    """The package's Permit2 is the contract that everybody calls: its selectors are those known."""
    names = {entry["name"] for entry in load_third_party("Permit2").abi if entry["type"] == "function"}
    assert {"permitWitnessTransferFrom", "invalidateUnorderedNonces", "DOMAIN_SEPARATOR"} <= names
