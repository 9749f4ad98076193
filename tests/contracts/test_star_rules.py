"""Whose word lets a block in: the model's rules of acceptance and import, one by one, on real chains."""

from dataclasses import replace

from tests.support.drafts.escape import provider_words
from tests.support.drafts.rig import Rig
from tests.support.evm import reverts
from tests.support.three_chains import A, C
from zklink.protocol.ids import MAX_AGE_SECONDS, Lane


def serve(rig: Rig, words: list[int]) -> None:
    """One more block of the line, with these requests of A."""
    rig.extend(rig.draft({A: words}, lane=Lane.ACCOUNT))


def test_accept__without_the_validators_seal__is_refused(rig: Rig) -> None:
    rig.extend(rig.draft())
    call = rig.accept_call()
    with reverts("groups: too few signatures"):
        rig.primary.accept(replace(call, seal=b""))
    with reverts("groups: not of this group"):
        rig.primary.accept(replace(call, seal=rig.blocks.acc(1).watchers))


def test_accept__without_the_watchers_word_for_a_queue__is_refused(rig: Rig) -> None:
    serve(rig, provider_words(rig[A]))
    call = rig.accept_call()
    with reverts("accept: no word for a queue"):
        rig.primary.accept(replace(call, queues=(), watchers=b""))
    with reverts("groups: too few signatures"):
        rig.primary.accept(replace(call, watchers=b""))
    with reverts("groups: not of this group"):
        rig.primary.accept(replace(call, watchers=call.seal))


def test_accept__word_for_the_count_alone__is_refused(rig: Rig) -> None:
    """As many requests as there are, but others: what watchers read has another hash."""
    first, *others = provider_words(rig[A])
    serve(rig, [first + 1, *others])
    with reverts("accept: not the queued requests"):
        rig.primary.accept(rig.accept_call())


def test_accept__older_than_max_age__is_refused(rig: Rig) -> None:
    rig.extend(rig.draft())
    call = rig.accept_call()
    rig.primary.evm.time += MAX_AGE_SECONDS
    with rig.rollback():
        rig.primary.accept(call)
    rig.primary.evm.time += 1
    with reverts("accept: too old"):
        rig.primary.accept(call)


def test_import__without_both_groups_acc__is_refused(rig: Rig) -> None:
    rig.accept(rig.draft())
    call = rig.import_call(A)
    for validators, watchers in ((call.validators, b""), (b"", call.watchers)):
        with reverts("groups: too few signatures"):
            rig[A].import_blocks(replace(call, validators=validators, watchers=watchers))
    with reverts("groups: not of this group"):
        rig[A].import_blocks(replace(call, validators=call.watchers))
    with reverts("groups: not of this group"):
        rig[A].import_blocks(replace(call, watchers=call.validators))


def test_import__by_the_seal__is_refused(rig: Rig) -> None:
    """What is sealed, the primary may never accept."""
    rig.extend(rig.draft())
    call = replace(rig.import_call(A), validators=rig.blocks.seal(1))
    with reverts("groups: not of this group"):
        rig[A].import_blocks(call)


def test_import__acc_of_a_later_block__brings_in_the_earlier_ones(rig: Rig) -> None:
    """Facts come late, twice, out of order; a member takes them as they come."""
    for _ in range(3):
        rig.accept(rig.draft())
    rig[A].import_blocks(rig.blocks.import_call(A, 1, 1, 3))
    rig[A].import_blocks(rig.blocks.import_call(A, 1, 1))
    rig[A].import_blocks(rig.blocks.import_call(A, 1, 3))
    assert rig[A].tip().number == 3
    assert rig[C].tip().number == 0
