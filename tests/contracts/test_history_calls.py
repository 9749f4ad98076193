"""What a call brings, to both kinds of history: blocks that are there are skipped; words, consents and claims are used
up exactly.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from eth_keys.datatypes import PrivateKey

from tests.support.desk import sign_change
from tests.support.drafts.requests import queue_swaps
from tests.support.drafts.rig import DATA, Rig, payment
from tests.support.evm import reverts
from tests.support.lines import join
from tests.support.three_chains import PRIMARY, SEQUENCER, STRANGER, USD, A, B, C
from zklink.operations.change_pub_key import KeyChange
from zklink.primitives.field import R
from zklink.protocol.bridge_blocks import FullBlock, pack_words
from zklink.protocol.ids import AccountId, BlockNumber, ChainId, Kind, Lane, Nonce

assert PRIMARY == B
PAID = {k: payment(k, USD, 700 + k).words() for k in (A, B, C)}
WITHDRAWN = {k: payment(k, USD, 5, kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0)).words() for k in (A, B, C)}
OWNER_KEY = PrivateKey(b"\x07" * 32)
OWNER = bytes(12) + OWNER_KEY.public_key.to_canonical_address()
CHANGES = [KeyChange(B, AccountId(3), Nonce(i), OWNER, R - 1 - i, 1_900_000_000) for i in range(4)]
WORDS, CONSENTS, CLAIMS = 7, 2, 2
"""Arguments of accept and import_blocks, by their place."""


def with_changes(rig: Rig, *changes: KeyChange, **slices: Sequence[int]) -> FullBlock:
    """A block with key changes in the primary's slice, between payouts."""
    words = join(record for change in changes for record in (change.words(), WITHDRAWN[B]))
    consents = tuple(sign_change(change, OWNER_KEY, rig.deployment_hash) for change in changes)
    return rig.draft({A: WITHDRAWN[A], B: words, DATA: (7, 8, 9)}, Lane.ACCOUNT, consents)


# --- blocks that are there ---


def test_accept__blocks_that_are_there__are_skipped_with_words_and_consents(rig: Rig) -> None:
    first, second = queue_swaps(rig, A, 2)
    rig.accept(with_changes(rig, CHANGES[0], CHANGES[1]))
    rig.accept(rig.draft({A: first, B: PAID[B]}))
    rig.extend(with_changes(rig, CHANGES[2]), rig.draft({A: second, C: PAID[C]}))
    here = rig.primary
    here.accept(rig.blocks.accept_call(1, 4, rig.ask_queue, at=2))
    assert here.evm.event("BlocksAccepted") == {"first": 3, "last": 4, "sync_hash": rig.blocks.sync_hash(4)}
    assert here.tip().sync_hash == rig.blocks.sync_hash(4)
    assert here.history.queue_of(A, Lane.SWAP) == rig[A].bridge.queue_hash(Lane.SWAP, 2)


def test_accept__changes_in_the_last_of_the_blocks_that_are_there__their_consents_are_skipped(rig: Rig) -> None:
    rig.accept(rig.draft({A: PAID[A], B: PAID[B]}), rig.draft({C: PAID[C]}), with_changes(rig, *CHANGES[:2]))
    rig.extend(with_changes(rig, *CHANGES[2:]))
    rig.primary.accept(rig.blocks.accept_call(1, 4, rig.ask_queue, at=3))
    assert rig.primary.tip().sync_hash == rig.blocks.sync_hash(4)


def test_accept__all_blocks_there__changes_nothing_whatever_the_evidence(rig: Rig) -> None:
    rig.accept(with_changes(rig, CHANGES[0]), rig.draft({B: PAID[B]}))
    tip = rig.primary.tip()
    call = rig.blocks.accept_call(1, 2)
    for same in (call, replace(call, seal=b"", watchers=b"")):
        rig.primary.accept(same)
        assert rig.primary.evm.events() == []
    rig.primary.accept(rig.blocks.accept_again_call(1, 1))
    rig.primary.accept(replace(call, blocks=()))
    assert rig.primary.tip() == tip


def test_import__blocks_that_are_there__are_skipped_with_words_and_claims(rig: Rig) -> None:
    first, second = queue_swaps(rig, A, 2)
    slices: list[dict[ChainId, Sequence[int]]] = [
        {A: first, C: PAID[C]},
        {B: PAID[B], C: PAID[C]},
        {A: second, B: PAID[B]},
        {C: PAID[C]},
    ]
    rig.accept(*(rig.draft(words) for words in slices[:1]))
    rig.import_on(A)
    rig.accept(rig.draft(slices[1]))
    rig.import_on(A)
    for words in slices[2:]:
        rig.accept(rig.draft(words))
    here = rig[A]
    here.import_blocks(rig.blocks.import_call(A, 1, 4))
    assert here.evm.event("BlocksImported") == {"first": 3, "last": 4, "sync_hash": rig.blocks.sync_hash(4)}
    assert here.tip() == rig.primary.tip()
    here.import_blocks(replace(rig.blocks.import_call(A, 1, 4), validators=b"", watchers=b""))
    assert here.evm.events() == []
    assert here.bridge.request_counts(Lane.SWAP) == (2, 2)


def test_any_call__block_between_missing__is_refused(rig: Rig) -> None:
    rig.extend(*(rig.draft() for _ in range(3)))
    for first in (2, 3):
        with reverts("history: a block is missing"):
            rig.primary.accept(rig.blocks.accept_call(first, 3))
        with reverts("history: a block is missing"):
            rig[A].import_blocks(rig.blocks.import_call(A, first, 3))
    with reverts("history: a block is missing"):
        rig.primary.accept(replace(rig.blocks.accept_call(1, 3), first=BlockNumber(2**64 - 1)))


def test_accept__blocks_in_another_order__are_other_blocks(rig: Rig) -> None:
    rig.extend(rig.draft({A: PAID[A]}), rig.draft({C: PAID[C]}))
    call = rig.accept_call()
    with reverts("groups: not of this group"):
        rig.primary.accept(replace(call, blocks=call.blocks[::-1]))


# --- words ---


@pytest.mark.parametrize("blocks", [1, 2])
def test_accept__words_cut_short_or_left_over__are_refused(rig: Rig, blocks: int) -> None:
    for _ in range(blocks):
        rig.extend(rig.draft({A: WITHDRAWN[A], B: WITHDRAWN[B], DATA: (1,)}, Lane.ACCOUNT))
    arguments = list(rig.accept_call().abi())
    words = arguments[WORDS]
    assert isinstance(words, bytes)
    for other in (words[:-32], words[:-1], words[:-96], b"", words + bytes(1), words + bytes(32), words + words[-96:]):
        arguments[WORDS] = other
        with reverts("history: words do not fit"):
            rig.primary.history.accept(*arguments, sender=SEQUENCER)


def test_import__words_cut_short_or_left_over__are_refused(rig: Rig) -> None:
    rig.accept(rig.draft({A: PAID[A], B: PAID[B]}), rig.draft({A: PAID[A]}))
    arguments = list(rig.import_call(A).abi())
    words = arguments[WORDS]
    assert isinstance(words, bytes)
    for other in (words[:-32], words[:96], b"", words + bytes(1), words + pack_words(PAID[A])):
        arguments[WORDS] = other
        with reverts("history: words do not fit"):
            rig[A].history.import_blocks(*arguments, sender=STRANGER)


def test_any_call__words_that_reach_beyond_the_call__are_refused(rig: Rig) -> None:
    """The length says more than there is."""
    rig.accept(rig.draft({A: PAID[A], B: PAID[B], C: PAID[C]}))
    data = rig[A].history.encode("import_blocks", *rig.import_call(A).abi())
    for cut in (32, 64, 96):
        with pytest.raises(Exception):  # noqa: B017
            rig[A].evm.send(STRANGER, rig[A].history.address, data[:-cut])
        assert rig[A].tip().number == 0
    rig[A].evm.send(STRANGER, rig[A].history.address, data)
    assert rig[A].tip().number == 1


# --- consents ---


def test_accept__key_changes_of_two_blocks__use_their_consents_in_order(rig: Rig) -> None:
    rig.extend(with_changes(rig, *CHANGES[:2]), rig.draft({B: PAID[B]}), with_changes(rig, *CHANGES[2:]))
    rig.primary.accept(rig.accept_call())
    assert rig.primary.tip().number == 3


@pytest.mark.parametrize(
    ("reason", "bend"),
    [
        ("history: consents do not fit", lambda c: c + bytes(65)),
        ("history: consents do not fit", lambda c: c + bytes(1)),
        ("consent: not the owner's", lambda c: c[:-1]),
        ("consent: not the owner's", lambda c: c[:65]),
        ("consent: not the owner's", lambda c: c[65:]),
        ("consent: not the owner's", lambda c: b""),
        ("consent: not the owner's", lambda c: c[65:] + c[:65]),
    ],
)
def test_accept__not_one_consent_for_each_change__is_refused(rig: Rig, reason: str, bend: object) -> None:
    rig.extend(with_changes(rig, *CHANGES[:2]))
    arguments = list(rig.accept_call().abi())
    assert callable(bend)
    arguments[CONSENTS] = bend(arguments[CONSENTS])
    with reverts(reason):
        rig.primary.history.accept(*arguments, sender=SEQUENCER)


def test_accept__consent_without_a_change__is_refused(rig: Rig) -> None:
    for draft in (rig.draft({B: PAID[B]}), rig.draft({B: WITHDRAWN[B]}, Lane.ACCOUNT)):
        with rig.rollback():
            rig.extend(replace(draft, consents=(bytes(65),)))
            with reverts("history: consents do not fit"):
                rig.primary.accept(rig.accept_call())


@pytest.mark.parametrize("chain", [A, C])
def test_accept__key_change_in_a_members_slice__is_refused(rig: Rig, chain: ChainId) -> None:
    change = replace(CHANGES[0], chain=chain)
    rig.extend(rig.draft({chain: change.words()}, Lane.ACCOUNT, (sign_change(change, OWNER_KEY, rig.deployment_hash),)))
    with reverts("slice: key change off primary"):
        rig.primary.accept(rig.accept_call())
    with reverts("slice: key change off primary"):
        rig[chain].import_blocks(rig.import_call(chain))


# --- claims ---


@pytest.mark.parametrize("change", [-2, -1, 1, 2])
def test_import__claims_too_few_or_too_many__are_refused(rig: Rig, change: int) -> None:
    rig.accept(rig.draft({A: WITHDRAWN[A], B: WITHDRAWN[B], DATA: (1,)}, Lane.ACCOUNT), rig.draft({C: PAID[C]}))
    arguments = list(rig.import_call(A).abi())
    claims = arguments[CLAIMS]
    assert isinstance(claims, list)
    arguments[CLAIMS] = claims[:change] if change < 0 else claims + [0] * change
    with reverts("history: claims do not fit"):
        rig[A].history.import_blocks(*arguments, sender=STRANGER)


def test_import__evaluation_not_below_r__is_refused(rig: Rig) -> None:
    rig.accept(rig.draft({A: PAID[A], C: PAID[C]}))
    arguments = list(rig.import_call(A).abi())
    claims = arguments[CLAIMS]
    assert isinstance(claims, list)
    for claim in (R, claims[1] + R, 2**256 - 1):
        arguments[CLAIMS] = [claims[0], claim]
        with reverts("block: evaluation above r"):
            rig[A].history.import_blocks(*arguments, sender=STRANGER)


@pytest.mark.parametrize("place", range(4))
def test_import__false_claim__is_another_block(rig: Rig, place: int) -> None:
    rig.accept(rig.draft({A: PAID[A], B: PAID[B], C: PAID[C]}))
    call = rig.import_call(A)
    arguments = list(call.abi())
    claims = list(call.blocks[0].claims)
    claims[place] = (claims[place] + 1) % R
    arguments[CLAIMS] = claims
    with reverts("groups: not of this group"):
        rig[A].history.import_blocks(*arguments, sender=STRANGER)
