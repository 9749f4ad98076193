"""The resolver of ERC-7683: a solver that knows the standard alone fills a payout and is repaid as it was told."""

import pytest
from eth_abi.abi import encode
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.drafts.escape import freeze
from tests.support.drafts.rig import COIN, Rig, payment
from tests.support.erc7683 import Order, Place, read_order
from tests.support.evm import ERROR_SELECTOR, EvmContract, Reverted, reverts
from tests.support.three_chains import BROKER, EVM_CHAIN_IDS, RECIPIENT, STRANGER, USD, A, B
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.l1.contracts.resolver import ACCEPTED, LEAD, SEALED, build_payload
from zklink.operations.payout import Payout
from zklink.protocol.ids import FILL_LEAD_SECONDS, Amount, BlockNumber, ChainId, Kind, TokenId

KEPT = "0x" + "ac" * 20
"""Where the solver keeps its money."""
SOLD = payment(B, USD, 5_000, fill_fee=Amount(20))
SCALE = 10**12


def deploy(rig: Rig, chain: ChainId = B) -> EvmContract:
    return rig.deploy(chain, "Resolver", rig[chain].bridge.address)


def resolve(rig: Rig, payout: Payout = SOLD, block: int = 1, chain: ChainId = B) -> Order:
    return read_order(deploy(rig, chain).resolve(build_payload(payout, BlockNumber(block))))


def run_step(rig: Rig, order: Order, sender: str = BROKER) -> None:
    """What any solver does."""
    rig[B].evm.send(sender, order.target.address, order.build_call(KEPT))


@upholds("ENT-3")
def test_resolve__payout__a_solver_fills_it_and_gets_what_it_was_told(rig: Rig) -> None:
    here, order = rig[B], resolve(rig)
    paid, spent = here.balance(USD, RECIPIENT), here.balance(USD, BROKER)
    run_step(rig, order)
    assert (
        here.balance(USD, RECIPIENT) - paid == spent - here.balance(USD, BROKER) == order.spends.amount == 4_980 * SCALE
    )

    rig.pay(SOLD)
    here.evm.time += int.from_bytes(order.assumptions[LEAD], "big")
    rig.execute(B, 1)
    assert here.balance(USD, KEPT) == order.payment.amount == 5_000 * SCALE


@upholds("ENT-3")
def test_resolve__payout__everything_names_the_bridge_and_the_token_of_this_chain(rig: Rig) -> None:
    here, order = rig[B], resolve(rig)
    usd = here.token(USD).address.lower()
    for place in (order.target, order.spends.spender, order.payment.sender):
        assert (place.chain, place.address) == (EVM_CHAIN_IDS[B], here.bridge.address.lower())
    for place in (order.spends.token, order.payment.token):
        assert (place.chain, place.address) == (EVM_CHAIN_IDS[B], usd)
    assert order.spends.recipient.address == RECIPIENT.lower()
    assert (order.payment.recipient_variable, order.payment.step, order.payment.delay_seconds) == (0, 0, 60)


def test_resolve__block_not_here_yet__is_sealed_and_later_accepted(rig: Rig) -> None:
    data = [rig.deployment_hash, 1, SOLD.fill_key(rig.deployment_hash)]
    assert resolve(rig).assumptions == {
        SEALED: encode(["bytes32", "uint64", "bytes32"], data),
        LEAD: encode(["uint256"], [FILL_LEAD_SECONDS]),
    }
    rig.pay(SOLD)
    assert set(resolve(rig).assumptions) == {ACCEPTED, LEAD}
    assert set(resolve(rig, block=2).assumptions) == {SEALED, LEAD}


@pytest.mark.parametrize("is_executed", [False, True], ids=["filled", "executed"])
def test_step__somebody_was_faster__reverts_as_the_policy_says_and_spends_nothing(rig: Rig, is_executed: bool) -> None:
    here, order = rig[B], resolve(rig)
    if is_executed:
        rig.pay(SOLD)
        rig.execute(B, 1)
    else:
        here.fill(SOLD, STRANGER)
    before = here.balance(USD, BROKER)
    with pytest.raises(Reverted):
        run_step(rig, order)
    assert order.policy == ("abort", ERROR_SELECTOR)
    assert here.balance(USD, BROKER) == before
    with reverts("resolver: filled or executed"):
        resolve(rig)


def test_resolve__withdrawal__is_resolved_as_well(rig: Rig) -> None:
    withdrawal = payment(B, USD, 70, kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0), id=5 << 32 | 9, fill_fee=Amount(1))
    order = resolve(rig, withdrawal)
    run_step(rig, order)
    assert rig[B].repaid(withdrawal.fill_key(rig.deployment_hash)) == KEPT


@pytest.mark.parametrize(
    ("payout", "reason"),
    [
        (payment(B, USD, 10, kind=Kind.SWAP_REFUNDED), "resolver: not a payment"),
        (payment(A, USD, 10), "resolver: another chain"),
        (payment(B, USD, 10, fill_fee=Amount(10)), "resolver: fee above amount"),
        (payment(B, TokenId(999), 10), "resolver: token not here"),
        (payment(B, COIN, 10), "resolver: pays coin, no token"),
        (payment(B, USD, 10, recipient=b"\1" * 32), "resolver: recipient format"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_resolve__what_a_fill_would_refuse__is_refused(rig: Rig, payout: Payout, reason: str) -> None:
    with reverts(reason):
        resolve(rig, payout)


@pytest.mark.parametrize("length", [0, 96, 127, 129, 160, 1_024])
def test_resolve__another_length__is_refused(rig: Rig, length: int) -> None:
    with reverts("resolver: not 128 bytes"):
        deploy(rig).resolve(bytes(length))


def test_resolve__bit_outside_of_the_layout__is_refused(rig: Rig) -> None:
    words = list(SOLD.words())
    words[1] |= 1 << 255
    with reverts("resolver: unused bits"):
        deploy(rig).resolve(encode(["uint256[3]", "uint64"], [words, 1]))


def test_resolve__frozen_chain__promises_no_block_that_is_not_here(rig: Rig) -> None:
    rig.pay(SOLD)
    freeze(rig[B])
    assert set(resolve(rig).assumptions) == {ACCEPTED, LEAD}
    with reverts("resolver: the chain has frozen"):
        resolve(rig, block=2)


@given(evm_chain_id=st.integers(0, 2**256 - 1), account=st.binary(min_size=20, max_size=20))
@example(evm_chain_id=0, account=bytes(20))
@example(evm_chain_id=255, account=bytes(20))
@example(evm_chain_id=256, account=bytes(20))
@example(evm_chain_id=2**256 - 1, account=bytes(20))
@tries(100)
def test_name__any_chain_number__takes_as_few_bytes_as_it_needs(
    session_rig: Rig, evm_chain_id: int, account: bytes
) -> None:
    with session_rig.rollback():
        desk = session_rig.deploy(B, "NameDesk")
        place = Place.read(desk.name(evm_chain_id, f"0x{account.hex()}"))
    assert place == Place(evm_chain_id, f"0x{account.hex()}")


def test_deploy__bridge_without_code__is_refused(rig: Rig) -> None:
    with reverts("resolver: bridge has no code"):
        rig.deploy(B, "Resolver", STRANGER)
