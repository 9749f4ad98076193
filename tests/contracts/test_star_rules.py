"""Whose word lets a block in: the model's rules of acceptance and import, one by one, on real chains."""

from dataclasses import replace

from tests.support.drafts.escape import call_freeze, provider_words
from tests.support.drafts.rig import TOKENS, Rig
from tests.support.evm import reverts
from tests.support.three_chains import USD, A, C
from zklink.operations.full_exit import FullExitRequest
from zklink.protocol.facts import QueueFact
from zklink.protocol.ids import MAX_AGE_SECONDS, AccountId, Lane


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


# --- a full exit that is served in part ---


def queue_full_exit(rig: Rig) -> FullExitRequest:
    """The next request of A after the provider's deposits."""
    rig[A].full_exit(3, USD)
    return FullExitRequest.from_words(rig[A].full_exit_words())


def serve_part(rig: Rig, request: FullExitRequest) -> None:
    """One more block of the line: it consumes the provider's deposits on A and serves the full exit in part."""
    deposits = [word for i in range(1, len(TOKENS) + 1) for word in provider_words(rig[A], i)]
    serve(rig, [*deposits, *request.part_words()])


def test_accept__part__needs_the_watchers_word_for_its_place(rig: Rig) -> None:
    """The word for the places that the block consumes says nothing of a full exit that nobody has asked for."""
    true = queue_full_exit(rig)
    serve_part(rig, replace(true, account=AccountId(4)))
    places = len(TOKENS)
    for count in (places, places + 1):
        queues = (QueueFact(A, Lane.ACCOUNT, count, rig.ask_queue(A, Lane.ACCOUNT, count)),)
        call = replace(rig.accept_call(), queues=queues, watchers=rig.groups.queues(queues))
        with reverts("accept: not the queued requests"):
            rig.primary.accept(call)


def accept_part(rig: Rig) -> FullExitRequest:
    """The primary accepts a block that serves a true full exit of A in part."""
    true = queue_full_exit(rig)
    serve_part(rig, true)
    place = len(TOKENS) + 1
    queues = (QueueFact(A, Lane.ACCOUNT, place, rig.ask_queue(A, Lane.ACCOUNT, place)),)
    rig.primary.accept(replace(rig.accept_call(), queues=queues, watchers=rig.groups.queues(queues)))
    return true


def test_import__part__is_no_answer(rig: Rig) -> None:
    """The request waits on, and T1 counts from when it was queued."""
    here = rig[A]
    request = accept_part(rig)
    rig.import_on(A)
    assert here.bridge.request_counts(Lane.ACCOUNT) == (len(TOKENS) + 1, len(TOKENS))
    call_freeze(here, request.words())
    assert here.end.freeze_call(Lane.ACCOUNT)[0] == len(TOKENS) + 1


def test_show_mismatch__part_of_what_nobody_asked_for__freezes(rig: Rig) -> None:
    here = rig[A]
    serve_part(rig, replace(queue_full_exit(rig), account=AccountId(4)))
    with reverts("queue: another full exit"):
        rig.import_on(A)
    here.show_mismatch(rig.blocks.mismatch_call(A, 1))
    assert here.bridge.is_frozen()


def test_show_mismatch__true_part__is_refused(rig: Rig) -> None:
    accept_part(rig)
    with reverts("end: the queue matches"):
        rig[A].show_mismatch(rig.blocks.mismatch_call(A, 1))
