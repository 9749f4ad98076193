"""Signatures that are checked together before operations are handed in: the same operations are taken and refused."""

from dataclasses import replace
from typing import Any

import pytest

from tests.sequencer.conftest import ALICE, BOB, DOMAIN, X, Y
from tests.sequencer.operations import match, order, transfer
from zklink.operations.signed import Signed
from zklink.primitives import eddsa
from zklink.primitives.babyjubjub import SUBORDER
from zklink.primitives.eddsa import Signature
from zklink.protocol.errors import SignatureInvalid
from zklink.protocol.ids import Amount
from zklink.sequencer.sequencer import Sequencer
from zklink.transition import checks

NOW = 1_000


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_verdicts", {})


def spoil(signed: Signed[Any]) -> Signed[Any]:
    r8, s = signed.signature
    return replace(signed, signature=Signature(r8, (s + 1) % SUBORDER))


def count_checks(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Each signature that is checked alone from now on."""
    checked: list[object] = []
    verify = eddsa.verify

    def counted(*claim: Any) -> bool:
        checked.append(claim)
        return verify(*claim)

    monkeypatch.setattr(eddsa, "verify", counted)
    return checked


def test_expect__good_and_bad_together__each_is_taken_or_refused_as_alone(
    sequencer: Sequencer, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad, other = transfer(ALICE), spoil(transfer(ALICE, nonce=1)), transfer(BOB)
    sequencer.expect([good, bad, other])
    checked = count_checks(monkeypatch)
    ids = {sequencer.submit(operation, NOW) for operation in (good, other)}
    with pytest.raises(SignatureInvalid):
        sequencer.submit(bad, NOW)
    assert len(ids) == 2 and checked == []
    sequencer.submit(transfer(ALICE, nonce=1), NOW)
    assert len(checked) == 1


def test_expect__a_match_and_an_order__both_makers_and_takers(
    sequencer: Sequencer, monkeypatch: pytest.MonkeyPatch
) -> None:
    crossing, resting = match(), order(ALICE, (X, 30), (Y, 20), slot=1)
    sequencer.expect([crossing, resting])
    checked = count_checks(monkeypatch)
    for signed in (crossing.maker, crossing.taker, resting):
        assert checks._holds((signed.public_key, signed.operation.message(DOMAIN), signed.signature))
    assert checked == []


def test_expect__operation_without_a_message__is_left_to_its_own_check(sequencer: Sequencer) -> None:
    broken = transfer(ALICE)
    broken = replace(broken, operation=replace(broken.operation, amount=Amount(-1)))
    sequencer.expect([broken, transfer(BOB)])
    assert len(checks._verdicts) == 1


def test_keep__more_than_are_kept__the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "KEPT", 2)
    first, second, third = (transfer(ALICE, nonce=nonce) for nonce in range(3))
    for signed in (first, second, third):
        checks.check_ahead([signed], DOMAIN)
    assert [claim[2] for claim in checks._verdicts] == [second.signature, third.signature]


def test_holds__another_message_or_key_of_a_known_signature__is_checked_anew() -> None:
    signed, other = transfer(ALICE), transfer(BOB)
    checks.check_ahead([signed, other], DOMAIN)
    message = signed.operation.message(DOMAIN)
    assert checks._holds((signed.public_key, message, signed.signature))
    assert not checks._holds((other.public_key, message, signed.signature))
    assert not checks._holds((signed.public_key, message + 1, signed.signature))
