"""Forced exits are paid only where the account's owner has acted: whom a bridge knows, and what it does not commit."""

from collections.abc import Callable

import pytest

from tests.support.draft import payment
from tests.support.escape import announce_freezes, begin_exodus, copy_block, find_common, freeze
from tests.support.evm import reverts
from tests.support.rig import DEPOSITOR, PRIMARY, PROVIDER, RECIPIENT, STRANGER, USD, A, B, C, Node, Rig, universal
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
        recipient=universal(owner),
    )


ACTS: dict[str, tuple[bool, Callable[[Node], object]]] = {
    "deposit for oneself": (True, lambda node: node.deposit(USD, 1_000, sender=RECIPIENT)),
    "full exit": (True, lambda node: node.bridge.full_exit(3, USD, sender=RECIPIENT)),
    "deposit for another": (False, lambda node: node.deposit(USD, 1_000, RECIPIENT, universal(STRANGER))),
    "deposit by another": (False, lambda node: node.deposit(USD, 1_000, owner=universal(RECIPIENT))),
    "deposit for a longer owner": (False, lambda node: node.deposit(USD, 1_000, RECIPIENT, bend(RECIPIENT))),
    "swap": (False, lambda node: node.swap(sender=RECIPIENT, recipient=universal(RECIPIENT))),
    "swap by another": (False, lambda node: node.swap(recipient=universal(RECIPIENT))),
}
"""What may happen on a chain, and whether RECIPIENT is known there afterwards."""


def bend(owner: str) -> bytes:
    """A universal address that ends like an owner's."""
    return b"\x01" + universal(owner)[1:]


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


def fund(node: Node) -> None:
    """RECIPIENT can deposit."""
    token = node.tokens[USD]
    token.transfer(RECIPIENT, 10**6 * node.scale(USD), sender=PROVIDER)
    token.approve(node.bridge.address, 2**256 - 1, sender=RECIPIENT)


@pytest.mark.parametrize("amount", [5_000, 0])
def test_commit__owner_has_not_acted_here__is_refused_until_it_has(rig: Rig, amount: int) -> None:
    node, draft = rig[A], rig.draft({A: forced_exit(A, amount=amount).words()}, lane=Lane.ACCOUNT)
    rig[C].bridge.full_exit(3, USD, sender=RECIPIENT)
    with reverts("block: owner not known here"):
        node.commit(draft)
    node.bridge.full_exit(3, USD, sender=RECIPIENT)
    node.commit(draft)
    assert node.bridge.stored_block_hash(1) == node.history[1].hash()


def test_commit__one_of_several_owners_has_not_acted__is_refused(rig: Rig) -> None:
    node = rig[A]
    payouts = [forced_exit(A, PROVIDER), forced_exit(A, RECIPIENT, 1), forced_exit(A, PROVIDER, 2)]
    words = tuple(word for payout in payouts for word in payout.words())
    with reverts("block: owner not known here"):
        node.commit(rig.draft({A: words}, lane=Lane.ACCOUNT))
    node.commit(rig.draft({A: words[:3] + words[6:]}, lane=Lane.ACCOUNT))


def test_commit__after_a_freeze__nothing_is_paid_here_to_a_known_owner_either(rig: Rig) -> None:
    """What comes in after a freeze pays nothing here, so nobody need be known for it."""
    node, draft = rig[A], rig.draft({A: forced_exit(A, PROVIDER).words()}, on=PRIMARY, lane=Lane.ACCOUNT)
    freeze(node)
    rig[PRIMARY].commit(draft)
    rig[PRIMARY].prove(1)
    with reverts("commit: own slice after freeze"):
        copy_block(node, rig[PRIMARY], 1)


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
