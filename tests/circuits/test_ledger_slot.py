"""The ledger slot and the transition are two readings of sections 5.2 to 5.8 of the protocol.

They agree on what is right; a forger who carries out anything else, with roots and words that fit, has no witness. Each
mutant lets one forgery through.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.support.account_scene import (
    ALICE,
    BOB,
    KEYLESS,
    KEYS,
    OPERATOR,
    SHARES,
    TIMESTAMP,
    UNKNOWN,
    X,
    Y,
    build_state,
    owner_of,
    signed,
)
from tests.support.circuits import Mutation
from tests.support.ledger_slots import NUMBER, Played, forge, open_ledger_slot, play, read_outputs
from tests.support.upholds import upholds
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.deposit import DepositRequest
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.full_exit import FullExitPart, FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.primitives.eddsa import PrivateKey, Signature
from zklink.primitives.field import R
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, ChainSet, Kind, Nonce, RequestId, TokenId
from zklink.protocol.signing import compute_public_key_hash
from zklink.state.rows import TokenRow
from zklink.state.state import State
from zklink.transition import account_openings
from zklink.transition.ledger_slot import LedgerPlan
from zklink.transition.rules import AccountOperation

LATER = TIMESTAMP + 60
MILLION = 10**6
NEWCOMER, STRANGER = b"\xe4" * 32, b"\xe5" * 32
NEW_KEY = PrivateKey.from_seed(b"\x77" * 32)
NOBODY = AccountId(9)
A, C = ChainId(1), ChainId(3)
DUST = ChainId(4)
"""A chain that holds nothing."""
EVERYWHERE = ChainSet(255)


def deposit(owner: bytes = owner_of(ALICE), **changes: Any) -> DepositRequest:
    request = DepositRequest(A, RequestId(2**64 - 1), X, Amount(1_000), owner, b"\x5e" * 32, TIMESTAMP - 60)
    return replace(request, **changes)


def full_exit(account: AccountId = ALICE, token: TokenId = X, **changes: Any) -> FullExitRequest:
    source = changes.get("source", A)
    owner, mask = owner_of(account), make_chain_set([source])
    request = FullExitRequest(source, RequestId(3), account, token, owner, STRANGER, mask, TIMESTAMP - 60)
    return replace(request, **changes)


def key_request(account: AccountId = KEYLESS, **changes: Any) -> KeyRequest:
    key_hash = compute_public_key_hash(NEW_KEY.public_key)
    request = KeyRequest(C, RequestId(7), account, owner_of(account), key_hash, TIMESTAMP - 60, 900_000)
    return replace(request, **changes)


def transfer(recipient: bytes = owner_of(BOB), **changes: Any) -> Transfer:
    return replace(Transfer(ALICE, Nonce(5), LATER, X, Amount(500), Amount(70), recipient), **changes)


def withdraw(**changes: Any) -> Withdraw:
    return replace(Withdraw(ALICE, Nonce(5), LATER, X, Amount(500), Amount(70), A, STRANGER, Amount(9)), **changes)


def forced_exit(**changes: Any) -> ForcedExit:
    return replace(ForcedExit(ALICE, Nonce(5), LATER, KEYLESS, Y, A, Amount(70), X), **changes)


def change_key(account: AccountId = KEYLESS, key: PrivateKey = NEW_KEY, **changes: Any) -> ChangePubKey:
    nonce = build_state().account(account).nonce
    key_hash = compute_public_key_hash(key.public_key)
    return replace(ChangePubKey(account, nonce, LATER, key_hash, A, Amount(3), X), **changes)


def claim(**changes: Any) -> ClaimFees:
    return replace(ClaimFees(OPERATOR, Nonce(0), LATER, X, Amount(11), Amount(0)), **changes)


HONEST: dict[str, AccountOperation | None] = {
    "nothing": None,
    "deposit": deposit(),
    "deposit of all that fits": deposit(source=ChainId(8), amount=Amount(2**111)),
    "deposit creates the account": deposit(NEWCOMER),
    "deposit for the operator": deposit(owner_of(OPERATOR), token=Y),
    "full exit of the balance": full_exit(),
    "full exit of what the chain has": full_exit(KEYLESS, source=C),
    "full exit from a chain without reserve": full_exit(source=DUST),
    "full exit of nothing": full_exit(token=TokenId(5)),
    "full exit by a stranger": full_exit(owner=STRANGER),
    "full exit of an account that is not there": full_exit(NOBODY),
    "full exit in part": full_exit(KEYLESS, source=C, mask=EVERYWHERE),
    "full exit in part, the last chains first": full_exit(KEYLESS, source=ChainId(8), mask=EVERYWHERE),
    "full exit paid elsewhere": full_exit(source=DUST, mask=make_chain_set([A, DUST])),
    "full exit that goes around": full_exit(source=ChainId(8), mask=make_chain_set([A, ChainId(8)])),
    "full exit, all chains dry": full_exit(source=DUST, mask=make_chain_set([DUST, ChainId(5)])),
    "full exit with the dearest fee": full_exit(native_fee_gwei=2**40 - 1),
    "deposit by its owner": deposit(source=C, by_owner=True),
    "deposit by its owner, a new one": deposit(NEWCOMER, by_owner=True),
    "deposit where it is known": deposit(by_owner=True),
    "deposit that names the account": deposit(account=ALICE),
    "deposit that names another's account": deposit(account=BOB),
    "deposit that names nobody's account": deposit(account=NOBODY),
    "key by request": key_request(),
    "key by request, taken away": key_request(ALICE, public_key_hash=0),
    "key by request of a stranger": key_request(owner=STRANGER),
    "key by request for an account that is not there": key_request(NOBODY, owner=STRANGER),
    "transfer": signed(transfer()),
    "transfer creates the account": signed(transfer(NEWCOMER)),
    "transfer to oneself": signed(transfer(owner_of(ALICE))),
    "transfer of all": signed(transfer(amount=Amount(2 * MILLION - 70))),
    "transfer of nothing": signed(transfer(amount=Amount(0), fee=Amount(0))),
    "transfer of shares": signed(transfer(token=SHARES)),
    "transfer at the last moment": signed(transfer(valid_until=TIMESTAMP)),
    "transfer with a packed fee": signed(transfer(fee=Amount(204_700))),
    "transfer with the last nonce but one": signed(transfer(account=BOB, nonce=Nonce(2**32 - 3))),
    "withdrawal": signed(withdraw()),
    "withdrawal of nothing, from nothing": signed(withdraw(chain=DUST, amount=Amount(0))),
    "withdrawal of all": signed(withdraw(amount=Amount(2 * MILLION), fee=Amount(0))),
    "forced exit": signed(forced_exit()),
    "forced exit, fee in the same token": signed(forced_exit(fee_token=Y)),
    "forced exit of nothing": signed(forced_exit(token=TokenId(5))),
    "first key": signed(change_key(), NEW_KEY),
    "another key": signed(change_key(ALICE), NEW_KEY),
    "the same key, no fee, no token": signed(
        change_key(ALICE, KEYS[ALICE], fee=Amount(0), fee_token=TokenId(0)), KEYS[ALICE]
    ),
    "claim": signed(claim()),
    "claim with a fee": signed(claim(amount=Amount(10), fee=Amount(5))),
    "claim of shares": signed(claim(token=SHARES, amount=Amount(100))),
}


@upholds("CIR-8", "CIR-2", "DAT-1")
@pytest.mark.parametrize("case", HONEST)
def test_slot__of_each_kind__agrees_with_the_transition(case: str) -> None:
    played = play(HONEST[case], TIMESTAMP)
    circuit = open_ledger_slot()
    values = circuit.compute(played.inputs)
    assert circuit.checker.find_violations(values) == []
    assert read_outputs(circuit, values) == played.outputs


def test_cases__between_them__publish_every_kind() -> None:
    kinds = {play(operation, TIMESTAMP).block.ledger[0].plan.data.kind for operation in HONEST.values() if operation}
    unsigned_only = {Kind.KEY_REQUEST, Kind.FULL_EXIT_PART}
    assert kinds == {Kind(kind) for kind in range(Kind.DEPOSIT, Kind.CLAIM_FEES + 1)} | unsigned_only


@dataclass(frozen=True)
class Attack:
    """What the forger makes of an honest operation."""

    operation: AccountOperation
    bend: Callable[[LedgerPlan], LedgerPlan] = lambda plan: plan
    timestamp: int = TIMESTAMP
    keep_nonce: bool = False
    state: Callable[[], State] = build_state

    def play(self) -> Played:
        state = self.state()
        honest = play(self.operation, TIMESTAMP, state).block.ledger[0].plan
        return forge(self.operation, self.bend(honest), self.timestamp, state, keep_nonce=self.keep_nonce)


def resign(operation: Any, key: PrivateKey, **changes: Any) -> Callable[[LedgerPlan], LedgerPlan]:
    """The plan stays; what is signed is something else, or by somebody else."""
    return lambda plan: replace(plan, signed=signed(replace(operation, **changes), key))


def scribble(plan: LedgerPlan) -> LedgerPlan:
    """A signature that does not hold."""
    assert plan.signed is not None
    r8, s = plan.signed.signature
    return replace(plan, signed=replace(plan.signed, signature=Signature(r8, s ^ 1)))


def pay(amount: int) -> Callable[[LedgerPlan], LedgerPlan]:
    """Another amount leaves B's balance and the reserve."""

    def bend(plan: LedgerPlan) -> LedgerPlan:
        assert plan.payout is not None
        data, payout = replace(plan.data, amount=Amount(amount)), replace(plan.payout, amount=Amount(amount))
        return replace(plan, data=data, payout=payout, credit=-amount, reserve_change=-amount)

    return bend


def credit_elsewhere(target: AccountId) -> Callable[[LedgerPlan], LedgerPlan]:
    return lambda plan: replace(plan, data=replace(plan.data, target=target))


def to_nobody(operation: Any, key: PrivateKey) -> Callable[[LedgerPlan], LedgerPlan]:
    """The receiving owner is 0; the target stays an empty account."""
    zero = bytes(32)

    def bend(plan: LedgerPlan) -> LedgerPlan:
        data = replace(plan.data, kind=Kind.TRANSFER_NEW, target=NOBODY, owner=zero)
        return replace(plan, data=data, party=zero, new_owner=None, signed=signed(operation, key))

    return bend


def plan_of_claim(operation: ClaimFees) -> Callable[[LedgerPlan], LedgerPlan]:
    """The claim as it would be carried out if nobody checked it."""
    return lambda plan: replace(
        plan,
        data=operation.data(),
        debit=operation.fee - operation.amount,
        claimed=operation.amount,
        nonce=operation.nonce,
        signed=signed(operation),
    )


def plan_of_change(operation: ChangePubKey, plan: LedgerPlan) -> LedgerPlan:
    """The same change for another account, which has no owner."""
    zero = bytes(32)
    return replace(
        plan,
        data=operation.data(),
        party=zero,
        chain_record=operation.key_change(zero),
        signed=signed(operation, NEW_KEY),
    )


def expire(operation: Any, key: PrivateKey | None = None) -> Attack:
    return Attack(signed(operation, key), timestamp=LATER + 1)


SIGNED: dict[str, Any] = {
    "transfer": transfer(),
    "withdrawal": withdraw(),
    "forced exit": forced_exit(),
    "claim": claim(),
}
"""Every kind that A's own key signs; the key change follows apart."""


def serve(chain: ChainId, amount: int, *, is_final: bool) -> Callable[[LedgerPlan], LedgerPlan]:
    """Another serving of the same full exit."""

    def bend(plan: LedgerPlan) -> LedgerPlan:
        request = plan.request
        assert isinstance(request, FullExitRequest)
        return replace(
            plan,
            data=request.data(chain, Amount(amount), is_final=is_final),
            credit=-amount,
            reserve_change=-amount,
            chain_record=request if is_final else FullExitPart(request),
            payout=request.payout(chain, Amount(amount), NUMBER, 0),
        )

    return bend


def pay_out(**changes: Any) -> Callable[[LedgerPlan], LedgerPlan]:
    """The payout says something else."""

    def bend(plan: LedgerPlan) -> LedgerPlan:
        assert plan.payout is not None
        return replace(plan, payout=replace(plan.payout, **changes))

    return bend


def make_known(**changes: Any) -> Callable[[LedgerPlan], LedgerPlan]:
    """The owner becomes known elsewhere, or nowhere."""
    return lambda plan: replace(plan, **changes)


def build_rich_state() -> State:
    """Chain UNKNOWN can pay a forced exit of Y."""
    state = build_state()
    state.set_token(Y, state.token(Y).add(UNKNOWN, Amount(4 * MILLION)))
    return state


def pay_on(chain: ChainId) -> Callable[[LedgerPlan], LedgerPlan]:
    """The forced exit on another chain."""
    operation = forced_exit(chain=chain)
    amount = Amount(4 * MILLION)
    return lambda plan: replace(
        plan,
        data=replace(plan.data, chain=chain),
        payout=operation.payout(owner_of(KEYLESS), amount),
        signed=signed(operation),
    )


SPREAD = full_exit(KEYLESS, source=C, mask=EVERYWHERE)
"""C has less than the balance, A and chain 2 have more."""
REKEYED = compute_public_key_hash(NEW_KEY.public_key)

REQUESTS: dict[str, Attack] = {
    "full exit paid by a later chain": Attack(SPREAD, serve(A, 4 * MILLION, is_final=True)),
    "full exit paid by a chain that is left out": Attack(
        full_exit(KEYLESS, source=C), serve(A, 4 * MILLION, is_final=True)
    ),
    "full exit not around": Attack(
        full_exit(source=ChainId(8), mask=EVERYWHERE), serve(ChainId(2), 2 * MILLION, is_final=True)
    ),
    "full exit that pays nothing where it was asked": Attack(
        full_exit(source=DUST, mask=EVERYWHERE), serve(DUST, 0, is_final=True)
    ),
    "full exit called the last": Attack(SPREAD, lambda plan: serve(C, -plan.credit, is_final=True)(plan)),
    "full exit called a part": Attack(full_exit(token=Y), serve(A, 2 * MILLION, is_final=False)),
    "full exit of a stranger called a part": Attack(
        full_exit(owner=STRANGER, mask=EVERYWHERE), serve(A, 0, is_final=False)
    ),
    "full exit paid to the second at home": Attack(full_exit(), pay_out(recipient=STRANGER)),
    "full exit paid to the owner elsewhere": Attack(
        full_exit(source=DUST, mask=EVERYWHERE), pay_out(recipient=owner_of(ALICE))
    ),
    "full exit in another block": Attack(full_exit(), pay_out(block_number=BlockNumber(2))),
    "full exit in another slot": Attack(full_exit(), pay_out(slot=1)),
    "full exit of another source": Attack(full_exit(), pay_out(source=C)),
    "full exit that shows nobody": Attack(full_exit(source=C), make_known(knows_b=None)),
    "full exit of a stranger that shows the owner": Attack(full_exit(source=C, owner=STRANGER), make_known(knows_b=C)),
    "full exit that shows elsewhere": Attack(full_exit(), make_known(knows_b=C)),
    "deposit of somebody else that shows the owner": Attack(deposit(source=C), make_known(knows_b=C)),
    "deposit of the owner that shows nobody": Attack(deposit(source=C, by_owner=True), make_known(knows_b=None)),
    "deposit beside the account that it names": Attack(
        deposit(account=ALICE),
        lambda plan: replace(plan, data=replace(plan.data, target=NOBODY), new_owner=owner_of(ALICE)),
    ),
    "forced exit where the owner is unknown": Attack(signed(forced_exit()), pay_on(UNKNOWN), state=build_rich_state),
    "forced exit that shows the owner": Attack(signed(forced_exit()), make_known(knows_b=UNKNOWN)),
    "key by a stranger's request": Attack(
        key_request(owner=STRANGER), lambda plan: replace(plan, new_key_hash=REKEYED)
    ),
    "key by request, not set": Attack(key_request(), lambda plan: replace(plan, new_key_hash=None)),
    "key by request, another one": Attack(key_request(), lambda plan: replace(plan, new_key_hash=1)),
    "key by request without its nonce": Attack(key_request(), lambda plan: replace(plan, uses_nonce=False)),
    "key by a stranger's request that uses a nonce": Attack(
        key_request(owner=STRANGER), lambda plan: replace(plan, uses_nonce=True)
    ),
    "key by request that shows nobody": Attack(key_request(), make_known(knows_a=None)),
    "key by request that shows elsewhere": Attack(key_request(ALICE), make_known(knows_a=ChainId(5))),
    "key by a stranger's request that shows the owner": Attack(
        key_request(ALICE, owner=STRANGER), make_known(knows_a=C)
    ),
    "key change with another end": Attack(
        signed(change_key(), NEW_KEY),
        lambda plan: replace(
            plan, chain_record=replace(change_key(), valid_until=LATER + 1).key_change(owner_of(KEYLESS))
        ),
    ),
}
"""Forgeries of what requests ask for."""

ATTACKS: dict[str, Attack] = {
    **REQUESTS,
    **{f"{kind} by another key": Attack(signed(op), resign(op, NEW_KEY)) for kind, op in SIGNED.items()},
    **{f"{kind} unsigned": Attack(signed(op), scribble) for kind, op in SIGNED.items()},
    **{f"{kind} too late": expire(op) for kind, op in SIGNED.items()},
    **{f"{kind} without its nonce": Attack(signed(op), keep_nonce=True) for kind, op in SIGNED.items()},
    **{
        f"{kind} signed with another nonce": Attack(signed(op), resign(op, KEYS[op.account], nonce=Nonce(1)))
        for kind, op in SIGNED.items()
    },
    **{
        f"{kind} signed with another fee": Attack(signed(op), resign(op, KEYS[op.account], fee=Amount(1)))
        for kind, op in SIGNED.items()
    },
    "transfer signed for another owner": Attack(signed(transfer()), resign(transfer(STRANGER), KEYS[ALICE])),
    "transfer signed for less": Attack(signed(transfer()), resign(transfer(amount=Amount(499)), KEYS[ALICE])),
    "withdrawal signed for another recipient": Attack(
        signed(withdraw()), resign(withdraw(recipient=NEWCOMER), KEYS[ALICE])
    ),
    "withdrawal signed for another chain": Attack(signed(withdraw()), resign(withdraw(chain=C), KEYS[ALICE])),
    "withdrawal signed for another fill fee": Attack(
        signed(withdraw()), resign(withdraw(fill_fee=Amount(8)), KEYS[ALICE])
    ),
    "forced exit signed for another target": Attack(
        signed(forced_exit()), resign(forced_exit(target=BOB), KEYS[ALICE])
    ),
    "key change by the old key": Attack(signed(change_key(ALICE), NEW_KEY), resign(change_key(ALICE), KEYS[ALICE])),
    "key change unsigned": Attack(signed(change_key(), NEW_KEY), scribble),
    "key change too late": expire(change_key(), NEW_KEY),
    "key change without its nonce": Attack(signed(change_key(), NEW_KEY), keep_nonce=True),
    "key change for another owner": Attack(
        signed(change_key(), NEW_KEY),
        lambda plan: replace(plan, party=STRANGER, chain_record=change_key().key_change(STRANGER)),
    ),
    "key change that sets another key": Attack(
        signed(change_key(), NEW_KEY),
        lambda plan: replace(plan, new_key_hash=compute_public_key_hash(KEYS[BOB].public_key)),
    ),
    "key change that sets nothing": Attack(
        signed(change_key(), NEW_KEY), lambda plan: replace(plan, new_key_hash=None)
    ),
    "key of an account that is not there": Attack(
        signed(change_key(fee=Amount(0)), NEW_KEY),
        lambda plan: plan_of_change(change_key(fee=Amount(0), account=NOBODY), plan),
    ),
    "deposit to another's account": Attack(deposit(), credit_elsewhere(BOB)),
    "deposit takes over an account": Attack(
        deposit(NEWCOMER), lambda plan: replace(plan, data=replace(plan.data, target=BOB), new_owner=NEWCOMER)
    ),
    "deposit to an empty account that stays empty": Attack(
        deposit(NEWCOMER), lambda plan: replace(plan, new_owner=None)
    ),
    "deposit not credited": Attack(deposit(), lambda plan: replace(plan, credit=0)),
    "deposit credited twice": Attack(deposit(), lambda plan: replace(plan, credit=2_000)),
    "deposit not in the reserve": Attack(deposit(), lambda plan: replace(plan, reserve_change=0)),
    "transfer to another's account": Attack(signed(transfer()), credit_elsewhere(KEYLESS)),
    "transfer to owner 0": Attack(signed(transfer()), to_nobody(transfer(bytes(32)), KEYS[ALICE])),
    "transfer not paid for": Attack(signed(transfer()), lambda plan: replace(plan, debit=0)),
    "transfer without its fee": Attack(signed(transfer()), lambda plan: replace(plan, debit=500)),
    "full exit by a stranger, paid": Attack(full_exit(owner=STRANGER), pay(2 * MILLION)),
    "full exit of one less": Attack(full_exit(), pay(2 * MILLION - 1)),
    "full exit of nothing though there is something": Attack(full_exit(), pay(0)),
    "forced exit of one less": Attack(signed(forced_exit()), pay(4 * MILLION - 1)),
    "forced exit of an account with a key": Attack(
        signed(forced_exit()),
        lambda plan: replace(
            pay(3 * MILLION)(plan),
            data=replace(plan.data, target=BOB, amount=Amount(3 * MILLION)),
            payout=forced_exit(target=BOB).payout(owner_of(BOB), Amount(3 * MILLION)),
            party=owner_of(BOB),
            signed=signed(forced_exit(target=BOB)),
        ),
    ),
    "forced exit to a stranger": Attack(
        signed(forced_exit()),
        lambda plan: replace(plan, party=STRANGER, payout=forced_exit().payout(STRANGER, Amount(4 * MILLION))),
    ),
    "claim of the number of pools": Attack(
        signed(claim(amount=Amount(0), fee=Amount(0))),
        plan_of_claim(claim(token=TokenId(0), amount=Amount(1), fee=Amount(0))),
    ),
    "claim for another account": Attack(signed(claim()), plan_of_claim(claim(account=ALICE, nonce=Nonce(5)))),
    "claim not taken from the fees": Attack(signed(claim()), lambda plan: replace(plan, claimed=Amount(0))),
}

# These need a state in which the honest operation is refused: the plan is the one of a richer state.
POOR: dict[str, tuple[AccountOperation, int | None]] = {
    "withdrawal beyond the reserve": (signed(withdraw()), 499),
    "forced exit beyond the reserve": (signed(forced_exit()), 4 * MILLION - 1),
    "full exit beyond the reserve": (full_exit(), 2 * MILLION - 1),
    "claim beyond the fees": (signed(claim()), None),
}


def play_poor(case: str) -> Played:
    """One unit is missing on chain 1 (reserve) or in the fees, and another chain or token has plenty."""
    operation, reserve = POOR[case]
    plan = play(operation, TIMESTAMP).block.ledger[0].plan
    state = build_state()
    row = state.token(plan.data.token)
    if reserve is None:
        state.set_token(plan.data.token, TokenRow(row.reserves, 10))
    else:
        state.set_token(plan.data.token, TokenRow((reserve, 10**9, *row.reserves[2:]), row.fees))
    # The package cannot write a row below zero; the slot's inputs do not depend on what is written.
    return forge(operation, replace(plan, reserve_change=0, claimed=Amount(0)), TIMESTAMP, state)


OVERDRAWN: dict[str, AccountOperation] = {
    "transfer": signed(transfer()),
    "withdrawal": signed(withdraw()),
    "forced exit": signed(forced_exit()),
    "key change": signed(change_key(), NEW_KEY),
}
OVERDRAFT_ALLOWED = Mutation(
    "overdraft_allowed", (("lib/account.circom", "    RangeCheck(AMOUNT_BITS())(next_balance);\n", ""),)
)


def play_overdrawn(case: str) -> Played:
    """The signer has one unit less than it pays, and is left with -1, which is R - 1."""
    operation = OVERDRAWN[case]
    plan = play(operation, TIMESTAMP).block.ledger[0].plan
    state = build_state()
    state.set_balance(plan.data.account, plan.data.fee_token, Amount(plan.debit - 1))

    def set_any(state: State, account: AccountId, token: TokenId, amount: Amount) -> None:
        state._accounts.set_balance(account, token, Amount(amount % R))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(State, "set_balance", set_any)
        patch.setattr(account_openings, "Amount", lambda amount: amount % R)
        return forge(operation, plan, TIMESTAMP, state)


def is_accepted(played: Played, mutation: Mutation | None = None) -> bool:
    """Whether there is a witness whose outputs are what was played."""
    circuit = open_ledger_slot(mutation)
    try:
        values = circuit.compute(played.inputs)
    except WitnessUnsatisfied:
        return False
    return read_outputs(circuit, values) == played.outputs


@upholds("CIR-3", "CIR-6", "CIR-8")
@pytest.mark.parametrize("attack", ATTACKS)
def test_slot__carried_out_otherwise__is_refused(attack: str) -> None:
    assert not is_accepted(ATTACKS[attack].play())


@upholds("CIR-3", "CIR-4")
@pytest.mark.parametrize("attack", POOR)
def test_slot__one_unit_short__has_no_witness(attack: str) -> None:
    """Whatever is written: the slot's inputs alone refuse it."""
    with pytest.raises(WitnessUnsatisfied):
        open_ledger_slot().compute(play_poor(attack).inputs)


@upholds("CIR-4")
@pytest.mark.parametrize("case", OVERDRAWN)
def test_slot__paid_with_one_unit_too_few__is_refused_and_passes_only_the_mutant(case: str) -> None:
    played = play_overdrawn(case)
    assert not is_accepted(played)
    assert is_accepted(played, OVERDRAFT_ALLOWED)


ONE_OF_EACH = (
    "nothing",
    "deposit creates the account",
    "deposit by its owner",
    "full exit of what the chain has",
    "full exit in part",
    "full exit paid elsewhere",
    "key by request",
    "transfer creates the account",
    "withdrawal",
    "forced exit",
    "first key",
    "claim with a fee",
)


@upholds("CIR-8", "CIR-2")
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_input__changed_alone__is_refused_or_shows(case: str) -> None:
    """No field can be changed behind the back of the words, the signature and the account tree.

    Where nobody signs there is no time limit, no domain and no S to bind here, and only a full exit's payout has the
    number; the header binds time, domain and number.
    """
    played = play(HONEST[case], TIMESTAMP)
    plan = played.block.ledger[0].plan
    free = {"account_root"} if plan.signed else {"account_root", "domain", "timestamp", "signature.s"}
    if not isinstance(plan.request, FullExitRequest):
        free.add("number")
    for name, signal in played.inputs.items():
        if isinstance(signal, int) and name not in free:
            changed = Played(played.block, played.account_root, {name: (signal + 1) % R})
            if name == "timestamp":
                assert is_accepted(changed)
            else:
                assert not is_accepted(changed), name


SLOT = "ledger_slot.circom"


BUGS: dict[str, tuple[str, str, str]] = {
    "withdrawal unsigned": (
        "withdrawal unsigned",
        "CheckSignature()(signed, message",
        "CheckSignature()(signed - is.withdraw, message",
    ),
    "key of a claim unchecked": (
        "claim by another key",
        "(signed - is.change) * (signer - a.account.key_hash)",
        "(signed - is.change - is.claim) * (signer - a.account.key_hash)",
    ),
    "owner of a full exit unchecked": (
        "full exit by a stranger, paid",
        "signal owed <== b_is_own * payable;",
        "signal owed <== payable;",
    ),
    "nonce of a transfer kept": (
        "transfer without its nonce",
        "a_next.nonce <== a.account.nonce + signed + nonce_step;",
        "a_next.nonce <== a.account.nonce + signed + nonce_step - is.transfer;",
    ),
    "token 0 claimed": (
        "claim of the number of pools",
        "has_token * is_no_token === 0;",
        "(has_token - is.claim) * is_no_token === 0;",
    ),
    "claimed by anyone": (
        "claim for another account",
        "(1 - has_account + is.claim) * op.account === 0;",
        "(1 - has_account) * op.account === 0;",
    ),
    "owner 0 may have a key": (
        "key of an account that is not there",
        "(recorded + is.transfer + is.forced_exit) * is_named_by_nobody",
        "(recorded - is.change + is.transfer + is.forced_exit) * is_named_by_nobody",
    ),
    "target of a deposit unchecked": (
        "deposit to another's account",
        "credits * (1 - b_is_own - b_is_free) === 0;",
        "is.transfer * (1 - b_is_own - b_is_free) === 0;",
    ),
    "target of a forced exit may have a key": (
        "forced exit of an account with a key",
        "is.forced_exit * b.account.key_hash === 0;",
        "is.forced_exit * (b.account.key_hash - b.account.key_hash) === 0;",
    ),
    "forced exit at any time": (
        "forced exit too late",
        "signed * (1 - in_time) === 0;",
        "(signed - is.forced_exit) * (1 - in_time) === 0;",
    ),
    "any chain pays a full exit": (
        "full exit paid by a later chain",
        "is.full_exit * (op.chain - payer) === 0;",
        "is.full_exit * (payer - payer) === 0;",
    ),
    "a full exit is served in part at will": (
        "full exit called a part",
        "signal is_part <== is.full_exit * in_part;",
        "signal is_part <-- op.token == 2 ? is.full_exit : in_part; is_part * (1 - is.full_exit) === 0;",
    ),
    "an owner is paid everywhere": (
        "full exit paid to the owner elsewhere",
        "signal is_away <== is.full_exit - is_home;",
        "signal is_away <-- op.source == 4 ? 0 : is.full_exit - is_home;",
    ),
    "named account passed over": (
        "deposit beside the account that it names",
        "credits_named * (op.target - op.account) === 0;",
        "credits_named * (op.target - op.target) === 0;",
    ),
    "forced exits anywhere": (
        "forced exit where the owner is unknown",
        "is.forced_exit * (1 - is_known) === 0;",
        "is.forced_exit * (is_known - is_known) === 0;",
    ),
    "a stranger's request sets a key": (
        "key by a stranger's request",
        "signal key_change <== (is.change + rekeys)",
        "signal key_change <== (is.change + is.key_request)",
    ),
}
"""Seeded bugs, and the forgery that each lets through. They are independent, so one mutant has them all."""

OTHER_BUGS: dict[str, tuple[str, str, str]] = {
    "a payout has no slot": (
        "full exit in another slot",
        "LedgerPayoutWords(SLOT)(",
        "LedgerPayoutWords(SLOT + 1)(",
    ),
    "known after anybody's deposit": (
        "deposit of somebody else that shows the owner",
        "is.full_exit * b_is_own + op.request.by_owner;",
        "is.full_exit * b_is_own + is.deposit;",
    ),
}
"""Seeded bugs that break what the others leave whole: every payout of a full exit, every deposit."""


def seed(name: str, bugs: dict[str, tuple[str, str, str]]) -> Mutation:
    """The mutant with all these bugs."""
    return Mutation(name, tuple((SLOT, old, new) for _, old, new in bugs.values()))


# breaks: CIR-3, CIR-6
LEDGER_RULES_DROPPED = seed("rules_dropped", BUGS)
# breaks: CIR-3, CIR-8
LEDGER_VALUES_CHANGED = seed("values_changed", OTHER_BUGS)


@upholds("CIR-3", "CIR-8")
@pytest.mark.parametrize("bug", [*BUGS, *OTHER_BUGS])
def test_mutant__without_the_rule__lets_the_forgery_through(bug: str) -> None:
    forgery, *_ = (BUGS | OTHER_BUGS)[bug]
    played = ATTACKS[forgery].play()
    assert not is_accepted(played)
    assert is_accepted(played, LEDGER_RULES_DROPPED if bug in BUGS else LEDGER_VALUES_CHANGED)


# breaks: CIR-8
FEE_KEPT_EXIT_WHOLE = Mutation(
    "fee_kept_exit_whole",
    (
        (SLOT, "is_fee_row[t] * (fee.value - claimed)", "is_fee_row[t] * (0 * fee.value - claimed)"),
        (SLOT, "payable <== Choose()(covered, available, ", "payable <== Choose()(covered, b.balance[0].amount, "),
    ),
)
"""No fee is credited; a full exit takes the whole balance from whatever the chain has."""

# breaks: CIR-8
B_ON_OLD_ROOT = Mutation("b_on_old_root", ((SLOT, "a_root, target_bits", "account_root, target_bits"),))
"""B is opened against the root that A found."""


@upholds("CIR-8")
@pytest.mark.parametrize(
    ("mutation", "case"),
    [
        (FEE_KEPT_EXIT_WHOLE, "withdrawal"),
        (FEE_KEPT_EXIT_WHOLE, "full exit of what the chain has"),
        (B_ON_OLD_ROOT, "transfer"),
    ],
)
def test_mutant__with_another_value__disagrees_with_the_transition(mutation: Mutation, case: str) -> None:
    played = play(HONEST[case], TIMESTAMP)
    assert is_accepted(played)
    assert not is_accepted(played, mutation)
    assert is_accepted(play(HONEST["deposit"], TIMESTAMP), mutation)
