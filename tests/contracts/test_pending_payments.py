"""What could not be pushed: pulled by its owner as it likes, or pushed again by anybody with all gas, and coin that a
contract refuses for a week as wrapped coin.
"""

import pytest

from tests.support.drafts.rig import BAD, COIN, Rig, RigChain, config, payment
from tests.support.drafts.second_bridge import Site
from tests.support.evm import EvmContract, Reverted, reverts
from tests.support.three_chains import GOVERNOR, RECIPIENT, STRANGER, ZERO, A
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import NATIVE, universal_address
from zklink.protocol.ids import WRAP_DELAY_SECONDS

REFUSE, BURN_GAS, BOMB, REENTER = 1, 2, 3, 4
SAY_NO, LIMITED, LIMIT = 2, 11, 1_000
COUNTED_GAS = 700_000
"""A transaction that brings 600,000 gas to the push itself."""
UNITS = 5_000


def owe_coin(rig: Rig, mode: int = REFUSE, units: int = UNITS) -> EvmContract:
    """A contract that is owed coin on A because it could not be pushed."""
    here = rig[A]
    contract = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    contract.set_mode(mode)
    owe_more(rig, contract, units)
    return contract


def owe_more(rig: Rig, contract: EvmContract, units: int, request_id: int = 1) -> None:
    rig.pay(payment(A, COIN, units, request_id, recipient=universal_address(contract.address)))
    rig.execute(A, rig.blocks.height)


def owe_token(rig: Rig) -> None:
    """The recipient is owed a bad token on A."""
    rig[A].token(BAD).set_blacklisted(RECIPIENT, True)
    rig.pay(payment(A, BAD, UNITS))
    rig.execute(A, 1)
    rig[A].token(BAD).set_blacklisted(RECIPIENT, False)


def push(here: RigChain, owner: str, token: int = COIN, gas: int = COUNTED_GAS) -> None:
    """A stranger pushes what somebody is owed."""
    here.bridge.push_pending_balance(owner, token, sender=STRANGER, gas=gas)


def pending(here: RigChain, owner: EvmContract | str, token: int = COIN) -> int:
    """What somebody is owed, L1 units; the total says the same, as nobody else is owed anything."""
    owed = here.bridge.pending_balance(owner if isinstance(owner, str) else owner.address, token)
    assert here.bridge.solvency(token)[1] == owed
    return int(owed)


# --- pulled ---


def test_withdraw__in_pieces__each_at_most_what_is_left(rig: Rig) -> None:
    here = rig[A]
    owe_token(rig)
    before = here.balance(BAD, STRANGER)
    for amount, paid in ((1, 1), (1_999, 1_999), (10**30, 3_000)):
        here.withdraw(BAD, STRANGER, RECIPIENT, amount)
        assert here.evm.event("PendingBalanceWithdrawn")["l1_amount"] == paid
    assert here.balance(BAD, STRANGER) - before == UNITS
    assert pending(here, RECIPIENT, BAD) == 0


def test_withdraw__nothing__is_refused(rig: Rig) -> None:
    owe_token(rig)
    with reverts("custody: nothing pending"):
        rig[A].withdraw(BAD, STRANGER, RECIPIENT, 0)


def test_withdraw__token_with_a_limit__in_pieces(rig: Rig) -> None:
    here = rig[A]
    owe_token(rig)
    here.token(BAD).set_mode(LIMITED)
    with reverts("adversarial: above the limit"):
        here.withdraw(BAD, RECIPIENT, RECIPIENT)
    for _ in range(UNITS // LIMIT):
        here.withdraw(BAD, RECIPIENT, RECIPIENT, LIMIT)
    assert pending(here, RECIPIENT, BAD) == 0


def test_withdraw__token_that_was_destroyed__what_there_is(rig: Rig) -> None:
    here = rig[A]
    owe_token(rig)
    bad = here.token(BAD)
    bad.destroy(here.bridge.address, here.balance(BAD, here.bridge.address) - 17)
    here.withdraw(BAD, RECIPIENT, RECIPIENT)
    assert here.evm.event("PendingBalanceWithdrawn")["l1_amount"] == 17
    assert pending(here, RECIPIENT, BAD) == UNITS - 17
    with reverts("withdraw: token is gone"):
        here.withdraw(BAD, RECIPIENT, RECIPIENT)
    with reverts("withdraw: token is gone"):
        push(here, RECIPIENT, BAD)
    bad.mint(here.bridge.address, UNITS)
    push(here, RECIPIENT, BAD)
    assert pending(here, RECIPIENT, BAD) == 0


# --- pushed ---


def test_push__token__by_anybody_goes_to_its_owner(rig: Rig) -> None:
    here = rig[A]
    owe_token(rig)
    before = here.balance(BAD, RECIPIENT)
    push(here, RECIPIENT, BAD)
    event = here.evm.event("PendingBalancePushed")
    assert event == {"owner": RECIPIENT, "token_id": BAD, "l1_amount": UNITS, "is_wrapped": False}
    assert here.balance(BAD, RECIPIENT) - before == UNITS
    with reverts("custody: nothing pending"):
        push(here, RECIPIENT, BAD)


def test_push__token_that_refuses__keeps_the_balance(rig: Rig) -> None:
    here = rig[A]
    owe_token(rig)
    here.token(BAD).set_blacklisted(RECIPIENT, True)
    with reverts("adversarial: blacklisted"):
        push(here, RECIPIENT, BAD)
    assert pending(here, RECIPIENT, BAD) == UNITS


def test_push__coin__brings_more_gas_than_a_block_does(rig: Rig) -> None:
    """A recipient that spends more than a payout's gas, and that cannot call the bridge itself."""
    here = rig[A]
    contract = owe_coin(rig, BURN_GAS)
    long_call = contract.encode("set_call", contract.address, b"\1" * 320)
    other = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    contract.set_call(other.address, long_call)
    contract.set_mode(REENTER)
    push(here, contract.address)
    assert here.evm.balance(contract.address) == UNITS * here.scale(COIN)
    assert contract.reentries() == 1
    assert pending(here, contract) == 0


def test_push__owner_reenters__finds_the_bridge_locked(rig: Rig) -> None:
    here = rig[A]
    contract = owe_coin(rig)
    contract.set_call(here.bridge.address, here.bridge.encode("push_pending_balance", contract.address, COIN))
    contract.set_mode(REENTER)
    push(here, contract.address)
    assert (contract.reentries(), contract.refusals()) == (0, 1)
    assert here.evm.balance(contract.address) == UNITS * here.scale(COIN)


# --- wrapped ---


def wrapped_of(here: RigChain, owner: EvmContract) -> int:
    return int(here.wrapped.balanceOf(owner.address))


@pytest.mark.parametrize("mode", [REFUSE, BURN_GAS, BOMB])
def test_push__coin_refused_for_a_week__goes_out_wrapped(rig: Rig, mode: int) -> None:
    here = rig[A]
    contract = owe_coin(rig, mode)
    owed = UNITS * here.scale(COIN)
    push(here, contract.address)
    assert here.evm.event("PushRefused") == {"owner": contract.address.lower(), "token_id": COIN, "l1_amount": owed}
    assert pending(here, contract) == owed
    here.evm.time += WRAP_DELAY_SECONDS - 1
    with reverts("push: too early to wrap"):
        push(here, contract.address)
    assert pending(here, contract) == owed
    here.evm.time += 1
    push(here, contract.address)
    event = here.evm.event("PendingBalancePushed")
    assert (event["l1_amount"], event["is_wrapped"]) == (owed, True)
    assert (pending(here, contract), wrapped_of(here, contract)) == (0, owed)
    assert here.wrapped.balanceOf(here.bridge.address) == 0


def test_push__owner_that_burns_gas__at_every_gas_the_push_counts_or_fails_as_a_whole(rig: Rig) -> None:
    """What it leaves is enough to note the refusal, and a week later to wrap."""
    here = rig[A]
    contract = owe_coin(rig, BURN_GAS)
    owed = UNITS * here.scale(COIN)
    for is_noted in (False, True):
        counted = 0
        for gas in range(560_000, 760_000, 2_000):
            with rig.rollback():
                try:
                    push(here, contract.address, gas=gas)
                except Reverted as error:
                    assert (gas < 640_000, error.reason) == (True, "push: refused")
                    continue
                counted += 1
                assert (pending(here, contract), wrapped_of(here, contract)) == ((0, owed) if is_noted else (owed, 0))
        assert counted > 50
        push(here, contract.address)
        here.evm.time += WRAP_DELAY_SECONDS


def test_push__refusals__from_whom_they_do_not_count_change_nothing(rig: Rig) -> None:
    """A contract could make the owner refuse, and so could too little gas."""
    here = rig[A]
    contract = owe_coin(rig)
    other = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    call = here.bridge.encode("push_pending_balance", contract.address, COIN)
    for _ in range(2):
        with reverts("push: refused"):
            other.act(here.bridge.address, call)
        with reverts("push: refused"):
            contract.act(here.bridge.address, call)
        with reverts("push: refused"):
            push(here, contract.address, gas=600_000)
        here.evm.time += WRAP_DELAY_SECONDS
    assert pending(here, contract) == UNITS * here.scale(COIN)
    push(here, contract.address)
    assert len(here.evm.events("PushRefused")) == 1
    here.evm.time += WRAP_DELAY_SECONDS
    with reverts("push: refused"):
        other.act(here.bridge.address, call)
    assert wrapped_of(here, contract) == 0


def owe_on_another(rig: Rig, wrapped: str) -> tuple[EvmContract, EvmContract]:
    """One more bridge on A, of a registry with this wrapped coin, and a contract that it owes coin to."""
    site = Site(rig[A], rig.deployment.vk_hashes)
    known = rig[A].registry
    fixed: tuple[object, ...] = (A, known.chain_mask(), known.token_limit(), GOVERNOR, GOVERNOR, GOVERNOR, wrapped, [])
    registry = site.evm.deploy(GOVERNOR, load_contract("Registry"), *fixed)
    registry.register_token(COIN, config(COIN, NATIVE), sender=GOVERNOR)
    bridge, broken = site.deploy_broken({"registry": registry.address})
    bridge.deposit((COIN, 10**12, universal_address(STRANGER), 0, STRANGER), sender=GOVERNOR, value=10**12)
    contract = site.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    contract.set_mode(REFUSE)
    words = payment(A, COIN, UNITS, recipient=universal_address(contract.address)).words()
    broken.act(bridge.address, bridge.encode("pay", list(words)))
    return bridge, contract


def test_push__chain_without_a_wrapped_coin__a_refusal_reverts(rig: Rig) -> None:
    bridge, contract = owe_on_another(rig, ZERO)
    for _ in range(2):
        with reverts("push: refused"):
            bridge.push_pending_balance(contract.address, COIN, sender=STRANGER, gas=COUNTED_GAS)
        rig[A].evm.time += WRAP_DELAY_SECONDS
    assert bridge.pending_balance(contract.address, COIN) == UNITS * rig[A].scale(COIN)


def test_push__wrapped_coin_that_refuses__keeps_the_balance(rig: Rig) -> None:
    wrapped = rig[A].evm.deploy(GOVERNOR, load_contract("AdversarialToken"), 18)
    bridge, contract = owe_on_another(rig, wrapped.address)
    bridge.push_pending_balance(contract.address, COIN, sender=STRANGER, gas=COUNTED_GAS)
    rig[A].evm.time += WRAP_DELAY_SECONDS
    wrapped.set_mode(SAY_NO)
    with reverts("tokens: transfer out refused"):
        bridge.push_pending_balance(contract.address, COIN, sender=STRANGER, gas=COUNTED_GAS)
    wrapped.set_mode(0)
    bridge.push_pending_balance(contract.address, COIN, sender=STRANGER, gas=COUNTED_GAS)
    assert wrapped.balanceOf(contract.address) == UNITS * rig[A].scale(COIN)


@pytest.mark.parametrize("way", ["pushed", "pulled"])
def test_push__paid_in_between__the_week_begins_anew(rig: Rig, way: str) -> None:
    here = rig[A]
    contract = owe_coin(rig)
    push(here, contract.address)
    if way == "pushed":
        contract.set_mode(0)
        push(here, contract.address)
        contract.set_mode(REFUSE)
    else:
        call = here.bridge.encode("withdraw_pending_balance", COIN, STRANGER, 1)
        contract.act(here.bridge.address, call)
    here.evm.time += WRAP_DELAY_SECONDS
    owe_more(rig, contract, 700, 2)
    push(here, contract.address)
    assert len(here.evm.events("PushRefused")) == 1
    assert wrapped_of(here, contract) == 0


def test_push__more_owed_since_the_refusal__only_what_was_refused_is_wrapped(rig: Rig) -> None:
    """What came later waits for a refusal of its own."""
    here = rig[A]
    contract = owe_coin(rig)
    push(here, contract.address)
    owe_more(rig, contract, 700, 2)
    here.evm.time += WRAP_DELAY_SECONDS
    push(here, contract.address)
    assert wrapped_of(here, contract) == UNITS * here.scale(COIN)
    assert pending(here, contract) == 700 * here.scale(COIN)
    push(here, contract.address)
    assert here.evm.event("PushRefused")["l1_amount"] == 700 * here.scale(COIN)
    assert wrapped_of(here, contract) == UNITS * here.scale(COIN)
