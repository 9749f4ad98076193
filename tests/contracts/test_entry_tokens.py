"""What the entry asks of tokens, and what it takes for an answer: of tokens as old as the first dollars, of ones that
know one form of an authorization alone, and of ones that refuse an approval of nothing.
"""

import pytest

from tests.support.drafts.entry_scene import CIRCLE, FORTUNE, L1_AMOUNT, PROXY_ADMIN, SIGNER, EntryScene, register
from tests.support.drafts.rig import OLD
from tests.support.evm import EvmContract, Reverted
from tests.support.gas_gate import NEVER, deploy_gate, selector
from tests.support.three_chains import A
from zklink.bench.third_party.circle import CODE, LIBRARY
from zklink.bench.third_party.contracts import link, load_third_party
from zklink.l1.contracts.entry import Relay
from zklink.protocol.ids import TokenId

NO_ZERO_APPROVAL = 32
WEIRD = TokenId(13)
NO_PERMIT = (0, 0, 27, bytes(32), bytes(32))


@pytest.fixture
def old(scene: EntryScene) -> EvmContract:
    """A token that answers nothing to anything that moves tokens."""
    token = scene.here.token(OLD)
    token.mint(SIGNER.address, FORTUNE)
    for spender in (scene.permit2, scene.entry):
        token.approve(spender.address, FORTUNE, sender=SIGNER.address)
    scene.tokens = scene.tokens | {OLD: token}
    return token


def test_dai_permit__token_that_answers_nothing__is_believed(scene: EntryScene, old: EvmContract) -> None:
    """By an allowance: it knows no permit, and what nobody answers to a transfer or an approval is a yes."""
    order = scene.swap_order(OLD)
    scene.bring_dai(order, NO_PERMIT)
    assert scene.here.bridge.custody(OLD) >= order.l1_amount
    assert old.balanceOf(SIGNER.address) == FORTUNE - order.l1_amount
    assert scene.is_empty()


def test_permit2__token_that_answers_nothing__is_believed(scene: EntryScene, old: EvmContract) -> None:
    order = scene.deposit_order(OLD)
    scene.bring_permit2(order, Relay(5_000))
    assert old.balanceOf(SIGNER.address) == FORTUNE - order.l1_amount - 5_000
    assert scene.is_empty()


def test_bring__token_that_refuses_an_approval_of_nothing__is_asked_for_none(scene: EntryScene) -> None:
    """An allowance is set to zero first only where one is left."""
    token = scene.rig.deploy(A, "WeirdToken", 12, NO_ZERO_APPROVAL)
    register(scene.here, WEIRD, token.address, 12)
    token.mint(SIGNER.address, FORTUNE)
    token.approve(scene.permit2.address, FORTUNE, sender=SIGNER.address)
    scene.tokens = scene.tokens | {WEIRD: token}
    for nonce in range(2):
        scene.bring_permit2(scene.swap_order(WEIRD), nonce=nonce)
    assert scene.is_empty()


BY_PARTS = "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)"
BY_BYTES = "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"


def forget(scene: EntryScene, form: str) -> None:
    """Circle's dollar no longer knows a form of an authorization."""
    here, circle = scene.here, scene.tokens[CIRCLE]
    checker = here.evm.deploy(SIGNER.address, load_third_party(LIBRARY))
    code = here.evm.deploy(SIGNER.address, link(load_third_party(CODE), checker.address))
    gate = deploy_gate(here.evm, code.address, {selector(form): NEVER})
    call = selector("upgradeTo(address)") + bytes(12) + bytes.fromhex(gate[2:])
    here.evm.send(PROXY_ADMIN, circle.address, call)


def test_authorization__of_a_plain_account__is_brought_by_parts(scene: EntryScene) -> None:
    """As every dollar knows it, also one from before contracts could authorize."""
    forget(scene, BY_BYTES)
    before = scene.balance(CIRCLE, SIGNER.address)
    scene.bring_authorization(scene.swap_order())
    assert scene.balance(CIRCLE, SIGNER.address) == before - L1_AMOUNT[CIRCLE]


def test_authorization__any_other_signature__is_brought_whole(scene: EntryScene) -> None:
    order = scene.swap_order()
    signed = scene.authorization(order, Relay())
    for other in (signed + b"\0", signed[:64]):
        with pytest.raises(Reverted):
            scene.bring_authorization(order, signature=other)
    forget(scene, BY_PARTS)
    with pytest.raises(Reverted):
        scene.bring_authorization(order, signature=signed)
