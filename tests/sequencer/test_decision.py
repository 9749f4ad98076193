"""The next action of a chain: always one that the bridge takes, never one already taken, until everything is
executed.
"""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sequencer.conftest import CHAINS, PARAMETERS, PRIMARY, build_state
from tests.sequencer.model import ModelBridge, Refused
from tests.sequencer.requests import make_request
from tests.support.tries import tries
from zklink.protocol.errors import HistoryDiverged
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.decision import (
    Action,
    ApplyMessage,
    ChainView,
    Commit,
    Execute,
    Horizon,
    ImportPolicy,
    Prove,
    Revert,
    decide,
    find_fork,
)
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.lifecycle import Counters
from zklink.sequencer.sealed_block import SealedBlock, compute_genesis
from zklink.sequencer.sequencer import Sequencer

A, B, C = CHAINS
EAGER = ImportPolicy()
BASE = compute_genesis(build_state().root, PARAMETERS)


def seal(sources: list[list[int]]) -> list[SealedBlock]:
    """Blocks whose requests come from these chains; a request of chain 1 goes to chain 2, all others go to chain 1."""
    sequencer, last = Sequencer(PARAMETERS, build_state(), MemoryJournal()), Counter[int]()
    for number, block in enumerate(sources):
        for source in block:
            last[source] += 1
            sequencer.add(make_request(source, last[source]))
        sequencer.seal(5_000 + number)
    return list(sequencer.blocks(BlockNumber(0)))


THREE_BLOCKS = seal([[1], [2], [3]])  # they concern (1, 2), (2, 1) and (3, 1)
NUMBERS = tuple(BlockNumber(number) for number in (1, 2, 3))


def horizon(
    proven: tuple[BlockNumber, ...] = (),
    blocks: list[SealedBlock] = THREE_BLOCKS,
    committed: dict[ChainId, BlockNumber] | None = None,
) -> Horizon:
    """By default every chain has committed everything."""
    if committed is None:
        committed = dict.fromkeys(CHAINS, BlockNumber(len(blocks)))
    return Horizon(PRIMARY, BASE, blocks, dict.fromkeys(proven, ()), committed)


def view(
    chain: ChainId,
    counters: tuple[int, int, int, int],
    acknowledged: dict[int, int] | None = None,
    *announced: tuple[int, int],
) -> ChainView:
    return ChainView(
        chain,
        Counters(*map(BlockNumber, counters)),
        {ChainId(k): BlockNumber(n) for k, n in (acknowledged or {}).items()},
        [(ChainId(k), BlockNumber(n)) for k, n in announced],
    )


@pytest.mark.parametrize(
    ("case", "proven", "expected"),
    [
        (view(B, (0, 0, 0, 0)), (), [Commit(NUMBERS)]),
        (view(A, (2, 0, 0, 0)), (), [Commit(NUMBERS[2:])]),
        (view(B, (3, 0, 0, 0)), (), []),
        (view(B, (3, 0, 0, 0)), NUMBERS[1:], []),
        (view(B, (3, 0, 0, 0)), NUMBERS[:2], [Prove(NUMBERS[:2])]),
        (view(B, (1, 0, 0, 0)), NUMBERS, [Prove(NUMBERS[:1]), Commit(NUMBERS[1:])]),
        (view(A, (3, 3, 0, 0)), NUMBERS, []),
        (view(A, (3, 3, 0, 0), {}, (2, 1), (2, 3)), NUMBERS, [ApplyMessage(B, NUMBERS[2])]),
        (view(A, (3, 2, 0, 0), {}, (2, 3), (2, 1)), NUMBERS[:2], [ApplyMessage(B, NUMBERS[0])]),
        (view(B, (3, 3, 3, 0), {}, (1, 2)), NUMBERS, [ApplyMessage(A, NUMBERS[1])]),
        (view(B, (3, 3, 3, 0), {1: 2}, (1, 2)), NUMBERS, [Execute(NUMBERS[:2])]),
        (view(B, (3, 3, 3, 0), {1: 2}, (1, 3)), NUMBERS, [Execute(NUMBERS[:2]), ApplyMessage(A, NUMBERS[2])]),
        (view(B, (3, 3, 3, 0), {1: 3}), NUMBERS, [Execute(NUMBERS[:2])]),
        (view(B, (3, 3, 3, 0), {1: 3, 3: 3}), NUMBERS, [Execute(NUMBERS)]),
        (view(B, (3, 3, 1, 0), {1: 3, 3: 3}), NUMBERS, [Execute(NUMBERS[:1])]),
        (view(B, (2, 1, 1, 0), {1: 1}), NUMBERS, [Execute(NUMBERS[:1]), Prove(NUMBERS[1:2]), Commit(NUMBERS[2:])]),
        (view(B, (3, 3, 3, 3), {1: 3, 3: 3}), NUMBERS, []),
    ],
)
def test_decide__status_of_a_chain__exactly_the_next_steps(
    case: ChainView, proven: tuple[BlockNumber, ...], expected: list[Action]
) -> None:
    assert list(decide(case, horizon(proven), EAGER)) == expected


@pytest.mark.parametrize(
    ("committed", "proved"), [({}, 0), ({A: 0}, 0), ({A: 1}, 1), ({A: 2}, 2), ({A: 3, C: 2}, 2), ({A: 3, C: 3}, 3)]
)
def test_decide__primary__proves_only_what_every_concerned_chain_has_committed(
    committed: dict[ChainId, int], proved: int
) -> None:
    seen = {chain: BlockNumber(number) for chain, number in committed.items()}
    expected = (Prove(NUMBERS[:proved]),) if proved else ()
    assert decide(view(PRIMARY, (3, 0, 0, 0)), horizon(NUMBERS, committed=seen), EAGER) == expected
    # elsewhere a proof commits to nothing
    assert decide(view(A, (3, 0, 0, 0)), horizon(NUMBERS, committed={}), EAGER) == (Prove(NUMBERS),)


def test_decide__many_blocks_on_a_lagging_chain__four_commits_and_sixteen_proofs_a_call() -> None:
    blocks = seal([[2]] * 20)
    numbers = tuple(block.number for block in blocks)
    offered = horizon(numbers, blocks)
    assert decide(view(C, (0, 0, 0, 0)), offered, EAGER) == (Commit(numbers[:4]),)
    assert decide(view(C, (20, 1, 0, 0)), offered, EAGER) == (Prove(numbers[1:17]),)


def test_decide__many_payouts__not_more_in_one_call_than_a_transaction_has_gas_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SealedBlock, "payouts", lambda block, chain: [None] * 24)
    assert decide(view(B, (3, 3, 3, 0), {1: 3, 3: 3}), horizon(NUMBERS), EAGER) == (Execute(NUMBERS[:2]),)


def test_decide__chain_not_concerned__imports_when_the_batch_is_full_or_a_block_concerns_it() -> None:
    patient = ImportPolicy(batch=3)
    assert decide(view(C, (0, 0, 0, 0)), horizon(blocks=seal([[1], [2]])), patient) == ()
    assert decide(view(C, (0, 0, 0, 0)), horizon(blocks=seal([[1], [3]])), patient) == (Commit(NUMBERS[:2]),)
    assert decide(view(C, (0, 0, 0, 0)), horizon(blocks=seal([[1]] * 3)), patient) == (Commit(NUMBERS),)
    assert decide(view(PRIMARY, (0, 0, 0, 0)), horizon(blocks=seal([[3]])), patient) == (Commit(NUMBERS[:1]),)


@pytest.mark.parametrize(
    ("committed", "accepted", "ours", "expected"),
    [(3, 0, 3, None), (3, 1, 2, Revert(NUMBERS[1])), (3, 1, 1, Revert(NUMBERS[0])), (0, 0, 0, None)],
)
def test_find_fork__blocks_unsealed_meanwhile__reverted_to_the_last_common_one(
    committed: int, accepted: int, ours: int, expected: Revert | None
) -> None:
    case = view(A, (committed, accepted, accepted, 0))
    assert find_fork(case, horizon(), lambda number: number <= ours) == expected


def test_find_fork__chain_knows_more_than_is_sealed__reverted_unless_a_replay_is_under_way() -> None:
    case, offered = view(A, (3, 1, 1, 0)), horizon(blocks=THREE_BLOCKS[:2])
    assert find_fork(case, offered, lambda number: True) == Revert(NUMBERS[1])
    replaying = Horizon(PRIMARY, BASE, THREE_BLOCKS[:2], {}, {}, is_replaying=True)
    assert find_fork(case, replaying, lambda number: True) is None


def test_find_fork__foreign_block_is_accepted__nothing_is_sent() -> None:
    with pytest.raises(HistoryDiverged) as error:
        find_fork(view(A, (3, 3, 2, 0)), horizon(), lambda number: number <= 1)
    assert (error.value.chain, error.value.number) == (A, 2)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("advance"), st.sampled_from(CHAINS)),
        st.tuples(st.just("deliver"), st.tuples(st.sampled_from(CHAINS), st.sampled_from(CHAINS))),
        st.tuples(st.just("prove"), st.none()),
        st.tuples(st.just("forge"), st.tuples(st.sampled_from(CHAINS), st.sampled_from(CHAINS))),
    ),
    max_size=60,
)
SOURCES = st.lists(st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=2), min_size=1, max_size=4)


class TestProgressLaw:
    """In any order of events a decision is one that the bridge takes, and in the end every block is executed
    everywhere, once.
    """

    @tries(60)
    @given(SOURCES, STEPS)
    def test_decide__any_interleaving__everything_executed_once(
        self, sources: list[list[int]], steps: list[tuple[str, object]]
    ) -> None:
        blocks = seal(sources)
        bridges = {chain: ModelBridge(chain, PRIMARY) for chain in CHAINS}
        proofs: list[BlockNumber] = []

        def advance(chain: ChainId) -> bool:
            committed = {k: bridge.view().counters.committed for k, bridge in bridges.items()}
            actions = decide(bridges[chain].view(), horizon(tuple(proofs), blocks, committed), EAGER)
            for action in actions:
                bridges[chain].apply(action, blocks)
            return bool(actions)

        def deliver(source: ChainId, destination: ChainId) -> None:
            number = BlockNumber(bridges[source].accepted)
            if number and source != destination:
                bridges[destination].receive(source, number, bridges[source].sync_hash(number))

        def prove() -> bool:
            if len(proofs) < len(blocks):
                proofs.append(BlockNumber(len(proofs) + 1))
                return True
            return False

        for step, data in steps:
            match step, data:
                case "advance", int(chain):
                    advance(ChainId(chain))
                case "deliver", (int(source), int(destination)):
                    deliver(ChainId(source), ChainId(destination))
                case "forge", (int(source), int(destination)):
                    bridges[ChainId(destination)].receive(ChainId(source), BlockNumber(1), bytes(32))
                case _:
                    prove()
        moved = True
        while moved:
            moved = prove()
            for chain in CHAINS:
                moved |= advance(chain)
                for source in CHAINS:
                    before = bridges[chain].view()
                    deliver(source, chain)
                    moved |= bridges[chain].view() != before
        for bridge in bridges.values():
            assert (len(bridge.blocks), bridge.executed) == (len(blocks), len(blocks))
            for kind in (Commit, Prove, Execute):
                sent = [number for action in bridge.log if isinstance(action, kind) for number in action.blocks]
                assert sent == [block.number for block in blocks]

    def test_model__wrong_order__is_refused(self) -> None:
        bridge = ModelBridge(PRIMARY, PRIMARY)
        for action in (Prove(NUMBERS[:1]), Execute(NUMBERS[:1]), Commit(NUMBERS[1:]), Revert(NUMBERS[0])):
            with pytest.raises(Refused):
                bridge.apply(action, THREE_BLOCKS)
