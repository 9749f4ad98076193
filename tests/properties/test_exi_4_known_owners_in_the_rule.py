"""EXI-4 and CIR-6, as far as the rule goes: only an owner's own act makes it known on a chain, or gives its account a
key."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given

from tests.spec.test_account_rules import Attempt, Attempts, tell
from tests.strategies import Dice, rolled
from tests.support.account_world import ALICE, BOB, KEYLESS, NEW_KEY, X, context, owner_of, roll_state
from tests.support.refute import check_refuted
from tests.support.tries import at_least, tries
from tests.support.upholds import upholds
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.deposit import DepositRequest
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.signed import Signed
from zklink.protocol.chain_sets import list_chains
from zklink.protocol.ids import LAST_NONCE, AccountId, Amount, ChainId, Nonce, RequestId
from zklink.protocol.signing import compute_public_key_hash
from zklink.state.state import State
from zklink.transition import deposit, forced_exit, full_exit, key_request
from zklink.transition.context import Context
from zklink.transition.rules import apply_operation, check_operation

stories = rolled(tell, size=1_500)
Known = tuple[AccountId, ChainId]


def find_new(step: Attempt) -> set[Known]:
    """The owners who have become known, by account and chain."""
    before, after = (
        {(i, k) for i, account in snapshot.accounts.items() for k in list_chains(account.known)}
        for snapshot in (step.before, step.after)
    )
    assert before <= after, "an owner is forgotten"
    return after - before


def check_known(story: Attempts) -> None:
    """An owner becomes known only where its own request comes from, and a forced exit pays only there."""
    for step in story.steps:
        operation = step.operation
        for account, chain in find_new(step):
            assert isinstance(operation, DepositRequest | FullExitRequest | KeyRequest)
            assert (operation.source, operation.owner) == (chain, step.after.accounts[account].owner)
            assert not isinstance(operation, DepositRequest) or operation.by_owner
        if isinstance(operation, Signed) and isinstance(operation.operation, ForcedExit) and step.slot is not None:
            target = step.before.accounts[operation.operation.target]
            assert operation.operation.chain in list_chains(target.known)


def check_keys(story: Attempts) -> None:
    """An account gets another key only by its own change or its owner's request, and either takes a nonce."""
    for step in story.steps:
        for number, after in step.after.accounts.items():
            before = step.before.accounts.get(number)
            if before is None or before.public_key_hash == after.public_key_hash:
                continue
            operation = step.operation.operation if isinstance(step.operation, Signed) else step.operation
            assert isinstance(operation, ChangePubKey | KeyRequest)
            assert operation.account == number
            assert not isinstance(operation, KeyRequest) or operation.owner == before.owner
            assert after.nonce == before.nonce + 1


@upholds("EXI-4", "CIR-6")
class TestOwners:
    """What needs an owner's act cannot be had by anybody else's."""

    @given(stories)
    @tries(400)
    def test_apply_operation__any_story__knows_only_who_has_acted(self, story: Attempts) -> None:
        check_known(story)

    @given(stories)
    @tries(400)
    def test_apply_operation__any_story__changes_keys_only_for_their_owners(self, story: Attempts) -> None:
        check_keys(story)


def test_stories__owners_become_known_in_every_way() -> None:
    seen: Counter[str] = Counter()

    @given(stories)
    @at_least(200)
    def collect(story: Attempts) -> None:
        for step in story.steps:
            if find_new(step):
                seen[type(step.operation).__name__] += 1

    collect()
    assert len(seen) == 3 and min(seen.values()) >= 5, seen


REQUEST = KeyRequest(
    ChainId(1), RequestId(1), ALICE, owner_of(ALICE), compute_public_key_hash(NEW_KEY.public_key), queued_at=1
)


def request_key(state: State, request: KeyRequest) -> None:
    """Carry a key request out."""
    check_operation(state, request, context())
    apply_operation(state, request, context())


@pytest.mark.parametrize(("nonce", "after"), [(0, 1), (LAST_NONCE - 1, LAST_NONCE), (LAST_NONCE, LAST_NONCE)])
def test_apply_key_request__any_nonce__grows_up_to_the_last(nonce: int, after: int) -> None:
    """So that an owner can always take its key back."""
    state = roll_state_of_zeros()
    state.set_nonce(ALICE, Nonce(nonce))
    request_key(state, REQUEST)
    account = state.account(ALICE)
    assert (account.nonce, account.public_key_hash) == (after, REQUEST.public_key_hash)


def test_apply_key_request__no_key__takes_the_key_away() -> None:
    state = roll_state_of_zeros()
    request_key(state, replace(REQUEST, public_key_hash=0))
    assert state.account(ALICE).public_key_hash == 0


@pytest.mark.parametrize("account", [BOB, KEYLESS, AccountId(7)])
def test_apply_key_request__anothers_account__does_nothing(account: AccountId) -> None:
    state = roll_state_of_zeros()
    root = state.root
    request_key(state, replace(REQUEST, account=account))
    assert state.root == root


def test_apply_deposit__account_named__is_credited_only_if_it_is_the_owners() -> None:
    """Alice's owner has two accounts; the first is taken where another's is named."""
    state = roll_state_of_zeros()
    second = AccountId(4)
    for named, credited in ((second, second), (ALICE, ALICE), (BOB, ALICE), (AccountId(0), ALICE)):
        before = state.balance(credited, X)
        owner = owner_of(ALICE)
        request = DepositRequest(ChainId(1), RequestId(1), X, Amount(5), owner, owner, 1, account=named)
        check_operation(state, request, context())
        apply_operation(state, request, context())
        assert state.balance(credited, X) == before + 5


def roll_state_of_zeros() -> State:
    """The plainest state of the world."""
    return roll_state(Dice(bytes(1)))


original_deposit, original_serving, original_request = deposit._plan, full_exit._plan, key_request._plan


def _deposit_by_anybody(state: State, request: DepositRequest) -> object:
    return original_deposit(state, replace(request, by_owner=True))


def _known_without_owner(state: State, request: FullExitRequest, context: Context) -> object:
    return replace(original_serving(state, request, context), knows_b=request.source)


def _key_of_anybody(state: State, request: KeyRequest) -> object:
    return original_request(state, replace(request, owner=state.account(request.account).owner))


def _nonce_kept(state: State, request: KeyRequest) -> object:
    return replace(original_request(state, request), uses_nonce=False)


# breaks: EXI-4
@pytest.mark.parametrize(
    ("module", "name", "bug"),
    [
        (deposit, "_plan", _deposit_by_anybody),
        (full_exit, "_plan", _known_without_owner),
        (forced_exit, "has_chain", lambda known, chain: True),
    ],
    ids=["deposit-by-anybody", "exit-of-anothers-account", "forced-anywhere"],
)
def test_check_known__seeded_bug__refutes(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, bug: Callable[..., object]
) -> None:
    monkeypatch.setattr(module, name, bug)
    check_refuted(lambda dice: check_known(tell(dice)), rolled(lambda dice: dice, size=1_500), examples=400)


# breaks: CIR-6
@pytest.mark.parametrize("bug", [_key_of_anybody, _nonce_kept])
def test_check_keys__seeded_bug__refutes(monkeypatch: pytest.MonkeyPatch, bug: Callable[..., object]) -> None:
    monkeypatch.setattr(key_request, "_plan", bug)
    check_refuted(lambda dice: check_keys(tell(dice)), rolled(lambda dice: dice, size=1_500), examples=400)
