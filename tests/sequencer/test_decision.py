"""The next action of a chain: always one that the chain takes, never one already taken, until everything is paid."""

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sequencer.conftest import CHAINS, PARAMETERS, PRIMARY, build_state
from tests.sequencer.model import ModelChain, Refused, acknowledge, vouch
from tests.sequencer.requests import make_request
from tests.support.tries import tries
from zklink.protocol.bridge_hashes import compute_owed_hash
from zklink.protocol.errors import HistoryDiverged
from zklink.protocol.ids import MAX_AGE_SECONDS, BlockNumber, ChainId
from zklink.protocol.limits import MAX_LATER
from zklink.sequencer import decision
from zklink.sequencer.decision import (
    Accept,
    AcceptAgain,
    Action,
    ChainView,
    Execute,
    Import,
    ImportPolicy,
    check_history,
    decide,
    find_evidence,
)
from zklink.sequencer.horizon import Acknowledged, Horizon
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sealed_block import SealedBlock, compute_genesis
from zklink.sequencer.sequencer import Sequencer

A, B, C = CHAINS
EAGER = ImportPolicy()
GENESIS = compute_genesis(build_state().root, PARAMETERS)
NOW = 5_000


def seal(sources: list[list[int]]) -> list[SealedBlock]:
    """Blocks whose requests come from these chains; a request of chain 1 goes to chain 2, all others go to chain 1."""
    sequencer, last = Sequencer(PARAMETERS, build_state(), MemoryJournal()), Counter[int]()
    for number, block in enumerate(sources):
        for source in block:
            last[source] += 1
            sequencer.add(make_request(source, last[source]))
        sequencer.seal(NOW + number) if block else sequencer.seal_empty(NOW + number)
    return list(sequencer.blocks(BlockNumber(0)))


THREE_BLOCKS = seal([[1], [2], [3]])  # they concern (1, 2), (2, 1) and (3, 1), and pay on 2, 1 and 1
NUMBERS = tuple(BlockNumber(number) for number in (1, 2, 3))


def offer(
    proven: int = 3, vouched: int = 3, acknowledged: int = 0, blocks: list[SealedBlock] = THREE_BLOCKS, now: int = NOW
) -> Horizon:
    """What the sequencer has: proofs, evidence and ACC up to these blocks."""
    return Horizon(
        PRIMARY,
        GENESIS,
        blocks,
        {block.number: (0,) * 8 for block in blocks[:proven]},
        {block.number: vouch(block) for block in blocks[:vouched]},
        [acknowledge(blocks[acknowledged - 1].record)] if acknowledged else [],
        now,
    )


def view(
    chain: ChainId, tip: int, owed: dict[int, bytes] | None = None, blocks: list[SealedBlock] = THREE_BLOCKS
) -> ChainView:
    """A chain with these blocks, which owes this."""
    model = ModelChain(chain, PRIMARY, GENESIS, blocks[:tip])
    return replace(model.view(), owed={BlockNumber(n): hash_ for n, hash_ in (owed or {}).items()})


accept = partial(Accept, pays=True)


def imports(numbers: tuple[BlockNumber, ...], evidence: Acknowledged) -> Import:
    return Import(numbers, True, evidence)


@pytest.mark.parametrize(
    ("tip", "proven", "vouched", "expected"),
    [
        (0, 0, 3, []),
        (0, 3, 0, []),
        (0, 1, 3, [accept(NUMBERS[:1])]),
        (0, 3, 2, [accept(NUMBERS[:2])]),
        (0, 3, 3, [accept(NUMBERS)]),
        (2, 3, 3, [accept(NUMBERS[2:])]),
        (3, 3, 3, []),
    ],
)
def test_decide__primary__accepts_what_is_proven_sealed_and_vouched_for(
    tip: int, proven: int, vouched: int, expected: list[Action]
) -> None:
    assert list(decide(view(B, tip), offer(proven, vouched), EAGER)) == expected


def test_decide__primary__evidence_that_leaves_blocks_out_is_none() -> None:
    """QUE that was asked for when the primary had accepted block 1 does not say what block 1 serves."""
    horizon = replace(offer(vouched=0), vouched={NUMBERS[2]: vouch(THREE_BLOCKS[2], since=1)})
    assert decide(view(B, 0), horizon, EAGER) == ()
    assert decide(view(B, 1), horizon, EAGER) == (accept(NUMBERS[1:]),)


def test_decide__primary_closed_or_block_too_old__nothing_new_is_sent() -> None:
    assert decide(replace(view(B, 0), is_closed=True), offer(), EAGER) == ()
    young, old = NOW + MAX_AGE_SECONDS, NOW + MAX_AGE_SECONDS + 1
    assert decide(view(B, 0), offer(now=young), EAGER) == (accept(NUMBERS),)
    assert decide(view(B, 0), offer(now=old), EAGER) == ()
    assert decide(view(B, 1), offer(now=old), EAGER) == (accept(NUMBERS[1:]),)


def test_decide__primary_lost_what_has_acc__takes_it_again_of_any_age_and_closed() -> None:
    horizon = offer(vouched=0, acknowledged=2, now=NOW + 10 * MAX_AGE_SECONDS)
    evidence = horizon.acknowledged[0]
    for is_closed in (False, True):
        lost = replace(view(B, 0), is_closed=is_closed)
        assert decide(lost, horizon, EAGER) == (AcceptAgain(NUMBERS[:2], True, evidence),)
    assert decide(view(B, 1), horizon, EAGER) == (AcceptAgain(NUMBERS[1:2], True, evidence),)
    assert decide(view(B, 2), horizon, EAGER) == ()


@pytest.mark.parametrize(
    ("tip", "proven", "acknowledged", "expected"),
    [(0, 3, 0, 0), (0, 3, 2, 2), (1, 3, 3, 2), (0, 1, 3, 1), (0, 0, 3, 0), (3, 3, 3, 0)],
)
def test_decide__member__imports_what_has_acc_and_a_proof(
    tip: int, proven: int, acknowledged: int, expected: int
) -> None:
    horizon = offer(proven, 0, acknowledged)
    decided = decide(view(A, tip), horizon, EAGER)
    assert [a.blocks for a in decided] == ([NUMBERS[tip : tip + expected]] if expected else [])
    assert all(isinstance(action, Import) and action.evidence == horizon.acknowledged[0] for action in decided)


def test_decide__many_blocks__as_many_as_a_call_takes() -> None:
    blocks = seal([[2]] * 20)
    numbers = tuple(block.number for block in blocks)
    horizon = offer(20, 20, 20, blocks)
    [imported] = decide(view(C, 0, blocks=blocks), horizon, EAGER)
    assert imported.blocks == numbers[:16]
    [accepted] = decide(view(B, 0, blocks=blocks), replace(horizon, acknowledged=[]), EAGER)
    assert accepted.blocks == numbers[:16]


def test_decide__many_words__not_more_than_a_call_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    each = sum(THREE_BLOCKS[0].block.header.counts)
    monkeypatch.setattr(decision, "MAX_CALL_WORDS", 2 * each)
    assert decide(view(B, 0), offer(), EAGER) == (accept(NUMBERS[:2]),)
    monkeypatch.setattr(decision, "MAX_CALL_WORDS", 1)
    assert decide(view(B, 0), offer(), EAGER) == (accept(NUMBERS[:1]),)


def test_decide__many_payouts__are_owed_and_executed_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision, "MAX_FUSED_PAYOUTS", 1)
    monkeypatch.setattr(decision, "MAX_EXECUTED_PAYOUTS", 2)
    blocks = seal([[1, 1, 1], [1]])
    horizon = offer(2, 2, 0, blocks)
    assert decide(view(B, 0, blocks=blocks), horizon, EAGER) == (Accept(NUMBERS[:2], pays=False),)
    words = [block.payout_words(B) for block in blocks]
    assert [len(w) for w in words] == [9, 3]
    all_owed = {1: compute_owed_hash(words[0]), 2: compute_owed_hash(words[1])}
    assert decide(view(B, 2, all_owed, blocks), horizon, EAGER) == (Execute(NUMBERS[0], 0, 2),)
    rest = {1: compute_owed_hash(words[0][6:]), 2: compute_owed_hash(words[1])}
    assert decide(view(B, 2, rest, blocks), horizon, EAGER) == (Execute(NUMBERS[0], 2, 1), Execute(NUMBERS[1], 0, 1))
    foreign = {1: bytes([1]) * 32}
    assert decide(view(B, 2, foreign, blocks), horizon, EAGER) == ()


def test_decide__nobody_is_paid_there__waits_for_the_batch_or_until_it_is_old() -> None:
    patient = ImportPolicy(batch=3, patience_seconds=100)
    two = offer(3, 0, 2, seal([[1], [2]]))  # on chain 3 nobody is paid
    assert decide(view(C, 0), two, patient) == ()
    assert [a.blocks for a in decide(view(C, 0), offer(3, 0, 3), patient)] == [NUMBERS]
    assert decide(view(C, 0), replace(two, now=NOW + 99), patient) == ()
    assert [a.blocks for a in decide(view(C, 0), replace(two, now=NOW + 100), patient)] == [NUMBERS[:2]]
    assert [a.blocks for a in decide(view(A, 0), two, patient)] == [NUMBERS[:2]]  # block 2 pays on chain 1


def test_find_evidence__chain_far_behind__the_last_acc_that_one_call_can_show() -> None:
    records = [replace(THREE_BLOCKS[0].record, number=BlockNumber(number)) for number in (10, 250, 600)]
    accs = [acknowledge(record) for record in records]
    assert find_evidence(BlockNumber(0), accs) == accs[1]
    assert find_evidence(BlockNumber(300), accs) is None
    assert find_evidence(BlockNumber(600 - MAX_LATER), accs) == accs[2]
    assert find_evidence(BlockNumber(600), accs) is None


def test_check_history__other_block_than_ours__nothing_is_sent() -> None:
    other = seal([[1], [1]])
    check_history(view(A, 1, blocks=other), offer())
    with pytest.raises(HistoryDiverged) as error:
        check_history(view(A, 2, blocks=other), offer())
    assert (error.value.chain, error.value.number) == (A, 2)


def test_check_history__chain_has_more_than_is_sealed__only_while_a_replay_is_under_way() -> None:
    few = offer(blocks=THREE_BLOCKS[:2])
    check_history(view(A, 3), replace(few, is_replaying=True))
    with pytest.raises(HistoryDiverged):
        check_history(view(A, 3), few)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("advance"), st.sampled_from(CHAINS)),
        st.tuples(st.sampled_from(["prove", "vouch", "acknowledge", "forget"]), st.just(A)),
    ),
    max_size=60,
)
SOURCES = st.lists(st.lists(st.sampled_from([1, 2, 3]), max_size=2), min_size=1, max_size=4)


class TestProgressLaw:
    """In any order of events, also when the primary forgets blocks, a decision is one that the chain takes; in the end
    every chain has every block and has paid every payout, once.
    """

    @tries(60)
    @given(SOURCES, STEPS, st.integers(0, 2))
    def test_decide__any_interleaving__everything_is_taken_and_paid_once(
        self, sources: list[list[int]], steps: list[tuple[str, ChainId]], fused: int
    ) -> None:
        blocks = seal(sources)
        chains = {chain: ModelChain(chain, PRIMARY, GENESIS) for chain in CHAINS}
        done = dict.fromkeys(("proven", "vouched", "acknowledged"), 0)
        bounds, decision.MAX_FUSED_PAYOUTS = decision.MAX_FUSED_PAYOUTS, fused  # type: ignore[misc]

        def advance(chain: ChainId) -> bool:
            horizon = offer(**done, blocks=blocks)
            check_history(chains[chain].view(), horizon)
            actions = decide(chains[chain].view(), horizon, EAGER)
            for action in actions:
                chains[chain].apply(action, horizon)
            return bool(actions)

        def note(step: str) -> bool:
            match step:
                case "prove" | "vouch":
                    key = "proven" if step == "prove" else "vouched"
                    done[key], before = min(done[key] + 1, len(blocks)), done[key]
                    return done[key] != before
                case "acknowledge":
                    before, done["acknowledged"] = done["acknowledged"], chains[PRIMARY].tip.number
                    done["acknowledged"] = max(before, done["acknowledged"])
                    return done["acknowledged"] != before
                case _:
                    forget(chains[PRIMARY])
                    return False

        try:
            for step, chain in steps:
                advance(chain) if step == "advance" else note(step)
            moved = True
            while moved:
                moved = any([note("prove"), note("vouch"), note("acknowledge"), *map(advance, CHAINS)])
        finally:
            decision.MAX_FUSED_PAYOUTS = bounds  # type: ignore[misc]
        for model in chains.values():
            assert (model.tip.number, model.left) == (len(blocks), {})
            due = [(block.number, place) for block in blocks for place in range(len(block.payouts(model.chain)))]
            assert sorted(model.paid) == due

    def test_model__wrong_calls__are_refused(self) -> None:
        horizon = offer(3, 2, 2)
        [evidence] = horizon.acknowledged
        wrong = {
            B: (
                accept(NUMBERS[1:2]),
                accept(NUMBERS),
                Execute(NUMBERS[0], 0, 1),
                imports(NUMBERS[:1], evidence=evidence),
            ),
            A: (accept(NUMBERS[:1]), imports(NUMBERS, evidence=evidence), imports(NUMBERS[1:2], evidence=evidence)),
        }
        for chain, actions in wrong.items():
            for action in actions:
                with pytest.raises(Refused):
                    ModelChain(chain, PRIMARY, GENESIS).apply(action, horizon)


def forget(chain: ModelChain) -> None:
    """A reorganisation takes the last block, and what was paid of it."""
    if chain.blocks:
        gone = chain.blocks.pop().number
        chain.left.pop(gone, None)
        chain.paid = [payout for payout in chain.paid if payout[0] != gone]
