"""Forced exits are paid only where the account's owner has acted: whom a bridge knows, and what it does not commit."""

from collections.abc import Callable

import pytest

from tests.support.drafts.draft import payment
from tests.support.drafts.escape import announce_freezes, begin_exodus, copy_block, find_common, freeze
from tests.support.drafts.rig import Rig, RigChain
from tests.support.evm import reverts
from tests.support.three_chains import DEPOSITOR, PRIMARY, PROVIDER, RECIPIENT, STRANGER, USD, A, B, C
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.payout import NO_CHAIN, Payout
from zklink.protocol.ids import ChainId, Kind, Lane


def forced_exit(chain: ChainId, owner: str = RECIPIENT, nonce: int = 0, amount: int = 5_000) -> Payout:
    """What a forced exit pays."""
    return payment(
        chain,
        USD,
        amount,
        3 << 32 | nonce,
        kind=Kind.FORCED_EXIT_PAYOUT,
        source=NO_CHAIN,
        recipient=universal_address(owner),
    )


ACTS: dict[str, tuple[bool, Callable[[RigChain], object]]] = {
    "deposit for oneself": (True, lambda here: here.deposit(USD, 1_000, sender=RECIPIENT)),
    "full exit": (True, lambda here: here.bridge.full_exit(3, USD, sender=RECIPIENT)),
    "deposit for another": (False, lambda here: here.deposit(USD, 1_000, RECIPIENT, universal_address(STRANGER))),
    "deposit by another": (False, lambda here: here.deposit(USD, 1_000, owner=universal_address(RECIPIENT))),
    "deposit for a longer owner": (False, lambda here: here.deposit(USD, 1_000, RECIPIENT, bend(RECIPIENT))),
    "swap": (False, lambda here: here.swap(sender=RECIPIENT, recipient=universal_address(RECIPIENT))),
    "swap by another": (False, lambda here: here.swap(recipient=universal_address(RECIPIENT))),
}
"""What may happen on a chain, and whether RECIPIENT is known there afterwards."""


def bend(owner: str) -> bytes:
    """A universal address that ends like an owner's."""
    return b"\x01" + universal_address(owner)[1:]


@pytest.mark.parametrize("act", ACTS)
def test_is_owner_known__after_an_act__only_who_acted_for_itself_and_only_there(rig: Rig, act: str) -> None:
    becomes_known, do = ACTS[act]
    if act.startswith("deposit"):
        fund(rig[A])
    do(rig[A])
    assert rig[A].bridge.is_owner_known(RECIPIENT) == becomes_known
    others = [rig[A].bridge.is_owner_known(owner) for owner in (DEPOSITOR, STRANGER)]
    assert [*others, rig[C].bridge.is_owner_known(RECIPIENT)] == [False, False, False]
    assert rig[A].bridge.is_owner_known(PROVIDER)


def fund(here: RigChain) -> None:
    """RECIPIENT can deposit."""
    token = here.token(USD)
    token.transfer(RECIPIENT, 10**6 * here.scale(USD), sender=PROVIDER)
    token.approve(here.bridge.address, 2**256 - 1, sender=RECIPIENT)


@pytest.mark.parametrize("amount", [5_000, 0])
def test_commit__owner_has_not_acted_here__is_refused_until_it_has(rig: Rig, amount: int) -> None:
    here, draft = rig[A], rig.draft({A: forced_exit(A, amount=amount).words()}, lane=Lane.ACCOUNT)
    rig[C].bridge.full_exit(3, USD, sender=RECIPIENT)
    with reverts("block: owner not known here"):
        here.commit(draft)
    here.bridge.full_exit(3, USD, sender=RECIPIENT)
    here.commit(draft)
    assert here.bridge.stored_block_hash(1) == here.history[1].hash()


def test_commit__one_of_several_owners_has_not_acted__is_refused(rig: Rig) -> None:
    here = rig[A]
    payouts = [forced_exit(A, PROVIDER), forced_exit(A, RECIPIENT, 1), forced_exit(A, PROVIDER, 2)]
    words = tuple(word for payout in payouts for word in payout.words())
    with reverts("block: owner not known here"):
        here.commit(rig.draft({A: words}, lane=Lane.ACCOUNT))
    here.commit(rig.draft({A: words[:3] + words[6:]}, lane=Lane.ACCOUNT))


def test_commit__after_a_freeze__nothing_is_paid_here_to_a_known_owner_either(rig: Rig) -> None:
    """What comes in after a freeze pays nothing here, so nobody need be known for it."""
    here, draft = rig[A], rig.draft({A: forced_exit(A, PROVIDER).words()}, on=PRIMARY, lane=Lane.ACCOUNT)
    freeze(here)
    rig[PRIMARY].commit(draft)
    rig[PRIMARY].prove(1)
    with reverts("commit: own slice after freeze"):
        copy_block(here, rig[PRIMARY], 1)


def test_freeze__block_that_its_chain_refuses__is_aborted_everywhere(rig: Rig) -> None:
    """A dishonest operator makes the primary accept it; it ends as every block that one chain never accepts."""
    draft = rig.draft({A: forced_exit(A).words()}, on=PRIMARY, lane=Lane.ACCOUNT)
    for chain in (PRIMARY, C):
        rig[chain].commit(draft)
        rig[chain].prove(1)
    rig.announce(PRIMARY, C)
    with reverts("block: owner not known here"):
        rig[A].commit(draft)
    for chain in (A, B, C):
        freeze(rig[chain])
    for chain in (B, C):
        announce_freezes(rig, [A, B, C], chain)
        assert find_common(rig[chain], rig[PRIMARY], 1) == (True, 0)
        with reverts("execute: a chain is missing"):
            rig[chain].execute(1)
        begin_exodus(rig[chain], 0)
