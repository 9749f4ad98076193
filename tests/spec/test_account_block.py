"""Account blocks: openings lead from root to root, slices hold what section 7 says, refusals change nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given

from tests.strategies import NOW, Dice, rolled
from tests.support.account_openings import follow
from tests.support.account_world import ALICE, DOMAIN, KEYS, Roller, X, Y, Z, context, owner_of, roll_state
from tests.support.refute import check_refuted
from tests.support.tries import at_least, tries
from tests.support.upholds import upholds
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitPart
from zklink.operations.ledger_data import FULL_EXIT_KINDS
from zklink.operations.requests import AccountRequest
from zklink.operations.signed import sign
from zklink.operations.transfer import Transfer
from zklink.primitives.poseidon import poseidon
from zklink.protocol.commitment import compute_commitment
from zklink.protocol.errors import BalanceTooSmall, BlockFull, FieldOutOfRange, PathsMissing, ZkLinkError
from zklink.protocol.ids import MAX_CHAINS, Amount, BlockNumber, ChainId, Lane, Nonce, RequestId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.state.account_turns import AccountTurn, OpenedTurn
from zklink.state.state import State
from zklink.transition.account_block import AccountBlock, apply_account_block
from zklink.transition.block_needs import has_room
from zklink.transition.ledger_slot import LedgerSlot
from zklink.transition.rules import AccountOperation, apply_operation, check_operation
from zklink.witness.account_block import compute_inputs
from zklink.witness.signals import Signal

NUMBER = BlockNumber(7)
few = tries(40)


@dataclass(frozen=True, slots=True)
class Case:
    """A state and operations that fit into one block after each other."""

    before: State
    operations: tuple[AccountOperation, ...]

    def apply(self, *, with_paths: bool = True) -> tuple[State, AccountBlock]:
        """The state after, and the block."""
        state = self.before.copy()
        return state, apply_account_block(state, self.operations, NUMBER, NOW, DOMAIN, MINIMAL, with_paths=with_paths)


def roll_case(dice: Dice, tries: int = 8) -> Case:
    """As many of the rolled operations as are valid one after the other and have room; ledger slots come first. A full
    exit that was served in part is its chain's next request.
    """
    state = roll_state(dice)
    trial, before = state.copy(), state
    kinds = Roller(dice, trial).kinds()
    chosen: list[AccountOperation] = []
    waiting: dict[ChainId, AccountRequest] = {}
    ledger = kinds[:8]
    for group in (ledger, kinds[8:10] + kinds[11:], kinds[10:11]):
        for _ in range(tries // 2):
            operation = dice.pick(group)()
            if isinstance(operation, AccountRequest):
                operation = waiting.get(operation.source, operation)
            is_late = operation in waiting.values() and group is not ledger
            if is_late or not has_room([*chosen, operation], before):
                continue
            try:
                check_operation(trial, operation, context())
            except ZkLinkError:
                continue
            slot = apply_operation(trial, operation, context())
            chosen.append(operation)
            if isinstance(operation, AccountRequest):
                waiting.pop(operation.source, None)
            if isinstance(slot, LedgerSlot) and isinstance(slot.chain_record, FullExitPart):
                waiting[slot.chain_record.source] = slot.chain_record.request
    return Case(before, tuple(chosen))


cases = rolled(roll_case, size=1_800)


def check_openings(case: Case) -> None:
    """Followed as a circuit does it, the openings lead from the old root to the new one."""
    after, block = case.apply()
    opening = block.opening
    assert poseidon([opening.account_root, opening.token_root, opening.pool_root]) == block.header.old_root
    assert poseidon([*follow(block)]) == block.header.new_root == after.root


def check_slices(case: Case) -> None:
    """Records in slot order, per slot the request's or key change's, then the payout's; data in slice 0. A full exit is
    asked for on one chain and may be paid on another.
    """
    _, block = case.apply()
    expected: dict[int, list[int]] = {k: [] for k in range(MAX_CHAINS + 1)}
    elements: list[int] = []
    for slot in block.ledger:
        record = () if slot.chain_record is None else slot.chain_record.words()
        payout = () if slot.payout is None else slot.payout.words()
        data = slot.plan.data.words() if slot.is_used else ()
        data_of = slot.plan.data
        expected[data_of.source if data_of.kind in FULL_EXIT_KINDS else data_of.chain].extend(record)
        expected[data_of.chain].extend(payout)
        expected[0].extend(data)
        elements += [*(record or (0,) * 4), *(0,) * (2 - len(data)), *data, *(payout or (0,) * 3)]
    for pool in block.pool:
        request = () if pool.request is None else pool.request.words()
        expected[pool.plan.data.chain].extend(request)
        expected[0].extend(pool.plan.data.words() if pool.is_used else ())
        elements += [*(request or (0,) * 4), *(pool.plan.data.words() if pool.is_used else (0, 0))]
    for trade in block.order:
        expected[0].extend(trade.elements() if trade.is_used else ())
        elements += trade.elements() if trade.is_used else (0, 0)
    assert block.slices == tuple(map(tuple, expected.values()))
    assert block.header.counts == tuple(map(len, block.slices))
    assert block.commitment == compute_commitment(block.header, elements)
    assert block.lane == Lane.ACCOUNT


@upholds("CIR-9")
class TestOpenings:
    """What the witness opens is what the state is, at the moment it is opened."""

    @given(cases)
    @few
    def test_apply_account_block__any_operations__opens_root_to_root(self, case: Case) -> None:
        check_openings(case)

    @given(cases)
    @few
    def test_apply_account_block__any_operations__publishes_in_slot_order(self, case: Case) -> None:
        check_slices(case)

    @given(cases)
    @few
    def test_apply_account_block__with_or_without_paths__is_one_block(self, case: Case) -> None:
        (state, block), (fast_state, fast) = case.apply(), case.apply(with_paths=False)
        assert fast.parts() == block.parts()
        assert fast_state.root == state.root
        assert [(o.token_id, o.before, o.after) for o in fast.opening.tokens] == [
            (o.token_id, o.before, o.after) for o in block.opening.tokens
        ]
        with pytest.raises(PathsMissing):
            compute_inputs(fast)


def test_cases__blocks__are_full_of_everything() -> None:
    seen: Counter[str] = Counter()

    @given(cases)
    @at_least(100)
    def collect(case: Case) -> None:
        seen.update(type(getattr(o, "operation", o)).__name__ for o in case.operations)
        seen["part"] += any(isinstance(slot.chain_record, FullExitPart) for slot in case.apply()[1].ledger)
        seen["shares"] += any(slot.request is not None for slot in case.apply()[1].pool)
        seen["full"] += len(case.operations) == MINIMAL.account.ledger + 2

    collect()
    assert len(seen) == 16 and min(seen.values()) >= 2, seen


# breaks: CIR-9
def test_check_openings__paths_before_the_block__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """All account paths as they were when the block began: wrong from the second touched account on."""
    original = State.take_turns

    def mutant(state: State, turns: Sequence[AccountTurn]) -> list[OpenedTurn]:
        before = [tuple(state._accounts._tree.path(turn.account)) for turn in turns]
        return [replace(opened, path=path) for opened, path in zip(original(state, turns), before, strict=True)]

    monkeypatch.setattr(State, "take_turns", mutant)

    check_refuted(check_openings, cases, examples=50)


def test_check_slices__payout_before_request__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = LedgerSlot.records
    monkeypatch.setattr(LedgerSlot, "records", lambda slot: reversed([*original(slot)]))
    check_refuted(check_slices, cases, examples=200)


# -- refusals ----------------------------------------------------------------------------------------------------------


def _deposit(number: int, token: TokenId = X) -> DepositRequest:
    owner = owner_of(ALICE)
    return DepositRequest(ChainId(1), RequestId(number), token, Amount(5), owner, owner, NOW)


@pytest.mark.parametrize(
    ("tokens", "what"), [((X, X, X), "ledger slots"), ((X, Y, Z, TokenId(4), TokenId(5)), "token rows")]
)
def test_apply_account_block__no_room__is_refused(tokens: tuple[TokenId, ...], what: str) -> None:
    preset = MINIMAL if what == "ledger slots" else WIDE
    state = State(preset)
    root = state.root
    with pytest.raises(BlockFull) as caught:
        apply_account_block(state, [_deposit(i, t) for i, t in enumerate(tokens)], NUMBER, NOW, DOMAIN, preset)
    assert caught.value.what == what
    assert state.root == root


WIDE = replace(MINIMAL, account=replace(MINIMAL.account, ledger=6))


def test_apply_account_block__second_operation_invalid__changes_nothing() -> None:
    state = roll_state(Dice(bytes(9)))
    root = state.root
    transfer = Transfer(ALICE, Nonce(0), NOW, X, Amount(1 << 90), Amount(0), owner_of(3))
    with pytest.raises(BalanceTooSmall):
        apply_account_block(state, [_deposit(1), sign(transfer, DOMAIN, KEYS[ALICE])], NUMBER, NOW, DOMAIN, MINIMAL)
    assert state.root == root


@pytest.mark.parametrize(("number", "timestamp", "domain"), [(1 << 64, 1, 1), (1, 1 << 40, 1), (1, 1, 1 << 248)])
def test_apply_account_block__header_out_of_range__changes_nothing(number: int, timestamp: int, domain: int) -> None:
    state = State(MINIMAL)
    root = state.root
    with pytest.raises(FieldOutOfRange):
        apply_account_block(state, [_deposit(1)], BlockNumber(number), timestamp, domain, MINIMAL)
    assert state.root == root


# -- witness -----------------------------------------------------------------------------------------------------------


def _shape(signal: Signal) -> tuple[int, ...]:
    if isinstance(signal, int):
        return ()
    shapes = {_shape(item) for item in signal}
    assert len(shapes) == 1
    return (len(signal), *shapes.pop())


@given(cases)
@tries(10)
def test_compute_inputs__any_block__has_one_shape(case: Case) -> None:
    """Whatever is in the block; the circuits say which signals there are and how long they are."""
    _, block = case.apply()
    _, empty = Case(case.before, ()).apply()
    shapes, expected = ({n: _shape(s) for n, s in compute_inputs(b).items()} for b in (block, empty))
    assert shapes == expected
    depths = MINIMAL.token_depth, MINIMAL.account_depth, MINIMAL.order_depth
    slots = MINIMAL.account
    for bus, places in (("ledger_input", slots.ledger), ("pool_input", slots.pool), ("match_input", slots.order)):
        assert {name.split("[")[1].split("]")[0] for name in shapes if name.startswith(f"{bus}[")} == {
            *map(str, range(places))
        }
    assert shapes["ledger_input[0].a.path"] == (depths[1], 3)
    assert shapes["pool_input[0].owner.balance[3].path"] == (depths[0], 3)
    assert shapes["match_input[0].side[1].leaf.path"] == (depths[2], 3)
