"""The local chains' token: authorizations of EIP-3009 count once, in their time, for whom they name, and can be taken
back; so an entry brings orders in it.
"""

from dataclasses import dataclass, replace

import pytest
from eth_account import Account

from tests.support.drafts.entry_scene import FEE_TO, SIGNER, EntryScene
from tests.support.drafts.rig import COIN
from tests.support.evm import EvmContract, reverts
from tests.support.three_chains import STRANGER, USD, A
from zklink.l1.contracts.entry import Relay, TypedData, build_authorization_data
from zklink.l1.contracts.permits import compute_separator

FORTUNE = 10**30
NONCE = bytes(31) + b"\x07"
FIELDS = ("from", "to", "value", "validAfter", "validBefore", "nonce")
KINDS = ("address", "address", "uint256", "uint256", "uint256", "bytes32")


@dataclass
class Held:
    """A dollar of the rig, some of which the signer has."""

    scene: EntryScene
    token: EvmContract

    @property
    def domain(self) -> dict[str, object]:
        place = {"chainId": self.scene.here.evm.evm_chain_id, "verifyingContract": self.token.address}
        return {"name": "US Dollar", "version": "1", **place}

    def sign(self, values: tuple[object, ...], name: str = "ReceiveWithAuthorization") -> tuple[int, bytes, bytes]:
        """(v, r, s) of the signer."""
        fields, kinds = (FIELDS, KINDS) if name.startswith("R") else (("authorizer", "nonce"), ("address", "bytes32"))
        types = {name: [{"name": n, "type": k} for n, k in zip(fields, kinds, strict=True)]}
        signed = TypedData(self.domain, types, dict(zip(fields, values, strict=True))).sign(SIGNER)
        return signed[64], signed[:32], signed[32:64]

    def receive(
        self, values: tuple[object, ...], caller: str = STRANGER, signed: tuple[int, bytes, bytes] | None = None
    ) -> None:
        """Take what the signer has authorized."""
        v, r, s = signed or self.sign(values)
        self.token.receiveWithAuthorization(*values, v, r, s, sender=caller)

    def values(self, **changes: object) -> tuple[object, ...]:
        """Ten units for a stranger, good now."""
        now = self.scene.here.evm.time
        usual = (SIGNER.address, STRANGER, 10, 0, now + 1, NONCE)
        fields = dict(zip(FIELDS, usual, strict=True))
        return tuple({**fields, **changes}.values())


@pytest.fixture
def held(scene: EntryScene) -> Held:
    token = scene.here.token(USD)
    token.mint(SIGNER.address, FORTUNE)
    scene.tokens = scene.tokens | {USD: token}
    return Held(scene, token)


def test_domain_separator__as_eip_712_has_it(held: Held) -> None:
    assert held.token.DOMAIN_SEPARATOR() == compute_separator(held.domain)


def test_receive__authorized__moves_the_amount_once(held: Held) -> None:
    before = held.token.balanceOf(STRANGER)
    held.receive(held.values())
    assert held.token.balanceOf(STRANGER) - before == 10
    assert held.token.authorizationState(SIGNER.address, NONCE)
    assert held.scene.here.evm.event("AuthorizationUsed")["nonce"] == NONCE
    with reverts("test token: authorization is used"):
        held.receive(held.values())


def test_receive__not_now_or_for_another__is_refused(held: Held) -> None:
    now = held.scene.here.evm.time
    for changes in ({"validBefore": now}, {"validAfter": now}):
        with reverts("test token: not valid now"):
            held.receive(held.values(**changes))
    with reverts("test token: another caller"):
        held.receive(held.values(), caller=FEE_TO)
    with reverts("test token: permit signature"):
        held.receive(held.values(), signed=held.sign(held.values(value=11)))
    v, r, s = held.sign(held.values())
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    twin = (order - int.from_bytes(s, "big")).to_bytes(32, "big")
    with reverts("test token: permit malleable"):
        held.receive(held.values(), signed=(55 - v, r, twin))


def test_cancel__its_owner_signs__the_authorization_counts_no_more(held: Held) -> None:
    stranger = Account.create()
    v, r, s = held.sign((SIGNER.address, NONCE), "CancelAuthorization")
    with reverts("test token: permit signature"):
        held.token.cancelAuthorization(stranger.address, NONCE, v, r, s)
    held.token.cancelAuthorization(SIGNER.address, NONCE, v, r, s)
    with reverts("test token: authorization is used"):
        held.receive(held.values())
    with reverts("test token: authorization is used"):
        held.token.cancelAuthorization(SIGNER.address, NONCE, v, r, s)


def test_entry__order_in_this_token__is_brought(held: Held) -> None:
    scene = held.scene
    order, relay = replace(scene.swap_order(USD), token_out=COIN), Relay(3)
    signature = build_authorization_data(scene.place, held.domain, order, SIGNER.address, relay, scene.later).sign(
        SIGNER
    )
    scene.bring_authorization(order, relay, signature=signature)
    assert held.token.balanceOf(FEE_TO) == 3
    assert scene.is_empty() and scene.rig[A] is scene.here
